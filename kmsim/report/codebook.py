"""The codebook: every parameter, outcome, column, lever and phase, as tables made from the code that runs.

`python -m kmsim.report.codebook` writes docs/codebook.md; a test holds the committed page to what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from kmsim.agents import Cluster, Network, School, Teacher
from kmsim.evidence.cited import marked
from kmsim.model import PHASES
from kmsim.outcomes.definitions import MONTHS, OUTCOMES
from kmsim.parameters import GRADES, PARAMETERS
from kmsim.policies.levers import LEVERS, MEMBER, WIDE
from kmsim.posterior import point


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; bars in cells are escaped.

    >>> print(table(["a"], [[1]]))
    | a |
    |---|
    | 1 |
    """
    head = list(head)
    lines = [head, ["---"] * len(head), *([str(c).replace("|", "\\\\|") for c in row] for row in rows)]
    return "\n".join("|" + "|".join(f" {c} " if c != "---" else c for c in line) + "|" for line in lines)


def codebook() -> str:
    """The whole page, as Markdown. The same code gives the same text.

    >>> codebook().startswith("# Codebook")
    True
    """
    parts = [
        "# Codebook",
        "Made from the code by `python -m kmsim.report.codebook`; change the code, not this page.",
        "## Outcomes",
        table(
            ["name", "label", "what it is", "formula", "unit", "source"],
            [(o.name, o.label, o.meaning, o.formula, o.unit, marked(o.source)) for o in OUTCOMES.values()],
        ),
        "Months of progress are interpolated, to 0.1, between the middles of the EEF's bands: "
        + ", ".join(f"{sd:g} SD = {months:g}" for sd, months in MONTHS)
        + " (from memory, unverified).",
        "## Phases of a tick, in order",
        table(["phase", "when", "reads", "writes"], [(p.name, p.when, p.reads, p.writes) for p in PHASES]),
        "## What each agent has",
    ]
    for kind in (Teacher, School, Cluster, Network):
        parts += [f"### {kind.__name__}", _told(kind), _columns(kind)]
    parts += [
        "## Levers",
        f"Quantities of every eligible school: {', '.join(WIDE)}. Quantities of members: {', '.join(MEMBER)}.",
        table(["lever", "what it is", "settings and defaults"], [_lever(key) for key in sorted(LEVERS)]),
        "## Parameters",
        "Grades: " + ", ".join(GRADES) + f". {len(PARAMETERS)} in all, of which "
        f"{sum(p.grade == 'free' for p in PARAMETERS.values())} are free: {point().removeprefix('parameters ')}.",
        table(
            ["name", "meaning", "unit", "default", "prior", "source", "grade"],
            [
                (
                    p.name,
                    p.meaning,
                    p.unit,
                    f"{p.default:.4g}" + ("" if p.by_hand is None else f" (by hand {p.by_hand:g})"),
                    f"{p.prior[0]:g} to {p.prior[1]:g}",
                    marked(p.source),
                    p.grade,
                )
                for p in PARAMETERS.values()
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _told(kind: type) -> str:
    """What its docstring says, without the example."""
    return (kind.__doc__ or "").split(">>>")[0].strip()


def _columns(kind: type) -> str:
    rows = [
        (name, column.dtype.name, column.unit, "yes" if column.per_practice else "", column.doc)
        for name, column in kind.fields().items()  # type: ignore[attr-defined]
    ]
    return table(["column", "type", "unit", "per practice", "what it is"], rows)


def _lever(key: str) -> tuple[str, str, str]:
    cls = LEVERS[key]
    own = [f for f in fields(cls) if f.name not in ("start", "stop", "eligible")]
    first = (cls.__doc__ or "").strip().split("\n")[0]
    return key, first, ", ".join(f"{f.name} {f.default!r}" for f in own)


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/codebook.md").write_text(codebook(), encoding="utf-8")
