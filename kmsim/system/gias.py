"""Schools from a user's own extract of Get Information About Schools (edubasealldata....csv; system.md 5.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kmsim import contents
from kmsim.errors import KmsimError, unknown
from kmsim.system.built import PHASES
from kmsim.system.gias_numbers import CAPACITY, EAST, FSM, PUPILS, numbers, urn
from kmsim.system.gias_table import Extract, Problem, Record, listed, refuse
from kmsim.system.gias_words import (
    GROUPS,
    NO_NAME,
    OTHER_TYPES,
    OUTSIDE,
    PHASES_GIVEN,
    STATE,
    STATUSES,
    TYPES,
    funded_by,
    key,
    outside_england,
    phase_of,
    trust_of,
)
from kmsim.system.left_out import by_kind, left_out, names, number_of_schools
from kmsim.system.rows import Rows, blank, take, text
from kmsim.table_file import shown

STATUS, PHASE = "EstablishmentStatus (name)", "PhaseOfEducation (name)"
TYPE, GROUP = "TypeOfEstablishment (name)", "EstablishmentTypeGroup (name)"
MOST_NAME = 200
STATUS_WORDS = ("Open", "Closed", "Open, but proposed to close", "Proposed to open")
PHASE_WORDS = (
    *("Nursery", "Primary", "Middle deemed primary", "Secondary", "Middle deemed secondary"),
    *("16 plus", "All-through", "Not applicable"),
)
GROUP_WORDS = (
    *("Local authority maintained schools", "Academies", "Free Schools", "Special schools", "Colleges"),
    *("Independent schools", "Universities", "Online provider", "Other types", "Welsh schools"),
)


def gias(path: str, strict: bool = False, sha256: str | None = None) -> tuple[Rows, list[str]]:
    """The open state-funded schools of England in an extract, in order of URN, and notes on all that is left out or estimated.

    As `parse`, of the bytes of a file. sha256: of the content that was planned with; None: any will do. Raises BadValue for a
    file that cannot be read, KmsimError for one of other content.

    >>> gias("extract.csv")
    Traceback (most recent call last):
        ...
    kmsim.errors.BadValue: system.path=extract.csv: expected a csv file that can be read; no such file or directory
    """
    return parse(contents.read_planned(path, sha256, "system.path", "a csv file"), Path(path).name, strict)


def parse(data: bytes, file: str, strict: bool = False) -> tuple[Rows, list[str]]:
    """The open state-funded schools of England in the bytes of an extract, and notes. file: its name, for errors and notes.

    A missing number of pupils is taken as the school's capacity, a missing place as the mean of its authority; schools
    for which there is neither pupils nor capacity go on without and are left out by `build`. x and y are Easting and
    Northing in km. No extract counts teachers: posts are fitted. Rows with a value that cannot be used are left out and
    named, if they are few (`few`); strict: none may be.

    Raises KmsimError, in one line that tells all of them, for columns that are missing or in the wrong unit, words that
    are not known, values that cannot be used and schools that stand twice with different values.
    """
    extract = Extract(data, file)
    notes = [f"posts fitted from pupils: {file} does not count teachers"]
    records = _chosen(extract, notes, strict)
    found, problems = numbers(records, file)
    problems += _bad_text(records)
    if problems:
        records, found = _without(records, found, problems, file, strict, notes)
    if not records:
        raise KmsimError(
            f"{file}: no open, state-funded school of England in its {len(extract.records):,} rows; {'; '.join(notes[1:])}"
        )
    order = np.argsort([urn(record) or 0 for record in records], kind="stable")
    return _rows([records[i] for i in order], found[order], notes)


def few(problems: int, rows: int) -> bool:
    """Whether so many rows of a file may be left out for a value that cannot be used: two or one in twenty, fewer than half.

    >>> few(1, 8), few(3, 8), few(1, 2), few(5, 100)
    (True, False, False, True)
    """
    return problems <= max(2, rows // 20) and 2 * problems < rows


def _chosen(extract: Extract, notes: list[str], strict: bool) -> list[Record]:
    """The records of open, state-funded schools of England, each once. All others are counted in the notes."""
    chosen: list[Record] = []
    away: dict[str, list[tuple[str, str]]] = {"not open": [], "not in England": [], "not state-funded": []}
    untold, words, problems = [], Counter[str](), []
    for record in _once(extract, notes, strict):
        cells = record.cells
        status, funded = STATUSES.get(key(cells[STATUS])), funded_by(cells[TYPE], cells[GROUP])
        if status is None:
            problems.append(_unknown_word(record, STATUS, STATUS_WORDS, "a status"))
        elif status != "open":
            away["not open"].append((status, record.name))
        elif funded == OUTSIDE or outside_england(cells["LA (name)"], cells["GOR (name)"], cells["LA (code)"]):
            away["not in England"].append(("", record.name))
        elif funded is None:
            problems.append(
                _unknown_word(record, GROUP if cells[GROUP] else TYPE, GROUP_WORDS, "a group of establishments")
            )
        elif funded not in (STATE, ""):
            away["not state-funded"].append((funded, record.name))
        elif phase_of(cells[TYPE], cells[GROUP], cells[PHASE]) is None:
            problems.append(_unknown_word(record, PHASE, PHASE_WORDS, "a phase"))
        else:
            chosen.append(record)
            if funded == "":
                untold.append(record.name)
            words.update(_not_known(cells))
    if problems:
        refuse(extract.file, problems)
    for why, which in away.items():
        if which:
            kinds = by_kind(kind for kind, _ in which if kind)
            notes.append(left_out([name for _, name in which], f"{why} ({kinds})" if kinds else why))
    if extract.empty:
        notes.append(f"{extract.empty:,} empty row{'s' * (extract.empty != 1)} left out")
    if untold:
        notes.append(
            f"{number_of_schools(len(untold))} without group and type of establishment, taken as state-funded: {names(untold)}"
        )
    if words:
        told = ", ".join(f"{word} ({number_of_schools(count)})" for word, count in words.most_common(5))
        more = f" and {len(words) - 5} more" if len(words) > 5 else ""
        notes.append(f"words of the extract that are not known, where others decide: {told}{more}")
    return chosen


def _once(extract: Extract, notes: list[str], strict: bool) -> list[Record]:
    """The records without those that repeat another. Refuses a URN with two different rows."""
    first: dict[str, Record] = {}
    kept, again, problems = [], [], []
    for record in extract.records:
        number = urn(record)
        same = None if number is None else first.setdefault(str(number), record)
        if same is None or same is record:
            kept.append(record)
        elif same.cells == record.cells and not strict:
            again.append(record.name)
        else:
            differ = [column for column in record.cells if record.cells[column] != same.cells[column]]
            told = f"; there {differ[0]}={shown(same.cells[differ[0]])}" if differ else ""
            expected = f"a school once only; it is on line {same.line} too{told}"
            problems.append(Problem(record.line, "URN", record.cells["URN"], expected))
    if problems:
        refuse(extract.file, problems)
    if again:
        notes.append(left_out(again, "on a second row that says the same"))
    return kept


def _unknown_word(record: Record, column: str, known: Iterable[str], what: str) -> Problem:
    word = record.cells[column]
    told = str(unknown("", shown(word) or "nothing", known, what)).partition(": ")[2]
    return Problem(record.line, column, word, unknown=told)


def _not_known(cells: dict[str, str]) -> list[str]:
    """Words of a school that is used which are not known, where another column decides."""
    words = []
    if key(cells[TYPE]) not in TYPES and key(cells[TYPE]) not in OTHER_TYPES and cells[TYPE]:
        words.append(f"{TYPE}={shown(cells[TYPE])}")
    if key(cells[GROUP]) not in GROUPS and cells[GROUP]:
        words.append(f"{GROUP}={shown(cells[GROUP])}")
    if key(cells[PHASE]) not in PHASES_GIVEN:
        words.append(f"{PHASE}={shown(cells[PHASE])}")
    if not trust_of(cells["Trusts (name)"], cells["TrustSchoolFlag (name)"])[1]:
        words.append(
            f"TrustSchoolFlag (name)={shown(cells['TrustSchoolFlag (name)'])}, taken as no multi-academy trust"
        )
    return words


def _bad_text(records: Sequence[Record]) -> list[Problem]:
    """Problems of names: a school without URN, authority or phase, and names that are too long or do not print."""
    problems = []
    for record in records:
        cells = record.cells
        if urn(record) is None:
            problems.append(Problem(record.line, "URN", cells["URN"], "a whole number from 1 to 2147483647"))
        if key(cells["LA (name)"]) in NO_NAME:
            problems.append(Problem(record.line, "LA (name)", cells["LA (name)"], "the name of an authority"))
        if phase_of(cells[TYPE], cells[GROUP], cells[PHASE]) == "":
            problems.append(
                Problem(record.line, PHASE, cells[PHASE], "a phase, such as Primary, for this type of school")
            )
        for column in ("EstablishmentName", "LA (name)", "GOR (name)", "Trusts (name)", "Federations (name)"):
            if len(cells[column]) > MOST_NAME or not cells[column].isprintable():
                expected = f"a name of at most {MOST_NAME} characters that print"
                problems.append(Problem(record.line, column, cells[column], expected))
    return problems


def _without(
    records: list[Record], found: np.ndarray, problems: list[Problem], file: str, strict: bool, notes: list[str]
) -> tuple[list[Record], np.ndarray]:
    """The records without those that have problems, which are noted; refuses if they are not few, or if none may be."""
    lines = {problem.line for problem in problems}
    if strict:
        refuse(file, problems, "; system.strict=true leaves no row out")
    if not few(len(lines), len(records)):
        refuse(file, problems)
    bad = [record.name for record in records if record.line in lines]
    problems.sort(key=lambda problem: problem.line)
    notes.append(f"{left_out(bad, 'a value that cannot be used')} ({file}: {listed(problems)})")
    good = np.array([record.line not in lines for record in records])
    return [record for record in records if record.line not in lines], found[good]


def _rows(records: Sequence[Record], found: np.ndarray, notes: list[str]) -> tuple[Rows, list[str]]:
    """Records and their numbers, in order of URN, as rows."""
    rows = blank(len(records))
    cells = [record.cells for record in records]
    rows["urn"] = np.array([urn(record) for record in records], np.int32)
    rows["name"] = text(own["EstablishmentName"] or f"URN {own['URN']}" for own in cells)
    trusts = [trust_of(own["Trusts (name)"], own["TrustSchoolFlag (name)"])[0] for own in cells]
    for column, given in (
        ("la", [own["LA (name)"] for own in cells]),
        ("region", ["" if key(own["GOR (name)"]) in NO_NAME else own["GOR (name)"] for own in cells]),
        ("trust", trusts),
        (
            "federation",
            ["" if key(own["Federations (name)"]) in NO_NAME else own["Federations (name)"] for own in cells],
        ),
    ):
        rows[column] = text(_one_spelling(given, column, notes))
    rows["region"] = text(name or "Region not given" for name in rows["region"])
    phases = [phase_of(own[TYPE], own[GROUP], own[PHASE]) or "" for own in cells]
    rows["phase"] = np.array([PHASES.index(phase) for phase in phases], np.uint8)
    rows["fsm"] = (found[:, FSM] / 100).astype(np.float32)
    rows["pupils"] = _pupils(rows, found[:, PUPILS], found[:, CAPACITY], notes)
    return _placed(rows, found[:, EAST:] / 1000, notes), notes


def _one_spelling(given: Sequence[str], column: str, notes: list[str]) -> list[str]:
    """The names, those that differ only in case or spaces all spelled as the commonest of them."""
    spellings: dict[str, Counter[str]] = {}
    for name in given:
        spellings.setdefault(name.casefold(), Counter())[name] += 1
    chosen = {folded: counts.most_common(1)[0][0] for folded, counts in spellings.items()}
    several = [f"{' and '.join(counts)} as {chosen[folded]}" for folded, counts in spellings.items() if len(counts) > 1]
    if several:
        notes.append(f"names of one {column} in several spellings, taken as one: {names(several)}")
    return [chosen[name.casefold()] for name in given]


def _pupils(rows: Rows, pupils: np.ndarray, capacity: np.ndarray, notes: list[str]) -> np.ndarray:
    guessed = np.isnan(pupils) & (capacity > 0)
    if guessed.any():
        which = rows["name"][guessed].tolist()
        notes.append(
            f"{number_of_schools(len(which))} without a number of pupils, taken as the capacity: {names(which)}"
        )
    return np.where(guessed, capacity, pupils).astype(np.float32)


def _placed(rows: Rows, km: np.ndarray, notes: list[str]) -> Rows:
    """The schools with a place: a missing one (empty or 0) is the mean of the authority's."""
    known = np.isfinite(km[:, 0])
    for la in set(rows["la"][~known].tolist()):
        of_la = rows["la"] == la
        if (of_la & known).any():
            km[of_la & ~known] = km[of_la & known].mean(axis=0)
    rows["place_estimated"] = ~known
    rows["x"], rows["y"] = km.T.astype(np.float32)
    nowhere = np.isnan(km[:, 0])
    if nowhere.any():
        notes.append(left_out(rows["name"][nowhere].tolist(), "no Easting and Northing in the whole authority"))
    if nowhere.all():
        raise KmsimError("system: no school is left, for none has an Easting and Northing")
    return take(rows, ~nowhere)
