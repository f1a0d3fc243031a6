"""Designs: which scenarios of the uncertainties are run. Five ways: grid, lhs, sobol, list, table.

An uncertainty is a key of a run that varies, such as `parameters.theta` (or `theta` for short), `network.ownership` or
`budget`. A design says over which values: `1..3` is a range, `[2,3,4]` a list, `prior` the range of the parameter table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from kmsim.bounds import BOUNDS, bounded, bounded_list
from kmsim.errors import BadValue, KmsimError, UnknownName, unknown
from kmsim.lab.plan import SINGLE
from kmsim.lab.provenance import plain
from kmsim.lab.scenarios import Column, Scenarios
from kmsim.lab.table import read_table
from kmsim.parameters import PARAMETERS, resolve
from kmsim.policies.policy import SETTINGS
from kmsim.scenario import Practice
from kmsim.system.settings import KEYS

MOST_SCENARIOS = int(BOUNDS["design.n"].high)
KINDS: dict[str, tuple[str, ...]] = {  # kind -> its own settings
    "grid": ("vary", "levels"),
    "lhs": ("vary", "n", "seed"),
    "sobol": ("vary", "n", "seed"),
    "list": ("rows",),
    "table": ("path",),
}
UNDOTTED = ("system", "practice", "network", *SINGLE)
GROUPS: dict[str, tuple[str, ...]] = {
    "parameters": tuple(PARAMETERS),
    "network": tuple(SETTINGS),
    "practice": tuple(key for key in Practice.__dataclass_fields__ if key not in ("name", "summary", "source")),
    "system": tuple(key for key in KEYS if key not in ("name", "summary", "source", "schools", "sha256")),
}
_NO_UNCERTAINTY = {
    "policy": "policies are levers: give policies=a,b",
    "policies": "policies are levers: give policies=a,b",
    "seed": "each scenario has the same seeds: give replicates=5",
}
WHOLE = (
    "years",
    "ticks_per_year",
    "practice.evidence_strength",
    "network.cluster_size",
    "system.seed",
    "system.n_schools",
)
_NUMBERS = (*WHOLE, *SINGLE, *(f"practice.{name}" for name in GROUPS["practice"]))  # beside parameters
_LARGEST = 10**300  # a number beyond it is none that a computer reckons with
_WAYS = "a range 1..3, a list [2,3]"
_END = r"[-+]?(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,3})?"
_RANGE = re.compile(rf"\s*({_END})\s*\.\.\s*({_END})\s*", re.ASCII)


@dataclass(frozen=True)
class Range:
    """All values from low to high.

    >>> str(Range(1, 2.5))
    '1..2.5'
    """

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.12g}..{self.high:.12g}"


Values = Range | tuple[Any, ...]


@dataclass(frozen=True)
class Design:
    """How scenarios are chosen: its kind, what varies over what, and the settings of that kind.

    n: scenarios of lhs and sobol. seed: of their draws, not of the runs. levels: values that a grid takes of a range.
    rows: those of a list. path: the file of a table.

    >>> Design("grid", {"parameters.theta": (1, 2), "budget": (1e6, None)}).scenarios().count
    4
    """

    kind: str
    vary: Mapping[str, Values] = field(default_factory=dict)
    n: int = 128
    seed: int = 1
    levels: int = 3
    rows: tuple[Mapping[str, Any], ...] = ()
    path: str = ""

    def scenarios(self) -> Scenarios:
        """The table of scenarios: the same design gives the same, under the same version of SciPy."""
        return _MAKERS[self.kind](self)

    def data(self) -> dict[str, Any]:
        """The design as plain data, for whoever reads the config of an experiment."""
        told: dict[str, Any] = {"kind": self.kind}
        for key in KINDS[self.kind]:
            if key == "vary":
                told[key] = {k: str(v) if isinstance(v, Range) else [*v] for k, v in self.vary.items()}
            elif key not in ("rows", "path"):
                told[key] = getattr(self, key)
        return told


def read_design(settings: Mapping[str, Any], fixed: Collection[str] = ()) -> Design:
    """A design from its settings, checked: `kind`, those of its kind, and `vary`, a mapping of keys to values.

    fixed: keys that are given and so do not vary where nothing says what varies. Raises UnknownName or BadValue.

    >>> read_design({"kind": "lhs", "n": 8, "vary": {"theta": "1..3"}}).vary
    {'parameters.theta': Range(low=1.0, high=3.0)}
    """
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise unknown("design.kind", kind, KINDS, "a kind of design")
    own = {key: value for key, value in settings.items() if key not in ("kind", "summary")}
    for key in own:
        if key not in KINDS[kind]:
            raise unknown(f"design.{key}", key, KINDS[kind], f"a setting of design={kind}")
    return Design(
        kind, **{key: _CHECKS[key](own.get(key), kind, fixed) for key in KINDS[kind] if key in own or key != "n"}
    )


def key_of(name: Any, place: str = "design.vary") -> str:
    """The full key that a name means. Raises UnknownName, with the nearest, for what cannot vary.

    >>> key_of("theta"), key_of("network.ownership"), key_of("budget")
    ('parameters.theta', 'network.ownership', 'budget')
    """
    text = str(name)
    group, dot, own = text.partition(".")
    if text in UNDOTTED or (dot and own in GROUPS.get(group, ())):
        return text
    if text in PARAMETERS:
        return f"parameters.{text}"
    if text in _NO_UNCERTAINTY:
        raise KmsimError(f"{place}: {text} is no uncertainty; {_NO_UNCERTAINTY[text]}")
    same = [f"{g}.{name}" for g, names in GROUPS.items() for name in names if name == (own or text)]
    in_group = [f"{group}.{name}" for name in GROUPS.get(group, ())]
    raise unknown(place, text, same or in_group or [*UNDOTTED, *PARAMETERS], "a key that can vary")


# -- reading -----------------------------------------------------------------------
def _vary(value: Any, kind: str, fixed: Collection[str]) -> dict[str, Values]:
    if value is None and kind == "grid":
        return {}
    if value is None:
        return {key: prior(key) for key in map(key_of, _free()) if key not in fixed}
    if not isinstance(value, Mapping):
        raise BadValue("design.vary", value, "keys and what they vary over, such as design.vary.theta=1..3")
    varied: dict[str, Values] = {}
    for name, values in value.items():
        key = key_of(name)
        if key in varied:
            raise BadValue(f"design.vary.{name}", values, f"{key} once; it is given twice")
        varied[key] = _values(key, f"design.vary.{name}", values)
    return varied


def _free() -> list[str]:
    return [name for name, row in PARAMETERS.items() if row.grade == "free"]


def prior(key: str, place: str = "") -> Range:
    """The range of a parameter in the table. Raises BadValue for what has none.

    >>> str(prior("parameters.theta"))
    '1..4'
    """
    row = PARAMETERS.get(key.removeprefix("parameters.")) if key.startswith("parameters.") else None
    if row is None or row.prior[0] == row.prior[1]:
        raise BadValue(
            place or key, "prior", "a range such as 1..3 or a list, for the parameter table has no range for it"
        )
    return Range(*map(float, row.prior))


def _values(key: str, place: str, given: Any) -> Values:
    """What a key varies over: a range, or values each of which can be given as it stands."""
    if isinstance(given, str) and given == "prior":
        return prior(key, place)
    found = _RANGE.fullmatch(given) if isinstance(given, str) else None
    if found:
        ends = Range(float(found[1]), float(found[2]))
        if not (math.isfinite(ends.high) and ends.low < ends.high):
            raise BadValue(place, given, "a range that rises, such as 1..3")
        if key in WHOLE and not (ends.low.is_integer() and ends.high.is_integer()):
            raise BadValue(place, given, "a range of whole numbers")
        _check_parameter(key, place, given, (ends.low, ends.high))
        return ends
    given = np.atleast_1d(given).tolist() if isinstance(given, np.ndarray) else given
    values = tuple(plain(list(given) if isinstance(given, list | tuple) else [given]))
    if not values:
        raise BadValue(place, given, "at least one value")
    bounded_list(place, values, "design.vary")
    for value in values:
        check_plain(place, value, "a number or a name; lists cannot vary")
    _check_number(key, place, values)
    _check_parameter(key, place, given, values)
    told = [(type(value) is bool, value) for value in values]
    if len(set(told)) < len(told):
        raise BadValue(place, ",".join(map(str, values)), "each value once")
    return values


def check_plain(place: str, value: Any, expected: str) -> None:
    """Raise BadValue for what is neither a name nor a number that can be reckoned with.

    >>> check_plain("budget", 10**400, "a number")
    Traceback (most recent call last):
    kmsim.errors.BadValue: budget=a number of 401 digits: expected one below 1e300
    """
    if not isinstance(value, int | float | str | None):
        raise BadValue(place, value, expected)
    if isinstance(value, int) and abs(value) > _LARGEST:
        digits = int(math.log10(abs(value))) + 1
        raise BadValue(place, f"a number of {digits} digits", "one below 1e300")


def as_told(value: Any) -> Any:
    """The value as an error tells it: a text that would pass for a number in quotes.

    >>> as_told("2"), as_told("two"), as_told(2)
    ("'2'", 'two', 2)
    """
    try:
        float(value if isinstance(value, str) else "")
    except ValueError:
        return value
    return repr(value)


def _check_number(key: str, place: str, values: Iterable[Any]) -> None:
    """Raise BadValue for a text where only numbers can be, with the ways to say what varies."""
    for value in values:
        if key in _NUMBERS and isinstance(value, str) and (key, value) != ("budget", "auto"):
            raise BadValue(place, as_told(value), f"a number, or several: {_WAYS}")


def _check_parameter(key: str, place: str, given: Any, values: Iterable[Any]) -> None:
    if not key.startswith("parameters."):
        return  # rows are checked whole when they are made
    for value in values:
        try:
            resolve({key.removeprefix("parameters."): value})
        except BadValue as error:
            ways = f"; several: {_WAYS} or prior" if isinstance(value, str) else ""
            raise BadValue(place, as_told(given if isinstance(given, str) else value), error.expected + ways) from None


def _rows(value: Any, kind: str, fixed: Collection[str]) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list) or not value:
        raise BadValue("design.rows", value, "a list of scenarios, such as design.rows=[{theta: 1}, {theta: 2}]")
    rows: list[dict[str, Any]] = []
    for i, entry in enumerate(value):
        place = f"design.rows[{i + 1}]"
        if not isinstance(entry, Mapping):
            raise BadValue(place, entry, "keys and values, such as {theta: 1}")
        row = {key_of(name, place): plain(item) for name, item in entry.items()}
        if rows and row.keys() != rows[0].keys():
            raise BadValue(place, ", ".join(row), f"the keys of the first row: {', '.join(rows[0])}")
        for key, item in row.items():
            check_plain(f"{place}.{key}", item, "a number or a name")
        rows.append(row)
    return tuple(rows)


def _path(value: Any, kind: str, fixed: Collection[str]) -> str:
    if not isinstance(value, str | Path) or not str(value):
        raise BadValue(
            "design.path", value, "the path of a .csv or .parquet file with a column for each key that varies"
        )
    return str(value)


def _n(value: Any, kind: str, fixed: Collection[str]) -> int:
    n: int = bounded("design.n", value)
    if kind == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        raise BadValue("design.n", n, f"a power of 2 for design=sobol, such as {below} or {2 * below}")
    return n


_CHECKS: dict[str, Callable[[Any, str, Collection[str]], Any]] = {
    "vary": _vary,
    "n": _n,
    "seed": lambda value, *_: bounded("design.seed", 1 if value is None else value),
    "levels": lambda value, *_: bounded("design.levels", 3 if value is None else value),
    "rows": _rows,
    "path": _path,
}


# -- making ------------------------------------------------------------------------
def _grid(design: Design) -> Scenarios:
    """Every combination; the first key is the slowest to change."""
    axes = {key: _axis(key, values, design.levels) for key, values in design.vary.items()}
    count = math.prod(map(len, axes.values()))
    _check_count(count)
    columns, after = {}, count
    for key, axis in axes.items():
        after //= len(axis)
        columns[key] = axis.take(np.arange(count) // after % len(axis))
    return Scenarios(columns)


def _axis(key: str, values: Values, levels: int) -> Column:
    if isinstance(values, tuple):
        return Column.of(values)
    points = np.linspace(values.low, values.high, levels)
    return Column.of(np.unique(np.round(points)).astype(np.int64) if key in WHOLE else points)


def _lhs(design: Design) -> Scenarios:
    """A Latin hypercube: in each key, one scenario in each of n equal slices."""
    from scipy.stats import qmc

    return _stretched(design, qmc.LatinHypercube)


def _sobol(design: Design) -> Scenarios:
    """A scrambled Sobol' sequence: even in all keys at once, for n a power of 2."""
    from scipy.stats import qmc

    return _stretched(design, qmc.Sobol)


def _stretched(design: Design, engine: Callable[..., Any]) -> Scenarios:
    """A sample of the unit cube, stretched over what varies; of a list each value is as likely."""
    if not design.vary:
        raise BadValue("design.vary", "", f"at least one key for design={design.kind}, such as design.vary.theta=1..3")
    cube = engine(len(design.vary), rng=design.seed).random(design.n)
    return Scenarios({key: _stretch(key, v, cube[:, i]) for i, (key, v) in enumerate(design.vary.items())})


def _stretch(key: str, values: Values, unit: np.ndarray) -> Column:
    if isinstance(values, tuple):
        return Column.of(values).take(np.minimum((unit * len(values)).astype(np.int64), len(values) - 1))
    if key in WHOLE:
        width = values.high - values.low + 1
        return Column.of(np.minimum(values.low + np.floor(unit * width), values.high).astype(np.int64))
    return Column.of(np.clip(values.low + unit * (values.high - values.low), values.low, values.high))


def _list(design: Design) -> Scenarios:
    columns = {key: Column.of(row[key] for row in design.rows) for key in design.rows[0]}
    return Scenarios(columns, "design.rows, row")


def _table(design: Design) -> Scenarios:
    """The rows of a file, one scenario each, with its columns' names as keys."""
    path = Path(design.path)
    named = read_table(path)
    columns: dict[str, Column] = {}
    for name, column in named.items():
        key = _column_key(path, name)
        if key in columns:
            raise KmsimError(f"{path}, column {name}: {key} stands twice")
        columns[key] = column
    found = Scenarios(columns, f"{path}, row")
    _check_count(found.count)
    return found


def _column_key(path: Path, name: str) -> str:
    """The key that a column is called by. A guess at another only where it is close: most of these are no slips."""
    try:
        return key_of(name, f"{path}, column")
    except UnknownName:
        told = f"{path}, column {name}: not a key that can vary" if name else f"{path}: a column without a name"
        full = {key.rpartition(".")[2]: key for group in GROUPS for key in map(f"{group}.{{}}".format, GROUPS[group])}
        known = {key: key for key in (*UNDOTTED, *PARAMETERS)} | {k: v for k, v in full.items() if k not in PARAMETERS}
        near = get_close_matches(name.rpartition(".")[2].casefold(), known, n=1, cutoff=0.75)
        hint = (
            f"did you mean '{known[near[0]]}'? If not,"
            if near
            else "name a key, such as theta or network.ownership, or"
        )
        raise KmsimError(f"{told}; {hint} remove the column") from None


def _check_count(count: int) -> None:
    if count > MOST_SCENARIOS:
        raise BadValue("design", f"{count:.3g} scenarios", f"at most {MOST_SCENARIOS:,}")


_MAKERS: dict[str, Callable[[Design], Scenarios]] = {
    "grid": _grid,
    "lhs": _lhs,
    "sobol": _sobol,
    "list": _list,
    "table": _table,
}
