"""A tile: some posts of one practice, brought together in one buffer so that the loops that live them become SIMD code.

The rows of a tile lie at fixed distances in one array: nothing that is written can overlap with what is read, which is
what a compiler must know. A tile is small enough for the fastest memory. What only one loop reads stays in its column.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim.jit import rule
from kmsim.rules.numbers import F, exp_joined, exp_parts

# What all teachers of a school meet (kmsim.phases.place), for each post: so one loop serves schools of any size.
MET = (
    "priority mandate broadcast hours quality rehearsal vitality lively best community standing q_school q_cluster "
    "o_cluster cluster_visible part success hard visible"
).split()
OWN = "stage u q o aware_share use_share users well tries".split()
ON_THE_WAY = "attends load attended heard in_use support reach reinforced seen up both".split()
COMES_OUT = "new_stage new_u new_q new_o changed counts more_counts q_users o_users q_deep".split()
POWERS = 3  # as many powers of e as are taken at once
POSTS, LANES = 128, 8  # posts to a tile; what schools meet is laid by whole lanes, and may run over by all but one
STRIDE = POSTS + LANES
AT = {name: row * STRIDE for row, name in enumerate((*MET, *OWN, *ON_THE_WAY, *COMES_OUT))}
_POWER = len(AT) * STRIDE  # then the powers, their whole parts and their rests
SIZE = (len(AT) + 3 * POWERS) * STRIDE
POWER = tuple(_POWER + row * STRIDE for row in range(POWERS))
_WHOLE, _REST = (_POWER + part * POWERS * STRIDE for part in (1, 2))

_STAGE, _U, _Q, _O, _AWARE_SHARE, _USE_SHARE, _USERS, _WELL, _TRIES = (AT[name] for name in OWN)
_NEW_STAGE, _NEW_U, _NEW_Q, _NEW_O = (AT[name] for name in COMES_OUT[:4])
_BYTE, _EIGHT, _SIXTEEN = np.uint32(255), np.uint32(8), np.uint32(16)
_I = (
    np.uintp
)  # unsigned indices: Numba lets signed ones count from the end, and that keeps a loop from becoming SIMD code


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
    )


@rule
def bring_in(x, of, first, n):
    """What each of the n posts from `first` on is and knows, and what its contacts are doing."""
    _copy_whole(x, _STAGE, of.stage, first, n)
    _copy(x, _U, of.knowledge, first, n)
    _copy(x, _Q, of.fidelity, first, n)
    _copy(x, _O, of.ownership, first, n)
    _copy_contacts(x, of.contacts, of.tie_share, first, n)
    _copy_whole(x, _TRIES, of.trying, first, n)


@rule
def bring_out(of, first, x, n):
    """The tile's results become the posts' state."""
    _copy_stage_back(of.stage, first, x, _NEW_STAGE, n)
    _copy_back(of.knowledge, first, x, _NEW_U, n)
    _copy_back(of.fidelity, first, x, _NEW_Q, n)
    _copy_back(of.ownership, first, x, _NEW_O, n)


@rule
def powers_of_e(x, n, rows):
    """Put e^power in the place of power, for n posts and so many of the tile's rows of powers.

    In two short loops, as all that is done to a tile: the shorter a chain of steps that wait for one another, the more
    posts a processor has under way at once.
    """
    power, whole, rest = _I(_POWER), _I(_WHOLE), _I(_REST)
    for _ in range(rows):
        for j in range(_I(n)):
            x[whole + j], x[rest + j] = exp_parts(x[power + j])
        for j in range(_I(n)):
            x[power + j] = exp_joined(x[whole + j], x[rest + j])
        power, whole, rest = power + _I(STRIDE), whole + _I(STRIDE), rest + _I(STRIDE)


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
