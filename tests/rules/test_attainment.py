"""Attainment: what pupils gain, and when."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.attainment import attainment_after, disadvantaged_gain
from tests.rules.points import DT, P, Senses, between, by_hand, compiled, senses_of, steps, unit

AFTER = {"attainment": between(0, 0.3), "effect": between(0, 0.3), "nu": between(0, 1.4), "deep_use": unit, "dt": steps}
GAIN = {"attainment": between(0, 0.3), "targeting": unit, "community": unit}


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(attainment_after, AFTER, "+attainment +effect +nu +deep_use"),
        Senses(disadvantaged_gain, GAIN, "+attainment +targeting +community"),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(*AFTER.values())
def test_pupils_never_gain_more_than_what_is_done(attainment, effect, nu, deep_use, dt):
    after = float(compiled(attainment_after, attainment, effect, nu, deep_use, dt))
    low, high = sorted((float(attainment), float(P["effect_ratio"] * effect) * float(nu) * float(deep_use)))
    assert low - 1e-6 <= after <= high + 1e-6


@given(between(0, 0.3), between(-0.05, 0.3), unit)
def test_gains_do_not_depend_on_the_step(attainment, effect, deep_use):
    whole = compiled(attainment_after, attainment, effect, 1.0, deep_use, DT)
    half = compiled(attainment_after, attainment, effect, 1.0, deep_use, DT / 2)
    again = compiled(attainment_after, half, effect, 1.0, deep_use, DT / 2)
    assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=1e-7)


@given(*GAIN.values())
def test_disadvantaged_pupils_gain_at_least_as_much(attainment, targeting, community):
    assert compiled(disadvantaged_gain, attainment, targeting, community) >= attainment


def test_by_hand():
    """At 1/1.5 a year to effect nu mean(use q); A_d = A (1 + .5 targeting + .25 community)."""
    target = 0.12 * 1.0 * 0.5
    expected = target + (0.01 - target) * math.exp(-1 / 6 / 1.5)
    assert by_hand(attainment_after, 0.01, 0.12, 1.0, 0.5, 1 / 6) == pytest.approx(expected, rel=1e-6)
    target = 0.18 * 0.5 * 0.3
    expected = target + (0.1 - target) * math.exp(-1 / 12 / 1.5)
    assert by_hand(attainment_after, 0.1, 0.18, 0.5, 0.3, 1 / 12) == pytest.approx(expected, rel=1e-6)
    assert by_hand(disadvantaged_gain, 0.1, 0.4, 0.5) == pytest.approx(0.1 * (1 + 0.2 + 0.125), rel=1e-6)
