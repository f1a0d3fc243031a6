"""Schools: the head's priority, routine that stays when people leave, climate, signing up and withdrawing."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import HALF, ONE, ZERO, F, clip, exp, pull, relax, toward

_THOUSAND = F(1000)


@rule
def funded_priority(climate, p):
    """What a funded school gives a practice, and at least what a joining school gives it.

    >>> from kmsim.parameters import defaults, record
    >>> round(funded_priority(0.5, record(defaults())), 2)
    0.7
    """
    return p.pr_floor + p.pr_climate * climate


@rule
def priority_after(priority, climate, fund, owned_use, signed_up, p, dt):
    """Priority moves to what money asks and, after it, to what owned use keeps; unsigned, to what climate gives.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(priority_after(0.7, 0.5, fund, 0.0, True, p, 20.0), 2) for fund in (1.0, 0.0)]
    [0.7, 0.1]
    """
    after = p.pr_unsigned * climate + p.pr_owned * min(ONE, p.pr_use * owned_use)
    target = fund * funded_priority(climate, p) + (ONE - fund) * after if signed_up else p.pr_unsigned * climate
    return toward(priority, target, p.pr_rate, dt)


@rule
def withdrawal_rate(fund, v, p):
    """Contracts and lively clusters keep a school formally in (P27, F52, F53).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(withdrawal_rate(0.0, v, p), 3) for v in (0.0, 0.5)]
    [0.125, 0.014]
    """
    return p.withdraw_live if fund > ZERO or v > p.v_alive else p.withdraw_dead


@rule
def routine_after(routine, capacity, scripting, deep_use, p, dt):
    """Routine grows with deep use where capacity is built, or a script brings it; it fades.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"r_gain": 0.1, "r_loss": 0.2})
    >>> [round(routine_after(0.0, capacity, 0.0, 1.0, p, 50.0), 2) for capacity in (0.0, 1.0)]
    [0.0, 0.5]
    """
    inflow = p.r_gain * max(capacity, p.script_routine * scripting) * deep_use
    return clip(toward(routine, inflow / p.r_loss, p.r_loss, dt))


@rule
def climate_after(climate, v, best, p, dt):
    """Climate is learnt from the cluster's best, slowly (F50).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(climate_after(0.5, 1.0, best, p, 10.0), 3) for best in (0.25, 1.0)]
    [0.5, 0.697]
    """
    gain = pull(p.climate_gain * v, best, climate)
    return relax(climate, gain, gain * best, ZERO, dt)


@rule
def signup_rate(mandate, invited, climate, neighbours, existing, incentive, scripting, ask, targeting, fsm_rank, p):
    """rate_mandate m + rate_invite i exp(climate, neighbours, existing network, incentive, script, ask, need): P18, P19, F32.

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults())
    >>> [round(signup_rate(mandate, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, p), 2) for mandate in (0.0, 1.0)]
    [0.3, 3.3]
    """
    pulls = (
        p.s_climate * (climate - HALF)
        + p.s_neighbours * neighbours
        + p.s_existing * existing
        + p.s_incentive * min(ONE, incentive / p.incentive_full)
        + p.s_scripting * scripting
        - p.s_ask * ask / _THOUSAND
        + p.s_target * targeting * (fsm_rank - HALF)
    )
    return p.rate_mandate * mandate + p.rate_invite * invited * exp(pulls)
