"""CPD: who attends, how good it is, what it teaches, and the ceiling of what anyone can reach."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.cpd import attendance, carried, ceiling, knowledge_after, quality, rehearsal
from tests.rules.points import DT, P, Senses, between, by_hand, compiled, deviate, hours, senses_of, steps, unit

ATTENDANCE = {"priority": unit, "mandate": unit, "workload": unit, "noise": deviate}
QUALITY = {"ex": unit, "expertise": unit, "carry": unit, "scripting": unit, "focus": unit}
CEILING = {"expertise": unit, "carry": unit, "scripting": unit, "aptitude": deviate}
KNOWLEDGE = {"u": unit, "attended": hours, "quality": unit, "in_use": unit}


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(attendance, ATTENDANCE, "+priority +mandate -workload +noise"),
        Senses(quality, QUALITY, "+ex +expertise +carry +scripting +focus"),
        Senses(ceiling, CEILING, "+expertise +carry +scripting +aptitude"),
        Senses(rehearsal, {"vitality": unit, "coached": unit}, "+vitality +coached"),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@pytest.mark.parametrize("name", ["u", "attended", "quality", "in_use"])
@given(data=st.data())
def test_knowledge_rises_with_everything(name, data):
    """At a small step, where the pull to a little knowledge cannot hide how much CPD teaches."""
    table = Senses(knowledge_after, KNOWLEDGE | {"dt": st.just(DT / 200)}, f"+{name}", tolerance=2e-5)
    table.check(data, name)


@given(*ATTENDANCE.values())
def test_attendance_is_a_share(priority, mandate, workload, noise):
    assert 0 <= compiled(attendance, priority, mandate, workload, noise) <= 1


@given(*QUALITY.values())
def test_quality_is_a_share_and_never_nothing(ex, expertise, carry, scripting, focus):
    got = float(compiled(quality, ex, expertise, carry, scripting, focus))
    assert float(P.peer * P.focus_floor) - 1e-6 <= got <= 1 + 1e-6


@given(*CEILING.values())
def test_the_ceiling_is_held_between_its_ends(expertise, carry, scripting, aptitude):
    assert P.q_least <= compiled(ceiling, expertise, carry, scripting, aptitude) <= 1


@given(unit, unit)
def test_rehearsal_is_a_share_and_a_coach_makes_it_whole(vitality, coached):
    assert 0 <= compiled(rehearsal, vitality, coached) <= 1 + 1e-6
    assert compiled(rehearsal, vitality, 1.0) == 1


@given(*KNOWLEDGE.values(), steps)
def test_knowledge_stays_a_share(u, attended, quality, in_use, dt):
    assert -1e-6 <= compiled(knowledge_after, u, attended, quality, in_use, dt) <= 1 + 1e-6


@given(between(0.2, 1), hours, unit, unit)
def test_knowledge_does_not_depend_on_the_step(u, attended, quality, in_use):
    """Above the little knowledge that awareness brings (so no pull starts or stops) two half steps make one."""
    whole = compiled(knowledge_after, u, attended, quality, in_use, DT)
    half = compiled(knowledge_after, u, attended, quality, in_use, DT / 2)
    if half > 0.15:
        again = compiled(knowledge_after, half, attended, quality, in_use, DT / 2)
        assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(between(0, 1))
def test_novelty_is_carried_up_to_the_reference(novelty):
    nu, carry = compiled(carried, novelty)
    assert float(nu) == pytest.approx(float(novelty) / 0.7, rel=1e-6)
    assert float(carry) == min(1.0, float(nu))


def test_attendance_by_hand():
    assert by_hand(attendance, 0.7, 0.0, 0.5, 0.0) == pytest.approx(0.3 + 0.42, rel=1e-6)
    assert by_hand(attendance, 0.4, 1.0, 0.7, -1.0) == pytest.approx(0.3 + 0.24 + 0.2 - 0.08 - 0.15, rel=1e-6)
    assert by_hand(attendance, 1.0, 1.0, 0.0, 2.0) == 1
    assert by_hand(attendance, 0.0, 0.0, 1.0, -3.0) == 0


def test_quality_by_hand():
    """X = max(carry ex, carry E, .8 scripting); Q = (.35 + .65 X)(.4 + .6 focus)."""
    assert by_hand(quality, 0.75, 0.4, 1.0, 0.0, 0.7) == pytest.approx((0.35 + 0.65 * 0.75) * (0.4 + 0.42), rel=1e-6)
    assert by_hand(quality, 0.3, 0.5, 0.5, 0.0, 1.0) == pytest.approx(0.35 + 0.65 * 0.25, rel=1e-6)
    assert by_hand(quality, 0.3, 0.5, 1.0, 0.9, 0.0) == pytest.approx((0.35 + 0.65 * 0.72) * 0.4, rel=1e-6)


def test_rehearsal_by_hand():
    assert by_hand(rehearsal, 0.6, 0.0) == pytest.approx(0.25 + 0.75 * 0.6, rel=1e-6)
    assert by_hand(rehearsal, 0.0, 0.5) == pytest.approx(0.5, rel=1e-6)


def test_knowledge_by_hand():
    """From .1: pulls (.12 x 10 x .5, 1) and (.3, .15), loss .1 unless in use. From .5: awareness teaches no more."""
    rate, weighted = 0.6 + 0.3 + 0.1, 0.6 + 0.045
    assert by_hand(knowledge_after, 0.1, 10.0, 0.5, 0.0, 1 / 6) == pytest.approx(
        weighted / rate + (0.1 - weighted / rate) * math.exp(-rate / 6), rel=1e-6
    )
    assert by_hand(knowledge_after, 0.5, 10.0, 0.5, 1.0, 1 / 6) == pytest.approx(1 - 0.5 * math.exp(-0.1), rel=1e-6)
    assert by_hand(knowledge_after, 0.5, 0.0, 0.5, 0.0, 1 / 6) == pytest.approx(0.5 * math.exp(-0.1 / 6), rel=1e-6)


def test_the_ceiling_by_hand():
    assert by_hand(ceiling, 0.0, 1.0, 0.0, 0.0) == pytest.approx(0.4, rel=1e-6)
    assert by_hand(ceiling, 0.6, 0.5, 0.0, 1.0) == pytest.approx(0.4 + 0.6 * 0.3 + 0.12, rel=1e-6)
    assert by_hand(ceiling, 0.1, 1.0, 0.9, -2.0) == pytest.approx(0.4 + 0.6 * 0.72 - 0.24, rel=1e-6)
    assert by_hand(ceiling, 1.0, 1.0, 0.0, 3.0) == 1
    assert by_hand(ceiling, 0.0, 1.0, 0.0, -5.0) == pytest.approx(0.05, rel=1e-6)


def test_novelty_by_hand():
    assert by_hand(carried, 0.35) == pytest.approx((0.5, 0.5), rel=1e-6)
    assert by_hand(carried, 1.0) == pytest.approx((1 / 0.7, 1.0), rel=1e-6)
