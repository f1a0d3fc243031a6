"""The evidence as a page: every finding and prior with its source, grade and use, made from the data.

`python -m kmsim.report.evidence` writes docs/evidence.md; a test holds the committed page to what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from kmsim.evidence.cited import citing
from kmsim.evidence.grades import GRADES
from kmsim.evidence.records import GROUPS, SECTIONS, USES, Finding, Record, plain
from kmsim.evidence.table import findings, priors, sources
from kmsim.report.codebook import table


def evidence() -> str:
    """The whole page, as Markdown. The same data give the same text.

    >>> evidence().startswith("# Evidence")
    True
    """
    every = findings().values()
    parts = [
        "# Evidence",
        "Made from the data by `python -m kmsim.report.evidence`; change kmsim/data/findings.yaml, priors.yaml or sources.yaml, "
        "not this page. `kmsim show F27` shows one record whole.",
        table(["grade", "meaning"], GRADES.items()),
        "**From memory** and **elicited** stand beside every record that is so graded, and beside every parameter and "
        "outcome that names one.",
        table(["use", "meaning", "findings"], [(u, m, sum(f.use == u for f in every)) for u, m in USES.items()]),
        "## The twelve validation groups",
        "Never fitted; judged by sign and order first. A parameter that names a finding as the reason of a judged number "
        "is told beside it: that part is then no test.",
        table(
            ["group", "finding", "what was found", "named by parameters"],
            [
                (group, f.id, f.statement + _mark(f), ", ".join(citing(f.id)))
                for group in GROUPS
                for f in every
                if f.group == group
            ],
        ),
    ]
    for key, title in SECTIONS.items():
        parts += [f"## {title}", _findings(f for f in every if f.section == key)]
    parts += [
        "## Priors",
        table(
            ["id", "parameter", "quantity", "value", "range", "from", "source", "grade"],
            [
                (
                    p.id,
                    p.statement + _note(p),
                    p.quantity,
                    plain(p.value),
                    p.range,
                    ", ".join(p.from_findings),
                    *_source(p),
                )
                for p in priors().values()
            ],
        ),
        "## Works cited",
        table(["key", "work"], sources().items()),
    ]
    return "\n\n".join(parts) + "\n"


def _findings(rows: Iterable[Finding]) -> str:
    head = ["id", "what was found", "quantity", "value", "range", "source", "grade", "use", "because", "simulated"]
    return table(
        head,
        [
            (f.id, f.statement + _note(f), _quantity(f), plain(f.value), f.range, *_source(f), f.use, _why(f), f.test)
            for f in rows
        ],
    )


def _quantity(record: Record) -> str:
    return f"{record.quantity} ({record.unit})" if record.unit else record.quantity


def _why(finding: Finding) -> str:
    return f"{finding.why} (tagged anew {finding.retagged})" if finding.retagged else finding.why


def _source(record: Record) -> tuple[str, str]:
    return ", ".join(record.source), ", ".join(record.grade) + _mark(record)


def _mark(record: Record) -> str:
    return f" **{record.mark}**" if record.mark else ""


def _note(record: Record) -> str:
    return f" ({record.note})" if record.note else ""


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/evidence.md").write_text(evidence(), encoding="utf-8")
