"""One school's story: what it went through in a policy's first run, in sentences, and how it fares across all runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kmsim.policies.levers import Mandate
from kmsim.report.frames import k_of_n
from kmsim.system.built import System
from kmsim.workshop import maps
from kmsim.workshop.curves import floats, years
from kmsim.workshop.labels import term
from kmsim.workshop.results import Found
from kmsim.workshop.runs import QUARTER, Watched
from kmsim.workshop.setup import Setup, preset_policy

FEW = 0.05  # share under which nobody is said to do it


def story(setup: Setup, found: Found, seen: Watched, system: System, row: int) -> dict[str, Any]:
    """The school of a row: facts, sentences, curves, and across runs. row: below the number of schools."""
    size = int(system.schools["size"][row])
    one = {name: column[:, row] for name, column in seen.columns.items()}
    letters = maps.states(seen, system.schools["size"])[:, row]
    users, well = one["in_use"] / size, one["well"] / size
    told = [
        *_joining(one, mandated=preset_policy(found.arm.preset).one(Mandate) is not None),
        *_use(one, users, well, letters),
        *_heads(one),
        _end(setup, one, users, size, letters),
    ]
    return {
        "name": str(system.schools["name"][row]),
        "note": f"In the first run of {found.arm.named}. Another run of the same policy tells another story.",
        "facts": maps.facts(system, row).split(", "),
        "story": [text for _, text in sorted(told, key=lambda item: item[0])],
        "across": across(found.runs, row),
        "years": years(setup),
        "curves": {"users": floats(users), "well": floats(well)},
        "texts": [f"{term(i)}: {n} of {size} teachers trying or using it, {w} doing it well"
                  for i, (n, w) in enumerate(zip(one["in_use"], one["well"], strict=True))],
    }  # fmt: skip


def across(runs: Sequence[Any], row: int) -> str:
    """In how many runs the school takes part, and in how many a quarter or more of its teachers use it at the end."""
    n = len(runs)
    joined, using = sum(bool(run.joined[row]) for run in runs), sum(bool(run.using[row]) for run in runs)
    return f"It takes part in {k_of_n(joined, n)} runs; at the end a quarter or more of its teachers use the practice in {k_of_n(using, n)}."


Told = list[tuple[int, str]]


def _joining(one: dict[str, np.ndarray], mandated: bool) -> Told:
    signed, fund, cluster = one["signed_up"] > 0, one["fund"] > 0, one["cluster"]
    told: Told = []
    if not signed.any():
        ways = f"{'the duty itself, ' if mandated else ''}word of mouth, guidance or people who move"
        return [(0, f"It is never part of the programme: what reaches it comes by {ways}.")]
    first = int(np.argmax(signed))
    told.append((first, f"{term(first)}: the school has signed up."))
    if (cluster >= 0).any():
        at = int(np.argmax(cluster >= 0))
        told.append((at, f"{term(at)}: it meets with others near by, in a cluster."))
    if fund.any() and not fund[-1]:
        at = len(fund) - int(np.argmax(fund[::-1]))
        told.append((at, f"{term(at)}: its funding has ended."))
    if not signed[-1]:
        at = len(signed) - int(np.argmax(signed[::-1]))
        told.append((at, f"{term(at)}: it has left the programme."))
    return told


def _use(one: dict[str, np.ndarray], users: np.ndarray, well: np.ndarray, letters: np.ndarray) -> Told:
    told: Told = []
    gone = letters == "l"
    left = "the school has let it go" if gone[-1] else "it is taken up again later"
    for reached, text in (
        (users > 0, "the first teacher tries it."),
        (users >= QUARTER, "a quarter of its teachers are trying or using it."),
        (well > 0, "the first teacher does it well."),
        (gone, f"fewer than one in eight still use it: {left}."),
    ):
        if reached[1:].any():
            at = 1 + int(np.argmax(reached[1:]))
            told.append((at, f"{term(at)}: {text}"))
    if users.max() >= FEW:
        at = int(np.argmax(users))
        told.append((at, f"{term(at)}: use is at its highest, {one['in_use'][at]} teachers."))
    return told


def _heads(one: dict[str, np.ndarray]) -> Told:
    tenure = one["head_tenure"]
    changed = [i for i in range(1, len(tenure)) if tenure[i] < tenure[i - 1]]
    return [(at, f"{term(at)}: a new head takes over.") for at in changed[:4]]


def _end(
    setup: Setup, one: dict[str, np.ndarray], users: np.ndarray, size: int, letters: np.ndarray
) -> tuple[int, str]:
    n, well = int(one["in_use"][-1]), int(one["well"][-1])
    if n == 0:
        text = f"At the end, year {setup.years}, none of its {size} teachers uses it."
    else:
        text = f"At the end, year {setup.years}, {n} of its {size} teachers use it and {well} of them do it well."
    return len(users), text
