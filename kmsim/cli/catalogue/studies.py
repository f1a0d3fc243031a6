"""The numbered studies: what each asks, and the runs it asks with."""

from __future__ import annotations

from typing import Any

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _studies() -> dict[str, Any]:
    from kmsim.studies import config

    return {name: config.read(name) for name in config.names()}


def _show(name: str) -> str:
    study = _studies()[name]
    cells = []
    for part in study.parts.values():
        varied = [f"{key}: {text.plain(list(values))}" for key, values in part.vary.items()]
        cells.append(
            [
                part.name,
                f"{len(part.arms)} arms x {len(part.scenarios())} scenarios x {part.seeds} seeds",
                "; ".join(varied),
            ]
        )
    body = f"{text.paragraph(study.question)}\n\n{text.paragraph(study.design)}\n\n{text.rows(cells, ('runs', 'how many', 'varied'))}"
    limits = "\n".join(text.paragraph("- " + caveat) for caveat in study.caveats)
    return f"{head('study', name, study.title)}{body}\n\nwhat no run here can tell\n{limits}\n\nkmsim study {study.number} runs it"


STUDY = Kind(
    "study",
    "studies",
    "numbered questions, each with its runs: kmsim study NN",
    lambda: [*_studies()],
    ("study", "what it asks"),
    lambda name: [name, _studies()[name].question],
    _show,
)
