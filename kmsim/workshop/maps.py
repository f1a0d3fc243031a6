"""The map: where the schools are, and what each shows at the end of every term of one run, a letter a school.

depth: 0 to 8, how well it is done by all teachers of the school together. users: 0 to 9, tenths of teachers trying or using
it. state: `.` never took part, `m` member, `f` member whose funding has ended, `w` withdrew, `l` lapsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kmsim.lab.pool import system_of
from kmsim.names import PHASES
from kmsim.scenario import Scenario
from kmsim.system.built import System
from kmsim.workshop.labels import term
from kmsim.workshop.place import Place
from kmsim.workshop.runs import QUARTER, Run, Watched, watch

DEPTH_STEPS = 9
FULL_DEPTH = 0.8  # quality times use at which the fill is darkest
LET_GO = 0.125  # share of users under which a school that had a quarter has lapsed
KINDS = {"pru": "pupil referral unit"}  # what readers call a phase, where its own name is no word
FIFTHS = ("least disadvantaged fifth", "second fifth", "middle fifth", "fourth fifth", "most disadvantaged fifth")
STATES = {
    ".": "never took part",
    "m": "takes part",
    "f": "takes part, funding over",
    "w": "left the network",
    "l": "had a quarter of teachers using it and has let it go",
}
LEGEND = {
    "size": "Bigger: more disadvantaged pupils",
    "fill": "Darker: more teachers do it, and do it better",
    "ring": "Line round schools: a cluster that meets",
    "ended": "Dashed edge: takes part, its funding over",
    "left": "Dotted edge: has left the programme",
    "lapsed": "Cross: a quarter of teachers used it once, now fewer than one in eight",
}


def schools(place: Place) -> list[dict[str, Any]]:
    """Every school with its place on the unit square, its need and what is said of it on hover."""
    s = place.system.schools
    x, y = _unit(place.system)
    level = need(place.system)
    return [
        {
            "row": i, "urn": int(s["urn"][i]), "name": str(s["name"][i]),
            "x": round(float(x[i]), 4), "y": round(float(y[i]), 4), "size": round(float(s["fsm_rank"][i]), 3),
            "phase": PHASES[s["phase"][i]], "need": FIFTHS[level[i]], "need_level": int(level[i]),
            "pupils": f"{s['pupils'][i]:,} pupils",
            "text": f"{s['name'][i]}: {facts(place.system, i)}",
        }
        for i in range(place.system.n_schools)
    ]  # fmt: skip


def facts(system: System, row: int) -> str:
    """A school in a line."""
    s = system.schools
    free = f"{100 * s['fsm'][row]:.0f}% with free school meals ({FIFTHS[need(system)[row]]})"
    return f"{KINDS.get(PHASES[s['phase'][row]], PHASES[s['phase'][row]])}, {s['pupils'][row]:,} pupils, {s['size'][row]} teachers, {free}"


def need(system: System) -> np.ndarray:
    """The fifth that each school is in, by free school meals within its phase: 0 least to 4 most disadvantaged."""
    return np.minimum(4, (system.schools["fsm_rank"] * 5).astype(int))


def frame(place: Place) -> dict[str, Any]:
    """What the map is drawn on: its shape, a scale and the legend."""
    wide, tall = _extent(place.system)
    length = next((km for km in (100, 50, 20, 10, 5, 2, 1, 0.5, 0.2) if km <= wide / 4), 0.1)
    return {
        "aspect": round(wide / tall, 4),
        "scale": {"length": round(length / wide, 4), "text": f"{length:g} km"},
        "depth_steps": DEPTH_STEPS,
        "legend": LEGEND,
        "states": STATES,
    }


def _extent(system: System) -> tuple[float, float]:
    x, y = system.schools["x"], system.schools["y"]
    wide, tall = max(float(np.ptp(x)), 0.1), max(float(np.ptp(y)), 0.1)
    return max(wide, tall / 2), max(tall, wide / 2)  # no shape narrower than one to two


def _unit(system: System) -> tuple[np.ndarray, np.ndarray]:
    x, y = (system.schools[k].astype(float) for k in "xy")
    wide, tall = _extent(system)
    return 0.5 + (x - (x.min() + x.max()) / 2) / wide, 0.5 - (y - (y.min() + y.max()) / 2) / tall


def states(seen: Watched, size: np.ndarray) -> np.ndarray:
    """The letter of each school at each frame: (F, S)."""
    c = seen.columns
    share = c["in_use"] / size
    once = np.maximum.accumulate(share, axis=0) >= QUARTER
    signed, ever = c["signed_up"] > 0, c["ever_member"] > 0
    letters = np.where(signed, np.where(c["fund"] > 0, "m", "f"), np.where(ever, "w", "."))
    return np.where(once & (share < LET_GO), "l", letters)


@dataclass(frozen=True)
class Played:
    """A policy's first run: the run, what each school went through, and the frames of the map."""

    run: Run
    seen: Watched
    frames: dict[str, Any]


def play(scenario: Scenario) -> Played:
    """The first run of a policy, watched, with its frames. Done by a worker."""
    run, seen = watch(scenario)
    return Played(run, seen, frames(seen, system_of(scenario.system)))


def frames(seen: Watched, system: System) -> dict[str, Any]:
    """A policy's frames, the start first: strings of a letter a school, the clusters, and each frame in words."""
    size, c = system.schools["size"], seen.columns
    share, deep = c["in_use"] / size, c["q_users"] / size
    depth = np.where(deep > 0, np.minimum(DEPTH_STEPS - 1, 1 + (deep / FULL_DEPTH * (DEPTH_STEPS - 1)).astype(int)), 0)
    state = states(seen, size)
    part, using, gone = (c["signed_up"] > 0).sum(1), (share >= QUARTER).sum(1), (state == "l").sum(1)
    texts = [
        f"{term(i)}: {a} of {len(size)} schools take part; in {b} a quarter or more of teachers use it; {g} have let it go"
        for i, (a, b, g) in enumerate(zip(part, using, gone, strict=True))
    ]
    return {
        "depth": _strings(depth.astype(str)),
        "users": _strings(np.minimum(9, (share * 10).astype(int)).astype(str)),
        "state": _strings(state),
        "rings": _rings(c["cluster"]),
        "texts": texts,
    }


def _strings(letters: np.ndarray) -> list[str]:
    return ["".join(row) for row in letters.tolist()]


def _rings(cluster: np.ndarray) -> list[Any]:
    """The clusters at each frame as lists of schools, or the number of the earlier frame that had the same."""
    out: list[Any] = []
    first = 0
    for i, row in enumerate(cluster):
        if i and np.array_equal(row, cluster[first]):
            out.append(first)
            continue
        first = i
        out.append([np.flatnonzero(row == k).tolist() for k in np.unique(row[row >= 0])])
    return out
