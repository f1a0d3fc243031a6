"""The state of a run as compiled phases see it: named arrays, the same memory as the tables that Mesa sees.

Shapes: n posts, S schools, C cluster rows, K practices. Posts are columns, for the loops over them are SIMD code; schools,
what they do with each practice and clusters are records, so that a phase reads `w.uptake[k, i].routine`. Nothing here is
a copy: a phase that writes `w.posts.stage` changes what `teacher.stage` reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim.jit import as_records, rule
from kmsim.phases import tile
from kmsim.phases.place import PLACE
from kmsim.rng import BLOCK


class Posts(NamedTuple):
    """Columns of Teacher, and the ties between posts."""

    school: np.ndarray
    role: np.ndarray
    experience: np.ndarray
    openness: np.ndarray
    aptitude: np.ndarray
    base_workload: np.ndarray
    earliness: np.ndarray  # how much sooner this role hears of things
    stage: np.ndarray
    knowledge: np.ndarray
    fidelity: np.ndarray
    ownership: np.ndarray
    contacts: np.ndarray  # of the out-ties: aware + 256 in use + 65536 doing it well
    attendance_noise: np.ndarray
    sight_noise: np.ndarray
    tie_share: np.ndarray  # 1/number of out-ties, 0 without any
    follow_start: np.ndarray  # posts with a tie to post j: follow_from[follow_start[j]:follow_start[j+1]]
    follow_from: np.ndarray


class Money(NamedTuple):
    """What is paid, GBP a school-year by category, and what has been booked so far."""

    lines: np.ndarray  # (S, categories): of a member with full funding
    wide: np.ndarray  # (S, categories): of every school (broadcast, mandate)
    ledger: np.ndarray  # (categories,) GBP so far
    staff_hours: np.ndarray  # (1,) hours of teachers' own time so far


class Scratch(NamedTuple):
    """Room to work in; nothing here is state."""

    tile: np.ndarray
    places: np.ndarray  # (S,) records: what a school's teachers meet
    aware_draws: np.ndarray
    stage_draws: np.ndarray
    trying: np.ndarray
    changed: np.ndarray
    change: np.ndarray
    group_members: np.ndarray


# What each school is offered: the quantities that levers set, laid out anew when that changes. All but the first two hold for
# members while signed up; cover_hours: teacher-hours for which cover is bought at most, a year with full funding.
OFFER = (
    "broadcast",
    "mandate",
    "cpd",
    "focus",
    "external_expertise",
    "tiers",
    "coaching",
    "capacity_building",
    "ownership",
    "collaboration",
    "targeting",
    "community",
    "novelty",
)
_OFFER = np.dtype([(name, np.float32) for name in OFFER] + [("cover_hours", np.float64)], align=True)
_TRAITS = ("effect", "complexity", "observability")
_PRACTICE = np.dtype([(name, np.float32) for name in _TRAITS])
_CLOCK = np.dtype(
    [
        ("seed", np.int64),
        ("ticks_per_year", np.int64),
        ("funded_ticks", np.int64),
        ("taper_ticks", np.int64),
        ("pool_scale", np.float64),  # schools of the real system for one here
        ("dt", np.float32),
        ("hierarchy", np.uint8),
    ],
    align=True,
)


def clock(
    seed: int, ticks_per_year: int, funded_years: float, taper: float, pool_scale: float, hierarchy: bool
) -> np.record:
    """Numbers that hold for a whole run; years become whole ticks."""
    funded, faded = int(funded_years * ticks_per_year + 0.5), int(taper * ticks_per_year + 0.5)
    values = (seed, ticks_per_year, funded, faded, pool_scale, 1 / ticks_per_year, hierarchy)
    return np.array([values], _CLOCK).view(np.recarray)[0]


def offer_of(schools: int) -> np.ndarray:
    """Room for what each school is offered."""
    return as_records(np.zeros(schools, _OFFER))


def practices_of(practices) -> np.ndarray:
    """What the rules need to know of each practice."""
    return as_records(np.array([tuple(getattr(p, name) for name in _TRAITS) for p in practices], _PRACTICE))


def money_of(schools: int, categories: int) -> Money:
    """Nothing paid and nothing booked yet."""
    return Money(np.zeros((schools, categories)), np.zeros((schools, categories)), np.zeros(categories), np.zeros(1))


def scratch_of(posts: int, schools: int, practices: int, groups: int) -> Scratch:
    """Room to work in."""
    return Scratch(
        tile=np.zeros(tile.SIZE, np.float32),
        places=as_records(np.zeros(schools, PLACE)),
        aware_draws=np.zeros(BLOCK, np.float32),
        stage_draws=np.zeros(BLOCK, np.float32),
        trying=np.empty(posts, np.uint8),
        changed=np.empty(posts, np.int32),
        change=np.empty(posts, np.uint32),
        group_members=np.zeros((practices, groups), np.int32),
    )


def rows_of(columns, shape) -> np.ndarray:
    """Room for records of these columns (name -> Column), filled with their defaults: one record a row."""
    dtype = np.dtype([(name, column.dtype) for name, column in columns.items()], align=True)
    out = np.zeros(shape, dtype)
    for name, column in columns.items():
        out[name] = column.default
    return as_records(out)


class World(NamedTuple):
    """All of it. schools: a record a school, (S,); uptake: a record a practice and school, (K, S); p: one record.

    clusters: a record a cluster, (C,): as many rows for each practice, of which the first `formed`, (K,), are made so far.
    """

    posts: Posts
    schools: np.ndarray
    uptake: np.ndarray
    clusters: np.ndarray
    formed: np.ndarray
    offer: np.ndarray
    practices: np.ndarray
    money: Money
    scratch: Scratch
    clock: np.record
    p: np.ndarray


@rule
def clusters_of(w, k):
    """The rows of the clusters that practice k has formed so far: the first, and the one after the last."""
    first = k * (len(w.clusters) // len(w.uptake))
    return first, first + w.formed[k]
