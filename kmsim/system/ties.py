"""Advice ties: whom each teacher turns to. Directed, between posts, and the same throughout a run.

Each post names floor(d + draw) others, d = 4 (5.5 in secondaries). A tie leaves the school with a probability by role,
to the post of the same index (modulo its size) in one of the 8 nearest schools of the phase; else it stays in the own
department with probability .45 (.70), else goes to anyone in the school, with probability .3 to a leader (the head or a
senior leader). Who cannot be named (oneself, somebody named already) is drawn again; whether a tie leaves the school is
drawn once.
Draws: BUILD_TIES, slot = post, tick = the draw's number: 0 the degree, then two for each attempt, kind and choice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim import rng
from kmsim.jit import compiled, inner
from kmsim.system.built import PHASES

DEGREE, DEGREE_SECONDARY = 4.0, 5.5
SAME_TEAM, SAME_TEAM_SECONDARY = 0.45, 0.70
TO_LEADER = 0.3
LEAVES_SCHOOL = (0.06, 0.15, 0.20, 0.40)  # by role
MOST_TIES = 6
_AHEAD = 17  # draws made a block at a time: the degree and eight attempts; further ones are made singly
_TRIES_OUTSIDE = 4  # after that many for one tie, it stays in the school after all
_ATTEMPTS = 60  # after that many in all, the next posts of the school that are not named yet


class Map(NamedTuple):
    """Who is where: columns of posts (school, department), then of schools. `chance` is the end of each kind of tie."""

    school: np.ndarray
    department: np.ndarray
    chance: np.ndarray  # (roles, 2, 3) by role and secondary or not: abroad, own department, a leader; above: anyone
    role: np.ndarray
    first_post: np.ndarray
    size: np.ndarray
    secondary: np.ndarray
    departments: np.ndarray
    leaders: np.ndarray
    near: np.ndarray  # (S, 8) rows, -1 for none
    near_count: np.ndarray


def ties(posts: dict[str, np.ndarray], schools: dict[str, np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All ties as (tie_start, tie_to), int32: those of post i are tie_to[tie_start[i]:tie_start[i + 1]], in order drawn.

    posts and schools: columns as of `System`. No post names itself, or another twice; one in a school of n posts names at
    most n - 1. Source: MODEL section 10; magnitudes judged (system.md section 2).

    >>> from kmsim.system import build
    >>> village = build("village")
    >>> start, to = ties(village.posts, village.schools, seed=1)
    >>> bool((to == village.tie_to).all()), int(np.diff(start).max())
    (True, 6)
    """
    first = schools["first_post"]
    where = Map(
        posts["school"],
        posts["department"],
        _chances(),
        posts["role"],
        first,
        schools["size"],
        (schools["phase"] == PHASES.index("secondary")).astype(np.uint8),
        np.maximum.reduceat(posts["department"], first).astype(np.int32) + 1,
        np.add.reduceat((posts["role"] >= 2).astype(np.int32), first),
        schools["neighbours"],
        (schools["neighbours"] >= 0).sum(axis=1).astype(np.int32),
    )
    return _all_ties(seed, where)


def _chances() -> np.ndarray:
    table = np.empty((len(LEAVES_SCHOOL), 2, 3), np.float32)
    for role, abroad in enumerate(LEAVES_SCHOOL):
        for secondary, team in enumerate((SAME_TEAM, SAME_TEAM_SECONDARY)):
            own = abroad + (1 - abroad) * team
            table[role, secondary] = abroad, own, own + (1 - own) * TO_LEADER
    return table


@compiled
def _all_ties(seed, where):
    n = len(where.school)
    tie_start, tie_to = np.zeros(n + 1, np.int32), np.empty(MOST_TIES * n, np.int32)
    draw = np.empty((_AHEAD, rng.BLOCK), np.float32)
    at = np.int64(0)
    for i in range(n):
        if i % rng.BLOCK == 0:
            for number in range(_AHEAD):
                rng.uniform_block(draw[number], seed, rng.BUILD_TIES, rng.NONE, i, number)
        at = _name(i, tie_to, at, draw, seed, where)
        tie_start[i + 1] = at
    return tie_start, tie_to[:at].copy()


@inner
def _name(i, tie_to, start, draw, seed, where):
    """Write whom post i names from tie_to[start] on; returns where the next post's begin."""
    first_post, size, near = where.first_post, where.size, where.near
    school, lane = where.school[i], i % rng.BLOCK
    first, n, secondary = first_post[school], size[school], where.secondary[school]
    own = (where.department[i], where.departments[school], where.leaders[school], n)
    chance = where.chance[where.role[i], secondary]
    abroad, team, leader, nearby = chance[0], chance[1], chance[2], where.near_count[school]
    end = start + min(int((DEGREE_SECONDARY if secondary else DEGREE) + draw[0, lane]), n - 1)
    at, attempt, tries = start, 0, 0
    outside = False
    while at < end and attempt < _ATTEMPTS:
        number = 1 + 2 * attempt
        if number + 1 < _AHEAD:
            kind, choice = draw[number, lane], draw[number + 1, lane]
        else:
            kind = rng.uniform(seed, rng.BUILD_TIES, rng.NONE, i, number)
            choice = rng.uniform(seed, rng.BUILD_TIES, rng.NONE, i, number + 1)
        if tries == 0:
            outside = kind < abroad
        else:
            kind = abroad + (1 - abroad) * kind
        before = at
        if outside and tries < _TRIES_OUTSIDE:
            if nearby > 0:
                other = near[school, _pick(choice, nearby)]
                at = _add(tie_to, start, at, i, first_post[other] + (i - first) % size[other])
        else:
            at = _add(tie_to, start, at, i, first + _colleague(kind, choice, team, leader, own))
        attempt += 1
        tries = 0 if at > before else tries + 1
    other = i
    while at < end:
        other = first + (other - first + 1) % n
        at = _add(tie_to, start, at, i, other)
    return at


@inner
def _add(tie_to, start, at, i, other):
    """Name one more, unless that is oneself or named already; returns where the next one goes."""
    for j in range(start, at):
        if tie_to[j] == other:
            return at
    if other == i:
        return at
    tie_to[at] = other
    return at + 1


@inner
def _colleague(kind, choice, team, leader, own):
    """The index of somebody in the school: of the own department, a leader or anyone."""
    department, departments, leaders, n = own
    if kind < team:
        members = (n - department + departments - 1) // departments
        return department + departments * _pick(choice, members)
    return _pick(choice, leaders if kind < leader else n)


@inner
def _pick(u, n):
    """A whole number from 0 to n - 1 from a draw."""
    return min(int(np.float64(u) * n), n - 1)
