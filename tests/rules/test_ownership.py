"""Ownership: grown by taking part, success and peers; worn by mandates and time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.ownership import goal_setting, ownership_after, success_gain
from tests.rules.points import DT, P, Senses, between, by_hand, compiled, senses_of, steps, unit

AFTER = {
    "o": unit,
    "part": between(0, 1.6),
    "success": between(0, 0.6),
    "vitality": unit,
    "o_cluster": unit,
    "mandate": unit,
}
GOALS = {"ownership": unit, "vitality": unit, "meets": unit, "scripting": unit}


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(goal_setting, GOALS, "+ownership +vitality +meets -scripting"),
        Senses(success_gain, {"ownership": unit, "vitality": unit}, "+ownership +vitality"),
        Senses(
            ownership_after,
            AFTER | {"dt": st.just(np.float32(5e-4))},
            "+o +part +success +vitality +o_cluster -mandate",
            tolerance=1e-5,
        ),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(*AFTER.values(), steps)
def test_ownership_stays_a_share(o, part, success, vitality, o_cluster, mandate, dt):
    assert -1e-6 <= compiled(ownership_after, o, part, success, vitality, o_cluster, mandate, dt) <= 1 + 1e-6


@given(*AFTER.values())
def test_ownership_does_not_depend_on_the_step(o, part, success, vitality, o_cluster, mandate):
    rest = part, success, vitality, o_cluster, mandate
    whole, half = compiled(ownership_after, o, *rest, DT), compiled(ownership_after, o, *rest, DT / 2)
    if (o_cluster > o) == (o_cluster > half) and o < 1:  # at 1 a pull to 1 does not count, just below it does
        again = compiled(ownership_after, half, *rest, DT / 2)
        assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(*GOALS.values())
def test_goals_are_set_only_where_clusters_live_and_meet(ownership, vitality, meets, scripting):
    assert 0 <= compiled(goal_setting, ownership, vitality, meets, scripting) <= P.o_part
    for nothing in ((0, vitality, meets), (ownership, 0, meets), (ownership, vitality, 0)):
        assert compiled(goal_setting, *nothing, scripting) == 0


@given(unit, unit)
def test_success_counts_for_something_everywhere(ownership, vitality):
    least = float(P.o_success * P.o_lead * P.o_together)
    assert least * (1 - 1e-6) <= compiled(success_gain, ownership, vitality) <= float(P.o_success) * (1 + 1e-6)


def test_by_hand():
    """part .8 v ownership (1 - .5 scripting); success .3 (.3 + .7 ownership)(.3 + .7 v)."""
    assert by_hand(goal_setting, 0.75, 0.6, 1.0, 0.4) == pytest.approx(0.8 * 0.6 * 0.75 * 0.8, rel=1e-6)
    assert by_hand(success_gain, 0.5, 0.8) == pytest.approx(0.3 * 0.65 * 0.86, rel=1e-6)
    # o .2; part and success pull to 1 with .5; peers (.3 x .6) to .4; loss .6 x .5 + .15
    rate = 0.5 + 0.18 + 0.45
    rest = (0.5 + 0.18 * 0.4) / rate
    expected = rest + (0.2 - rest) * math.exp(-rate / 6)
    assert by_hand(ownership_after, 0.2, 0.3, 0.2, 0.6, 0.4, 0.5, 1 / 6) == pytest.approx(expected, rel=1e-6)
    # peers who own less do not pull; without part and success it fades
    assert by_hand(ownership_after, 0.6, 0.0, 0.0, 0.6, 0.4, 0.0, 1 / 6) == pytest.approx(
        0.6 * math.exp(-0.15 / 6), rel=1e-6
    )
