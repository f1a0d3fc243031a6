"""The model's tables of quantities: the outcomes that come out of it, the parameters that go into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _outcomes() -> Mapping[str, Any]:
    from kmsim.outcomes.definitions import OUTCOMES

    return OUTCOMES


def _show_outcome(name: str) -> str:
    from kmsim.evidence.cited import marked

    row = _outcomes()[name]
    body = {
        "label": row.label,
        "formula": row.formula,
        "unit": row.unit,
        "better": row.better,
        "source": marked(row.source),
    }
    if row.shared:
        body["several practices"] = "one value for all together"
    return head("outcome", name, row.meaning) + text.fields(body)


def _parameters() -> Mapping[str, Any]:
    from kmsim.parameters import PARAMETERS

    return PARAMETERS


def _meaning(name: str) -> str:
    """A parameter's meaning; dots stand for that of the row above."""
    table = _parameters()
    meaning = table[name].meaning
    if not meaning.startswith("..."):
        return meaning
    names = [*table]
    above = next(
        table[n].meaning for n in reversed(names[: names.index(name)]) if not table[n].meaning.startswith("...")
    )
    return f"{above}: {meaning.removeprefix('...').strip()}"


def _show_parameter(name: str) -> str:
    from kmsim.evidence.cited import marked

    row = _parameters()[name]
    body = {
        "default": f"{row.default:.4g}",
        **({} if row.by_hand is None else {"by hand": f"{row.by_hand:g} (the default is calibrated)"}),
        "unit": row.unit,
        "prior": f"{row.prior[0]:g} to {row.prior[1]:g}",
        "source": marked(row.source),
        "grade": row.grade,
        "use": f"kmsim compare parameters.{name}={row.default:.4g}",
    }
    return head("parameter", name, _meaning(name)) + text.fields(body)


OUTCOME = Kind(
    "outcome",
    "outcomes",
    "what is measured",
    lambda: [*_outcomes()],
    ("outcome", "unit", "what it is"),
    lambda name: [name, _outcomes()[name].unit, _outcomes()[name].meaning],
    _show_outcome,
)
PARAMETER = Kind(
    "parameter",
    "parameters",
    "the model's numbers: parameters.KEY=",
    lambda: [*_parameters()],
    ("parameter", "default", "unit", "grade", "meaning"),
    lambda name: [name, f"{(row := _parameters()[name]).default:.4g}", row.unit, row.grade, _meaning(name)],
    _show_parameter,
)
