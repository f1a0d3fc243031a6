"""Step 3: teachers attend, learn, talk, decide and own, all from the last tick's state (own awareness moves first)."""

from __future__ import annotations

import numpy as np

from kmsim.jit import compiled, inner, rule
from kmsim.phases import tile
from kmsim.phases.census import tell_followers
from kmsim.phases.tile import LANES, POSTS, Place, bring_in, bring_out, columns_of, lay_place, met_by
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
from kmsim.rules.awareness import awareness_rate, earliness
from kmsim.rules.cpd import attendance, carried, ceiling, knowledge_after
from kmsim.rules.numbers import HALF, ONE, ZERO, F, chance
from kmsim.rules.ownership import goal_setting, ownership_after, success_gain
from kmsim.rules.peers import fidelity_after, standing_support, support

(_STAGE, _U, _Q, _O, _AWARE_SHARE, _USE_SHARE, _USERS, _WELL, _EARLY, _Z, _APTITUDE, _W0, _TRIES, _XI_A, _XI_S) = (
    tile.AT[name] for name in tile.OWN[:15]
)
_AWARE_DRAW, _STAGE_DRAW = tile.AT["aware_draw"], tile.AT["stage_draw"]
_ATTENDS, _HEARD, _HELD, _NEW_STAGE, _NEW_U, _NEW_Q, _NEW_O, _SHOWS, _CHANGED, _IN_USE, _USING, _CHAMPION = (
    tile.AT[name] for name in tile.COMES_OUT
)
_IS_UNAWARE, _IS_AWARE, _IS_TRYING, _IS_USING, _IS_LAPSED = (F(s) for s in (UNAWARE, AWARE, TRYING, USING, LAPSED))
_SHOWS_AWARE, _SHOWS_USE, _SHOWS_WELL = F(1), F(256), F(65536)  # as in census.showing
_BYTE, _SIXTEEN = np.int32(255), np.int32(16)


@compiled
def teachers(w, tick):
    """Every teacher once, for each practice; then what changed is told to those who look to them."""
    _count_tries(w)
    posts, x = len(w.posts.school), w.scratch.tile
    for k in range(len(w.uptake)):
        of = columns_of(w, k)
        changes = np.int64(0)
        school = np.int64(0)
        place = _place(w, k, 0)
        for block in range(0, posts, BLOCK):
            uniform_block(w.scratch.aware_draws, w.clock.seed, AWARE_DRAW, k, block, tick)
            uniform_block(w.scratch.stage_draws, w.clock.seed, STAGE_DRAW, k, block, tick)
            for first in range(block, min(block + BLOCK, posts), POSTS):
                n = min(POSTS, posts - first)
                bring_in(x, of, first, n, first - block)
                place = _lay_places(w, k, first, n, school, place)
                whole = (n + LANES - 1) // LANES * LANES
                _hear(x, whole, w.p[0], w.clock.dt)
                _learn(x, whole, w.p[0], w.clock.dt)
                _decide(x, whole, w.p[0], w.clock.dt)
                _show(x, whole, w.p[0])
                changes = _note_changes(x, w, first, n, changes)
                bring_out(of, first, x, n)
                school = _count(w, k, first, n, school)
        contacts, start, source = w.posts.contacts[k], w.posts.follow_start, w.posts.follow_from
        changed, change = w.scratch.changed, w.scratch.change
        for e in range(changes):
            tell_followers(contacts, start, source, changed[e], change[e])


@compiled
def hear_by_role(role, p, earliness_of):
    """Write how much sooner each post hears of things; p: one record."""
    for i in range(len(role)):
        earliness_of[i] = earliness(role[i], p[0])


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
    """What the teachers of school i meet for practice k."""
    o, p = w.offer, w.p[0]
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


@rule
def _lay_places(w, k, first, n, school, place):
    """What every post of the tile meets in its school; returns what the last one's do. A school that goes on from the
    last tile meets what it met there, whatever has been counted since."""
    s = w.schools
    i, at = school, np.int64(0)
    while at < n:
        if s[i].first_post >= first:
            place = _place(w, k, i)
        end = np.int64(min(s[i].first_post + s[i].n_posts - first, n))
        lay_place(w.scratch.tile, place, at, end - at)
        at = end
        i += 1
    return place


# A tick of n teachers of a tile is three loops and not one: a processor works ahead on short bodies. Stages are whole
# numbers in float32, so that all of it is one kind of number. Whatever is read, is read before anything is decided: a
# load under a condition would keep a loop from SIMD.


@inner
def _hear(x, n, p, dt):
    """Who attends how much, and who hears of it: the newly aware may learn and try in the same tick."""
    for j in range(n):
        at, stage, draw = met_by(x, j), x[_STAGE + j], x[_AWARE_DRAW + j]
        a = attendance(at.priority, at.mandate, x[_W0 + j], x[_XI_A + j], p)
        hearing = chance(awareness_rate(x[_EARLY + j], at.broadcast, x[_AWARE_SHARE + j], a * at.hours, p), dt)
        x[_ATTENDS + j] = a
        x[_HEARD + j] = _IS_AWARE if stage == _IS_UNAWARE and draw < hearing else stage


@inner
def _learn(x, n, p, dt):
    """Knowledge, fidelity and ownership of those who know of it."""
    for j in range(n):
        at, stage, u, q, o, a = met_by(x, j), x[_HEARD + j], x[_U + j], x[_Q + j], x[_O + j], x[_ATTENDS + j]
        attended = a * at.hours
        knows = stage != _IS_UNAWARE
        in_use = ONE if stage == _IS_TRYING or stage == _IS_USING else ZERO
        held = support(at.standing, x[_USE_SHARE + j], at.q_school, at.community, at.vitality, p)
        q_star = ceiling(at.expertise, at.carry, at.scripting, x[_APTITUDE + j], p)
        rehearsed = attended * at.quality * at.rehearsal
        u_new = knowledge_after(u, attended, at.quality, in_use, p, dt)
        q_new = fidelity_after(q, rehearsed, held, q_star, at.q_school, at.q_cluster, at.lively, in_use, p, dt)
        o_new = ownership_after(o, at.part * a, at.success * in_use * q, at.vitality, at.o_cluster, at.mandate, p, dt)
        x[_HELD + j] = held
        x[_NEW_U + j] = u_new if knows else u
        x[_NEW_Q + j] = q_new if knows else q
        x[_NEW_O + j] = o_new if knows else o


@inner
def _decide(x, n, p, dt):
    """Who tries, settles, lapses or drops it: by means of a tick's start and end, one change of stage at most."""
    for j in range(n):
        at, stage, held, draw = met_by(x, j), x[_HEARD + j], x[_HELD + j], x[_STAGE_DRAW + j]
        users, well = x[_USERS + j], x[_WELL + j]
        u, q, o = (
            HALF * (x[_U + j] + x[_NEW_U + j]),
            HALF * (x[_Q + j] + x[_NEW_Q + j]),
            HALF * (x[_O + j] + x[_NEW_O + j]),
        )

        reinforced = reinforcement(at.sight * (well + p.half_user * (users - well)) + at.cluster_visible, p)
        w = load(x[_W0 + j], x[_TRIES + j], p)
        tries = try_rate(u, q, o, reinforced, at.priority, at.mandate, w, at.hard, x[_Z + j], p)
        seen = benefit_seen(at.visible, q, x[_XI_S + j], p)
        base = letting_go(o, reinforced, seen, at.priority, at.mandate, w, p)
        settles, tries_again = settle_rate(q, held, p), p.retry * tries
        lapses, drops = p.r_lapse * base, p.r_drop * base

        up = settles if stage == _IS_TRYING else ZERO
        up = tries if stage == _IS_AWARE else up
        up = tries_again if stage == _IS_LAPSED else up
        down = lapses if stage == _IS_TRYING else ZERO
        down = drops if stage == _IS_USING else down
        either = chance(up + down, dt)
        risen = _IS_USING if stage == _IS_TRYING else _IS_TRYING
        moved = risen if draw * (up + down) < either * up else _IS_LAPSED
        x[_NEW_STAGE + j] = moved if stage != _IS_UNAWARE and draw < either else stage


@inner
def _show(x, n, p):
    """What each post now is and shows, as numbers to count, and whether that has changed."""
    for j in range(n):
        stage, q, was, q_was = x[_NEW_STAGE + j], x[_NEW_Q + j], x[_STAGE + j], x[_Q + j]
        using = ONE if stage == _IS_USING else ZERO
        in_use = ONE if stage == _IS_TRYING else using
        was_using = ONE if was == _IS_USING else ZERO
        was_in_use = ONE if was == _IS_TRYING else was_using
        aware, was_aware = ONE if stage != _IS_UNAWARE else ZERO, ONE if was != _IS_UNAWARE else ZERO
        well, was_well = using if q >= p.q_well else ZERO, was_using if q_was >= p.q_well else ZERO
        champion = using if q > p.q_champion else ZERO
        shows = _SHOWS_AWARE * aware + _SHOWS_USE * in_use + _SHOWS_WELL * well
        x[_SHOWS + j] = shows
        x[_CHANGED + j] = shows - (_SHOWS_AWARE * was_aware + _SHOWS_USE * was_in_use + _SHOWS_WELL * was_well)
        x[_IN_USE + j] = in_use
        x[_USING + j] = using
        x[_CHAMPION + j] = champion if x[_NEW_O + j] > p.o_champion else ZERO


@rule
def _note_changes(x, w, first, n, changes):
    """Posts that now show something else to those who look to them: written always, counted where it is so."""
    changed, change = w.scratch.changed, w.scratch.change
    for j in range(n):
        difference = np.int32(x[_CHANGED + j])
        changed[changes] = first + j
        change[changes] = np.uint32(difference)
        changes += difference != 0
    return changes


@rule
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
            aware += shows & _BYTE
            in_use += np.int32(y[_IN_USE + j])
            using += np.int32(y[_USING + j])
            well += shows >> _SIXTEEN
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


@rule
def _clear(here):
    here.aware = here.trying = here.in_use = here.well = here.champions = 0
    here.q_users = here.o_users = here.q_deep = ZERO
