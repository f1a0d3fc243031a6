"""Notes on the schools of a plan: what each of its systems leaves out or estimates, told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kmsim.system.build import notes_of

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan
    from kmsim.system.settings import Settings

MOST = 10  # systems looked at


def school_notes(plan: Plan) -> list[str]:
    """The notes of a plan's systems. Where they vary, each note begins with what the system has of its own.

    Raises KmsimError for a file of schools that is gone or has changed.

    >>> from kmsim.lab.planning import read_plan
    >>> school_notes(read_plan(["coaching"], system="village", **{"system.phase": "primary"}))
    ['1 school left out: outside phase=primary: The Wharf School']
    """
    scenarios = _first_of_each_system(plan)
    notes: list[str] = []
    for scenario in scenarios[:MOST]:
        own = ", ".join(f"{key}={value}" for key, value in plan.scenario(scenario).items() if _of_system(key))
        notes += [f"{own}: {note}" if own else note for note in notes_of(_system(plan, scenario))]
    if len(scenarios) > MOST:
        notes.append(f"{len(scenarios) - MOST:,} more systems vary; what they leave out is not told here")
    return notes


def _of_system(key: str) -> bool:
    return key.partition(".")[0] == "system"


def _first_of_each_system(plan: Plan) -> list[int]:
    """The first scenario of each system that the plan has, in order."""
    codes = [np.unique(plan.table[key].values, return_inverse=True)[1] for key in plan.table if _of_system(key)]
    if not codes:
        return [0]
    return sorted(np.unique(np.stack(codes), axis=1, return_index=True)[1].tolist())


def _system(plan: Plan, scenario: int) -> Settings:
    return plan.scenario_of(plan.run(scenario * plan.replicates * len(plan.policies))).system
