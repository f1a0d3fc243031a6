"""The model's rules of awareness and of trying, lived by real people: followed along what they did, and run forward.

Who has not heard may hear; who knows may adopt, and the newly aware may adopt in the same period, as in the model. What
the communities' data lack stands where it drops out: knowledge 1, workload 1/2, no priority, mandate, ownership or
complexity; adopters are seen to gain (weight 1). Openness differs between people as in the model, at five values that
stand for N(0, 1) (Gauss-Hermite). No second copy of an equation stands here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kmsim import rng
from kmsim.diffusion.communities import Innovation
from kmsim.jit import compiled, inner, rule
from kmsim.rules.adoption import reinforcement, try_rate
from kmsim.rules.awareness import awareness_rate, earliness
from kmsim.rules.numbers import HALF, ONE, ZERO, F, chance

TIES, ANYBODY, ALIKE = np.int64(0), np.int64(1), np.int64(2)  # whom people meet: see `follow`
BEGINS = np.uint32(0xFFFF)  # a tick that no community reaches: the draws for where a forecast begins
_OPENNESS, _WEIGHT = (x.astype(np.float32) for x in np.polynomial.hermite_e.hermegauss(5))
_WEIGHT = _WEIGHT / _WEIGHT.sum()
_LEAST = F(1e-6)


class People(NamedTuple):
    """An innovation's rows, as compiled code takes them. named: how many contacts each has, if they are not those named."""

    first: np.ndarray
    began: np.ndarray
    time: np.ndarray
    person: np.ndarray
    tie_start: np.ndarray
    tie_to: np.ndarray
    named: np.ndarray
    network: bool


class Mind(NamedTuple):
    """What is thought of people that is not seen, by person and openness: its weight, and the chance to be aware."""

    weight: np.ndarray
    aware: np.ndarray


def people(where: Innovation, meets: np.int64) -> People:
    """The arrays of an innovation; meets: as in `follow`."""
    degree = np.diff(where.tie_start).astype(np.float32)
    if meets == ALIKE:
        degree = (np.add.reduceat(degree, where.first[:-1]) / where.sizes)[where.community].astype(np.float32)
    rows = (where.first, where.began, where.time, where.person, where.tie_start, where.tie_to)
    return People(*rows, degree, bool(meets == TIES))


def follow(where: Innovation, p: np.record, meets: np.int64 = TIES) -> np.ndarray:
    """The chance that each person adopts in each period, given what all were seen to do before it.

    Awareness and openness are not seen: what may be thought of each person's is kept up to date by Bayes' rule, and others'
    chances to be aware stand for their awareness. p: one record of parameters. meets: TIES, contacts are those whom one
    named; ANYBODY, as many people of the community, whoever they are; ALIKE, anybody, and for all as many as are named on
    average. Returns (periods, people), float32; row 0 is period 1, which is given and not predicted (chance 0).

    >>> from kmsim.diffusion.communities import innovation
    >>> from kmsim.parameters import defaults, record
    >>> follow(innovation("physicians"), record(defaults())).shape
    (17, 125)
    """
    return _followed(where, p, meets)[0]


def forecast(where: Innovation, p: np.record, meets: np.int64, seed: int, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Run communities forward from their first period of adoption, many times.

    Returns the number of adopters by run, community and period (runs, communities, periods), int32, equal to what was seen
    up to the period in which the community began; and each person's mean period of adoption (periods + 1 if none). Draws
    are the model's own, by person and period; run r has the key seed * 2^32 + r.

    >>> from kmsim.diffusion.communities import innovation
    >>> from kmsim.parameters import defaults, record
    >>> counts, when = forecast(innovation("physicians"), record(defaults()), TIES, seed=1, runs=2)
    >>> counts.shape, when.shape
    ((2, 4, 17), (125,))
    """
    _, begin = _followed(where, p, meets)
    counts = np.zeros((runs, where.n_communities, where.periods), np.int32)
    when = np.zeros(where.n_people, np.int64)
    _forecast(people(where, meets), p, F(where.dt), begin, seed, counts, when)
    return counts, when / runs


def _followed(where: Innovation, p: np.record, meets: np.int64) -> tuple[np.ndarray, Mind]:
    shape = (where.n_people, len(_OPENNESS))
    now, begin = (Mind(np.empty(shape, np.float32), np.empty(shape, np.float32)) for _ in range(2))
    adopts = np.zeros((where.periods, where.n_people), np.float32)
    _follow(people(where, meets), p, F(where.dt), adopts, now, begin)
    return adopts, begin


@rule
def _hears(aware_share, p, dt):
    """The chance to hear of it in a period."""
    return chance(awareness_rate(earliness(0, p), ZERO, aware_share, ZERO, p), dt)


@rule
def _adopts(n, openness, p, dt):
    """The chance to adopt in a period, for one who knows of it."""
    rate = try_rate(ONE, ONE, ZERO, reinforcement(n, p), ZERO, ZERO, HALF, ZERO, openness, p)
    return chance(rate, dt)


@inner
def _contacts(who, i, c, aware, adopted, all_aware, all_adopted):
    """The share of person i's contacts that is aware, and how many of them have adopted."""
    if not who.network:
        others = F(max(1, who.first[c + 1] - who.first[c] - 1))
        share = max(all_aware - aware[i], ZERO) / others
        return share, who.named[i] * max(all_adopted - adopted[i], ZERO) / others
    know = have = ZERO
    for e in range(who.tie_start[i], who.tie_start[i + 1]):
        know += aware[who.tie_to[e]]
        have += adopted[who.tie_to[e]]
    return know / max(who.named[i], ONE), have


@compiled
def _follow(who, p, dt, adopts, now, begin):
    n_people, periods = len(who.time), len(adopts)
    aware, had = np.zeros(n_people, np.float32), np.zeros(n_people, np.float32)
    for i in range(n_people):
        now.weight[i], now.aware[i] = _WEIGHT, ZERO
        aware[i] = had[i] = ONE if who.time[i] <= 1 else ZERO
    for t in range(1, periods + 1):
        for c in range(len(who.began)):
            start, end = who.first[c], who.first[c + 1]
            all_aware, all_had = aware[start:end].sum(), had[start:end].sum()
            for i in range(start, end):
                if t > 1 and who.time[i] >= t:
                    share, n = _contacts(who, i, c, aware, had, all_aware, all_had)
                    adopts[t - 1, i] = _learn_of(now, i, _hears(share, p, dt), n, p, dt)
            if who.began[c] == t:
                begin.weight[start:end], begin.aware[start:end] = now.weight[start:end], now.aware[start:end]
        for i in range(n_people):
            had[i] = ONE if who.time[i] <= t else ZERO
            aware[i] = ONE if had[i] > ZERO else (now.weight[i] * now.aware[i]).sum()


@inner
def _learn_of(now, i, hears, n, p, dt):
    """The chance that person i adopts; and what is to be thought of i if that does not happen."""
    weight, aware = now.weight[i], now.aware[i]
    adopts = ZERO
    for k in range(len(weight)):
        tries = _adopts(n, _OPENNESS[k], p, dt)
        knows = aware[k] + (ONE - aware[k]) * hears
        both = knows * tries
        adopts += weight[k] * both
        aware[k] = knows * (ONE - tries) / max(ONE - both, _LEAST)
        weight[k] *= ONE - both
    left = max(weight.sum(), _LEAST)
    for k in range(len(weight)):
        weight[k] /= left
    return adopts


@compiled
def _forecast(who, p, dt, begin, seed, counts, when):
    runs, _, periods = counts.shape
    n_people = len(who.time)
    aware, had = np.zeros(n_people, np.float32), np.zeros(n_people, np.float32)
    openness = np.zeros(n_people, np.float32)
    next_aware, next_had = np.zeros(n_people, np.float32), np.zeros(n_people, np.float32)
    for r in range(runs):
        key = np.uint64(seed) * np.uint64(4294967296) + np.uint64(r)
        for c in range(len(who.began)):
            start, end, began = who.first[c], who.first[c + 1], who.began[c]
            for i in range(start, end):
                had[i] = ONE if who.time[i] <= began else ZERO
                k = _picked(begin.weight[i], rng.uniform(key, rng.NEW_OPENNESS, 0, who.person[i], BEGINS))
                openness[i] = _OPENNESS[k]
                knows = rng.uniform(key, rng.AWARE, 0, who.person[i], BEGINS) < begin.aware[i, k]
                aware[i] = ONE if knows or had[i] > ZERO else ZERO
                when[i] += began if had[i] > ZERO else periods + 1
            counts[r, c, began - 1] = np.int32(had[start:end].sum())
            for t in range(began + 1, periods + 1):
                all_aware, all_had = aware[start:end].sum(), had[start:end].sum()
                for i in range(start, end):
                    next_aware[i], next_had[i] = aware[i], had[i]
                    if had[i] > ZERO:
                        continue
                    share, n = _contacts(who, i, c, aware, had, all_aware, all_had)
                    if aware[i] == ZERO and rng.uniform(key, rng.AWARE, 0, who.person[i], t) < _hears(share, p, dt):
                        next_aware[i] = ONE
                    tries = _adopts(n, openness[i], p, dt)
                    if next_aware[i] > ZERO and rng.uniform(key, rng.STAGE, 0, who.person[i], t) < tries:
                        next_had[i] = ONE
                        when[i] += t - (periods + 1)
                aware[start:end], had[start:end] = next_aware[start:end], next_had[start:end]
                counts[r, c, t - 1] = np.int32(had[start:end].sum())


@inner
def _picked(weight, draw):
    """Which of weights that add up to 1 a draw falls on."""
    total = ZERO
    for k in range(len(weight) - 1):
        total += weight[k]
        if draw < total:
            return k
    return len(weight) - 1
