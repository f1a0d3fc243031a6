"""`kmsim query`: one SELECT over an experiment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kmsim.cli.arguments import read
from kmsim.cli.compose import keys
from kmsim.cli.folder import folder_and_rest
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import KmsimError, unknown

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "query"
SUMMARY = "ask a sweep in SQL: one SELECT over its runs, trajectories, ledger, attempts, plan and failures"
FORMATS = ("table", "csv")
SHOWN = 100  # rows of a table
AT_ONCE = 10_000  # rows of CSV
EXAMPLES = """\
tables (columns: kmsim query DIR "DESCRIBE runs")
  runs          a row a run, practice and moment (funding_end, end), a column an outcome
  trajectories  a row a run, practice and tick, a column an outcome, where they are kept
  ledger        a row a run and category of cost
  plan          a row a planned run, a column a setting that varies
  failures      the runs that failed, with their errors
  attempts      how long each run took, and where

examples
  kmsim query results/sweep/first "SELECT policy, avg(sustained) FROM runs WHERE moment = 'end' GROUP BY policy"
  kmsim query results/sweep/first 'SELECT * FROM runs JOIN plan USING (key)' format=csv > runs.csv

An outcome that is not defined in a run (depth where nobody uses it) is nan: avg(depth) FILTER (isfinite(depth)).
Only this folder can be read, and nothing can be written.
"""


def help_text() -> str:
    """What `kmsim query --help` shows."""
    told = {"DIR": "the folder of a sweep", "SQL": "one SELECT of DuckDB's, in quotes"} | defaults_told(VERB)
    return page(VERB, SUMMARY, 'DIR "SQL" [key=value]', told, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Show what one SELECT finds. Raises KmsimError for what is not one, and for what it may not read."""
    folder, rest = folder_and_rest(words, VERB, " and a SELECT")
    if not rest:
        raise KmsimError(
            f'{VERB}: expected a SELECT after the folder, such as: kmsim {VERB} {folder} "SELECT * FROM runs"'
        )
    shape = read(rest[1:], keys(VERB), VERB, ()).get("format", FORMATS[0])
    if shape not in FORMATS:
        raise unknown("format", shape, FORMATS, "a format")

    from kmsim.lab.query import answer

    with answer(folder, rest[0]) as found:
        if shape == "csv":
            _print_csv(found)
        else:
            _print_table(found, Terminal(flags.quiet))
    return 0


def _print_table(found: Any, terminal: Terminal) -> None:
    from kmsim.lab.words import columns

    rows = found.limit(SHOWN + 1).fetchall()
    print(columns([found.columns, *([_cell(value) for value in row] for row in rows[:SHOWN])]))
    if len(rows) > SHOWN:
        terminal.say(f"the first {SHOWN} rows are shown; format=csv gives all")


def _print_csv(found: Any) -> None:
    """All rows, some at a time; a text that a spreadsheet would run as a formula is made harmless."""
    from kmsim.lab.spreadsheets import safe

    header = True
    for batch in found.fetch_record_batch(AT_ONCE):
        safe(batch.to_pandas()).to_csv(sys.stdout, index=False, header=header, lineterminator="\n")
        header = False
    if header:
        print(",".join(found.columns))


def _cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else _harmless(" ".join(str(value).split()))


def _harmless(text: str) -> str:
    """The text with what would steer a terminal written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
