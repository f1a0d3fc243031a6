"""Step 3: teachers attend, learn, talk, decide and own, all from the last tick's state (own awareness moves first)."""

from __future__ import annotations

import numpy as np

from kmsim.jit import borrowing, compiled, inner, rule
from kmsim.phases import tile
from kmsim.phases.census import tell_followers
from kmsim.phases.place import lay_places, work_out_places
from kmsim.phases.tile import POSTS, POWER, bring_in, bring_out, columns_of, powers_of_e
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
    held,
    load,
    reinforcement,
    settle_rate,
    tries,
    urge,
    will,
)
from kmsim.rules.awareness import awareness_rate, earliness
from kmsim.rules.cpd import attendance, knowledge_pulls, reached
from kmsim.rules.numbers import HALF, ONE, ZERO, F, between, drawn, either, sigma_of
from kmsim.rules.ownership import ownership_pulls
from kmsim.rules.peers import fidelity_pulls, support

(
    _PRIORITY,
    _MANDATE,
    _BROADCAST,
    _HOURS,
    _QUALITY,
    _REHEARSAL,
    _VITALITY,
    _LIVELY,
    _BEST,
    _COMMUNITY,
    _STANDING,
    _Q_SCHOOL,
    _Q_CLUSTER,
    _O_CLUSTER,
    _CLUSTER_VISIBLE,
    _PART,
    _SUCCESS,
    _HARD,
    _VISIBLE,
) = (np.uintp(tile.AT[name]) for name in tile.MET)
_STAGE, _U, _Q, _O, _AWARE_SHARE, _USE_SHARE, _USERS, _WELL, _TRIES = (np.uintp(tile.AT[name]) for name in tile.OWN)
_ATTENDS, _LOAD, _ATTENDED, _HEARD, _IN_USE, _SUPPORT, _REACH, _REINFORCED, _SEEN, _UP, _BOTH = (
    np.uintp(tile.AT[name]) for name in tile.ON_THE_WAY
)
_NEW_STAGE, _NEW_U, _NEW_Q, _NEW_O, _CHANGED, _COUNTS, _MORE_COUNTS, _Q_USERS, _O_USERS, _Q_DEEP = (
    np.uintp(tile.AT[name]) for name in tile.COMES_OUT
)
_POWER, _POWER_2, _POWER_3 = (np.uintp(row) for row in POWER)
_IS_UNAWARE, _IS_AWARE, _IS_TRYING, _IS_USING, _IS_LAPSED = (F(s) for s in (UNAWARE, AWARE, TRYING, USING, LAPSED))
_SHOWS_AWARE, _SHOWS_USE, _SHOWS_WELL = F(1), F(256), F(65536)  # as in census.showing
_BITS, _LOW = np.int64(8), np.int64(255)  # of a count: no more posts than a tile's are counted at once
_I = np.uintp


@borrowing
def teachers(w, tick):
    """Every teacher once, for each practice; then what changed is told to those who look to them."""
    _count_tries(w)
    for k in range(len(w.uptake)):
        work_out_places(w, k)
        _tick(w, k, tick, columns_of(w, k), w.uptake[k])


@inner
def _tick(w, k, tick, of, uptake):
    """One practice's tick: block by block of draws, tile by tile of posts."""
    posts, x, p, dt, seed, schools = len(w.posts.school), w.scratch.tile, w.p[0], w.clock.dt, w.clock.seed, w.schools
    places, aware_draws, stage_draws = w.scratch.places, w.scratch.aware_draws, w.scratch.stage_draws
    changed, change, contacts = w.scratch.changed, w.scratch.change, of.contacts
    follow_start, follow_from = w.posts.follow_start, w.posts.follow_from
    sight = p.see_floor + w.practices[k].observability
    changes, school = _I(0), np.int64(0)
    for block in range(0, posts, BLOCK):
        uniform_block(aware_draws, seed, AWARE_DRAW, k, block, tick)
        uniform_block(stage_draws, seed, STAGE_DRAW, k, block, tick)
        for first in range(block, min(block + BLOCK, posts), POSTS):
            n = min(POSTS, min(block + BLOCK, posts) - first)
            lay_places(x, places, schools, first, n, school)
            _live(x, of, aware_draws, stage_draws, first, n, first - block, sight, p, dt)
            changes = _note_changes(x, changed, change, first, n, changes)
            school = _count(x, uptake, schools, first, n, school)
    for e in range(changes):
        tell_followers(contacts, follow_start, follow_from, changed[e], change[e])


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


# A tick of n teachers of a tile is many short loops and not one: the shorter a loop's chain of steps, the more posts a
# processor has under way at once. Stages are whole numbers in float32, so that all of it is one kind of number. Whatever
# is read, is read before anything is decided: a load under a condition would keep a loop from SIMD.


@inner
def _live(x, of, aware_draws, stage_draws, first, n, draw, sight, p, dt):
    """A tick of the n posts from `first` on; draw: where in the block their draws begin; sight: how visible use is."""
    first, n, draw = _I(first), _I(n), _I(draw)
    bring_in(x, of, first, n)
    _attend(x, of.base_workload, of.attendance_noise, first, n, p)
    _may_hear(x, of.earliness, first, n, p, dt)
    powers_of_e(x, n, 1)
    _hear(x, aware_draws, draw, n)
    _be_supported(x, of.aptitude, first, n, p)
    _be_taught(x, n, p, dt)
    _be_trained(x, n, p, dt)
    _be_asked(x, n, p, dt)
    powers_of_e(x, n, 3)
    _learn(x, n)
    _look(x, of.sight_noise, first, n, sight, p)
    _weigh(x, of.openness, first, n, p)
    powers_of_e(x, n, 2)
    _may_move(x, n, p, dt)
    powers_of_e(x, n, 1)
    _move(x, stage_draws, draw, n)
    _show(x, n, p)
    bring_out(of, first, x, n)


@rule
def _attend(x, workload, noise, first, n, p):
    """Who attends how much, and how loaded each is."""
    for j in range(n):
        x[_ATTENDS + j] = attendance(x[_PRIORITY + j], x[_MANDATE + j], workload[first + j], noise[first + j], p)
        x[_LOAD + j] = load(workload[first + j], x[_TRIES + j], p)


@rule
def _may_hear(x, early, first, n, p, dt):
    """How likely it is to hear of it, as a power."""
    for j in range(n):
        attended = x[_ATTENDS + j] * x[_HOURS + j]
        rate = awareness_rate(early[first + j], x[_BROADCAST + j], x[_AWARE_SHARE + j], attended, p)
        x[_ATTENDED + j] = attended
        x[_POWER + j] = -rate * dt


@rule
def _hear(x, draws, draw, n):
    """Who hears of it: the newly aware may learn and try in the same tick."""
    for j in range(n):
        stage, luck, hearing = x[_STAGE + j], draws[draw + j], ONE - x[_POWER + j]
        newly = ONE if stage == _IS_UNAWARE and luck < hearing else ZERO
        x[_HEARD + j] = stage + newly * _IS_AWARE
        x[_IN_USE + j] = ONE if stage == _IS_TRYING or stage == _IS_USING else ZERO


@rule
def _be_supported(x, aptitude, first, n, p):
    """The support each has, and the fidelity within reach."""
    for j in range(n):
        x[_SUPPORT + j] = support(
            x[_STANDING + j], x[_USE_SHARE + j], x[_Q_SCHOOL + j], x[_COMMUNITY + j], x[_VITALITY + j], p
        )
        x[_REACH + j] = reached(x[_BEST + j], aptitude[first + j], p)


@rule
def _be_taught(x, n, p, dt):
    """Where knowledge is drawn to, and how much of the way will be left, as a power."""
    for j in range(n):
        gain, weighted, loss = knowledge_pulls(x[_U + j], x[_ATTENDED + j], x[_QUALITY + j], x[_IN_USE + j], p)
        target, rate = drawn(gain, weighted, loss)
        x[_NEW_U + j] = target
        x[_POWER + j] = -rate * dt


@rule
def _be_trained(x, n, p, dt):
    """The same for fidelity."""
    for j in range(n):
        rehearsed = x[_ATTENDED + j] * x[_QUALITY + j] * x[_REHEARSAL + j]
        gain, weighted, loss = fidelity_pulls(
            x[_Q + j],
            rehearsed,
            x[_SUPPORT + j],
            x[_REACH + j],
            x[_Q_SCHOOL + j],
            x[_Q_CLUSTER + j],
            x[_LIVELY + j],
            x[_IN_USE + j],
            p,
        )
        target, rate = drawn(gain, weighted, loss)
        x[_NEW_Q + j] = target
        x[_POWER_2 + j] = -rate * dt


@rule
def _be_asked(x, n, p, dt):
    """The same for ownership."""
    for j in range(n):
        part, success = x[_PART + j] * x[_ATTENDS + j], x[_SUCCESS + j] * x[_IN_USE + j] * x[_Q + j]
        gain, weighted, loss = ownership_pulls(
            x[_O + j], part, success, x[_VITALITY + j], x[_O_CLUSTER + j], x[_MANDATE + j], p
        )
        target, rate = drawn(gain, weighted, loss)
        x[_NEW_O + j] = target
        x[_POWER_3 + j] = -rate * dt


@rule
def _learn(x, n):
    """Knowledge, fidelity and ownership of those who know of it."""
    for j in range(n):
        u, q, o = x[_U + j], x[_Q + j], x[_O + j]
        knows = ONE if x[_HEARD + j] != _IS_UNAWARE else ZERO
        x[_NEW_U + j] = either(knows, between(x[_NEW_U + j], u, x[_POWER + j]), u)
        x[_NEW_Q + j] = either(knows, between(x[_NEW_Q + j], q, x[_POWER_2 + j]), q)
        x[_NEW_O + j] = either(knows, between(x[_NEW_O + j], o, x[_POWER_3 + j]), o)


# Decisions are made by means of a tick's start and end.


@rule
def _look(x, noise, first, n, sight, p):
    """What each sees: of colleagues who use it, and of pupils' gain."""
    for j in range(n):
        users, well = x[_USERS + j], x[_WELL + j]
        visible_use = sight * (well + p.half_user * (users - well)) + x[_CLUSTER_VISIBLE + j]
        x[_REINFORCED + j] = reinforcement(visible_use, p)
        q = HALF * (x[_Q + j] + x[_NEW_Q + j])
        x[_SEEN + j] = benefit_seen(x[_VISIBLE + j], q, noise[first + j], p)


@rule
def _weigh(x, openness, first, n, p):
    """How willing each is to try, and how ready to let go, as powers."""
    for j in range(n):
        q, o = HALF * (x[_Q + j] + x[_NEW_Q + j]), HALF * (x[_O + j] + x[_NEW_O + j])
        reinforced, priority, mandate, w = x[_REINFORCED + j], x[_PRIORITY + j], x[_MANDATE + j], x[_LOAD + j]
        x[_POWER + j] = -will(q, o, reinforced, priority, mandate, w, x[_HARD + j], openness[first + j], p)
        x[_POWER_2 + j] = urge(o, reinforced, x[_SEEN + j], priority, w, p)


@rule
def _may_move(x, n, p, dt):
    """The rates of moving up and down from the stage each is in, and the chance of either, as a power."""
    for j in range(n):
        stage, u, q = x[_HEARD + j], HALF * (x[_U + j] + x[_NEW_U + j]), HALF * (x[_Q + j] + x[_NEW_Q + j])
        first_tries, base = tries(u, sigma_of(x[_POWER + j]), p), held(x[_POWER_2 + j], x[_MANDATE + j], p)
        settles, tries_again = settle_rate(q, x[_SUPPORT + j], p), p.retry * first_tries
        lapses, drops = p.r_lapse * base, p.r_drop * base
        up = settles if stage == _IS_TRYING else ZERO
        up = first_tries if stage == _IS_AWARE else up
        up = tries_again if stage == _IS_LAPSED else up
        down = lapses if stage == _IS_TRYING else ZERO
        down = drops if stage == _IS_USING else down
        x[_UP + j] = up
        x[_BOTH + j] = up + down
        x[_POWER + j] = -(up + down) * dt


@rule
def _move(x, draws, draw, n):
    """Who tries, settles, lapses or drops it: one change of stage at most."""
    for j in range(n):
        stage, luck = x[_HEARD + j], draws[draw + j]
        moves = ONE - x[_POWER + j]
        risen = _IS_USING if stage == _IS_TRYING else _IS_TRYING
        moved = risen if luck * x[_BOTH + j] < moves * x[_UP + j] else _IS_LAPSED
        x[_NEW_STAGE + j] = moved if stage != _IS_UNAWARE and luck < moves else stage


@rule
def _show(x, n, p):
    """What each post now is, as numbers to count, and how what it shows has changed."""
    for j in range(n):
        stage, q, o, was, q_was = x[_NEW_STAGE + j], x[_NEW_Q + j], x[_NEW_O + j], x[_STAGE + j], x[_Q + j]
        using = ONE if stage == _IS_USING else ZERO
        in_use = ONE if stage == _IS_TRYING else using
        was_using = ONE if was == _IS_USING else ZERO
        was_in_use = ONE if was == _IS_TRYING else was_using
        aware, was_aware = ONE if stage != _IS_UNAWARE else ZERO, ONE if was != _IS_UNAWARE else ZERO
        well, was_well = using if q >= p.q_well else ZERO, was_using if q_was >= p.q_well else ZERO
        deep = using if q > p.q_champion else ZERO
        champion = deep if o > p.o_champion else ZERO
        x[_CHANGED + j] = (
            _SHOWS_AWARE * (aware - was_aware) + _SHOWS_USE * (in_use - was_in_use) + _SHOWS_WELL * (well - was_well)
        )
        x[_COUNTS + j] = _SHOWS_AWARE * aware + _SHOWS_USE * in_use + _SHOWS_WELL * well
        x[_MORE_COUNTS + j] = using + _SHOWS_USE * champion
        x[_Q_USERS + j], x[_O_USERS + j], x[_Q_DEEP + j] = in_use * q, in_use * o, using * q


@inner
def _note_changes(x, who, by, first, n, count):
    """Posts that now show something else to those who look to them: written always, counted where it is so."""
    for j in range(_I(n)):
        difference = np.int32(x[_CHANGED + j])
        who[count] = _I(first) + j
        by[count] = np.uint32(difference)
        count += _I(difference != 0)
    return count


@inner
def _count(x, uptake, s, first, n, school):
    """Add the tile's posts to their schools' counts, in row order; returns the school that the next tile begins in."""
    i = school
    at = 0
    while at < n:
        here = uptake[i]
        start, end = s[i].first_post - first, s[i].first_post + s[i].n_posts - first
        if start >= 0:
            _clear(here)
        until = min(end, n)
        counts = more = np.int64(0)
        q_users, o_users, q_deep = here.q_users, here.o_users, here.q_deep
        for j in range(_I(at), _I(until)):  # in row order: sums of real numbers depend on it
            counts += np.int64(x[_COUNTS + j])
            more += np.int64(x[_MORE_COUNTS + j])
            q_users += x[_Q_USERS + j]
            o_users += x[_O_USERS + j]
            q_deep += x[_Q_DEEP + j]
        in_use, using = (counts >> _BITS) & _LOW, more & _LOW
        here.aware += counts & _LOW
        here.in_use += in_use
        here.trying += in_use - using
        here.well += counts >> (_BITS + _BITS)
        here.champions += more >> _BITS
        here.q_users, here.o_users, here.q_deep = q_users, o_users, q_deep
        at = until
        if end > n:
            return i
        i += 1
    return i


@rule
def _clear(here):
    here.aware = here.trying = here.in_use = here.well = here.champions = 0
    here.q_users = here.o_users = here.q_deep = ZERO
