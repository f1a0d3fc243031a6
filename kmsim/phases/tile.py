"""A tile: some posts of one practice, brought together in one buffer so that the loop that lives them becomes SIMD code.

The rows of a tile lie at fixed distances in one array: nothing that is written can overlap with what is read, which is
what a compiler must know. What all teachers of a school meet (`Place`) stands in it once for each post, so that one loop
serves schools of any size. A tile is small enough for the fastest memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim.jit import rule
from kmsim.rules.numbers import F


class Place(NamedTuple):
    """What every teacher of one school meets this tick."""

    priority: float
    mandate: float
    broadcast: float
    hours: float
    quality: float
    rehearsal: float
    vitality: float
    lively: float  # vitality x carry
    expertise: float
    carry: float
    scripting: float
    community: float
    standing: float  # support whoever the contacts are
    q_school: float
    q_cluster: float
    o_cluster: float
    cluster_visible: float
    part: float  # ownership from setting goals, for one who attends all
    success: float  # ownership from success at full fidelity
    hard: float
    visible: float
    sight: float  # how visible use is to colleagues


OWN = "stage u q o aware_share use_share users well early z aptitude w0 tries xi_a xi_s aware_draw stage_draw".split()
COMES_OUT = "attends heard held new_stage new_u new_q new_o shows changed in_use using champion".split()
ROWS = (*Place._fields, *OWN, *COMES_OUT)
POSTS, LANES = 128, 16  # posts to a tile; loops over it run on to a whole number of lanes
STRIDE = POSTS + LANES
SIZE = len(ROWS) * STRIDE
AT = {name: row * STRIDE for row, name in enumerate(ROWS)}

(_STAGE, _U, _Q, _O, _AWARE_SHARE, _USE_SHARE, _USERS, _WELL, _EARLY, _Z, _APTITUDE, _W0, _TRIES, _XI_A, _XI_S) = (
    AT[name] for name in OWN[:15]
)
_AWARE_DRAW, _STAGE_DRAW = AT["aware_draw"], AT["stage_draw"]
_NEW_STAGE, _NEW_U, _NEW_Q, _NEW_O = (AT[name] for name in COMES_OUT[3:7])
_P = tuple(AT[name] for name in Place._fields)
_BYTE, _EIGHT, _SIXTEEN = np.uint32(255), np.uint32(8), np.uint32(16)
# Unsigned indices, for Numba lets signed ones count from the end, and that keeps a loop from becoming SIMD code.
_I, _LANE = np.uintp, np.uintp(8)


@rule
def _copy(x, row, values, first, n):
    at, start = _I(row), _I(first)
    for j in range(_I(n)):
        x[at + j] = values[start + j]


@rule
def _copy_back(values, first, x, row, n):
    at, start = _I(row), _I(first)
    for j in range(_I(n)):
        values[start + j] = x[at + j]


@rule
def _copy_whole(x, row, values, first, n):
    """Whole numbers, as reals."""
    at, start = _I(row), _I(first)
    for j in range(_I(n)):
        x[at + j] = F(np.int32(values[start + j]))


@rule
def _copy_stage_back(stage, first, x, row, n):
    at, start = _I(row), _I(first)
    for j in range(_I(n)):
        stage[start + j] = np.uint8(np.int32(x[at + j]))


@rule
def _copy_contacts(x, contacts, tie_share, first, n):
    """What a post's contacts are doing: shares of its ties, and numbers."""
    start = _I(first)
    aware, using, users, well = _I(_AWARE_SHARE), _I(_USE_SHARE), _I(_USERS), _I(_WELL)
    for j in range(_I(n)):
        seen, share = contacts[start + j], tie_share[start + j]
        use = F(np.int32((seen >> _EIGHT) & _BYTE))
        x[aware + j] = F(np.int32(seen & _BYTE)) * share
        x[using + j] = use * share
        x[users + j] = use
        x[well + j] = F(np.int32(seen >> _SIXTEEN))


class Columns(NamedTuple):
    """The posts' columns of one practice, taken out of their tables once and not for every tile."""

    stage: np.ndarray
    knowledge: np.ndarray
    fidelity: np.ndarray
    ownership: np.ndarray
    contacts: np.ndarray
    attendance_noise: np.ndarray
    sight_noise: np.ndarray
    tie_share: np.ndarray
    earliness: np.ndarray
    openness: np.ndarray
    aptitude: np.ndarray
    base_workload: np.ndarray
    trying: np.ndarray
    aware_draws: np.ndarray
    stage_draws: np.ndarray


@rule
def columns_of(w, k):
    """The columns of practice k."""
    p = w.posts
    return Columns(
        p.stage[k],
        p.knowledge[k],
        p.fidelity[k],
        p.ownership[k],
        p.contacts[k],
        p.attendance_noise[k],
        p.sight_noise[k],
        p.tie_share,
        p.earliness,
        p.openness,
        p.aptitude,
        p.base_workload,
        w.scratch.trying,
        w.scratch.aware_draws,
        w.scratch.stage_draws,
    )


@rule
def bring_in(x, of, first, n, draw):
    """What each post of the tile has of its own; draw: where in the block its draws begin."""
    _copy_whole(x, _STAGE, of.stage, first, n)
    _copy(x, _U, of.knowledge, first, n)
    _copy(x, _Q, of.fidelity, first, n)
    _copy(x, _O, of.ownership, first, n)
    _copy_contacts(x, of.contacts, of.tie_share, first, n)
    _copy(x, _EARLY, of.earliness, first, n)
    _copy(x, _Z, of.openness, first, n)
    _copy(x, _APTITUDE, of.aptitude, first, n)
    _copy(x, _W0, of.base_workload, first, n)
    _copy_whole(x, _TRIES, of.trying, first, n)
    _copy(x, _XI_A, of.attendance_noise, first, n)
    _copy(x, _XI_S, of.sight_noise, first, n)
    _copy(x, _AWARE_DRAW, of.aware_draws, draw, n)
    _copy(x, _STAGE_DRAW, of.stage_draws, draw, n)


@rule
def bring_out(of, first, x, n):
    """The tile's results become the posts' state."""
    _copy_stage_back(of.stage, first, x, _NEW_STAGE, n)
    _copy_back(of.knowledge, first, x, _NEW_U, n)
    _copy_back(of.fidelity, first, x, _NEW_Q, n)
    _copy_back(of.ownership, first, x, _NEW_O, n)


@rule
def _lay(x, at, value, n):
    for j in range(n):
        x[at + j] = value


@rule
def lay_place(x, place, at, n):
    """What a school's teachers meet, for the n posts from `at` on and to the end of the last lane: schools are laid in
    order, so that what runs over is written again."""
    start, whole = _I(at), (_I(n) + _LANE - _I(1)) // _LANE * _LANE
    _lay(x, start + _I(_P[0]), place.priority, whole)
    _lay(x, start + _I(_P[1]), place.mandate, whole)
    _lay(x, start + _I(_P[2]), place.broadcast, whole)
    _lay(x, start + _I(_P[3]), place.hours, whole)
    _lay(x, start + _I(_P[4]), place.quality, whole)
    _lay(x, start + _I(_P[5]), place.rehearsal, whole)
    _lay(x, start + _I(_P[6]), place.vitality, whole)
    _lay(x, start + _I(_P[7]), place.lively, whole)
    _lay(x, start + _I(_P[8]), place.expertise, whole)
    _lay(x, start + _I(_P[9]), place.carry, whole)
    _lay(x, start + _I(_P[10]), place.scripting, whole)
    _lay(x, start + _I(_P[11]), place.community, whole)
    _lay(x, start + _I(_P[12]), place.standing, whole)
    _lay(x, start + _I(_P[13]), place.q_school, whole)
    _lay(x, start + _I(_P[14]), place.q_cluster, whole)
    _lay(x, start + _I(_P[15]), place.o_cluster, whole)
    _lay(x, start + _I(_P[16]), place.cluster_visible, whole)
    _lay(x, start + _I(_P[17]), place.part, whole)
    _lay(x, start + _I(_P[18]), place.success, whole)
    _lay(x, start + _I(_P[19]), place.hard, whole)
    _lay(x, start + _I(_P[20]), place.visible, whole)
    _lay(x, start + _I(_P[21]), place.sight, whole)


@rule
def met_by(x, j):
    """What post j of the tile meets."""
    return Place(
        x[_P[0] + j], x[_P[1] + j], x[_P[2] + j], x[_P[3] + j], x[_P[4] + j], x[_P[5] + j], x[_P[6] + j], x[_P[7] + j],
        x[_P[8] + j], x[_P[9] + j], x[_P[10] + j], x[_P[11] + j], x[_P[12] + j], x[_P[13] + j], x[_P[14] + j],
        x[_P[15] + j], x[_P[16] + j], x[_P[17] + j], x[_P[18] + j], x[_P[19] + j], x[_P[20] + j], x[_P[21] + j],
    )  # fmt: skip
