"""Step 3: teachers attend, learn, talk, decide and own, all from the last tick's state (own awareness moves first)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim.jit import compiled, inner, rule
from kmsim.phases.census import showing, tell_followers
from kmsim.rng import AWARE as AWARE_DRAW
from kmsim.rng import BLOCK, uniform_block
from kmsim.rng import STAGE as STAGE_DRAW
from kmsim.rules.adoption import (
    AWARE,
    LAPSED,
    TRYING,
    UNAWARE,
    USING,
    benefit_seen,
    hardness,
    letting_go,
    load,
    reinforcement,
    settle_rate,
    try_rate,
    visible_gain,
)
from kmsim.rules.awareness import awareness_rate
from kmsim.rules.cpd import attendance, carried, ceiling, knowledge_after
from kmsim.rules.numbers import HALF, ONE, ZERO, F, chance
from kmsim.rules.ownership import goal_setting, ownership_after, success_gain
from kmsim.rules.peers import fidelity_after, standing_support, support

# One tile holds a block of posts as rows of one buffer at fixed distances, so that the loop over posts becomes SIMD code:
# nothing that is written can overlap with what is read.
ROWS = (
    (
        "stage u q o aware_share use_share users well early z aptitude w0 tries xi_a xi_s aware_draw stage_draw "  # a post's own
        "new_stage new_u new_q new_o shows changed in_use using champion"  # what comes out
    ).split()
)
LANES = 16  # the loop over a school's posts runs on to a whole number of these; what it writes beyond is written again
WIDTH = BLOCK + LANES
TILE = len(ROWS) * WIDTH
_AT = {name: row * WIDTH for row, name in enumerate(ROWS)}
(_STAGE, _U, _Q, _O, _AWARE_SHARE, _USE_SHARE, _USERS, _WELL, _EARLY, _Z, _APTITUDE, _W0, _TRIES, _XI_A, _XI_S) = (
    row * WIDTH for row in range(15)
)
_AWARE_DRAW, _STAGE_DRAW = _AT["aware_draw"], _AT["stage_draw"]
_NEW_STAGE, _NEW_U, _NEW_Q, _NEW_O = (_AT[name] for name in ("new_stage", "new_u", "new_q", "new_o"))
_SHOWS, _CHANGED, _IN_USE, _USING, _CHAMPION = (
    _AT[name] for name in ("shows", "changed", "in_use", "using", "champion")
)
_IS_UNAWARE, _IS_AWARE, _IS_TRYING, _IS_USING, _IS_LAPSED = (F(s) for s in (UNAWARE, AWARE, TRYING, USING, LAPSED))
_BYTE, _EIGHT, _SIXTEEN = np.uint32(255), np.uint32(8), np.uint32(16)
_SHOWS_AWARE, _SHOWS_USE, _SHOWS_WELL = F(1), F(2), F(4)
_ONE, _TWO = np.int32(1), np.int32(2)


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


@compiled
def teachers(w, tick):
    """Every teacher once, for each practice; then what changed is told to those who look to them."""
    _count_tries(w)
    for k in range(len(w.uptake)):
        changes = np.int64(0)
        school = np.int64(0)
        place = _place(w, k, 0)  # of the school a block ends in: the next block goes on in it, from the same start
        for first in range(0, len(w.posts.school), BLOCK):
            n = min(BLOCK, len(w.posts.school) - first)
            uniform_block(w.scratch.tile[_AWARE_DRAW : _AWARE_DRAW + BLOCK], w.clock.seed, AWARE_DRAW, k, first, tick)
            uniform_block(w.scratch.tile[_STAGE_DRAW : _STAGE_DRAW + BLOCK], w.clock.seed, STAGE_DRAW, k, first, tick)
            _bring_in(w, k, first, n)
            place = _live_by_school(w, k, first, n, school, place)
            changes = _note_changes(w, k, first, n, changes)
            _bring_out(w, k, first, n)
            school = _count(w, k, first, n, school)
        contacts, start, source = w.posts.contacts[k], w.posts.follow_start, w.posts.follow_from
        changed, change = w.scratch.changed, w.scratch.change
        for e in range(changes):
            tell_followers(contacts, start, source, changed[e], change[e])


@inner
def _count_tries(w):
    """How many practices each teacher is trying: what adds to workload."""
    trying = w.scratch.trying
    trying[:] = 0
    for k in range(len(w.posts.stage)):
        stage = w.posts.stage[k]
        for i in range(len(stage)):
            trying[i] += stage[i] == TRYING


@rule
def _place(w, k, i):
    o, p = w.offer, w.p
    signed = w.uptake[k, i].signed_up > 0
    j = w.uptake[k, i].cluster
    v = w.clusters[j].vitality if j >= 0 else ZERO
    nu, carry = carried(o[i].novelty if signed else p.novelty_reference, p)
    community = o[i].community if signed else ZERO
    own = o[i].ownership if signed else ZERO
    script, users = w.uptake[k, i].scripting, w.uptake[k, i].in_use
    observability = w.practices[k].observability
    return Place(
        w.uptake[k, i].force,
        o[i].mandate,
        o[i].broadcast,
        w.uptake[k, i].hours,
        w.uptake[k, i].quality,
        w.uptake[k, i].rehearsal,
        v,
        v * carry,
        w.uptake[k, i].expertise,
        carry,
        script,
        community,
        standing_support(v, w.uptake[k, i].expertise, carry, w.uptake[k, i].routine, script, p),
        w.uptake[k, i].q_users / F(users) if users > 0 else ZERO,
        w.clusters[j].fidelity if j >= 0 else ZERO,
        w.clusters[j].ownership if j >= 0 else ZERO,
        v * w.clusters[j].visible if j >= 0 else ZERO,
        goal_setting(own, v, ONE if w.uptake[k, i].hours > 0 else ZERO, script, p),
        success_gain(own, v, p),
        hardness(w.practices[k].complexity, nu, script, p),
        visible_gain(observability, nu, w.practices[k].effect, community, p),
        p.see_floor + observability,
    )


@inner
def _bring_in(w, k, first, n):
    """What each post of the block has of its own, into the tile."""
    posts, x = w.posts, w.scratch.tile
    _copy(x, _U, posts.knowledge[k, first : first + n])
    _copy(x, _Q, posts.fidelity[k, first : first + n])
    _copy(x, _O, posts.ownership[k, first : first + n])
    _copy(x, _XI_A, posts.attendance_noise[k, first : first + n])
    _copy(x, _XI_S, posts.sight_noise[k, first : first + n])
    _copy(x, _EARLY, posts.earliness[first : first + n])
    _copy(x, _Z, posts.openness[first : first + n])
    _copy(x, _APTITUDE, posts.aptitude[first : first + n])
    _copy(x, _W0, posts.base_workload[first : first + n])
    _copy(x, _STAGE, posts.stage[k, first : first + n])
    _copy(x, _TRIES, w.scratch.trying[first : first + n])
    contacts, share = posts.contacts[k, first : first + n], posts.tie_share[first : first + n]
    for j in range(n):
        seen = contacts[j]
        users = F(np.int32((seen >> _EIGHT) & _BYTE))
        x[_AWARE_SHARE + j] = F(np.int32(seen & _BYTE)) * share[j]
        x[_USE_SHARE + j] = users * share[j]
        x[_USERS + j] = users
        x[_WELL + j] = F(np.int32(seen >> _SIXTEEN))


@inner
def _copy(x, row, values):
    for j in range(len(values)):
        x[row + j] = F(values[j])


@inner
def _live_by_school(w, k, first, n, school, place):
    """The posts of the block, school by school; returns the last school's place."""
    s = w.schools
    i = school
    at = np.int64(0)
    while at < n:
        if s[i].first_post >= first:
            place = _place(w, k, i)
        end = np.int64(min(s[i].first_post + s[i].n_posts - first, n))
        _live(w.scratch.tile[at:], place, (end - at + LANES - 1) // LANES * LANES, w.p, w.clock.dt)
        at = end
        i += 1
    return place


@inner
def _live(x, at, n, p, dt):
    """One tick of n teachers of one school. Stages are whole numbers in float32, so that all of it is one kind of number."""
    for j in range(n):
        # Whatever is read, is read before anything is decided: a load under a condition would keep the loop from SIMD.
        stage, u, q, o = x[_STAGE + j], x[_U + j], x[_Q + j], x[_O + j]
        was_aware = ONE if stage != _IS_UNAWARE else ZERO
        users, well, aware_draw, stage_draw = x[_USERS + j], x[_WELL + j], x[_AWARE_DRAW + j], x[_STAGE_DRAW + j]
        a = attendance(at.priority, at.mandate, x[_W0 + j], x[_XI_A + j], p)
        attended = a * at.hours

        hearing = chance(awareness_rate(x[_EARLY + j], at.broadcast, x[_AWARE_SHARE + j], attended, p), dt)
        stage = _IS_AWARE if stage == _IS_UNAWARE and aware_draw < hearing else stage
        knows = stage != _IS_UNAWARE
        in_use = ONE if stage == _IS_TRYING or stage == _IS_USING else ZERO
        was_well = ONE if stage == _IS_USING and q >= p.q_well else ZERO

        held = support(at.standing, x[_USE_SHARE + j], at.q_school, at.community, at.vitality, p)
        u_new = knowledge_after(u, attended, at.quality, in_use, p, dt)
        q_star = ceiling(at.expertise, at.carry, at.scripting, x[_APTITUDE + j], p)
        rehearsed = attended * at.quality * at.rehearsal
        q_new = fidelity_after(q, rehearsed, held, q_star, at.q_school, at.q_cluster, at.lively, in_use, p, dt)
        o_new = ownership_after(o, at.part * a, at.success * in_use * q, at.vitality, at.o_cluster, at.mandate, p, dt)
        u_new = u_new if knows else u
        q_new = q_new if knows else q
        o_new = o_new if knows else o
        u_mid, q_mid, o_mid = HALF * (u + u_new), HALF * (q + q_new), HALF * (o + o_new)

        reinforced = reinforcement(at.sight * (well + p.half_user * (users - well)) + at.cluster_visible, p)
        w = load(x[_W0 + j], x[_TRIES + j], p)
        tries = try_rate(u_mid, q_mid, o_mid, reinforced, at.priority, at.mandate, w, at.hard, x[_Z + j], p)
        seen = benefit_seen(at.visible, q_mid, x[_XI_S + j], p)
        base = letting_go(o_mid, reinforced, seen, at.priority, at.mandate, w, p)

        settles, tries_again = settle_rate(q_mid, held, p), p.retry * tries
        lapses, drops = p.r_lapse * base, p.r_drop * base

        up = settles if stage == _IS_TRYING else ZERO
        up = tries if stage == _IS_AWARE else up
        up = tries_again if stage == _IS_LAPSED else up
        down = lapses if stage == _IS_TRYING else ZERO
        down = drops if stage == _IS_USING else down
        either = chance(up + down, dt)
        risen = _IS_USING if stage == _IS_TRYING else _IS_TRYING
        moved = risen if stage_draw * (up + down) < either * up else _IS_LAPSED
        stage = moved if knows and stage_draw < either else stage

        x[_NEW_STAGE + j], x[_NEW_U + j], x[_NEW_Q + j], x[_NEW_O + j] = stage, u_new, q_new, o_new
        now_using = ONE if stage == _IS_USING else ZERO
        now_in_use = ONE if stage == _IS_TRYING else now_using
        does_well = now_using if q_new >= p.q_well else ZERO
        champion = now_using if q_new > p.q_champion else ZERO
        shows = (_SHOWS_AWARE if stage != _IS_UNAWARE else ZERO) + _SHOWS_USE * now_in_use + _SHOWS_WELL * does_well
        x[_SHOWS + j] = shows
        x[_CHANGED + j] = shows - (_SHOWS_AWARE * was_aware + _SHOWS_USE * in_use + _SHOWS_WELL * was_well)
        x[_IN_USE + j] = now_in_use
        x[_USING + j] = now_using
        x[_CHAMPION + j] = champion if o_new > p.o_champion else ZERO


@inner
def _note_changes(w, k, first, n, changes):
    """Posts that now show something else to those who look to them."""
    x, changed, change, p = w.scratch.tile, w.scratch.changed, w.scratch.change, w.p
    for j in range(n):
        if x[_CHANGED + j] != ZERO:
            before = showing(x[_STAGE + j], x[_Q + j], p)
            after = showing(x[_NEW_STAGE + j], x[_NEW_Q + j], p)
            changed[changes] = first + j
            change[changes] = after - before
            changes += 1
    return changes


@inner
def _bring_out(w, k, first, n):
    """The tile's results become the posts' state."""
    posts, x = w.posts, w.scratch.tile
    stage = posts.stage[k, first : first + n]
    for j in range(n):
        stage[j] = np.uint8(x[_NEW_STAGE + j])
    posts.knowledge[k, first : first + n] = x[_NEW_U : _NEW_U + n]
    posts.fidelity[k, first : first + n] = x[_NEW_Q : _NEW_Q + n]
    posts.ownership[k, first : first + n] = x[_NEW_O : _NEW_O + n]


@inner
def _count(w, k, first, n, school):
    """Add the block's posts to their schools' counts, in row order; returns the school that the next block begins in."""
    x, s = w.scratch.tile, w.schools
    i = school
    at = 0
    while at < n:
        here = w.uptake[k, i]
        start, end = s[i].first_post - first, s[i].first_post + s[i].n_posts - first
        if start >= 0:
            _clear(here)
        until = min(end, n)
        y = x[at:]
        aware = in_use = using = well = champions = np.int32(0)
        for j in range(until - at):
            shows = np.int32(y[_SHOWS + j])
            aware += shows & _ONE
            in_use += np.int32(y[_IN_USE + j])
            using += np.int32(y[_USING + j])
            well += shows >> _TWO
            champions += np.int32(y[_CHAMPION + j])
        q_users, o_users, q_deep = here.q_users, here.o_users, here.q_deep
        for j in range(until - at):  # in row order: sums of real numbers depend on it
            uses, q = y[_IN_USE + j], y[_NEW_Q + j]
            q_users += uses * q
            o_users += uses * y[_NEW_O + j]
            q_deep += y[_USING + j] * q
        here.aware += aware
        here.in_use += in_use
        here.trying += in_use - using
        here.well += well
        here.champions += champions
        here.q_users, here.o_users, here.q_deep = q_users, o_users, q_deep
        at = min(end, n)
        if end > n:
            return i
        i += 1
    return i


@inner
def _clear(here):
    here.aware = here.trying = here.in_use = here.well = here.champions = 0
    here.q_users = here.o_users = here.q_deep = ZERO
