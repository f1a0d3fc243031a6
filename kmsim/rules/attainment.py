"""Attainment: what deep use does for pupils, years later (P46)."""

from __future__ import annotations

from kmsim.jit import rule
from kmsim.rules.numbers import ONE, toward


@rule
def attainment_after(attainment, effect, nu, deep_use, p, dt):
    """A school's gain [SD] after dt of moving to effect_ratio x effect x nu x mean over posts of q in use, at 1/delay a year.

    effect: as the practice is given it, before effect_ratio; full depth gives effect_ratio times as much (calibrated).

    >>> from kmsim.parameters import defaults, record
    >>> p = record(defaults() | {"effect_ratio": 1.0, "delay": 1.5})
    >>> [round(attainment_after(0.0, 0.12, 1.0, 1.0, p, years), 3) for years in (1.5, 15.0)]
    [0.076, 0.12]
    """
    return toward(attainment, p.effect_ratio * effect * nu * deep_use, ONE / p.delay, dt)


@rule
def disadvantaged_gain(attainment, targeting, community, p):
    """The gain of disadvantaged pupils: more where targeted, and where the community takes part (F04, F05).

    >>> from kmsim.parameters import defaults, record
    >>> disadvantaged_gain(0.25, 1.0, 0.0, record(defaults() | {"d_target": 0.5}))
    0.375
    """
    return attainment * (ONE + p.d_target * targeting + p.d_community * community)
