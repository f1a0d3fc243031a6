"""A table that a user made, read as columns of plain values: nothing in it is run, and what cannot be used is told by its row."""

from __future__ import annotations

import csv as plain_csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kmsim import contents
from kmsim.errors import BadValue, KmsimError
from kmsim.lab.parquet_file import MOST_CELL, read_parquet
from kmsim.lab.scenarios import Column
from kmsim.table_file import check_columns, encoding_of, shown

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = r"-?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][-+]?[0-9]{1,3})?"
_WORDS = {"null": None, "true": True, "false": False}


def read_table(path: Path) -> dict[str, Column]:
    """The columns of a CSV or Parquet file by name. Numbers are numbers; all else is text, and so is a formula.

    Raises KmsimError, in one line, for a file that cannot be read, an empty cell or one with letters that do not print.
    """
    import pyarrow as pa

    try:
        data = contents.read(path, "design.path")
        table = _csv(path, data) if path.suffix.lower() == ".csv" else _parquet(path, data)
    except BadValue as error:  # in full, however long the path is
        raise KmsimError(f"{path}: expected {error.expected}") from None
    except (OSError, pa.ArrowException) as error:
        raise KmsimError(f"{path}: cannot be read: {_printable(str(error)[:200])}") from None
    if not table.num_rows:
        raise KmsimError(f"{path}: expected at least one row under the names of the columns")
    names = [name.strip() for name in table.column_names]
    check_columns(names, str(path))
    for name in names:
        if names.count(name) > 1:
            raise KmsimError(f"{path}: column {shown(name)!a}: expected a name of its own, such as theta")
    return {name: _column(path, name, table.column(i)) for i, name in enumerate(names)}


def _csv(path: Path, data: bytes) -> pa.Table:
    """All cells as texts: what each is, is decided here and not guessed from the first of them."""
    import pyarrow as pa
    from pyarrow import csv

    lines = _lines(path, data)
    head = lines[: lines.index(b"\n")].decode("utf-8").strip()
    if not head:
        raise KmsimError(f"{path}: expected the names of the columns in the first line, such as theta,r_try")
    for letter, kind in ((";", "semicolons"), ("\t", "tabs")):
        if letter in head and "," not in head:
            raise KmsimError(f"{path}: expected commas between columns, not {kind}")
    try:
        names = next(plain_csv.reader([head]))
    except plain_csv.Error as error:
        raise KmsimError(f"{path}, names of the columns: not CSV: {error}") from None
    check_columns(names, str(path))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise KmsimError(f"{path}: the column {shown(twice)!a} stands twice; expected each name once")
    _check_lines(path, lines)
    ragged: list[Any] = []

    def refuse(row: Any) -> str:  # what is raised in here goes no further
        ragged.append(row)
        return "error"

    try:
        return csv.read_csv(
            pa.BufferReader(lines),
            read_options=csv.ReadOptions(use_threads=False),  # or else a bad row would not know its number
            parse_options=csv.ParseOptions(invalid_row_handler=refuse),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException:
        if not ragged:
            raise
        place, cells, wanted = ragged[0].number - 1, ragged[0].actual_columns, ragged[0].expected_columns
        raise KmsimError(f"{path}, row {place}: {cells} cells; expected {wanted}, one for each column") from None


def _lines(path: Path, data: bytes) -> bytes:
    """A file of text as its lines, whatever ended them. Raises KmsimError if it is not in UTF-8."""
    encoding_of(data, str(path))
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.rstrip(b"\n") + b"\n"


def _check_lines(path: Path, lines: bytes) -> None:
    """Refuse what would make the count of rows another than that of lines: an empty line, and a quote that is not closed."""
    empty = lines.find(b"\n\n")
    if empty >= 0:
        row = lines.count(b"\n", 0, empty) + 1
        raise KmsimError(f"{path}, row {row}: an empty line; expected a value in each column")
    if lines.count(b'"') % 2:
        row = next(i for i, line in enumerate(lines.split(b"\n")) if line.count(b'"') % 2)
        place = f"row {row}" if row else "names of the columns"
        raise KmsimError(f"{path}, {place}: a quote that is not closed; expected another at the end of its cell")


def _parquet(path: Path, data: bytes) -> pa.Table:
    if path.suffix.lower() != ".parquet":
        raise KmsimError(f"{path}: expected a .csv or .parquet file")
    return read_parquet(data, str(path))


def _column(path: Path, name: str, cells: pa.ChunkedArray) -> Column:
    """A column of whole numbers, of numbers, or else of choices."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        cells = pc.utf8_trim_whitespace(cells)
        long = f"more than {MOST_CELL:,} characters"
        _refuse(path, name, long, pc.greater(pc.fill_null(pc.utf8_length(cells), 0), MOST_CELL))
        _refuse(path, name, "empty", pc.or_kleene(pc.is_null(cells), pc.equal(cells, "")))
        _refuse(path, name, "letters that do not print", pc.invert(pc.utf8_is_printable(cells)))
        if pc.all(pc.match_substring_regex(cells, f"^{_NUMBER}$")).as_py():
            if pc.all(pc.match_substring_regex(cells, "^-?[0-9]{1,18}$")).as_py():
                return Column.of(cells.cast(pa.int64()).to_numpy())
            if not pc.any(pc.match_substring_regex(cells, "^-?[0-9]{16,}$")).as_py():
                return _reals(path, name, cells)  # the others an array of reals would round
        return Column.of(map(_typed, cells.to_pylist()))
    _refuse(path, name, "empty", pc.is_null(cells))
    if pa.types.is_boolean(cells.type):
        return Column.of(cells.to_pylist())
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        whole = pa.types.is_integer(cells.type)
        if pa.types.is_uint64(cells.type):
            return Column.of(cells.to_pylist())  # the largest are beyond whole numbers in arrays
        return Column.of(cells.cast(pa.int64()).to_numpy()) if whole else _reals(path, name, cells)
    raise KmsimError(f"{path}, column {name}: expected numbers or texts, not {cells.type}")


def _reals(path: Path, name: str, cells: pa.ChunkedArray) -> Column:
    """A column of reals, each of them a finite number."""
    import pyarrow as pa

    values = cells.cast(pa.float64()).to_numpy()
    _refuse(path, name, "not a finite number", ~np.isfinite(values))
    return Column.of(values.astype(np.float64))


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _refuse(path: Path, name: str, what: str, mask: Any) -> None:
    """Tell the first row of which the mask is true, if it is of any."""
    rows = np.flatnonzero(np.asarray(mask.to_numpy(zero_copy_only=False) if hasattr(mask, "to_numpy") else mask))
    if len(rows):
        raise KmsimError(f"{path}, row {rows[0] + 1}, column {shown(name)}: {what}; expected a number or a name")


def _typed(text: str) -> Any:
    """A cell as the command line would type it."""
    if not re.fullmatch(_NUMBER, text, re.ASCII):
        return _WORDS.get(text, text)
    return int(text) if text.lstrip("-").isdigit() else float(text)
