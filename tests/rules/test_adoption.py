"""Adoption: trying, settling, lapsing and dropping."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.adoption import (
    benefit_seen,
    hardness,
    letting_go,
    load,
    reinforcement,
    settle_rate,
    try_rate,
    visible_gain,
)
from kmsim.rules.numbers import chance
from tests.rules.points import P, Senses, between, by_hand, compiled, deviate, senses_of, steps, unit

contacts = between(0, 12)
TRY = {
    "u": unit, "q": unit, "o": unit, "reinforced": unit, "priority": unit, "mandate": unit, "w": unit, "hard": between(0, 1.5), "openness": deviate
}  # fmt: skip
GO = {"o": unit, "reinforced": unit, "seen": between(0, 1.5), "priority": unit, "mandate": unit, "w": unit}
VISIBLE = {"observability": unit, "nu": between(0, 1.4), "effect": between(0, 0.5), "community": unit}


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(reinforcement, {"n": contacts}, "+n"),
        Senses(load, {"workload": unit, "trying": between(0, 4)}, "+workload +trying"),
        Senses(hardness, {"complexity": unit, "nu": between(0, 1.4), "scripting": unit}, "+complexity +nu -scripting"),
        Senses(try_rate, TRY, "+u +q +o +reinforced +priority +mandate -w -hard +openness"),
        Senses(benefit_seen, {"visible": between(0, 4), "q": unit, "noise": deviate}, "+visible +q +noise"),
        Senses(visible_gain, VISIBLE, "+observability +nu +effect +community"),
        Senses(letting_go, GO, "-o -reinforced -seen -priority -mandate +w"),
        Senses(settle_rate, {"q": unit, "support": unit}, "+q +support"),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(contacts)
def test_reinforcement_is_a_share_and_half_at_theta(n):
    assert 0 <= compiled(reinforcement, n) < 1
    assert float(compiled(reinforcement, P.theta)) == 0.5


@given(contacts)
def test_reinforcement_is_complex_contagion(n):
    """Below theta/sqrt(3) contacts a second contact does more than the first: S-shaped, unlike simple contagion."""
    if float(n) < float(P.theta) / math.sqrt(3) / 2:
        first = compiled(reinforcement, n)
        assert float(compiled(reinforcement, 2 * n)) >= 2 * float(first) - 1e-6


@given(unit, between(0, 10))
def test_load_is_a_share(workload, trying):
    assert 0 <= compiled(load, workload, trying) <= 1


@given(*TRY.values())
def test_trying_is_bounded_by_knowledge(u, q, o, reinforced, priority, mandate, w, hard, openness):
    rate = compiled(try_rate, u, q, o, reinforced, priority, mandate, w, hard, openness)
    assert 0 <= rate <= P.r_try * u * np.float32(1 + 1e-6)
    assert compiled(try_rate, 0.0, q, o, reinforced, priority, mandate, w, hard, openness) == 0


@given(between(0, 4), unit, deviate)
def test_benefit_seen_is_bounded(visible, q, noise):
    assert 0 <= compiled(benefit_seen, visible, q, noise) <= P.seen_max


@given(*GO.values(), steps)
def test_letting_go_is_positive_and_a_mandate_only_holds_it_down(o, reinforced, seen, priority, mandate, w, dt):
    base = compiled(letting_go, o, reinforced, seen, priority, mandate, w)
    free = compiled(letting_go, o, reinforced, seen, priority, 0.0, w)
    assert 0 < base <= free <= math.exp(float(P.c_workload) / 2) * (1 + 1e-6)
    assert (1 - float(P.mandate_hold)) * float(free) <= float(base) * (1 + 1e-5)
    assert 0 <= compiled(chance, P.r_lapse * base, dt) < 1


@given(unit, unit)
def test_settling_is_bounded(q, support):
    assert 0 <= compiled(settle_rate, q, support) <= P.r_use / (1 + P.q_half) * np.float32(1 + 1e-6)
    assert compiled(settle_rate, 0.0, support) == 0


def test_reinforcement_by_hand():
    assert [by_hand(reinforcement, n) for n in (0.0, 1.0, 2.0, 4.0)] == pytest.approx(
        [0, 1 / 5, 1 / 2, 16 / 20], rel=1e-6
    )


def test_load_and_hardness_by_hand():
    assert by_hand(load, 0.5, 2.0) == pytest.approx(0.8, rel=1e-6)
    assert by_hand(load, 0.9, 3.0) == 1
    assert by_hand(hardness, 0.6, 1.0, 0.0) == pytest.approx(0.6, rel=1e-6)
    assert by_hand(hardness, 0.4, 0.5, 0.8) == pytest.approx(0.4 * 0.5 * 0.6, rel=1e-6)


def test_try_rate_by_hand():
    """2.5 u sigma(-2.2 + 2R + 1.2 priority + 1.5m + o - 2.4(w - .5) - cx(1 - q) + .7z)."""
    will = -2.2 + 2 * 0.5 + 1.2 * 0.7 + 1.5 * 0 + 0.3 - 2.4 * 0.1 - 0.6 * 0.8 + 0.7 * 1.0
    expected = 2.5 * 0.4 / (1 + math.exp(-will))
    assert by_hand(try_rate, 0.4, 0.2, 0.3, 0.5, 0.7, 0.0, 0.6, 0.6, 1.0) == pytest.approx(expected, rel=2e-6)
    will = -2.2 + 1.2 * 0.1 + 1.5 + 2.4 * 0.2 - 0.6
    expected = 2.5 * 1.0 / (1 + math.exp(-will))
    assert by_hand(try_rate, 1.0, 0.0, 0.0, 0.0, 0.1, 1.0, 0.3, 0.6, 0.0) == pytest.approx(expected, rel=2e-6)


def test_benefit_seen_by_hand():
    """clip(2 observability q nu effect/.12 (1 + .2 community) + .5 xi, 0, 1.5)."""
    assert by_hand(visible_gain, 0.5, 1.0, 0.12, 0.0) == pytest.approx(1.0, rel=1e-6)
    assert by_hand(visible_gain, 0.4, 0.5, 0.18, 0.5) == pytest.approx(2 * 0.4 * 0.5 * 1.5 * 1.1, rel=1e-6)
    assert by_hand(benefit_seen, 1.0, 0.6, 0.5) == pytest.approx(0.85, rel=1e-6)
    assert by_hand(benefit_seen, 1.0, 0.6, -2.0) == 0
    assert by_hand(benefit_seen, 1.0, 0.9, 3.0) == pytest.approx(1.5, rel=1e-6)


def test_letting_go_by_hand():
    """exp(-.7o - .8R - .6 seen - .8 priority + (w - .5)) (1 - .7m)."""
    expected = math.exp(-0.7 * 0.5 - 0.8 * 0.2 - 0.6 * 0.4 - 0.8 * 0.7 + 0.1)
    assert by_hand(letting_go, 0.5, 0.2, 0.4, 0.7, 0.0, 0.6) == pytest.approx(expected, rel=2e-6)
    assert by_hand(letting_go, 0.5, 0.2, 0.4, 0.7, 1.0, 0.6) == pytest.approx(0.3 * expected, rel=2e-6)
    assert by_hand(letting_go, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5) == 1


def test_settle_rate_by_hand():
    """3 q/(q + .3) (.3 + .7 S)."""
    assert by_hand(settle_rate, 0.3, 0.0) == pytest.approx(3 * 0.5 * 0.3, rel=1e-6)
    assert by_hand(settle_rate, 0.6, 0.5) == pytest.approx(3 * 0.6 / 0.9 * 0.65, rel=1e-6)
