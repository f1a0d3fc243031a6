"""Step 2: clusters meet; vitality, facilitators and expertise move; CPD is allocated to schools."""

from __future__ import annotations

import numpy as np

from kmsim.jit import borrowing, compiled, inner, maker, rule
from kmsim.phases.world import clusters_of
from kmsim.rules.clusters import (
    capacity_in_hand,
    coordination,
    expert_quality,
    expertise_after,
    facilitators_after,
    own_hours,
    own_strength,
    planned_hours,
    pool_quality,
    vitality_after,
)
from kmsim.rules.cpd import attendance, carried, quality, rehearsal
from kmsim.rules.numbers import ONE, ZERO, F


@borrowing
def networks(w, tick):
    """Everything that clusters and schools do before teachers do anything, for each practice."""
    for k in range(len(w.uptake)):
        _funding(w, k, tick)
        _gather(w, k)
        _meet(w, k)
        _plan_hours(w, k)
    _share_time_and_priority(w)
    pool = _pool(w)
    for k in range(len(w.uptake)):
        _deliver(w, k, pool)


@rule
def fund_at(joined, tick, funded_ticks, taper_ticks):
    """1 while a school's funding lasts, then falling to 0 over the taper."""
    beyond = tick - joined - funded_ticks
    if beyond < 0:
        return ONE
    if beyond < taper_ticks:
        return ONE - F(beyond) / F(taper_ticks)
    return ZERO


@compiled
def funding_in_all(clock):
    """Years of full funding that a school's whole funded time amounts to.

    >>> from kmsim.phases.world import clock
    >>> funding_in_all(clock(1, 6, 3.0, 0.0, 1.0, False))
    3.0
    """
    ticks = 0.0
    for tick in range(clock.funded_ticks + clock.taper_ticks):
        ticks += fund_at(0, tick, clock.funded_ticks, clock.taper_ticks)
    return ticks / clock.ticks_per_year


@inner
def _funding(w, k, tick):
    s = w.schools
    for i in range(len(s)):
        w.uptake[k, i].fund = (
            fund_at(w.uptake[k, i].joined, tick, w.clock.funded_ticks, w.clock.taper_ticks)
            if w.uptake[k, i].signed_up
            else ZERO
        )


@inner
def _gather(w, k):
    """Means of each cluster over its members and their posts, as the last tick left them."""
    s, c = w.schools, w.clusters
    first, end = clusters_of(w, k)
    for j in range(first, end):
        c[j].members = 0
        c[j].posts = 0
        c[j].need = c[j].fund = c[j].expertise = c[j].fidelity = c[j].ownership = c[j].visible = c[j].climate = ZERO
    for i in range(len(s)):
        j = w.uptake[k, i].cluster
        if j >= 0:
            c[j].members += 1
            c[j].posts += s[i].n_posts
            c[j].need += s[i].fsm_rank
            c[j].fund += w.uptake[k, i].fund
            c[j].expertise += w.uptake[k, i].expertise
            c[j].fidelity += w.uptake[k, i].q_users
            c[j].ownership += w.uptake[k, i].o_users
            c[j].visible += w.uptake[k, i].well + w.p[0].half_user * (w.uptake[k, i].in_use - w.uptake[k, i].well)
            c[j].climate = max(c[j].climate, s[i].climate)


@maker
def _meet(w, k):
    """Vitality and facilitators of each cluster; then its sums become means."""
    s, p, dt = w.schools, w.p[0], w.clock.dt
    first, end = clusters_of(w, k)
    c, n_clusters = w.clusters[first:end], end - first
    users = np.zeros(n_clusters, np.int64)
    champions = np.zeros(n_clusters, np.int64)
    collaboration = np.zeros(n_clusters, np.float32)
    capacity = np.zeros(n_clusters, np.float32)
    hierarchy = np.zeros(n_clusters, np.int64)
    signed_in_group = w.scratch.group_members[k]
    signed_in_group[:] = 0
    for i in range(len(s)):
        if w.uptake[k, i].signed_up and s[i].group >= 0:
            signed_in_group[s[i].group] += 1
    for i in range(len(s)):
        j = w.uptake[k, i].cluster - first
        if j >= 0:
            users[j] += w.uptake[k, i].in_use
            champions[j] += w.uptake[k, i].champions
            collaboration[j] += w.offer[i].collaboration
            capacity[j] += w.offer[i].capacity_building
            hierarchy[j] = signed_in_group[s[i].group]
    for j in range(n_clusters):
        if c[j].members == 0:
            continue
        n = F(c[j].members)
        c[j].need /= n
        c[j].fund /= n
        c[j].expertise /= n
        c[j].visible /= F(c[j].posts)
        if users[j] > 0:
            c[j].fidelity /= F(users[j])
            c[j].ownership /= F(users[j])
        own = own_strength(c[j].ownership, F(users[j]) / F(c[j].posts), p)
        kappa = coordination(F(hierarchy[j]), w.clock.hierarchy, p)
        v = vitality_after(c[j].vitality, collaboration[j] / n, kappa, c[j].fund, own, c[j].facilitators, p, dt)
        c[j].facilitators = facilitators_after(c[j].facilitators, capacity[j] / n, v, F(champions[j]), p, dt)
        c[j].vitality = v
        c[j].funded_once |= c[j].fund > 0


@rule
def vitality_of(w, j):
    """A cluster's vitality; a school without a cluster has none."""
    return w.clusters[j].vitality if j >= 0 else ZERO


@inner
def _plan_hours(w, k):
    """H = fund (Hplan + coaching) + (1 - fund) what own facilitators can give; paid and own parts kept apart."""
    s, c, o, p = w.schools, w.clusters, w.offer, w.p[0]
    for i in range(len(s)):
        w.uptake[k, i].hours = w.uptake[k, i].paid_hours = w.uptake[k, i].own_hours = ZERO
        if w.uptake[k, i].signed_up:
            j = w.uptake[k, i].cluster
            fund = w.uptake[k, i].fund
            need = s[i].fsm_rank - c[j].need if j >= 0 else ZERO
            plan = planned_hours(o[i].cpd, o[i].targeting, need, p)
            own = own_hours(plan, c[j].facilitators, c[j].vitality, F(c[j].posts), p) if j >= 0 else ZERO
            w.uptake[k, i].paid_hours = fund * plan
            w.uptake[k, i].own_hours = (ONE - fund) * own
            w.uptake[k, i].hours = fund * (plan + o[i].coaching) + (ONE - fund) * own


@inner
def _share_time_and_priority(w):
    """Practices compete: a teacher's CPD hours and a school's priorities have a most, all practices together."""
    s, p = w.schools, w.p[0]
    for i in range(len(s)):
        hours = priority = ZERO
        for k in range(len(w.uptake)):
            hours += w.uptake[k, i].hours
            priority += w.uptake[k, i].priority
        time = p.h_max / hours if hours > p.h_max else ONE
        room = p.priority_room / priority if priority > p.priority_room else ONE
        for k in range(len(w.uptake)):
            w.uptake[k, i].hours *= time
            w.uptake[k, i].paid_hours *= time
            w.uptake[k, i].own_hours *= time
            w.uptake[k, i].force = w.uptake[k, i].priority * room


@inner
def _pool(w):
    """The quality of the experts drawn this tick, by every practice of the policy together."""
    s, o, p = w.schools, w.offer, w.p[0]
    experts = 0.0
    for k in range(len(w.uptake)):
        for i in range(len(s)):
            if w.uptake[k, i].fund > 0:
                days = p.expert_days * o[i].external_expertise * (p.cascade_days if o[i].tiers > 0 else ONE)
                experts += w.uptake[k, i].fund * (days / p.expert_year + o[i].coaching * F(s[i].n_posts) / p.coach_year)
    return pool_quality(experts * w.clock.pool_scale, p)


@inner
def _deliver(w, k, pool):
    """Attendance, the experts' quality, the expertise taken in and the quality of CPD, by school."""
    s, c, o, p, dt = w.schools, w.clusters, w.offer, w.p[0], w.clock.dt
    for i in range(len(s)):
        w.uptake[k, i].attendance = _mean_attendance(w, k, i) if w.uptake[k, i].hours > 0 else ZERO
        if not w.uptake[k, i].signed_up:
            w.uptake[k, i].expert = w.uptake[k, i].quality = w.uptake[k, i].rehearsal = ZERO
            w.uptake[k, i].expertise = expertise_after(
                w.uptake[k, i].expertise, ZERO, ZERO, ONE, ZERO, ZERO, ZERO, p, dt
            )
            continue
        j = w.uptake[k, i].cluster
        v = vitality_of(w, j)
        in_hand = capacity_in_hand(c[j].facilitators, p) if j >= 0 else ZERO
        carry = carried(o[i].novelty, p)[1]
        ex = expert_quality(o[i].external_expertise, w.uptake[k, i].fund, pool, o[i].tiers, p)
        attended = w.uptake[k, i].attendance * w.uptake[k, i].hours
        e_cluster = c[j].expertise if j >= 0 else ZERO
        e = expertise_after(w.uptake[k, i].expertise, attended, ex, carry, v, e_cluster, in_hand, p, dt)
        w.uptake[k, i].expertise = e
        w.uptake[k, i].expert = ex
        w.uptake[k, i].quality = quality(ex, e, carry, w.uptake[k, i].scripting, o[i].focus, p)
        w.uptake[k, i].rehearsal = rehearsal(v, w.uptake[k, i].fund if o[i].coaching > 0 else ZERO, p)


@rule
def _mean_attendance(w, k, i):
    first, n = w.schools[i].first_post, w.schools[i].n_posts
    workload = w.posts.base_workload[first : first + n]
    noise = w.posts.attendance_noise[k, first : first + n]
    priority, mandate = w.uptake[k, i].force, w.offer[i].mandate
    total = ZERO
    for j in range(n):
        total += attendance(priority, mandate, workload[j], noise[j], w.p[0])
    return total / F(n)
