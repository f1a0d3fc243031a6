"""What the page is told once, when it opens: schools, levers, policies, networks, practices, outcomes, stories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmsim import fingerprint
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.levers import archetype_note, archetypes
from kmsim.workshop import labels, maps
from kmsim.workshop.curves import CURVES, meaning
from kmsim.workshop.levers import LEVERS, values_of
from kmsim.workshop.place import Place
from kmsim.workshop.predicting import guess_years
from kmsim.workshop.runs import HALVES
from kmsim.workshop.scorecard import counts
from kmsim.workshop.setup import Arm, practices, presets, read_setup
from kmsim.workshop.stories import opening, questions, stories

Data = dict[str, Any]
STEERED = "codesigned_networks"  # any policy that has a network


def beginning(place: Place, steps: Sequence[int]) -> Data:
    """All that stays as it is while a server runs. steps: runs a policy, at once and then in all."""
    first = opening()
    setup = read_setup(first)
    return {
        "version": fingerprint.VERSION,
        "model": fingerprint.fingerprint(),
        "label": labels.LABEL,
        "ranges": labels.RANGES,
        "system": _system(place),
        "runs": {
            "steps": list(steps),
            "sentence": f"{steps[0]} runs a policy at once, then {steps[-1]}, the first among them",
        },
        "schools": maps.schools(place),
        "map": maps.frame(place),
        "levers": [lever.told() for lever in LEVERS.values()],
        "policies": _policies(),
        "networks": _networks(),
        "practices": [{"id": n, "label": labels.plain_name(n), "summary": p.summary} for n, p in practices().items()],
        "outcomes": _outcomes(),
        "stories": stories(),
        "questions": questions(setup),
        "guess_years": guess_years(setup),
        "scorecard": counts(),
        "scenario": first,
    }


def _system(place: Place) -> Data:
    return {
        "name": place.label,
        "kind": place.name,
        "schools": place.system.n_schools,
        "teachers": place.system.n_posts,
        "pupils": int(place.pupils),
        "sentence": place.sentence,
        "notes": list(place.system.notes),
    }


def _policies() -> list[Data]:
    return [
        {
            "id": name,
            "label": Arm("A", name).label,
            "summary": policy.summary,
            "network": policy.recruits is not None,
            "levers": values_of(policy),
        }
        for name, policy in presets().items()
    ]


def _networks() -> list[Data]:
    return [
        {
            "id": name,
            "label": labels.network_name(name),
            "note": archetype_note(name),
            "levers": values_of(Arm("A", STEERED, name).base),
        }
        for name in archetypes()
    ]


def _outcomes() -> list[Data]:
    return [
        {
            "id": name,
            "label": OUTCOMES[name].label if name in OUTCOMES else CURVES[name],
            "title": CURVES.get(name) or OUTCOMES[name].label,
            "meaning": meaning(name),
            "unit": OUTCOMES[name].unit if name in OUTCOMES else "share",
            "curve": name in CURVES,
        }
        for name in (*OUTCOMES, *HALVES)
    ]
