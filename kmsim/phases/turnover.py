"""Step 4, at the end of a school year: people leave, move and arrive; heads change."""

from __future__ import annotations

import numpy as np

from kmsim import rng
from kmsim.jit import compiled, inner, maker, rule
from kmsim.phases.census import showing, tell_followers
from kmsim.rules.adoption import AWARE, TRYING, UNAWARE
from kmsim.rules.numbers import ONE, ZERO, F
from kmsim.rules.turnover import leave_chance, newcomer_heard, newcomer_known, strain

STAYS, MOVES, LEAVES = np.uint8(0), np.uint8(1), np.uint8(2)
MOST_EXPERIENCE = 250
_DRAWS, _32, _LOW = np.float32(2**24), np.int64(32), np.int64(0xFFFFFFFF)


@compiled
def turnover(w, year):
    """One school year's end. Posts stay, people go: a mover's state follows to the post that the next mover left."""
    fate, draw = _fates(w, year)
    _age(w, fate)
    _move(w, fate, draw)
    _heads(w, fate, year)
    _arrive(w, fate, year)


@maker
def _fates(w, year):
    """Who stays, moves or leaves: one draw a post."""
    s, posts, p = w.schools, w.posts, w.p[0]
    n = len(posts.school)
    draw = np.empty((n + rng.BLOCK - 1) // rng.BLOCK * rng.BLOCK, np.float32)
    rng.uniform_block(draw, w.clock.seed, rng.TURNOVER, rng.NONE, rng.NONE, year)
    fate = np.empty(n, np.uint8)
    leaving = np.empty(MOST_EXPERIENCE + 1, np.float32)
    for years in range(len(leaving)):
        leaving[years] = leave_chance(years, p)
    for i in range(len(s)):
        m = strain(s[i].fsm_rank, p)
        first, end = np.uintp(s[i].first_post), np.uintp(s[i].first_post + s[i].n_posts)
        for post in range(first, end):
            leave = leaving[posts.experience[post]] * m
            fate[post] = _fate(draw[post], leave, p.move * m)
        head_leaves = p.head_leave_secondary if s[i].phase == 1 else p.head_leave_primary
        fate[first] = _fate(draw[first], head_leaves * m, ZERO)
    return fate, draw


@rule
def _fate(draw, leave, move):
    return np.uint8(draw < leave) + np.uint8(draw < leave + move)  # LEAVES, MOVES or STAYS, without a branch


@inner
def _age(w, fate):
    experience = w.posts.experience
    for post in range(np.uintp(len(fate))):
        older = fate[post] != LEAVES and experience[post] < MOST_EXPERIENCE
        experience[post] += np.uint8(older)


@maker
def _move(w, fate, draw):
    """Movers of one region and phase, in order of their draw: each takes the next one's post, the last the first's."""
    posts, s = w.posts, w.schools
    movers = np.flatnonzero(fate == MOVES)
    group = np.empty(len(movers), np.int64)
    groups = 0
    for r in range(len(movers)):
        group[r] = s[posts.school[movers[r]]].move_group
        groups = max(groups, group[r] + 1)
    start = np.zeros(groups + 1, np.int64)
    for r in range(len(movers)):
        start[group[r] + 1] += 1
    for g in range(groups):
        start[g + 1] += start[g]
    place = np.empty(len(movers), np.int64)  # a draw is a whole number of 2^-24, above; the post below it: no two alike
    filled = start[:-1].copy()
    for r in range(len(movers)):
        place[filled[group[r]]] = np.int64(draw[movers[r]] * _DRAWS) << _32 | movers[r]
        filled[group[r]] += 1
    for g in range(groups):
        ring = place[start[g] : start[g + 1]]
        if len(ring):
            ring.sort()
            _rotate(w, ring & _LOW)


@inner
def _rotate(w, ring):
    """The people of these posts each go one post on along the ring, taking their state (o_keep of ownership)."""
    posts = w.posts
    last = ring[-1]
    experience, openness, aptitude = posts.experience[last], posts.openness[last], posts.aptitude[last]
    for r in range(len(ring) - 1, 0, -1):
        a, b = ring[r - 1], ring[r]
        posts.experience[b], posts.openness[b], posts.aptitude[b] = (
            posts.experience[a],
            posts.openness[a],
            posts.aptitude[a],
        )
    first = ring[0]
    posts.experience[first], posts.openness[first], posts.aptitude[first] = experience, openness, aptitude
    for k in range(len(posts.stage)):
        state = posts.stage[k], posts.knowledge[k], posts.fidelity[k], posts.ownership[k], posts.contacts[k]
        stage, u, q, o = state[0][last], state[1][last], state[2][last], state[3][last]
        for r in range(len(ring) - 1, 0, -1):
            a = ring[r - 1]
            own = w.p[0].o_keep * state[3][a]
            _seat(
                state,
                posts.follow_start,
                posts.follow_from,
                ring[r],
                state[0][a],
                state[1][a],
                state[2][a],
                own,
                w.p[0],
            )
        _seat(state, posts.follow_start, posts.follow_from, first, stage, u, q, w.p[0].o_keep * o, w.p[0])


@rule
def _seat(state, follow_start, follow_from, post, stage, u, q, o, p):
    """Put a person's state for one practice in a post, and tell those who look to the post."""
    stages, knowledge, fidelity, ownership, contacts = state
    before = showing(stages[post], fidelity[post], p)
    stages[post], knowledge[post], fidelity[post], ownership[post] = stage, u, q, o
    after = showing(stage, q, p)
    if before != after:
        tell_followers(contacts, follow_start, follow_from, post, after - before)


@maker
def _arrive(w, fate, year):
    """Newcomers: half have just begun; what the school's routine teaches them is theirs from the first day."""
    s, posts, p, seed = w.schools, w.posts, w.p[0], w.clock.seed
    school, experience, openness, aptitude = posts.school, posts.experience, posts.openness, posts.aptitude
    leavers = np.flatnonzero(fate == LEAVES)
    one, other = np.empty(len(leavers), np.float32), np.empty(len(leavers), np.float32)
    rng.uniform_at(one, seed, rng.NEW_FRESH, rng.NONE, leavers, year)
    rng.uniform_at(other, seed, rng.NEW_EXPERIENCE, rng.NONE, leavers, year)
    for r in range(len(leavers)):
        fresh = one[r] < p.newcomer_fresh
        experience[leavers[r]] = 0 if fresh else rng.experience(other[r])
    for trait, purpose in ((openness, rng.NEW_OPENNESS), (aptitude, rng.NEW_APTITUDE)):
        rng.uniform_at(one, seed, purpose, rng.NONE, leavers, year)
        rng.normals(other, one)
        for r in range(len(leavers)):
            trait[leavers[r]] = other[r]
    for k in range(len(posts.stage)):
        state = posts.stage[k], posts.knowledge[k], posts.fidelity[k], posts.ownership[k], posts.contacts[k]
        uptake = w.uptake[k]
        rng.uniform_at(one, seed, rng.NEW_STAGE, k, leavers, year)
        rng.uniform_at(other, seed, rng.NEW_HEARD, k, leavers, year)
        for r in range(len(leavers)):
            post = leavers[r]
            i = school[post]
            routine, aware_share = uptake[i].routine, F(uptake[i].aware) / F(s[i].n_posts)
            heard = newcomer_heard(experience[post], aware_share, routine, other[r], p)
            stage = TRYING if one[r] < routine else AWARE if heard else UNAWARE
            u, q = newcomer_known(routine, p)
            _seat(state, posts.follow_start, posts.follow_from, post, stage, u, q, ZERO, p)


@inner
def _heads(w, fate, year):
    """A new head resets priorities and brings some climate of their own (P07)."""
    s, p = w.schools, w.p[0]
    for i in range(len(s)):
        if fate[s[i].first_post] == LEAVES:
            brought = F(rng.climate_quantile(rng.uniform(w.clock.seed, rng.HEAD_CLIMATE, rng.NONE, i, year)))
            s[i].climate = p.head_climate * s[i].climate + (ONE - p.head_climate) * brought
            s[i].head_tenure = 0
            for k in range(len(w.uptake)):
                w.uptake[k, i].priority *= p.head_reset
        else:
            s[i].head_tenure += 1


@compiled
def yearly_noise(w, year):
    """The lasting noise of a school year: how much each teacher attends, what each sees of pupils' gains."""
    posts = w.posts
    n = len(posts.school)
    draw = np.empty((n + rng.BLOCK - 1) // rng.BLOCK * rng.BLOCK, np.float32)
    for k in range(len(posts.stage)):
        rng.uniform_block(draw, w.clock.seed, rng.ATTEND, k, rng.NONE, year)
        rng.normals(posts.attendance_noise[k], draw)
        rng.uniform_block(draw, w.clock.seed, rng.SIGHT, k, rng.NONE, year)
        rng.normals(posts.sight_noise[k], draw)
