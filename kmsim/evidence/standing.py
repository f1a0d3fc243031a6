"""Where the model stands by its last committed scorecard: what every report says of its failures.

kmsim/data/scorecard.csv is written by `kmsim scorecard refresh=true` and is no part of the model: no run depends on it.

Example
-------
>>> read().line().startswith("The model passes")
True
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from kmsim.errors import KmsimError
from kmsim.evidence.table import findings
from kmsim.evidence.verdicts import CANNOT_TELL, FAIL, PASS
from kmsim.fingerprint import code_fingerprint
from kmsim.lab.spreadsheets import harmless, original, rows_to

if TYPE_CHECKING:
    from kmsim.evidence.scorecard import Scorecard

FILE = "scorecard.csv"
TEST = "VAL"
COLUMNS = ("check", "kind", "verdict", "says", "model", "accepted", "code")


@dataclass(frozen=True)
class Standing:
    """The verdicts of a scorecard, a row a check: check, kind, verdict, says, model, accepted. code: the model's it was made with."""

    rows: tuple[Mapping[str, str], ...]
    code: str

    @property
    def current(self) -> bool:
        """Whether it was made with the code that is here."""
        return self.code == code_fingerprint()

    def line(self, named: bool = True) -> str:
        """How many checks pass, fail and cannot be told, and which fail (how many, if not named), in a sentence or two.

        >>> Standing(({"check": "F07", "verdict": "fail"},), code_fingerprint()).line()
        'The model passes 0 of 1 checks against what research found; it fails F07.'
        """
        counts = Counter(row["verdict"] for row in self.rows)
        failed = [row["check"] for row in self.rows if row["verdict"] == FAIL]
        said = f"The model passes {counts[PASS]} of {len(self.rows)} checks against what research found"
        which = _listed(failed) if named and failed else len(failed) or "none"
        said += f"; it fails {which}"
        if counts[CANNOT_TELL]:
            said += f"; of {counts[CANNOT_TELL]} the runs cannot tell"
        return said + "." + ("" if self.current else " That was found with an earlier version of the model's code.")

    def tests(self) -> str:
        """How the model does on the tests, findings that were never fitted, in part of a sentence.

        >>> row = {"check": "F07", "kind": "VAL", "verdict": "fail"}
        >>> Standing((row, row | {"verdict": "pass"}), "").tests()
        'of 2 tests by findings that were never fitted it passes 1 and fails 1'
        """
        counts = Counter(row["verdict"] for row in self.rows if row["kind"] == TEST)
        told = [f"passes {counts[PASS]}", f"fails {counts[FAIL]}"]
        told += [f"cannot tell {counts[CANNOT_TELL]}"] if counts[CANNOT_TELL] else []
        return f"of {counts.total()} tests by findings that were never fitted it {_listed(told)}"

    def failures(self, kind: str | None = None) -> list[str]:
        """What fails, a line a finding: what was found, what the model has and what was accepted. kind: VAL, CAL, built in, or all.

        >>> row = {"check": "F07", "kind": "VAL", "verdict": "fail", "says": "effect", "model": "-0.2145 (-0.3 to -0.1)", "accepted": "0 or less"}
        >>> Standing((row,), "").failures("VAL")[0].partition(" In the model: ")[2]
        'effect: −0.21; accepted: 0 or less (F07).'
        """
        found: dict[str, list[Mapping[str, str]]] = {}
        for row in self.rows:
            if row["verdict"] == FAIL and kind in (None, row["kind"]):
                found.setdefault(row["check"].partition(".")[0], []).append(row)
        return [f"{_found(name)}In the model: {'; '.join(map(_missed, rows))}." for name, rows in found.items()]


def read() -> Standing:
    """The standing that is shipped. Raises KmsimError for a file that is not as `write` makes it.

    >>> {row["verdict"] for row in read().rows} <= {"pass", "fail", "cannot tell"}
    True
    """
    text = files("kmsim.data").joinpath(FILE).read_text(encoding="utf-8")
    rows = [{k: original(v) for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]
    if not rows or tuple(rows[0]) != COLUMNS:
        raise KmsimError(
            f"kmsim/data/{FILE}: expected the columns {', '.join(COLUMNS)}; kmsim scorecard refresh=true writes it"
        )
    return Standing(tuple(rows), rows[0]["code"])


def write(card: Scorecard, path: str | Path | None = None) -> Path:
    """Write a whole scorecard's verdicts where reports find them, or to another file. Returns the path.

    Raises KmsimError where it cannot be written, as in an installation that is not the user's own.
    """
    from kmsim.evidence.scorecard import interval_words, range_words

    path = Path(str(files("kmsim.data").joinpath(FILE))) if path is None else Path(path)
    stream = io.StringIO()
    rows = rows_to(stream)
    rows.writerow(COLUMNS)
    for result in card.results:
        check = result.check
        told = (
            check.name,
            check.kind,
            result.verdict,
            check.says,
            interval_words(result.found),
            range_words(check.accept),
        )
        rows.writerow([harmless(cell) for cell in (*told, code_fingerprint())])
    try:
        path.write_text(stream.getvalue(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise KmsimError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def _found(name: str) -> str:
    """What research found, as a sentence with a space after it; nothing of a finding that is no longer in the table."""
    record = findings().get(name)
    return f"{record.statement} " if record else ""


def _missed(row: Mapping[str, str]) -> str:
    """One check that fails: what is measured, the model's mean to two figures, and what was accepted."""
    value = _minus(f"{float(row['model'].partition(' ')[0]):.2g}")
    return f"{row['says']}: {value}; accepted: {_minus(row['accepted'])} ({row['check']})"


def _minus(text: str) -> str:
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
