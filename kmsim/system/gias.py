"""Schools from a user's own extract of Get Information About Schools (edubasealldata....csv; system.md 5.2)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kmsim.errors import BadValue, KmsimError, unknown
from kmsim.system.built import PHASES
from kmsim.system.rows import Rows, blank, take, text

NEEDED = (
    "URN",
    "LA (name)",
    "EstablishmentName",
    "PhaseOfEducation (name)",
    "NumberOfPupils",
    "Easting",
    "Northing",
    "EstablishmentStatus (name)",
)
OPTIONAL = (
    "TypeOfEstablishment (name)",
    "EstablishmentTypeGroup (name)",
    "SchoolCapacity",
    "PercentageFSM",
    "GOR (name)",
    "TrustSchoolFlag (name)",
    "Trusts (name)",
    "Federations (name)",
)
OPEN = {"open", "open, but proposed to close"}
STATE_FUNDED = {"local authority maintained schools", "academies", "free schools", "special schools"}
PHASE_OF = {
    "nursery": "nursery",
    "primary": "primary",
    "middle deemed primary": "primary",
    "secondary": "secondary",
    "middle deemed secondary": "secondary",
    "all-through": "secondary",
    "16 plus": "secondary",
}
SUPPRESSED = {"", "z", "c", "x", "supp", "na", "null"}
NO_TRUST = {"", "not applicable", "not supported by a trust"}
MOST_PUPILS, MOST_METRES, MOST_URN = 20_000, 1_300_000, 2**31 - 1


def gias(path: str) -> tuple[Rows, list[str]]:
    """The open state-funded schools of an extract in order of URN, and notes on all that was taken for something missing.

    A missing number of pupils is taken as the school's capacity, a missing place as the mean of its authority; schools
    for which there is neither pupils nor capacity go on without and are left out by `build`. x and y are Easting and
    Northing in km. No extract counts teachers: posts are fitted.

    Raises KmsimError for a file or columns that are missing, BadValue and UnknownName with row and column for a value.

    >>> gias("extract.csv")
    Traceback (most recent call last):
        ...
    kmsim.errors.BadValue: system.path=extract.csv: expected a csv file that can be read; no such file or directory
    """
    records = list(_records(Path(path)))
    if not records:
        raise KmsimError(f"{path}: no open, state-funded school in it")
    records.sort(key=lambda record: record[0])
    rows, notes = blank(len(records)), [f"posts fitted from pupils: {path} does not count teachers"]
    rows["urn"] = np.array([record[0] for record in records], np.int32)
    for i, key in enumerate(("name", "la", "region", "trust", "federation"), start=1):
        rows[key] = text(record[i] for record in records)
    numbers = np.array([record[6:] for record in records], np.float64)
    rows["phase"] = numbers[:, 0].astype(np.uint8)
    rows["fsm"] = (numbers[:, 3] / 100).astype(np.float32)
    rows["pupils"] = _pupils(rows, numbers[:, 1], numbers[:, 2], notes)
    return _placed(rows, numbers[:, 4:] / 1000, notes), notes


def _records(path: Path) -> Iterator[tuple]:
    """One tuple a school: urn, name, la, region, trust, federation; phase, pupils, capacity, fsm %, easting, northing."""
    seen: dict[int, int] = {}
    for line, cells in _cells(path):
        group = cells["EstablishmentTypeGroup (name)"]
        if cells["EstablishmentStatus (name)"].lower() not in OPEN or (group and group.lower() not in STATE_FUNDED):
            continue
        place = f"{path.name}, line {line}, "
        urn = int(_number(place, "URN", cells, 1, MOST_URN))
        if urn in seen:
            raise BadValue(f"{place}URN", cells["URN"], f"a school once only; it is on line {seen[urn]} too")
        seen[urn] = line
        if not cells["LA (name)"]:
            raise BadValue(f"{place}LA (name)", "", "the name of an authority")
        yield (
            urn,
            cells["EstablishmentName"] or f"URN {urn}",
            cells["LA (name)"],
            cells["GOR (name)"] or "Region not given",
            _trust(cells),
            "" if cells["Federations (name)"].lower() in NO_TRUST else cells["Federations (name)"],
            PHASES.index(_phase(place, cells)),
            _number(place, "NumberOfPupils", cells, 0, MOST_PUPILS),
            _number(place, "SchoolCapacity", cells, 0, MOST_PUPILS),
            _number(place, "PercentageFSM", cells, 0, 100),
            _number(place, "Easting", cells, 0, MOST_METRES),
            _number(place, "Northing", cells, 0, MOST_METRES),
        )


def _cells(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line's number and its cells by column; a column that may be missing is empty. Windows-1252, or UTF-8 if marked."""
    try:
        with path.open("rb") as file:
            marked = file.read(3) == b"\xef\xbb\xbf"
        with path.open(encoding="utf-8-sig" if marked else "cp1252", errors="replace", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            for name in NEEDED:
                if name not in header:
                    raise KmsimError(f"{path}: no column '{name}'; a GIAS extract has {', '.join(NEEDED)}")
            at = {name: header.index(name) for name in NEEDED + OPTIONAL if name in header}
            absent = {name: "" for name in OPTIONAL if name not in header}
            for cells in reader:
                if len(cells) != len(header) and cells:
                    raise KmsimError(f"{path.name}, line {reader.line_num}: {len(cells)} cells, expected {len(header)}")
                if cells:
                    yield reader.line_num, {name: cells[i].strip() for name, i in at.items()} | absent
    except OSError as error:
        problem = (error.strerror or "it cannot be read").lower()
        raise BadValue("system.path", path, f"a csv file that can be read; {problem}") from None
    except csv.Error as error:
        raise KmsimError(f"{path.name}, line {reader.line_num}: not csv: {error}") from None


def _number(place: str, column: str, cells: dict[str, str], low: float, high: float) -> float:
    """A cell as a number, NaN if it is empty or suppressed (never a URN)."""
    cell = cells[column]
    if cell.lower() in SUPPRESSED and column != "URN":
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadValue(f"{place}{column}", cell, f"a number from {low} to {high}")
    return value


def _phase(place: str, cells: dict[str, str]) -> str:
    kind = f"{cells['TypeOfEstablishment (name)']} {cells['EstablishmentTypeGroup (name)']}".lower()
    if "pupil referral" in kind or "alternative provision" in kind:
        return "pru"
    if "special" in kind:
        return "special"
    given = cells["PhaseOfEducation (name)"]
    if given.lower() not in PHASE_OF:
        raise unknown(f"{place}PhaseOfEducation (name)", given, [name.capitalize() for name in PHASE_OF], "a phase")
    return PHASE_OF[given.lower()]


def _trust(cells: dict[str, str]) -> str:
    """A multi-academy trust's name; where the extract does not say what a trust is, any trust's."""
    name, flag = cells["Trusts (name)"], cells["TrustSchoolFlag (name)"].lower()
    return "" if name.lower() in NO_TRUST or (flag and "multi-academy" not in flag) else name


def _pupils(rows: Rows, pupils: np.ndarray, capacity: np.ndarray, notes: list[str]) -> np.ndarray:
    guessed = np.isnan(pupils) & (capacity > 0)
    if guessed.any():
        notes.append(f"no number of pupils, taken as the capacity: {', '.join(rows['name'][guessed])}")
    return np.where(guessed, capacity, pupils).astype(np.float32)


def _placed(rows: Rows, km: np.ndarray, notes: list[str]) -> Rows:
    """The schools with a place: a missing one (empty or 0) is the mean of the authority's."""
    km[~(km > 0).all(axis=1)] = np.nan
    known = np.isfinite(km[:, 0])
    for la in set(rows["la"][~known].tolist()):
        of_la = rows["la"] == la
        if (of_la & known).any():
            km[of_la & ~known] = km[of_la & known].mean(axis=0)
    rows["place_estimated"] = ~known
    rows["x"], rows["y"] = km.T.astype(np.float32)
    nowhere = np.isnan(km[:, 0])
    if nowhere.any():
        notes.append(f"left out: no Easting and Northing in the whole authority: {', '.join(rows['name'][nowhere])}")
    if nowhere.all():
        raise KmsimError("system: no school is left, for none has an Easting and Northing")
    return take(rows, ~nowhere)
