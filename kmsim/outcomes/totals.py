"""Step 6: the totals of a tick, summed over schools in row order. Outcomes are made of these and nothing else."""

from __future__ import annotations

import numpy as np

from kmsim.jit import borrowing, rule
from kmsim.rules.attainment import disadvantaged_gain
from kmsim.rules.numbers import ZERO

TOTALS = (
    "aware",  # posts
    "in_use",  # posts
    "well",  # posts
    "q_users",  # sum over posts in use
    "o_users",
    "signed_up",  # schools
    "spread_schools",  # schools with a quarter of their posts in use
    "well_most",  # posts doing it well in the most disadvantaged fifth of schools
    "well_least",  # ... in the least
    "in_use_members",  # posts in use in schools that ever signed up
    "well_members",  # posts doing it well in schools that ever signed up
    "posts_members",  # posts in schools that ever signed up
    "gain_all",  # SD x pupils
    "gain_disadvantaged",  # SD x disadvantaged pupils
    "gain_others",  # SD x other pupils
    "clusters",  # in being
    "clusters_funded",  # that ever had money
    "clusters_alive",  # of those, with vitality above .3
    "vitality",  # sum over clusters in being
    "facilitators",
    "schools_doing_it",  # schools whose mean of q x use is at least .4 (F51's criterion)
    "cost",  # GBP so far, all practices
    "staff_hours",  # hours so far, all practices
)
INDEX = {name: i for i, name in enumerate(TOTALS)}
(
    _AWARE,
    _IN_USE,
    _WELL,
    _Q,
    _O,
    _SIGNED,
    _SPREAD,
    _MOST,
    _LEAST,
    _USE_MEMBERS,
    _WELL_MEMBERS,
    _POSTS_MEMBERS,
    _GAIN,
    _GAIN_DISADVANTAGED,
    _GAIN_OTHERS,
    _CLUSTERS,
    _FUNDED,
    _ALIVE,
    _VITALITY,
    _FACILITATORS,
    _DOING,
    _COST,
    _STAFF,
) = range(len(TOTALS))


@borrowing
def totals_of(w, fifth, out):
    """Write this tick's totals: out is (K, len(TOTALS)), float64; fifth is 0 (least free meals) to 4 (most)."""
    s, c, o, p = w.schools, w.clusters, w.offer, w.p[0]
    out[:] = 0.0
    for k in range(len(w.uptake)):
        row = out[k]
        for i in range(len(s)):
            n = s[i].n_posts
            pupils, fsm = np.float64(s[i].pupils), np.float64(s[i].fsm)
            row[_AWARE] += w.uptake[k, i].aware
            row[_IN_USE] += w.uptake[k, i].in_use
            row[_WELL] += w.uptake[k, i].well
            row[_Q] += w.uptake[k, i].q_users
            row[_O] += w.uptake[k, i].o_users
            row[_SIGNED] += w.uptake[k, i].signed_up
            row[_SPREAD] += 4 * w.uptake[k, i].in_use >= n
            row[_DOING] += w.uptake[k, i].q_users >= 0.4 * n
            if fifth[i] == 4:
                row[_MOST] += w.uptake[k, i].well
            if fifth[i] == 0:
                row[_LEAST] += w.uptake[k, i].well
            if w.uptake[k, i].ever_member:
                row[_USE_MEMBERS] += w.uptake[k, i].in_use
                row[_WELL_MEMBERS] += w.uptake[k, i].well
                row[_POSTS_MEMBERS] += n
            a = w.uptake[k, i].attainment
            signed = w.uptake[k, i].signed_up > 0
            targeting = o[i].targeting if signed else ZERO
            community = o[i].community if signed else ZERO
            d = np.float64(disadvantaged_gain(a, targeting, community, p))
            poor = pupils * fsm
            row[_GAIN] += pupils * (a + fsm * (d - a))
            row[_GAIN_DISADVANTAGED] += poor * d
            row[_GAIN_OTHERS] += (pupils - poor) * a
        row[_COST] = _booked(w.money.ledger)
        row[_STAFF] = w.money.staff_hours[0]
        first = k * (len(c) // len(w.uptake))  # a practice's clusters stand together, those it has formed first
        for j in range(first, first + w.formed[k]):
            if c[j].funded_once:
                row[_FUNDED] += 1
                row[_ALIVE] += c[j].members > 0 and c[j].vitality > p.v_alive
            if c[j].members > 0:
                row[_CLUSTERS] += 1
                row[_VITALITY] += c[j].vitality
                row[_FACILITATORS] += c[j].facilitators


@rule
def _booked(ledger):
    """All categories, one after another: NumPy's own sum adds them in another order, and so to other bits."""
    total = 0.0
    for c in range(len(ledger)):
        total += ledger[c]
    return total
