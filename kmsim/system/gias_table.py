"""An extract of Get Information About Schools as rows of text: its columns found by name, and its faults told by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from kmsim.errors import BadValue, KmsimError, UnknownName
from kmsim.system.gias_words import clean, key
from kmsim.table_file import check_columns, encoding_of, shown

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
    "LA (code)",
    "TypeOfEstablishment (name)",
    "EstablishmentTypeGroup (name)",
    "SchoolCapacity",
    "PercentageFSM",
    "GOR (name)",
    "TrustSchoolFlag (name)",
    "Trusts (name)",
    "Federations (name)",
)
ALSO = {  # other headings that columns have had, beside those without "(name)"
    "LA (name)": ("Local authority (name)", "Local authority"),
    "EstablishmentName": ("Establishment name", "School name"),
    "PhaseOfEducation (name)": ("Phase",),
    "NumberOfPupils": ("Number of pupils on roll",),
    "EstablishmentStatus (name)": ("Status",),
    "PercentageFSM": ("Percentage of pupils eligible for free school meals",),
    "GOR (name)": ("Government office region", "Region (name)", "Region"),
    "TypeOfEstablishment (name)": ("Establishment type",),
    "EstablishmentTypeGroup (name)": ("Establishment type group",),
}
DOWNLOAD = (
    "the GIAS download that has all columns is 'Establishment fields CSV' under 'All establishment data', "
    "edubasealldataYYYYMMDD.csv (see docs/gias.md); that of state-funded schools has no pupils and no places"
)
MOST_ROWS, MOST_CELL = 500_000, 20_000
TOLD = 20  # problems told one by one
SEPARATORS = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))


@dataclass(frozen=True)
class Record:
    """One row: the line on which it starts and its cells by column; columns that the file lacks are empty."""

    line: int
    cells: dict[str, str]

    @property
    def name(self) -> str:
        """The school's name, or its URN."""
        return shown(self.cells["EstablishmentName"] or f"URN {self.cells['URN']}")


@dataclass(frozen=True)
class Problem:
    """What cannot be used of a row: its line, the column ("" for the row as a whole), the value and what was expected.

    unknown: for a word that is not known, what it is not, and the nearest that is; it stands in the place of `expected`.
    """

    line: int
    column: str
    value: str
    expected: str = ""
    unknown: str = ""

    def __str__(self) -> str:
        value = f", {self.column}={shown(self.value)}" if self.column else ""
        return f"line {self.line}{value}: {self.unknown or f'expected {self.expected}'}"


def refuse(file: str, problems: Sequence[Problem], why: str = "") -> NoReturn:
    """Raise the one error that tells all problems of a file: how many, and the first twenty. why: why the file is refused."""
    problems = sorted(problems, key=lambda problem: problem.line)
    if len(problems) == 1:
        only = problems[0]
        if only.unknown:
            raise UnknownName(f"{file}, {only}{why}")
        if only.column:
            raise BadValue(f"{file}, line {only.line}, {only.column}", shown(only.value), only.expected + why)
        raise KmsimError(f"{file}, {only}{why}")
    raise KmsimError(f"{file}: {listed(problems)}{why}")


def listed(problems: Sequence[Problem]) -> str:
    """How many problems there are, and the first twenty of them.

    >>> listed([Problem(2, "URN", "x", "a number"), Problem(3, "URN", "", "a number")])
    '2 values cannot be used: line 2, URN=x: expected a number; line 3, URN=: expected a number'
    """
    more = f"; and {len(problems) - TOLD:,} more" if len(problems) > TOLD else ""
    what = "value" if len(problems) == 1 else "values"
    return f"{len(problems):,} {what} cannot be used: {'; '.join(map(str, problems[:TOLD]))}{more}"


class Extract:
    """The rows of an extract that hold anything. columns: those of NEEDED and OPTIONAL that it has.

    Raises KmsimError for bytes that are no CSV table with the needed columns: see `kmsim.table_file.decode`.

    >>> head = ",".join(NEEDED).encode()
    >>> Extract(head + b"\\n1,Camden,A School,Primary,210,530000,180000,Open\\n", "a.csv").records[0].name
    'A School'
    """

    def __init__(self, data: bytes, file: str) -> None:
        self.file, self.empty = file, 0
        if not data.strip(b"\xef\xbb\xbf \t\r\n"):
            raise KmsimError(f"{file}: the file is empty; {DOWNLOAD}")
        rows = self._rows(data)
        header = next(((line, cells) for line, cells in rows if any(map(clean, cells))), None)
        if header is None:
            raise KmsimError(f"{file}: no names of columns; {DOWNLOAD}")
        for letter, what in SEPARATORS:
            if any(cell.count(letter) > 2 for cell in header[1]):
                raise KmsimError(f"{file}: expected commas between columns, not {what}; save it as CSV with commas")
        self._at = self._columns(header[0], [clean(cell) for cell in header[1]])
        self.columns = tuple(self._at)
        self.records = self._records(rows, header[1])

    def _rows(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """The cells of each row and the line on which it starts. A first line such as `sep=,` is no row."""
        encoding = encoding_of(data, self.file, windows=True)
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline=""), strict=True)
        start = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                unclosed = "unexpected end" in str(error) or "field limit" in str(error)
                problem = "a quote that is not closed, or a cell that is too long" if unclosed else str(error)
                raise KmsimError(f"{self.file}, line {start}: not CSV: {problem}") from None
            line, start = start, reader.line_num + 1
            if line == 1 and clean("".join(cells)).casefold() in ("sep=", "sep=;", "sep=\t", "sep=|"):
                continue
            yield line, cells

    def _columns(self, line: int, header: list[str]) -> dict[str, int]:
        """Where each column stands. Raises KmsimError, with the download to take, if one is missing or stands twice."""
        check_columns(header, f"{self.file}, line {line}")
        places: dict[str, list[int]] = {}
        for place, name in enumerate(header):
            places.setdefault(key(name), []).append(place)
        found = {}
        for column in (*NEEDED, *OPTIONAL):
            for heading in (column, column.removesuffix(" (name)"), *ALSO.get(column, ())):
                if at := places.get(key(heading)):
                    if len(at) > 1:
                        where = " and ".join(str(place + 1) for place in at)
                        raise KmsimError(f"{self.file}: the column '{heading}' stands twice, as columns {where}")
                    found[column] = at[0]
                    break
        missing = [column for column in NEEDED if column not in found]
        if missing:
            names = ", ".join(f"'{column}'" for column in missing)
            raise KmsimError(f"{self.file}: no column {names}; {DOWNLOAD}")
        return found

    def _records(self, rows: Iterator[tuple[int, list[str]]], header: list[str]) -> list[Record]:
        """All rows but the empty ones. Raises KmsimError that tells every row that is not as long as the header."""
        width = len(header)
        problems: list[Problem] = []
        found: list[Record] = []
        places, cleaned = (
            [*self._at.items()],
            dict[str, str](),
        )  # most words stand in many rows: one copy of each is kept
        absent = dict.fromkeys((column for column in OPTIONAL if column not in self._at), "")
        for line, cells in rows:
            if not any(cells) or not any(map(clean, cells)):
                self.empty += 1
                continue
            if len(cells) != width and (len(cells) < width or any(map(clean, cells[width:]))):
                problems.append(Problem(line, "", "", f"{width} cells, one for each column; there are {len(cells):,}"))
                continue
            if cells[:width] == header:
                problems.append(Problem(line, "", "", "a school; these are the names of the columns again"))
                continue
            if max(map(len, cells)) > MOST_CELL:
                problems.append(Problem(line, "", "", f"cells of at most {MOST_CELL:,} characters"))
                continue
            if len(found) >= MOST_ROWS:
                raise KmsimError(f"{self.file}: more than {MOST_ROWS:,} rows; expected an extract of GIAS")
            own = {
                column: cleaned.get(cells[at]) or cleaned.setdefault(cells[at], clean(cells[at]))
                for column, at in places
            }
            found.append(Record(line, own | absent))
        if problems:
            refuse(self.file, problems)
        return found
