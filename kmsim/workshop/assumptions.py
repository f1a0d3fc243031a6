"""The assumptions drawer: every number of the model with its source, grade and range, in groups as the parameter table has them."""

from __future__ import annotations

from functools import cache
from typing import Any

from kmsim import posterior
from kmsim.evidence.cited import ids
from kmsim.evidence.table import look_up
from kmsim.parameters import PARAMETERS, Parameter
from kmsim.report.report import GRADES
from kmsim.workshop.setup import editable

# The first parameter of each group, in the order of the table.
GROUPS = {
    "p_aware": "Hearing of it",
    "att_base": "Attending",
    "a_u": "Learning",
    "peer_learn": "Colleagues and support",
    "r_try": "Trying it",
    "r_use": "Using it and letting go",
    "novelty_reference": "Something new",
    "o_part": "Ownership",
    "tau_v": "Clusters of schools",
    "pool_free": "Experts",
    "rate_mandate": "Signing up and leaving",
    "pr_rate": "What heads back",
    "leave_0": "People leaving and coming",
    "delay": "Pupils",
    "cover_primary": "Money",
}

# Units as a head would say them; the parameter table's own are in the codebook.
UNITS = {
    "1/year": "a year",
    "1/hour": "an hour",
    "share/year": "share a year",
    "GBP/school/year": "£ a school a year",
    "GBP/school": "£ a school",
    "GBP/pupil": "£ a pupil",
    "GBP/year": "£ a year",
    "GBP/day": "£ a day",
    "GBP/hour": "£ an hour",
    "hours/year": "hours a year",
    "days/year": "days a year",
    "hours/day": "hours a day",
    "log": "logarithm",
    "logit": "log odds",
    "SD": "standard deviations",
}


@cache
def assumptions() -> dict[str, Any]:
    """All of them, as the page shows them."""
    groups: list[dict[str, Any]] = []
    stem = ""
    for name, row in PARAMETERS.items():
        if name in GROUPS:
            groups.append({"label": GROUPS[name], "rows": []})
            stem = row.meaning
        stem = stem if row.meaning.startswith("...") else row.meaning.split(":")[0]
        groups[-1]["rows"].append(_told(name, row, stem))
    free = sum(row.grade in ("free", "judged") for row in PARAMETERS.values())
    sentence = (
        f"{len(PARAMETERS)} numbers stand behind the curves. {free} of them are judged or fitted, not measured: "
        "change one and see whether it matters."
    )
    return {"sentence": sentence, "groups": groups}


def _told(name: str, row: Parameter, stem: str) -> dict[str, Any]:
    """One number. stem: what the `...` of its meaning stands for."""
    low, high = row.prior
    return {
        "id": name,
        "label": row.meaning.replace("...", f"{stem}:", 1),
        "unit": UNITS.get(row.unit, row.unit),
        "value": row.default,
        "text": f"{row.default:.4g}",
        "min": low,
        "max": high,
        "step": float(f"{(high - low) / 50:.1g}") if high > low else 0,
        "range": f"{low:g} to {high:g}" if high > low else "fixed",
        "grade": "fitted to research, not measured" if row.grade == "free" and posterior.shipped() else GRADES[row.grade],
        "sources": [{"id": one, "text": look_up(one).statement if one[0] == "F" else look_up(one).quantity} for one in ids(row.source)],
        "source": row.source,
        "editable": editable(name),
    }  # fmt: skip
