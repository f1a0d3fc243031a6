"""Trying, using, lapsing, dropping: complex contagion for practice (F46, P33), held by ownership, peers and seen benefit (F51, F57)."""

from __future__ import annotations

import numpy as np

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE, TWO, ZERO, exp, sigma

UNAWARE, AWARE, TRYING, USING, LAPSED = (np.uint8(i) for i in range(5))


@rule
def reinforcement(n, p):
    """R = n^2 / (theta^2 + n^2): two or three contacts in use make half of it."""
    return n * n / (p.theta * p.theta + n * n)


@rule
def load(workload, trying, p):
    """w: the post's own workload and what trying practices adds, in [0, 1]."""
    return min(max(workload + p.w_trying * trying, ZERO), ONE)


@rule
def hardness(complexity, nu, scripting, p):
    """Complexity as met: what is new makes it harder, a script easier."""
    return complexity * nu * (ONE - p.script_simple * scripting)


@rule
def try_rate(u, q, o, reinforced, priority, mandate, w, hard, openness, p):
    """r_try u sigma(will)."""
    return tries(u, sigma(will(q, o, reinforced, priority, mandate, w, hard, openness, p)), p)


@rule
def will(q, o, reinforced, priority, mandate, w, hard, openness, p):
    """b0 + b_R R + b_p priority + b_m m + b_o o - 2 b_w (w - 1/2) - cx (1 - q) + b_z z."""
    return (
        p.b0
        + p.b_reinforcement * reinforced
        + p.b_priority * priority
        + p.b_mandate * mandate
        + p.b_ownership * o
        - TWO * p.b_workload * (w - HALF)
        - hard * (ONE - q)
        + p.b_openness * openness
    )


@rule
def tries(u, willing, p):
    """The rate of trying of one who knows u of it and is willing to this degree."""
    return p.r_try * u * willing


@rule
def benefit_seen(visible, q, noise, p):
    """What a teacher sees: the gain that own fidelity would give, with noise; not the published effect size (F57)."""
    return min(max(visible * q + p.seen_noise * noise, ZERO), p.seen_max)


@rule
def visible_gain(observability, nu, effect, community, p):
    """The gain seen at full fidelity, before noise: of the effect as given, with neither effect_ratio nor delay."""
    return p.see_gain * observability * nu * effect / p.effect_reference * (ONE + p.seen_community * community)


@rule
def letting_go(o, reinforced, seen, priority, mandate, w, p):
    """base = exp(urge) (1 - .7 m).

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.
    """
    return held(exp(urge(o, reinforced, seen, priority, w, p)), mandate, p)


@rule
def urge(o, reinforced, seen, priority, w, p):
    """-c_o o - c_R R - c_b seen - c_p priority + c_w (w - 1/2)."""
    hold = p.c_ownership * o + p.c_reinforcement * reinforced + p.c_benefit * seen + p.c_priority * priority
    return p.c_workload * (w - HALF) - hold


@rule
def held(base, mandate, p):
    """What is left of the rate of letting go under a mandate."""
    return base * (ONE - p.mandate_hold * mandate)


@rule
def settle_rate(q, support, p):
    """From trying to using: r_use q/(q + q_half)(floor + (1 - floor) S)."""
    return p.r_use * q / (q + p.q_half) * (p.support_floor + (ONE - p.support_floor) * support)
