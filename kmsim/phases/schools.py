"""Step 5: priority, withdrawal, routine, climate, and what pupils gain."""

from __future__ import annotations

from kmsim import rng
from kmsim.jit import borrowing, inner
from kmsim.phases.world import clusters_of
from kmsim.rules.attainment import attainment_after
from kmsim.rules.cpd import carried
from kmsim.rules.numbers import ZERO, F, chance
from kmsim.rules.schools import climate_after, priority_after, routine_after, withdrawal_rate


@borrowing
def schools(w, tick):
    """Every school once, for each practice, from its posts as they now are."""
    for k in range(len(w.uptake)):
        _priorities(w, k)
    for k in range(len(w.uptake)):
        _withdrawals(w, k, tick)
        _end_lonely_clusters(w, k)
    for k in range(len(w.uptake)):
        _settle(w, k)


@inner
def _priorities(w, k):
    s, p, dt = w.schools, w.p[0], w.clock.dt
    for i in range(len(s)):
        owned_use = w.uptake[k, i].o_users / F(s[i].n_posts)
        signed = w.uptake[k, i].signed_up > 0
        w.uptake[k, i].priority = priority_after(
            w.uptake[k, i].priority, s[i].climate, w.uptake[k, i].fund, owned_use, signed, p, dt
        )


@inner
def _withdrawals(w, k, tick):
    s, p, dt = w.schools, w.p[0], w.clock.dt
    for i in range(len(s)):
        if w.uptake[k, i].signed_up:
            j = w.uptake[k, i].cluster
            v = w.clusters[j].vitality if j >= 0 else ZERO
            leave = chance(withdrawal_rate(w.uptake[k, i].fund, v, p), dt)
            if rng.uniform(w.clock.seed, rng.WITHDRAW, k, i, tick) < leave:
                w.uptake[k, i].signed_up = 0
                w.uptake[k, i].cluster = -1
                if j >= 0:
                    w.clusters[j].members -= 1


@inner
def _end_lonely_clusters(w, k):
    """A cluster left with one school has nobody to meet: it ends."""
    s, c = w.schools, w.clusters
    for i in range(len(s)):
        j = w.uptake[k, i].cluster
        if j >= 0 and c[j].members < 2:
            w.uptake[k, i].cluster = -1
            c[j].members = 0
    first, end = clusters_of(w, k)
    for j in range(first, end):
        if c[j].members == 0:
            c[j].vitality = c[j].facilitators = ZERO


@inner
def _settle(w, k):
    s, o, p, dt = w.schools, w.offer, w.p[0], w.clock.dt
    first, end = clusters_of(w, k)
    for j in range(first, end):
        w.clusters[j].climate = ZERO
    for i in range(len(s)):
        j = w.uptake[k, i].cluster
        if j >= 0:
            w.clusters[j].climate = max(w.clusters[j].climate, s[i].climate)
    for i in range(len(s)):
        signed = w.uptake[k, i].signed_up > 0
        j = w.uptake[k, i].cluster
        n = F(s[i].n_posts)
        capacity = o[i].capacity_building if signed else ZERO
        w.uptake[k, i].routine = routine_after(
            w.uptake[k, i].routine, capacity, w.uptake[k, i].scripting, w.uptake[k, i].q_deep / n, p, dt
        )
        if j >= 0:
            s[i].climate = climate_after(s[i].climate, w.clusters[j].vitality, w.clusters[j].climate, p, dt)
        nu = carried(o[i].novelty if signed else p.novelty_reference, p)[0]
        gained = w.uptake[k, i].q_users / n
        w.uptake[k, i].attainment = attainment_after(
            w.uptake[k, i].attainment, w.practices[k].effect, nu, gained, p, dt
        )
