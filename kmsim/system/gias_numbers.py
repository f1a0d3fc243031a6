"""The numbers of an extract: read cell by cell, then held against the units that their columns should be in.

A column whose values are mostly in another unit (degrees, kilometres, shares) is refused with the reason. Single odd
values are problems of their rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from kmsim.errors import KmsimError
from kmsim.system.gias_table import Problem, Record
from kmsim.system.gias_words import SUPPRESSED
from kmsim.system.grid import centres, in_england

COLUMNS = ("NumberOfPupils", "SchoolCapacity", "PercentageFSM", "Easting", "Northing")
PUPILS, CAPACITY, FSM, EAST, NORTH = range(len(COLUMNS))
MOST_PUPILS, MOST_URN = 20_000, 2**31 - 1
EXPECTED = (
    f"a number from 0 to {MOST_PUPILS}, whole",
    f"a number from 0 to {MOST_PUPILS}, whole",
    "a number from 0 to 100, per cent",
    "a number from 0 to 700000, metres on the National Grid",
    "a number from 0 to 1300000, metres on the National Grid",
)
MOST = (MOST_PUPILS, MOST_PUPILS, 100, 700_000, 1_300_000)
FULL, FULL_BY = 5.0, 200  # pupils over capacity, times and pupils, from which the two cannot both be right
DEGREES = 181.0
NEAR_KM = 20.0
_NUMBER = re.compile(r"[-+]?(\d{1,15}(\.\d{0,30})?|\.\d{1,30})([eE][-+]?\d{1,2})?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3}){1,3}(\.\d{1,6})?", re.ASCII)


def number(cell: str, percent: bool = False) -> float | None:
    """A cell as a number: NaN if it is empty or suppressed, None if it is no number. "1,104" is 1104; "12.5%" 12.5 if `percent`.

    >>> number("1,104"), number("12.5%", percent=True), number("12,5"), number("SUPP")
    (1104.0, 12.5, None, nan)
    """
    if cell.casefold() in SUPPRESSED:
        return math.nan
    if percent:
        cell = cell.removesuffix("%").rstrip()
    if _THOUSANDS.fullmatch(cell):
        cell = cell.replace(",", "")
    return float(cell) if _NUMBER.fullmatch(cell) else None


def urn(record: Record) -> int | None:
    """The URN of a row, None if it has none that can be used.

    >>> urn(Record(2, {"URN": "100001"})), urn(Record(2, {"URN": ""}))
    (100001, None)
    """
    value = number(record.cells["URN"])
    good = value is not None and 1 <= value <= MOST_URN and value == int(value)
    return int(value) if good and value is not None else None


def numbers(records: Sequence[Record], file: str) -> tuple[np.ndarray, list[Problem]]:
    """A row of COLUMNS a record, NaN where nothing is given, and the problems of single rows. x and y are still in metres.

    Raises KmsimError for a column whose unit is another than that of GIAS.
    """
    found = np.full((len(records), len(COLUMNS)), np.nan)
    problems = []
    for i, record in enumerate(records):
        for j, column in enumerate(COLUMNS):
            value = number(record.cells[column], percent=j == FSM)
            if value is None or math.isinf(value):
                problems.append(Problem(record.line, column, record.cells[column], EXPECTED[j]))
            else:
                found[i, j] = value
    missing = ~(found[:, EAST:] != 0).all(axis=1) | np.isnan(found[:, EAST:]).any(axis=1)
    found[missing, EAST:] = np.nan
    _refuse_units(found, records, file)
    with np.errstate(invalid="ignore"):
        odd = (found < 0) | (found > MOST)
        whole = found[:, :FSM]
        odd[:, :FSM] |= np.isfinite(whole) & (whole != np.floor(whole))
    problems += [
        Problem(records[i].line, COLUMNS[j], records[i].cells[COLUMNS[j]], EXPECTED[j])
        for i, j in np.argwhere(odd).tolist()
    ]
    good = ~odd.any(axis=1)
    for mask, column, expected in (
        (over_capacity(found), "NumberOfPupils", _at_most_capacity),
        (_elsewhere(found), "Easting", _in_england),
    ):
        for i in np.flatnonzero(mask & good).tolist():
            problems.append(Problem(records[i].line, column, records[i].cells[column], expected(records[i])))
    return found, problems


def _at_most_capacity(record: Record) -> str:
    return f"pupils near the school's capacity, {record.cells['SchoolCapacity']}"


def _in_england(record: Record) -> str:
    return f"with Northing={record.cells['Northing']} a place in England, in metres on the National Grid"


def over_capacity(found: np.ndarray) -> np.ndarray:
    """Which schools have more than 5 times the pupils that they have room for, and 200 more.

    >>> over_capacity(np.array([[2100.0, 210, 10, 1, 1], [900, 210, 10, 1, 1]])).tolist()
    [True, False]
    """
    pupils, capacity = found[:, PUPILS], found[:, CAPACITY]
    with np.errstate(invalid="ignore"):
        return (capacity > 0) & (pupils > FULL * capacity) & (pupils > capacity + FULL_BY)


def _elsewhere(found: np.ndarray) -> np.ndarray:
    """Which schools have a place that is not in England."""
    return np.isfinite(found[:, EAST]) & ~in_england(found[:, EAST] / 1000, found[:, NORTH] / 1000)


def _refuse_units(found: np.ndarray, records: Sequence[Record], file: str) -> None:
    """Raise KmsimError if most values of a column are in another unit."""
    with np.errstate(invalid="ignore"):
        _refuse_places(found, records, file)
        fsm = found[:, FSM]
        if _most(fsm > 100, fsm):
            raise _unit(
                file, records, fsm > 100, ("PercentageFSM",), "expected per cent of pupils, not a number of them"
            )
        known = fsm[np.isfinite(fsm)]
        shares = np.count_nonzero((known > 0) & (known < 1))
        if shares > 1 and (known.max() <= 1 or (len(known) >= 5 and shares > 0.8 * len(known))):
            raise _unit(
                file,
                records,
                (fsm > 0) & (fsm < 1),
                ("PercentageFSM",),
                "values from 0 to 1: expected per cent, such as 12.5, not shares, such as 0.125",
            )
        pupils = found[:, PUPILS]
        over = over_capacity(found)
        if len(records) > 1 and _most(over, np.where(found[:, CAPACITY] > 0, pupils, np.nan)):
            raise _unit(
                file,
                records,
                over,
                ("NumberOfPupils", "SchoolCapacity"),
                "most schools have more than 5 times the pupils that they have room for: expected pupils and places of one school",
            )


def _refuse_places(found: np.ndarray, records: Sequence[Record], file: str) -> None:
    east, north = found[:, EAST], found[:, NORTH]
    meant = "expected metres on the National Grid, such as 533498 and 181201"
    kinds: tuple[tuple[str, Callable[[], np.ndarray]], ...] = (
        ("degrees of latitude and longitude", lambda: (np.abs(east) < DEGREES) & (np.abs(north) < DEGREES)),
        ("kilometres", lambda: _elsewhere(found) & in_england(east, north)),
        (
            "swapped, the Northing in the column of the Easting",
            lambda: _elsewhere(found) & in_england(north / 1000, east / 1000),
        ),
        ("centimetres or decimetres", lambda: (north > MOST[NORTH]) & ~(np.abs(east) < DEGREES)),
    )
    for kind, mask in kinds:
        these = mask()
        # degrees look like places in kilometres off Scilly: degrees are looked for first
        if _most(these, east):
            raise _unit(file, records, these, COLUMNS[EAST:], f"these look like {kind}; {meant}")
    if _most(_elsewhere(found), east):
        raise _unit(
            file, records, _elsewhere(found), COLUMNS[EAST:], f"most of these are no places in England; {meant}"
        )
    _refuse_swapped(found, records, file, meant)


def _refuse_swapped(found: np.ndarray, records: Sequence[Record], file: str, meant: str) -> None:
    """Near the diagonal of the grid a swapped place is in England too, but in another authority."""
    known = centres()
    at = np.array([known.get(record.cells["LA (name)"].casefold(), (np.nan,) * 3) for record in records])
    at = at.reshape(-1, 3)
    east, north = found[:, EAST] / 1000, found[:, NORTH] / 1000
    here = np.hypot(east - at[:, 0], north - at[:, 1])
    there = np.hypot(north - at[:, 0], east - at[:, 1])
    comparable = np.isfinite(here)
    swapped = comparable & (here > at[:, 2] + 2) & (there < at[:, 2] + 2) & (there < here / 2)
    if comparable.any() and np.count_nonzero(swapped) > 0.8 * np.count_nonzero(comparable):
        told = "these look swapped: with Easting and Northing changed over, schools lie in their own authority"
        raise _unit(file, records, swapped, COLUMNS[EAST:], f"{told}; {meant}")


def _most(mask: np.ndarray, values: np.ndarray) -> bool:
    """Whether a mask holds for more than half of the values that are there."""
    known = np.count_nonzero(np.isfinite(values))
    return bool(known > 0 and np.count_nonzero(mask & np.isfinite(values)) * 2 > known)


def _unit(file: str, records: Sequence[Record], mask: np.ndarray, columns: Sequence[str], why: str) -> KmsimError:
    rows = np.flatnonzero(mask)
    first = records[int(rows[0])]
    values = ", ".join(f"{column}={first.cells[column]}" for column in columns)
    where = f"{file}, column {' and '.join(columns)}"
    return KmsimError(
        f"{where}: {why} ({len(rows):,} of {len(records):,} schools, the first on line {first.line}: {values})"
    )
