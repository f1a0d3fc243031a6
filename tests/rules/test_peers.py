"""Peers: support, and fidelity pulled up by better colleagues and by rehearsal, down by drift."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.peers import fidelity_after, standing_support, support
from tests.rules.points import DT, Senses, between, by_hand, compiled, senses_of, steps, unit

STANDING = {"vitality": unit, "expertise": unit, "carry": unit, "routine": unit, "scripting": unit}
SUPPORT = {"standing": unit, "use_share": unit, "q_school": unit, "community": unit, "vitality": unit}
FIDELITY = {
    "q": unit, "rehearsed": between(0, 30), "support": unit, "q_star": unit, "q_school": unit, "q_cluster": unit, "lively": unit, "in_use": unit
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(standing_support, STANDING, "+vitality +expertise +carry +routine +scripting"),
        Senses(support, SUPPORT, "+standing +use_share +q_school +community +vitality"),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@pytest.mark.parametrize("name", list(FIDELITY))
@given(data=st.data())
def test_fidelity_rises_with_everything(name, data):
    """As a rate, at a small step. In a whole tick a colleague who is hardly better may slow one who learns fast from CPD:
    pulls are averaged by strength, and which count is settled at the start of the tick (semantics, `relax`)."""
    table = Senses(fidelity_after, FIDELITY | {"dt": st.just(np.float32(5e-4))}, f"+{name}", tolerance=2e-5)
    table.check(data, name)


@pytest.mark.parametrize("name", ["q_star", "q_school", "q_cluster"])
@given(data=st.data())
def test_fidelity_rises_with_the_targets_that_count(name, data):
    """In a whole tick too, among targets that lie above."""
    above = {key: between(0.5, 1) for key in ("q_star", "q_school", "q_cluster")}
    table = Senses(fidelity_after, FIDELITY | {"q": between(0, 0.49)} | above | {"dt": steps}, f"+{name}")
    table.check(data, name)


@given(*STANDING.values())
def test_standing_support_is_a_share(vitality, expertise, carry, routine, scripting):
    assert 0 <= compiled(standing_support, vitality, expertise, carry, routine, scripting) <= 1


@given(*SUPPORT.values())
def test_support_is_a_share(standing, use_share, q_school, community, vitality):
    assert 0 <= compiled(support, standing, use_share, q_school, community, vitality) <= 1


@given(*FIDELITY.values(), steps)
def test_fidelity_stays_a_share_and_below_the_best_it_sees(
    q, rehearsed, held, q_star, q_school, q_cluster, lively, in_use, dt
):
    after = float(compiled(fidelity_after, q, rehearsed, held, q_star, q_school, q_cluster, lively, in_use, dt))
    assert -1e-6 <= after <= max(float(q), float(q_star), float(q_school), float(q_cluster)) + 2e-6


@given(*FIDELITY.values())
def test_fidelity_does_not_depend_on_the_step(q, rehearsed, held, q_star, q_school, q_cluster, lively, in_use):
    """As long as the same targets count at both half steps."""
    rest = rehearsed, held, q_star, q_school, q_cluster, lively, in_use
    whole = compiled(fidelity_after, q, *rest, DT)
    half = compiled(fidelity_after, q, *rest, DT / 2)
    if all((target > q) == (target > half) for target in (q_star, q_school, q_cluster)):
        again = compiled(fidelity_after, half, *rest, DT / 2)
        assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=1e-6)


@given(unit, unit)
def test_what_is_not_supported_drifts_and_full_support_holds(q, in_use):
    alone = compiled(fidelity_after, q, 0, 0, 0, 0, 0, 0, in_use, DT)
    held = compiled(fidelity_after, q, 0, 1, 0, 0, 0, 0, in_use, DT)
    assert alone <= q
    assert float(held) == float(q)


def test_support_by_hand():
    """S = clip(1.2 max(v E carry, nuse qs, .8 routine, .8 scripting) + .15 community v)."""
    assert by_hand(standing_support, 0.8, 0.5, 1.0, 0.2, 0.0) == pytest.approx(0.4, rel=1e-6)
    assert by_hand(standing_support, 0.8, 0.5, 0.5, 0.6, 0.0) == pytest.approx(0.48, rel=1e-6)
    assert by_hand(standing_support, 0.1, 0.5, 0.5, 0.1, 0.9) == pytest.approx(0.72, rel=1e-6)
    assert by_hand(support, 0.4, 0.5, 0.6, 0.5, 0.8) == pytest.approx(1.2 * 0.4 + 0.15 * 0.4, rel=1e-6)
    assert by_hand(support, 0.1, 0.8, 0.6, 0.0, 0.8) == pytest.approx(1.2 * 0.48, rel=1e-6)
    assert by_hand(support, 0.9, 0.0, 0.0, 1.0, 1.0) == 1


def test_fidelity_by_hand():
    """q .5 in use, aHQC 6, S .5, q* .8, qs .4 (not better), qc .7, v carry .6."""
    trained, cluster, loss = 0.07 * 6 + 0.4 * 0.5, 0.8 * 0.6, 0.15 * 0.5
    rate = trained + cluster + loss
    rest = (trained * 0.8 + cluster * 0.7) / rate
    expected = rest + (0.5 - rest) * math.exp(-rate / 6)
    assert by_hand(fidelity_after, 0.5, 6.0, 0.5, 0.8, 0.4, 0.7, 0.6, 1.0, 1 / 6) == pytest.approx(expected, rel=1e-6)
    # a better school pulls at .3 of .8; nothing else, no support
    rate, rest = 0.24 + 0.15, 0.24 * 0.9 / 0.39
    expected = rest + (0.2 - rest) * math.exp(-rate / 12)
    assert by_hand(fidelity_after, 0.2, 0.0, 0.0, 0.1, 0.9, 0.0, 0.6, 0.0, 1 / 12) == pytest.approx(expected, rel=1e-6)
