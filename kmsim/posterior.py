"""The calibrated posterior that is shipped: sets of free parameters of equal weight, the medoid first, and where they are from.

`kmsim calibrate` writes the two files into its folder of results; `python -m kmsim.calibration.ship FOLDER` puts them into
kmsim/data. Without them every parameter stands as it is set by hand in the parameter table.

Example
-------
>>> Posterior(("theta",), ((2.0,), (3.0,))).medoid
{'theta': 2.0}
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kmsim import contents
from kmsim.errors import BadValue, KmsimError
from kmsim.shipped_data import read_shipped
from kmsim.strict_yaml import one_line, parse_yaml
from kmsim.table_file import check_columns, decode, shown

MOST_SETS = 100_000
_NUMBER = re.compile(r"[-+]?([0-9]{1,30}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][-+]?[0-9]{1,3})?")
FILE, TOLD = "posterior.csv", "posterior.yaml"
BY_HAND = "parameters set by hand"


@dataclass(frozen=True)
class Posterior:
    """names of parameters, and rows of values: sets of equal weight, the medoid first. told: its provenance, as plain data.
    sha256: of the file of sets.

    >>> found = Posterior(("theta", "r_try"), ((2.0, 3.0), (1.5, 4.0)))
    >>> len(found), found.medoid
    (2, {'theta': 2.0, 'r_try': 3.0})
    """

    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    told: dict[str, Any] = field(default_factory=dict, compare=False)
    sha256: str = field(default="", compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def medoid(self) -> dict[str, float]:
        """The set that is nearest to all others: the point at which the model stands by default."""
        return dict(zip(self.names, self.rows[0], strict=True))

    def draws(self, number: int) -> list[dict[str, float]]:
        """So many sets, evenly through the rows. Raises BadValue for more than there are.

        >>> [draw["a"] for draw in Posterior(("a",), ((0.0,), (1.0,), (2.0,), (3.0,))).draws(2)]
        [0.0, 2.0]
        """
        if not 1 <= number <= len(self):
            raise BadValue("draws", number, f"a whole number from 1 to {len(self)}, the sets that the posterior has")
        chosen = [self.rows[i * len(self) // number] for i in range(number)]
        return [dict(zip(self.names, row, strict=True)) for row in chosen]

    @property
    def current(self) -> bool:
        """Whether it was fitted with the code of the model that is here, or with code found to give the same bits (`same_bits`)."""
        from kmsim.fingerprint import code_fingerprint

        return self.told.get("code") == code_fingerprint()

    @property
    def origin(self) -> str:
        """What it is, in words: calibrated, and whether with this version of the model.

        >>> Posterior(("theta",), ((2.0,),), {"code": "another"}).origin
        'calibrated with an earlier version of the model'
        """
        return "calibrated" if self.current else "calibrated with an earlier version of the model"


@cache
def shipped() -> Posterior | None:
    """The posterior in the package, if one is shipped. Raises KmsimError for files that are not one's.

    >>> shipped() is shipped()
    True
    """
    place = files("kmsim.data")
    if not place.joinpath(FILE).is_file():
        return None
    told = read_shipped(TOLD) if place.joinpath(TOLD).is_file() else None
    return _parsed(place.joinpath(FILE).read_bytes(), told)


def read(folder: str | Path, sha256: str | None = None) -> Posterior:
    """The posterior in a folder of `kmsim calibrate`. sha256: of its sets, as planned; other content is refused.

    Raises KmsimError if there is none, or it is not one.

    >>> read("no/such/folder")
    Traceback (most recent call last):
        ...
    kmsim.errors.KmsimError: no/such/folder: no posterior.csv there; expected a folder of kmsim calibrate, such as results/calibrate/full
    """
    place = Path(folder)
    if not (place / FILE).is_file():
        raise KmsimError(
            f"{folder}: no {FILE} there; expected a folder of kmsim calibrate, such as results/calibrate/full"
        )
    told = place / TOLD
    about = parse_yaml(contents.read(told, "posterior"), one_line(str(told)), finite=False) if told.is_file() else None
    return _parsed(contents.read_planned(place / FILE, sha256, "posterior"), about)


def _parsed(data: bytes, told: Any) -> Posterior:
    """The posterior of the bytes of its files. Raises KmsimError, with the row, for a table that is not one of numbers."""
    try:
        names, *rows = csv.reader(io.StringIO(decode(data, FILE), newline=""), strict=True)
        check_columns(names, FILE)
    except (ValueError, csv.Error, KmsimError) as error:
        raise KmsimError(f"{FILE}: not a posterior: {error}") from None
    if len(set(names)) < len(names) or not all(names) or not 0 < len(rows) <= MOST_SETS:
        expected = f"the names of parameters, each once, and 1 to {MOST_SETS:,} rows of numbers under them"
        raise KmsimError(f"{FILE}: not a posterior: expected {expected}")
    bad = [(number, problem) for number, row in enumerate(rows, start=1) if (problem := _problem(names, row))]
    if bad:
        more = f" ({len(bad):,} rows cannot be used)" if len(bad) > 1 else ""
        raise KmsimError(f"{FILE}: not a posterior: row {bad[0][0]}{bad[0][1]}{more}")
    values = tuple(tuple(map(float, row)) for row in rows)
    return Posterior(tuple(names), values, told if isinstance(told, dict) else {}, contents.sha256_of(data))


def _problem(names: list[str], row: list[str]) -> str:
    """What cannot be used of a row, "" if all can."""
    if len(row) != len(names):
        return f": {len(row)} cells; expected {len(names)}, one for each parameter"
    for name, cell in zip(names, row, strict=True):
        if not _NUMBER.fullmatch(cell.strip()) or not math.isfinite(float(cell)):
            return f", {name}={shown(cell)}: expected a finite number"
    return ""


def point() -> str:
    """What the model's parameters are by default, in words.

    >>> "set by hand" in point() or "fitted" in point()
    True
    """
    found = shipped()
    return BY_HAND if found is None else f"parameters at one typical fitted set, {found.origin}"
