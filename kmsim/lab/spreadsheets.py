"""CSV for spreadsheets: no cell and no column name may run as a formula, and every cell that needs quotes has them.

Numbers stay numbers. A text that a spreadsheet would run gets an apostrophe before it; who reads the file with a program
takes it off again with `original`.

Example
-------
>>> import pandas as pd
>>> csv_text(pd.DataFrame({"=a": ["=1+1", "b"], "n": [-0.5, 1.0]}))
"'=a,n\\n'=1+1,-0.5\\nb,1.0\\n"
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@")  # what a formula begins with, also in their full-width forms
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_END = "\r\n"  # of a row, for the csv module: with it, and only with it, the module quotes cells that have a CR


class _Stream(Protocol):
    def write(self, text: str, /) -> Any: ...


class _Rows:
    """A stream that ends rows with LF. The csv module writes each row at once, its end included."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        """Write one row."""
        return self._stream.write(row.removesuffix(_END) + "\n")


def rows_to(stream: _Stream) -> Any:
    """A `csv.writer` on a text stream. Rows end with LF; cells with a comma, a quote, CR or LF are quoted.

    >>> stream = io.StringIO()
    >>> rows_to(stream).writerow(["a\\rb", 1])
    8
    >>> stream.getvalue()
    '"a\\rb",1\\n'
    """
    return csv.writer(_Rows(stream), lineterminator=_END)


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV, without its index."""
    stream = io.StringIO()
    _write(frame, stream)
    return stream.getvalue()


def write_csv(frame: pd.DataFrame, file: Path) -> None:
    """Write a table as a CSV file in UTF-8, without its index. Raises OSError."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        _write(frame, stream)


def _write(frame: pd.DataFrame, stream: _Stream) -> None:
    safe(frame).to_csv(_Rows(stream), index=False, lineterminator=_END)  # type: ignore[call-overload]


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with harmless text cells and column names. Numbers and what is no text stay as they are."""
    found = frame.copy(deep=False)
    for at, kind in enumerate(frame.dtypes):
        if str(kind) in ("object", "str", "string", "category") or str(kind).startswith("string"):
            column = frame.iloc[:, at].astype("object")
            found.isetitem(at, column.map(lambda cell: harmless(cell) if isinstance(cell, str) else cell))
    found.columns = [harmless(name) if isinstance(name, str) else name for name in frame.columns]
    return found


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula: an apostrophe stands before one that it would run.

    Spaces, line ends and marks that are not seen do not count as a beginning. A plain number is no formula.

    >>> harmless("=cmd()"), harmless("\\t=1+1"), harmless("a=b"), harmless("-0.5")
    ("'=cmd()", "'\\t=1+1", 'a=b', '-0.5')
    """
    return f"'{text}" if _first_seen(text) in FORMULA and not _NUMBER.fullmatch(text) else text


def original(cell: str) -> str:
    """The text of a cell that `harmless` may have changed. Undoes it for every text that has no apostrophe of its own there.

    >>> original("'=cmd()"), original("'tis")
    ('=cmd()', "'tis")
    """
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) != cell[1:] else cell


def _first_seen(text: str) -> str:
    """The first character that is seen, a full-width one as its plain form; empty if none is."""
    for character in text:
        if unicodedata.category(character)[0] not in "ZC":
            return unicodedata.normalize("NFKC", character)[:1]
    return ""
