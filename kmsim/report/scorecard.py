"""The scorecard on disk: scorecard.csv and one self-contained page, with failures as plain to see as what passed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import jinja2

from kmsim.errors import KmsimError
from kmsim.evidence.records import USES
from kmsim.evidence.scorecard import Scorecard, evidence_words, interval_words, marks, range_words
from kmsim.evidence.table import citations
from kmsim.lab.provenance import asked_with, now, versions
from kmsim.lab.spreadsheets import write_csv

KINDS = ("VAL", "CAL", "built in")


def write(card: Scorecard, folder: str | Path, table: str, command: Sequence[str] = ()) -> Path:
    """Write scorecard.csv, scorecard.html, table.txt and manifest.json into a folder that exists. Returns the folder.

    table: the scorecard as text; command: the words that asked for it. Raises KmsimError where the disk refuses.
    """
    folder = Path(folder)
    facts = (
        versions()
        | asked_with(command)
        | {
            "seconds": round(card.seconds, 1),
            "time": now(),
            "verdicts": card.ending,
        }
    )
    try:
        write_csv(card.frame(), folder / "scorecard.csv")
        (folder / "scorecard.html").write_text(render(card), encoding="utf-8", newline="\n")
        (folder / "table.txt").write_text(table + "\n", encoding="utf-8")
        (folder / "manifest.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise KmsimError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return folder


def render(card: Scorecard) -> str:
    """The page as HTML text. The same scorecard gives the same bytes; every text in it is escaped.

    >>> "0 pass, 0 fail" in render(Scorecard([]))
    True
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    page = files("kmsim.report").joinpath("scorecard.html").read_text(encoding="utf-8")
    kinds = [(kind, USES[kind], [_row(r) for r in card.results if r.check.kind == kind]) for kind in KINDS]
    return environment.from_string(page).render(
        card=card, kinds=[kind for kind in kinds if kind[2]], groups=card.group_lines(), model=versions()["model"]
    )


def _row(result) -> dict[str, str]:  # type: ignore[no-untyped-def]
    check = result.check
    return {
        "name": check.name,
        "statement": check.finding.statement,
        "source": "; ".join(citations(check.finding)),
        "grade": ", ".join(check.finding.grade),
        "says": check.says,
        "evidence": evidence_words(result),
        "accepted": range_words(check.accept),
        "model": interval_words(result.found),
        "verdict": result.verdict,
        "marks": marks(result),
    }
