"""Clusters: what keeps them meeting, the facilitators they grow and the expertise they take in.

After the money ownership and own facilitators keep a cluster alive: the review's seventh and fourth features (F02).
"""

from __future__ import annotations

import numpy as np

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, ZERO, clip, exp, pull, relax, toward


@rule
def coordination(schools, hierarchy, p):
    """kappa: 1 for networks of any size (F03); in hierarchies it falls beyond ten schools (F45).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> coordination(500, False, p), coordination(10, True, p), round(coordination(50, True, p), 3)
    (1.0, 1.0, 0.368)
    """
    return exp(-max(ZERO, schools - p.hierarchy_free) / p.hierarchy_scale) if hierarchy else ONE


@rule
def own_strength(o_users, use_share, p):
    """own_c: mean ownership of those in use, in full once a third of the posts are.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [own_strength(0.5, use_share, p) for use_share in (0.25, 0.9)]
    [0.375, 0.5]
    """
    return o_users * min(ONE, p.own_share * use_share)


@rule
def capacity_in_hand(facilitators, p):
    """capF: the share of the facilitators it needs that a cluster has of its own.

    >>> from kmsim.parameters import defaults, record
    >>> [capacity_in_hand(facilitators, record(defaults())) for facilitators in (1.0, 5.0)]
    [0.5, 1.0]
    """
    return min(ONE, facilitators / p.f_needed)


@rule
def vitality_after(v, collaboration, kappa, fund, own, facilitators, p, dt):
    """v after dt of moving to kappa collaboration (fund + (1 - fund) g(ownership, facilitators)) at 1/tau_v.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(vitality_after(0.5, 0.5, 1.0, fund, 0.0, 0.0, p, 10.0), 3) for fund in (1.0, 0.0)]
    [0.5, 0.0]
    """
    kept = min(ONE, p.own_gain * own / (own + p.own_half) * capacity_in_hand(facilitators, p))
    return toward(v, kappa * collaboration * (fund + (ONE - fund) * kept), ONE / p.tau_v, dt)


@rule
def facilitators_after(f, capacity, v, champions, p, dt):
    """F after dt: champions are brought on where capacity is built and the cluster is lively; some leave.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"f_gain": 0.4})
    >>> [facilitators_after(0.0, capacity, 1.0, 8.0, p, 20.0) for capacity in (0.0, 1.0)]
    [0.0, 6.0]
    """
    inflow = p.f_gain * capacity * v * min(p.champions_max, champions)
    return min(p.f_max, toward(f, inflow / p.f_loss, p.f_loss, dt))


@rule
def planned_hours(cpd, targeting, need, p):
    """Hplan: CPD hours a teacher a year; targeting steers them to need (the school's rank less its cluster's mean).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [planned_hours(0.5, targeting, 0.5, p) for targeting in (0.0, 1.0)]
    [18.0, 22.5]
    """
    return p.h_cpd * cpd * (ONE + p.h_target * targeting * need)


@rule
def own_hours(plan, facilitators, v, posts, p):
    """What a cluster's own facilitators can give of the plan once the money is gone, hours a teacher a year.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [own_hours(18.0, 2.0, 0.5, posts, p) for posts in (10.0, 60.0)]
    [18.0, 6.0]
    """
    return min(plan, p.h_facilitator * facilitators * v * p.f_reach / posts)


@rule
def pool_quality(experts, p):
    """Quality of the expert pool when this many (full time) are drawn from it: it falls with each doubling (P15).

    >>> from kmsim.parameters import defaults, record
    >>> [round(pool_quality(experts, record(defaults())), 2) for experts in (10.0, 20.0, 40.0, 1e6)]
    [1.0, 0.85, 0.7, 0.4]
    """
    drained = p.pool_slope * np.float32(np.log2(max(1.0, np.float64(experts) / np.float64(p.pool_free))))
    return min(max(ONE - drained, p.pool_floor), ONE)


@rule
def expert_quality(external_expertise, fund, pool, tiers, p):
    """ex: what reaches a school from outside; each tier of a cascade keeps a share (P45).

    >>> from kmsim.parameters import defaults, record
    >>> [round(expert_quality(1.0, 1.0, 1.0, tiers, record(defaults())), 2) for tiers in (0, 1, 2)]
    [1.0, 0.7, 0.49]
    """
    return fund * external_expertise * pool * p.tier_keep**tiers


@rule
def expertise_after(e, attended, ex, carry, v, e_cluster, in_hand, p, dt):
    """E after dt: taken in with the hours attended, spread in a lively cluster, fading less with own facilitators.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"e_loss": 0.12, "e_hold": 0.7})
    >>> [round(expertise_after(0.5, 0.0, 0.0, 1.0, 0.0, 0.0, in_hand, p, 1.0), 3) for in_hand in (0.0, 1.0)]
    [0.443, 0.482]
    """
    outside = carry * ex
    taken = pull(p.e_gain * attended, outside, e)
    shared = pull(v, e_cluster, e)
    return clip(
        relax(e, taken + shared, taken * outside + shared * e_cluster, p.e_loss * (ONE - p.e_hold * in_hand), dt)
    )
