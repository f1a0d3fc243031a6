"""The arithmetic that rules share: exponentials, chances and moving toward targets exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.numbers import chance, clip, either, exp, exp_joined, exp_parts, pull, relax, sigma, toward
from tests.rules.points import between, by_hand, compiled, deviate, steps, unit

rates = between(0, 12)


@given(between(-86.9, 86.9))
def test_exp_is_e_to_the_x(x):
    assert float(compiled(exp, x)) == pytest.approx(math.exp(float(x)), rel=2.5e-7)


def test_exp_over_a_grid_and_at_its_ends():
    for x in np.linspace(-86.9, 86.9, 2001, dtype=np.float32):
        assert by_hand(exp, x) == pytest.approx(math.exp(float(x)), rel=2.5e-7)
    assert by_hand(exp, 0.0) == 1.0
    assert by_hand(exp, -200.0) == by_hand(exp, -87.0) > 0
    assert by_hand(exp, 200.0) == by_hand(exp, 87.0) < math.inf


@given(between(-80, 80), between(0, 3))
def test_exp_rises(x, more):
    assert compiled(exp, x) <= compiled(exp, x + more)


@given(between(-1e6, 1e6))
def test_clip_holds_to_the_unit_interval(x):
    assert float(compiled(clip, x)) == min(max(float(x), 0.0), 1.0)
    assert float(clip.py_func(x)) == min(max(float(x), 0.0), 1.0)


@given(between(-80, 80))
def test_sigma_is_the_logistic_function(x):
    got = float(compiled(sigma, x))
    assert 0 <= got <= 1
    assert got == pytest.approx(1 / (1 + math.exp(-float(x))), rel=1e-6, abs=1e-37)
    assert got + float(compiled(sigma, -x)) == pytest.approx(1, abs=1e-6)


@given(between(0, 90), steps)
def test_chance_is_a_probability_short_of_certainty(rate, dt):
    """As long as rate x dt stays under 15, which is far beyond what the rules reach; above that float32 rounds to 1."""
    got = float(compiled(chance, rate, dt))
    assert 0 <= got < 1
    assert got == pytest.approx(-math.expm1(-float(rate) * float(dt)), abs=2.5e-7)


@given(rates, rates, steps)
def test_chance_rises_with_rate(a, b, dt):
    low, high = sorted((a, b))
    assert compiled(chance, low, dt) <= compiled(chance, high, dt) + np.float32(1e-7)


@given(between(0, 20))
def test_chances_of_two_halves_make_the_chance_of_the_whole(rate):
    half, whole = compiled(chance, rate, np.float32(1 / 12)), compiled(chance, rate, np.float32(1 / 6))
    assert 1 - (1 - float(half)) ** 2 == pytest.approx(float(whole), abs=1e-6)


@given(rates, unit, unit)
def test_a_pull_counts_only_upward(gain, target, x):
    assert float(compiled(pull, gain, target, x)) == (float(gain) if target > x else 0.0)
    assert float(pull.py_func(gain, target, x)) == (float(gain) if target > x else 0.0)


@given(unit, rates, unit, rates, steps)
def test_relax_never_overshoots(x, gain, target, loss, dt):
    """One target: the new value lies between the old and where gain and loss balance, and so never beyond the target."""
    after = float(compiled(relax, x, gain, gain * target, loss, dt))
    total = float(gain) + float(loss)
    rest = float(gain) * float(target) / total if total > 0 else float(x)
    low, high = sorted((float(x), rest))
    assert low - 2e-6 <= after <= high + 2e-6


@given(unit, rates, unit, rates, unit, rates)
def test_relax_is_exact_for_constant_rates(x, gain, target, other, second, loss):
    """Two half steps make one step, whatever the rates: the time step is no parameter of the rule."""
    pulls = gain + other, gain * target + other * second
    whole = compiled(relax, x, *pulls, loss, np.float32(1 / 6))
    half = compiled(relax, compiled(relax, x, *pulls, loss, np.float32(1 / 12)), *pulls, loss, np.float32(1 / 12))
    assert float(half) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(unit, unit, rates)
def test_toward_is_exact_and_between(x, target, rate):
    whole = float(compiled(toward, x, target, rate, np.float32(1 / 6)))
    half = compiled(toward, compiled(toward, x, target, rate, np.float32(1 / 12)), target, rate, np.float32(1 / 12))
    assert float(half) == pytest.approx(whole, rel=1e-6, abs=3e-7)
    low, high = sorted((float(x), float(target)))
    assert low - 1e-6 <= whole <= high + 1e-6


@given(unit, steps)
def test_nothing_pulls_and_nothing_is_lost_so_nothing_moves(x, dt):
    assert float(compiled(relax, x, 0.0, 0.0, 0.0, dt)) == float(x)


def test_relax_by_hand():
    """x = .2, pulls (2, 1) and (.5, .4), loss .3: A = 2.8, rest 2.2/2.8."""
    rest = 2.2 / 2.8
    for n in (6, 12, 52):
        expected = rest + (0.2 - rest) * math.exp(-2.8 / n)
        assert by_hand(relax, 0.2, 2.5, 2.2, 0.3, 1 / n) == pytest.approx(expected, rel=1e-6)
    assert by_hand(toward, 0.2, 0.9, 0.5, 0.5) == pytest.approx(0.9 - 0.7 * math.exp(-0.25), rel=1e-6)
    assert by_hand(chance, 2.0, 1 / 6) == pytest.approx(1 - math.exp(-1 / 3), rel=1e-6)
    assert by_hand(sigma, -2.2) == pytest.approx(1 / (1 + math.exp(2.2)), rel=1e-6)


@given(st.lists(deviate, min_size=1, max_size=5))
def test_rules_stay_in_float32(values):
    for x in values:
        whole, rest = exp_parts.py_func(x)
        assert {np.asarray(y).dtype for y in (whole, rest, exp_joined.py_func(whole, rest))} == {np.dtype(np.float32)}


@given(unit, unit)
def test_either_is_one_or_the_other_to_the_last_bit(a, b):
    assert compiled(either, 1.0, a, b) == a
    assert compiled(either, 0.0, a, b) == b
