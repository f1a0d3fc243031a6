"""What figures, words and page read from a comparison: cells, values by seed, bands over years, and numbers as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import pandas as pd

from kmsim.outcomes.definitions import MONTHS, OUTCOMES

BASELINE = "business_as_usual"
POINTS = "percentage points"
LOW, HIGH = 0.05, 0.95
ENOUGH = 5  # seeds: below it no range tells anything apart (five in a row by chance: 1 in 32)
ENOUGH_LUCK = 4  # seeds that all draws share, whose range is widened for their being few
ANYTHING = (-np.inf, np.inf)


class Comparison(Protocol):
    """What the report needs of a comparison; any object with these will do.

    summary: policy, practice, outcome, moment, year, mean, low, high, n. paired: policy, practice, against, role, outcome,
    moment, year, difference, low, high, ahead, n. trajectories: policy, seed, practice, tick, year, outcome, value.
    """

    summary: pd.DataFrame
    paired: pd.DataFrame
    trajectories: pd.DataFrame
    config: dict[str, Any]
    manifest: dict[str, Any]
    counts: dict[str, int]
    policies: list[str]
    policy_summaries: dict[str, str]
    system_name: str
    funding_end: float
    notes: list[str]
    label: str


@dataclass(frozen=True)
class Cell:
    """A mean with its 90% range over n seeds; NaN where there is nothing to say.

    luck: where n is draws of parameters, the 90% range of chance alone, which the draws share; None where chance is what n is of.

    >>> Cell(0.2, 0.1, 0.3, 20).known
    True
    """

    mean: float
    low: float
    high: float
    n: int
    year: float = np.nan
    luck: tuple[float, float] | None = None

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return bool(np.isfinite(self.mean))

    def overlaps(self, other: Cell) -> bool:
        """Whether the two ranges, or those of chance alone, share a value. A range over fewer than five seeds overlaps all.

        >>> Cell(1, 0, 2, 9).overlaps(Cell(3, 2, 4, 9)), Cell(1, 0, 2, 9).overlaps(Cell(4, 3, 5, 9))
        (True, False)
        >>> Cell(1, 0, 2, 9, luck=(-1, 3)).overlaps(Cell(4, 3, 5, 9, luck=(2, 6)))
        True
        """
        if min(self.n, other.n) < ENOUGH:
            return True
        if self.low <= other.high and other.low <= self.high:
            return True
        a, b = self.luck, other.luck
        return a is not None and b is not None and a[0] <= b[1] and b[0] <= a[1]

    def side(self) -> int:
        """On which side of nought the whole range lies, and that of chance alone: 1, -1, or 0 if either reaches nought.

        >>> Cell(1, 0.5, 2, 9).side(), Cell(-1, -2, -0.5, 9).side(), Cell(1, 0.5, 2, 9, luck=(-1, 3)).side()
        (1, -1, 0)
        """
        spans = [(self.low, self.high), *([self.luck] if self.luck else [])]
        if all(low > 0 for low, _ in spans):
            return 1
        return -1 if all(high < 0 for _, high in spans) else 0


NOTHING = Cell(np.nan, np.nan, np.nan, 0)


P = ParamSpec("P")
T = TypeVar("T")


class Read(SimpleNamespace):
    """A comparison on which each question is asked of its frames once, with the answers in `known`. Made by `read`."""


def read(c: Comparison) -> Comparison:
    """The comparison to ask many questions of, while its frames stay as they are. One that is read already is itself.

    >>> from types import SimpleNamespace
    >>> once_read = read(SimpleNamespace(**dict.fromkeys(Comparison.__annotations__)))
    >>> read(once_read) is once_read
    True
    """
    if isinstance(c, Read):
        return c
    return cast(
        Comparison,
        Read(known={}, decision=decision(c), **{name: getattr(c, name) for name in Comparison.__annotations__}),
    )


def once(function: Callable[Concatenate[Comparison, P], T]) -> Callable[Concatenate[Comparison, P], T]:
    """Let a function of a comparison answer a `Read` one from memory; its answers must not be changed."""

    @wraps(function)
    def asked(c: Comparison, *question: P.args, **named: P.kwargs) -> T:
        if not isinstance(c, Read):
            return function(c, *question, **named)
        key = (function, *question, *named.items())
        if key not in c.known:
            c.known[key] = function(c, *question, **named)
        return c.known[key]

    return asked


def practices(c: Comparison) -> list[str]:
    """The practices that were run, in order. What is shared by all of them is not one of them.

    >>> from types import SimpleNamespace
    >>> practices(SimpleNamespace(config={"practice": [{"name": "a"}]}, summary=None))
    ['a']
    """
    named = c.config.get("practice", c.config.get("practices"))
    if isinstance(named, str | Mapping):
        named = [named]
    names = [str(p.get("name", "")) if isinstance(p, Mapping) else str(p) for p in named or ()]
    if not names or (c.summary is not None and not set(names) & set(c.summary.practice)):
        own = c.summary[~c.summary.outcome.map(_shared)]
        names = list(dict.fromkeys(own.practice))
    return names


def _shared(outcome: str) -> bool:
    return outcome in OUTCOMES and OUTCOMES[outcome].shared


def place(c: Comparison) -> str:
    """Where the schools are, as readers know it: the authorities if they are named, else the system's name.

    >>> from types import SimpleNamespace
    >>> place(SimpleNamespace(config={"system": {"la": ["Camden"]}}, system_name="borough"))
    'Camden'
    """
    system = c.config.get("system")
    las = system.get("la") if isinstance(system, Mapping) else None
    names = [las] if isinstance(las, str) else [str(x) for x in las or ()]
    if 0 < len(names) <= 3:
        return ", ".join(names)
    return str(c.system_name)[:1].upper() + str(c.system_name)[1:]


def of_practice(frame: pd.DataFrame, practice: str, outcome: str) -> pd.DataFrame:
    """The rows of one outcome for a practice, or for all practices together where it has no rows of its own."""
    return _own(frame[frame.outcome == outcome], practice)


def _own(rows: pd.DataFrame, practice: str) -> pd.DataFrame:
    own = rows[rows.practice == practice]
    return own if len(own) else rows[rows.practice == "all"]


@once
def cells(c: Comparison) -> dict[tuple[str, str, str, str], Cell]:
    """Every cell of the summary by policy, practice, outcome and moment; no n and no range where there is no value."""
    s, found = c.summary, {}
    keys = zip(s.policy, s.practice, s.outcome, s.moment, strict=True)
    values = zip(s["mean"], s.low, s.high, s.n, s.year, lucks(c, s), strict=True)
    for key, (mean, low, high, n, year, luck) in zip(keys, values, strict=True):
        if np.isfinite(mean):
            found[key] = Cell(float(mean), float(low), float(high), int(n), float(year), luck)
        else:
            found[key] = Cell(np.nan, np.nan, np.nan, 0, float(year))
    return found


def lucks(c: Comparison, rows: pd.DataFrame) -> list[tuple[float, float] | None]:
    """What chance alone does to each row of the summary or the paired frame; None where that is what its range is of.

    All draws share a few seeds: too few say nothing, so that their luck may be anything.
    """
    if "draws" not in c.manifest:
        return [None] * len(rows)
    if luck_seeds(c) < ENOUGH_LUCK:
        return [ANYTHING] * len(rows)
    ends = zip(rows.chance_low, rows.chance_high, strict=True)
    return [(float(low), float(high)) if np.isfinite(low + high) else ANYTHING for low, high in ends]


def luck_seeds(c: Comparison) -> int:
    """How many seeds of chance there are, over a posterior in each draw."""
    return len(c.manifest.get("seeds", ())) or seeds(c)


def few(c: Comparison) -> str:
    """Why nothing is told apart, if so few seeds or runs of luck are the reason: their number and noun; else nothing.

    >>> from types import SimpleNamespace
    >>> few(SimpleNamespace(manifest={"seeds": [1, 2, 3]})), few(SimpleNamespace(manifest={"seeds": [1, 2], "draws": 32}))
    ('3 seeds are', '2 runs of luck a draw are')
    """
    if "draws" in c.manifest and seeds(c) >= ENOUGH:
        n = luck_seeds(c)
        return (
            "" if n >= ENOUGH_LUCK else f"{'One run of luck a draw is' if n == 1 else f'{n} runs of luck a draw are'}"
        )
    n = seeds(c)
    return "" if n >= ENOUGH else "One seed is" if n == 1 else f"{n} seeds are"


@once
def kept(c: Comparison) -> set[tuple[str, str]]:
    """Which outcomes were kept of which practices, "all" among them: (outcome, practice)."""
    return set(zip(c.summary.outcome, c.summary.practice, strict=True))


def cell(c: Comparison, practice: str, policy: str, outcome: str, moment: str) -> Cell:
    """One cell of the summary. NOTHING if the outcome was not kept or has no value.

    moment: "funding_end" or "end".
    """
    own = practice if (outcome, practice) in kept(c) else "all"
    return cells(c).get((policy, own, outcome, moment), NOTHING)


@once
def seeds(c: Comparison) -> int:
    """How many seeds each policy was run with; over a posterior, how many draws of parameters, for these are its ranges' unit."""
    if "draws" in c.manifest:
        return int(c.manifest["draws"])
    return len(c.manifest.get("seeds", ())) or int(c.trajectories.seed.nunique())


def decision(c: Comparison) -> pd.DataFrame | None:
    """How sure a choice is over a posterior (`lab.uncertainty.decision`); None for a comparison over chance alone."""
    return getattr(c, "decision", None)


def said(c: Comparison, text: str) -> str:
    """A text about seeds as it stands for this comparison: over a posterior the frames' seeds are draws of parameters.

    >>> from types import SimpleNamespace
    >>> said(SimpleNamespace(manifest={"draws": 32}), "Mean of 32 seeds. One seed is luck.")
    'Mean of 32 draws. One draw is luck.'
    """
    if "draws" not in c.manifest:
        return text
    return re.sub(r"\b([Ss])eed(s?)\b", lambda m: ("Draw" if m[1] == "S" else "draw") + m[2], text)


def too_few(n: int) -> str:
    """Why nothing is told apart: so many seeds are too few.

    >>> too_few(1), too_few(3)
    ('one seed cannot tell it from the others', '3 seeds are too few to tell it from the others')
    """
    return f"{'one seed cannot' if n == 1 else f'{n} seeds are too few to'} tell it from the others"


def untold(found: Cell) -> str:
    """Why a cell is told from no other: so many seeds, or so few runs of luck in each draw; nothing if neither is why.

    >>> untold(Cell(1, 0, 2, 3)), untold(Cell(1, 0, 2, 9, luck=ANYTHING)), untold(Cell(1, 0, 2, 9))
    ('3 seeds are too few to tell it from the others', 'so few runs of luck cannot tell it from the others', '')
    """
    if found.n < ENOUGH:
        return too_few(found.n)
    return "so few runs of luck cannot tell it from the others" if found.luck == ANYTHING else ""


def has(c: Comparison, outcome: str) -> bool:
    """Whether the comparison kept an outcome."""
    return any(outcome == name for name, _ in kept(c))


@once
def moment_year(c: Comparison, moment: str) -> float:
    """The year of a moment, counted from the start."""
    rows = c.summary[c.summary.moment == moment]
    return float(rows.year.max()) if len(rows) else np.nan


@dataclass(frozen=True)
class Runs:
    """One outcome of every run: `values` by seed, policy and year; NaN where a run has none."""

    seeds: np.ndarray
    policies: list[str]
    years: np.ndarray
    values: np.ndarray


@once
def _by_outcome(c: Comparison) -> dict[str, pd.DataFrame]:
    return dict(iter(c.trajectories.groupby("outcome", sort=False, observed=True)))


@once
def runs(c: Comparison, practice: str, outcome: str) -> Runs:
    """Every run's values of an outcome for a practice, or for all together where it has none of its own. Policies in order."""
    rows = _own(_by_outcome(c).get(outcome, c.trajectories.iloc[:0]), practice)
    there = set(rows.policy)
    policies = [p for p in c.policies if p in there]
    policy = pd.Categorical(rows.policy, categories=policies).codes
    rows, policy = rows[policy >= 0], policy[policy >= 0]
    seeds, seed = np.unique(rows.seed.to_numpy(), return_inverse=True)
    years, year = np.unique(rows.year.to_numpy(float), return_inverse=True)
    values = np.full((len(seeds), len(policies), len(years)), np.nan)
    values[seed, policy, year] = rows.value.to_numpy(float)
    return Runs(seeds, policies, years, values)


def by_seed(c: Comparison, practice: str, outcome: str, moment: str) -> pd.DataFrame:
    """Values at a moment: a row for each seed, a column for each policy. Empty if trajectories do not have the outcome."""
    found, year = runs(c, practice, outcome), moment_year(c, moment)
    if not found.values.size or not np.isfinite(year):
        return pd.DataFrame()
    at = found.values[:, :, np.argmin(np.abs(found.years - year))]
    return pd.DataFrame(at, index=found.seeds, columns=found.policies)


def spans(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Over the first axis, of those that are numbers: the mean, the ends of the 90% range, and how many there are.

    >>> [float(x) for x in spans(np.array([1.0, 3.0, np.nan]))]
    [2.0, 1.1, 2.9, 2.0]
    """
    n = np.isfinite(values).sum(0)
    ascending, last = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0), np.maximum(n - 1, 0)

    def at(share: float) -> np.ndarray:
        place = share * last
        below = np.floor(place).astype(int)
        low, high = (np.take_along_axis(ascending, i[None], 0)[0] for i in (below, np.minimum(below + 1, last)))
        return low + (high - low) * (place - below)

    total = np.where(np.isfinite(ascending), ascending, 0).sum(0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan), at(LOW), at(HIGH), n


@once
def bands(c: Comparison, practice: str, outcome: str) -> pd.DataFrame:
    """Mean and 90% range over seeds at every tick: policy, outcome, year, mean, low, high, n; NaN where no seed has a value."""
    return _bands(runs(c, practice, outcome), outcome)


def _bands(found: Runs, outcome: str) -> pd.DataFrame:
    columns = ("mean", "low", "high", "n")
    tall = dict(zip(columns, (x.ravel() for x in spans(found.values)), strict=True)) if found.values.size else {}
    policy, year = np.repeat(found.policies, len(found.years)), np.tile(found.years, len(found.policies))
    return pd.DataFrame({"policy": policy, "outcome": outcome, "year": year} | {x: tall.get(x) for x in columns})


@once
def lasting(c: Comparison, practice: str) -> pd.DataFrame:
    """Doing it well as a ratio to its value when all funding had ended, from then on, as `bands`.

    NaN where that value is under 1% in a seed, or for a policy on the mean.
    """
    found, year = runs(c, practice, "doing_it_well"), moment_year(c, "funding_end")
    start = by_seed(c, practice, "doing_it_well", "funding_end").to_numpy(float)
    if not start.size:
        return _bands(Runs(found.seeds, [], found.years, found.values[:, :0]), "lasting")
    since = found.years >= year - 1e-9
    enough = (start >= 0.01) & (spans(start)[0] >= 0.01)
    ratio = found.values[:, :, since] / np.where(enough, start, np.nan)[:, :, None]
    return _bands(Runs(found.seeds, found.policies, found.years[since], ratio), "lasting")


def exact_months(sd: Any) -> np.ndarray:
    """Months of progress for an effect in SD, through the EEF table, not rounded: for ratios and their ranges.

    >>> exact_months(0.105).round(3).item()
    1.5
    """
    points, value = np.array(MONTHS), np.asarray(sd, float)
    return np.sign(value) * np.interp(np.abs(value), points[:, 0], points[:, 1])


# -- numbers as people read them --------------------------------------------
def unit_is_points(outcome: str) -> bool:
    """Whether an outcome is told in percentage points: a difference of two shares."""
    return outcome == "gap"


def shown(outcome: str, value: float) -> str:
    """A value as people read it; n/a if there is none. Gaps are in percentage points, with their sign.

    >>> shown("doing_it_well", 0.1234), shown("gap", -0.02), shown("depth", float("nan"))
    ('12.3%', '−2.0 points', 'n/a')
    """
    if not np.isfinite(value):
        return "n/a"
    if unit_is_points(outcome):
        return _signed(100 * value, 1) + " points"
    return _minus(OUTCOMES[outcome].show(value)) if outcome in OUTCOMES else _minus(f"{value:.2f}")


def shown_range(outcome: str, low: float, high: float) -> str:
    """A range as people read it, the unit once where it can be.

    >>> shown_range("doing_it_well", 0.11, 0.135), shown_range("gap", -0.02, 0.01)
    ('11.0 to 13.5%', '−2.0 to +1.0 points')
    """
    a, b = shown(outcome, low), shown(outcome, high)
    for suffix in ("%", " points"):
        if a.endswith(suffix) and b.endswith(suffix):
            a = a.removesuffix(suffix)
    return f"{a} to {b}"


def nearly_all(outcome: str, found: Cell) -> str:
    """A range whose ends are one value, though not all runs have it."""
    return f"{shown(outcome, found.low).removesuffix(' points')} in nearly all"


def shown_cell(outcome: str, found: Cell) -> str:
    """Mean and 90% range in one line.

    >>> shown_cell("depth", Cell(0.61, 0.58, 0.64, 20))
    '0.61 (0.58 to 0.64)'
    """
    if not found.known:
        return "n/a"
    if found.n < 2:
        return f"{shown(outcome, found.mean)} (one seed, no range)"
    if found.low == found.high and not np.isclose(found.mean, found.low, rtol=1e-9, atol=0):
        return f"{shown(outcome, found.mean)} ({nearly_all(outcome, found)})"
    return f"{shown(outcome, found.mean)} ({shown_range(outcome, found.low, found.high).removesuffix(' points')})"


def shown_difference(outcome: str, value: float) -> str:
    """A difference with its sign; shares differ by percentage points.

    >>> shown_difference("doing_it_well", 0.1), shown_difference("months", -0.2)
    ('+10.0 points', '−0.2')
    """
    if not np.isfinite(value):
        return "n/a"
    if outcome in OUTCOMES and OUTCOMES[outcome].percent:
        return _signed(100 * value, 1) + " points"
    text = OUTCOMES[outcome].show(abs(value)) if outcome in OUTCOMES else f"{abs(value):.2f}"
    zero = not any(digit in text for digit in "123456789")
    return text if zero else ("+" if value > 0 else "−") + text


def shown_difference_range(outcome: str, low: float, high: float) -> str:
    """The range of a difference, the unit once where it can be.

    >>> shown_difference_range("doing_it_well", -0.01, 0.1)
    '−1.0 to +10.0 points'
    """
    a, b = shown_difference(outcome, low), shown_difference(outcome, high)
    return f"{a.removesuffix(' points') if b.endswith(' points') else a} to {b}"


def k_of_n(k: int, n: int) -> str:
    """A share of seeds: never a percentage.

    >>> k_of_n(18, 20)
    '18 of 20'
    """
    return f"{int(k)} of {int(n)}"


def shown_year(year: float) -> str:
    """A year or half-term as people read it.

    >>> shown_year(3.0), shown_year(3.5)
    ('3', '3.5')
    """
    return f"{year:.4g}" if np.isfinite(year) else "n/a"


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    return text if float(text) == 0 else ("+" if value > 0 else "−") + text


def _minus(text: str) -> str:
    """A true minus sign; none before a number that is shown as nought."""
    if not text.startswith("-"):
        return text
    bare = text.replace("-", "", 1)
    return "−" + bare if any(digit in bare for digit in "123456789") else bare
