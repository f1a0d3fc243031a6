"""Trying, using, lapsing, dropping: complex contagion for practice (F46, P33), held by ownership, peers and seen benefit (F51, F57)."""

from __future__ import annotations

import numpy as np

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE, TWO, ZERO, exp, sigma

UNAWARE, AWARE, TRYING, USING, LAPSED = (np.uint8(i) for i in range(5))


@rule
def reinforcement(n, p):
    """R = n^2 / (theta^2 + n^2): two or three contacts in use make half of it.

    >>> from kmsim.parameters import defaults, record
    >>> reinforcement(2.0, record(defaults() | {"theta": 2.0}))
    0.5
    """
    return n * n / (p.theta * p.theta + n * n)


@rule
def load(workload, trying, p):
    """w: the post's own workload and what trying practices adds, in [0, 1].

    >>> from kmsim.parameters import defaults, record
    >>> round(load(0.5, 2.0, record(defaults() | {"w_trying": 0.15})), 2)
    0.8
    """
    return min(max(workload + p.w_trying * trying, ZERO), ONE)


@rule
def hardness(complexity, nu, scripting, p):
    """Complexity as met: what is new makes it harder, a script easier.

    >>> from kmsim.parameters import defaults, record
    >>> hardness(0.5, 1.0, 1.0, record(defaults() | {"script_simple": 0.5}))
    0.25
    """
    return complexity * nu * (ONE - p.script_simple * scripting)


@rule
def try_rate(u, q, o, reinforced, priority, mandate, w, hard, openness, p):
    """r_try u sigma(will).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"r_try": 4.0, "b0": 0.0})
    >>> [try_rate(u, 1.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0, p) for u in (0.0, 1.0)]
    [0.0, 2.0]
    """
    return tries(u, sigma(will(q, o, reinforced, priority, mandate, w, hard, openness, p)), p)


@rule
def will(q, o, reinforced, priority, mandate, w, hard, openness, p):
    """b0 + b_R R + b_p priority + b_m m + b_o o - 2 b_w (w - 1/2) - cx (1 - q) + b_z z.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"b0": -1.0, "b_mandate": 1.5})
    >>> [will(1.0, 0.0, 0.0, 0.0, mandate, 0.5, 0.5, 0.0, p) for mandate in (0.0, 1.0)]
    [-1.0, 0.5]
    """
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
    """The rate of trying of one who knows u of it and is willing to this degree.

    >>> from kmsim.parameters import defaults, record
    >>> tries(0.5, 0.25, record(defaults() | {"r_try": 4.0}))
    0.5
    """
    return p.r_try * u * willing


@rule
def benefit_seen(visible, q, noise, p):
    """What a teacher sees: the gain that own fidelity would give, with noise; not the published effect size (F57).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"seen_noise": 0.5})
    >>> [benefit_seen(1.0, 0.5, noise, p) for noise in (-1.0, 0.0, 1.0)]
    [0.0, 0.5, 1.0]
    """
    return min(max(visible * q + p.seen_noise * noise, ZERO), p.seen_max)


@rule
def visible_gain(observability, nu, effect, community, p):
    """The gain seen at full fidelity, before noise: of the effect as given, with neither effect_ratio nor delay.

    >>> from kmsim.parameters import defaults, record
    >>> round(visible_gain(0.5, 1.0, 0.12, 0.0, record(defaults() | {"see_gain": 2.0})), 3)
    1.0
    """
    return p.see_gain * observability * nu * effect / p.effect_reference * (ONE + p.seen_community * community)


@rule
def letting_go(o, reinforced, seen, priority, mandate, w, p):
    """base = exp(urge) (1 - .7 m).

    The whole rule in one piece, for reading and for tests; `phases.teachers` takes it by its halves.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"mandate_hold": 0.75})
    >>> [letting_go(0.0, 0.0, 0.0, 0.0, mandate, 0.5, p) for mandate in (0.0, 1.0)]
    [1.0, 0.25]
    """
    return held(exp(urge(o, reinforced, seen, priority, w, p)), mandate, p)


@rule
def urge(o, reinforced, seen, priority, w, p):
    """-c_o o - c_R R - c_b seen - c_p priority + c_w (w - 1/2).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"c_ownership": 0.75})
    >>> [urge(o, 0.0, 0.0, 0.0, 0.5, p) for o in (0.0, 1.0)]
    [0.0, -0.75]
    """
    hold = p.c_ownership * o + p.c_reinforcement * reinforced + p.c_benefit * seen + p.c_priority * priority
    return p.c_workload * (w - HALF) - hold


@rule
def held(base, mandate, p):
    """What is left of the rate of letting go under a mandate.

    >>> from kmsim.parameters import defaults, record
    >>> held(1.0, 1.0, record(defaults() | {"mandate_hold": 0.75}))
    0.25
    """
    return base * (ONE - p.mandate_hold * mandate)


@rule
def settle_rate(q, support, p):
    """From trying to using: r_use q/(q + q_half)(floor + (1 - floor) S).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"r_use": 3.0, "q_half": 0.25})
    >>> [settle_rate(q, 1.0, p) for q in (0.0, 0.25)]
    [0.0, 1.5]
    """
    return p.r_use * q / (q + p.q_half) * (p.support_floor + (ONE - p.support_floor) * support)
