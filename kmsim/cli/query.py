"""`kmsim query`: one SELECT over an experiment."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kmsim.cli.arguments import read
from kmsim.cli.compose import keys
from kmsim.cli.folder import folder_and_rest
from kmsim.cli.terminal import Terminal
from kmsim.cli.text import shown
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import KmsimError, unknown

if TYPE_CHECKING:
    import pyarrow as pa

    from kmsim.cli import Flags

VERB = "query"
SUMMARY = "ask a sweep in SQL: one SELECT over its runs, trajectories, ledger, attempts, plan and failures"
FORMATS = ("table", "csv")
SHOWN = 100  # rows of a table
AT_ONCE = 10_000  # rows of CSV
LONG, LONGEST = 999_999.5, 1e15  # numbers between these are shown whole in a table
EXAMPLES = r"""
tables (columns: kmsim query DIR "DESCRIBE runs")
  runs          a row a run, practice and moment (funding_end, end), a column an outcome
  trajectories  a row a run, practice and tick, a column an outcome, where they are kept
  ledger        a row a run and category of cost
  plan          a row a planned run, a column a setting that varies
  failures      the runs that failed, with their errors
  attempts      how long each run took, and where

examples
  kmsim query results/sweep/first "SELECT policy, avg(sustained) FROM runs WHERE moment = 'end' GROUP BY policy"
  kmsim query results/sweep/first \
    'SELECT * FROM runs JOIN plan USING (key, policy, scenario, replicate, seed)' format=csv > runs.csv

An outcome that is not defined in a run (depth where nobody uses it) is nan: avg(depth) FILTER (isfinite(depth)).
Only this folder can be read, and nothing can be written.
"""


_SETTING = re.compile(r"[\w.+~-]*=\S*")  # key=value: no SELECT is one word


def help_text() -> str:
    """What `kmsim query --help` shows."""
    told = {"DIR": "the folder of a sweep", "SQL": "one SELECT of DuckDB's, in quotes"} | defaults_told(VERB)
    return page(VERB, SUMMARY, 'DIR "SQL" [key=value]', told, EXAMPLES.lstrip())


def main(words: Sequence[str], flags: Flags) -> int:
    """Show what one SELECT finds. Raises KmsimError for what is not one, and for what it may not read."""
    folder, rest = folder_and_rest(words, VERB, " and a SELECT", ' "SELECT * FROM runs"')
    settings = [word for word in rest if _SETTING.fullmatch(word)]
    selects = [word for word in rest if not _SETTING.fullmatch(word)]
    shape = read(settings, keys(VERB), VERB, ()).get("format", FORMATS[0])
    if len(selects) != 1:
        told = f"not {selects[1]}" if selects else f'such as: kmsim {VERB} {folder} "SELECT * FROM runs"'
        raise KmsimError(f"{VERB}: expected one SELECT after the folder, in quotes, {told}")
    if shape not in FORMATS:
        raise unknown("format", shape, FORMATS, "a format")

    from kmsim.lab.query import answer

    terminal = Terminal(flags.quiet)
    with answer(folder, selects[0]) as found:
        if shape == "csv":
            _print_csv(found)
        else:
            _print_table(found, terminal)
    return 0


def _print_table(found: Any, terminal: Terminal) -> None:
    from kmsim.lab.words import columns

    rows = found.limit(SHOWN + 1).fetchall()
    titles = [shown(name) for name in found.columns]
    print(columns([titles, *([_cell(value) for value in row] for row in rows[:SHOWN])], max(map(len, titles))))
    if len(rows) > SHOWN:
        terminal.say(f"the first {SHOWN} rows are shown; format=csv gives all")


def _print_csv(found: Any) -> None:
    """All rows, some at a time; a text that a spreadsheet would run as a formula is made harmless."""
    with suppress(AttributeError, ValueError):  # data are never replaced by what a terminal can show
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    from kmsim.lab.spreadsheets import harmless, rows_to

    out = rows_to(sys.stdout)
    out.writerow(map(harmless, found.columns))
    for batch in found.to_arrow_reader(AT_ONCE):
        out.writerows(zip(*map(_written, batch.columns), strict=True))


def _written(column: pa.Array) -> Iterable[Any]:
    """A column's values as CSV has them, each digit of a number kept: NULL and nan are nothing."""
    from kmsim.lab.spreadsheets import harmless

    if str(column.type) in ("float", "double"):  # as short as each kind of number can be told
        return ("" if value != value else str(value) for value in column.to_numpy(zero_copy_only=False))
    return (_plain(value, harmless) for value in column.to_pylist())


def _plain(value: Any, text: Callable[[str], str]) -> Any:
    """A value that is neither number nor text as text: lists and the like as JSON has them, bytes with \\x where no letter is."""
    if isinstance(value, bytes):
        value = "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in value)
    elif isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return text(value) if isinstance(value, str) else value


def _cell(value: Any) -> str:
    """A value as people read it: money in all its digits, and no e in it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if LONG <= abs(value) < LONGEST else f"{value:.6g}"
    return shown(" ".join(str(_plain(value, str)).split()))
