"""Clusters: vitality, facilitators, hours, experts and the expertise taken in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.clusters import (
    capacity_in_hand,
    coordination,
    expert_quality,
    expertise_after,
    facilitators_after,
    own_hours,
    own_strength,
    planned_hours,
    pool_quality,
    vitality_after,
)
from tests.rules.points import DT, P, Senses, between, by_hand, compiled, hours, senses_of, steps, unit

people = between(0, 6)
VITALITY = {"v": unit, "collaboration": unit, "kappa": unit, "fund": unit, "own": unit, "facilitators": people}
FACILITATORS = {"f": people, "capacity": unit, "v": unit, "champions": between(0, 60)}
EXPERTISE = {"e": unit, "attended": hours, "ex": unit, "carry": unit, "v": unit, "e_cluster": unit, "in_hand": unit}
tiers = between(0, 5)


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(own_strength, {"o_users": unit, "use_share": unit}, "+o_users +use_share"),
        Senses(capacity_in_hand, {"facilitators": people}, "+facilitators"),
        Senses(vitality_after, VITALITY | {"dt": steps}, "+v +collaboration +kappa +own +facilitators"),
        Senses(vitality_after, VITALITY | {"dt": steps}, "+fund"),
        Senses(facilitators_after, FACILITATORS | {"dt": steps}, "+f +capacity +v +champions"),
        Senses(planned_hours, {"cpd": unit, "targeting": unit, "need": between(0, 1)}, "+cpd +targeting +need", 1e-5),
        Senses(
            own_hours,
            {"plan": hours, "facilitators": people, "v": unit, "posts": between(3, 400)},
            "+plan +facilitators +v -posts",
        ),
        Senses(pool_quality, {"experts": between(0, 5000)}, "-experts"),
        Senses(
            expert_quality,
            {"external_expertise": unit, "fund": unit, "pool": unit, "tiers": tiers},
            "+fund +pool -tiers",
        ),
        Senses(
            expertise_after,
            EXPERTISE | {"dt": st.just(np.float32(5e-4))},
            "+e +attended +ex +carry +v +e_cluster +in_hand",
            tolerance=3e-5,
        ),
    ),
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(between(1, 25000))
def test_size_costs_only_in_hierarchies(schools):
    """F03 against F45."""
    assert coordination(schools, False, P) == 1
    assert 0 < coordination(schools, True, P) <= 1
    if schools <= P.hierarchy_free:
        assert coordination(schools, True, P) == 1


@given(between(10, 500), between(0, 500))
def test_coordination_falls_with_the_size_of_a_hierarchy(schools, more):
    assert coordination(np.float32(schools + more), True, P) <= coordination(schools, True, P)


@given(*VITALITY.values(), steps)
def test_vitality_stays_a_share(v, collaboration, kappa, fund, own, facilitators, dt):
    after = compiled(vitality_after, v, collaboration, kappa, fund, own, facilitators, dt)
    assert -1e-6 <= after <= max(v, collaboration) + np.float32(1e-6)


@given(unit, unit, unit, steps)
def test_after_the_money_vitality_needs_ownership_and_facilitators(v, collaboration, own, dt):
    """Without either of the two the target is nothing."""
    assert compiled(vitality_after, v, collaboration, 1, 0, 0, 6, dt) <= v
    assert compiled(vitality_after, v, collaboration, 1, 0, own, 0, dt) <= v


@given(*FACILITATORS.values(), steps)
def test_facilitators_stay_within_bounds(f, capacity, v, champions, dt):
    assert 0 <= compiled(facilitators_after, f, capacity, v, champions, dt) <= P.f_max


@given(hours, people, unit, between(3, 400))
def test_own_facilitators_give_no_more_than_the_plan(plan, facilitators, v, posts):
    assert 0 <= compiled(own_hours, plan, facilitators, v, posts) <= plan


@given(between(0, 1e6))
def test_the_pool_keeps_a_floor(experts):
    assert P.pool_floor <= compiled(pool_quality, experts) <= 1
    assert compiled(pool_quality, min(experts, P.pool_free)) == 1


@given(unit, unit, unit, tiers)
def test_expert_quality_is_a_share(external_expertise, fund, pool, tiers):
    assert 0 <= compiled(expert_quality, external_expertise, fund, pool, tiers) <= external_expertise


@given(*EXPERTISE.values(), steps)
def test_expertise_stays_below_its_best_source(e, attended, ex, carry, v, e_cluster, in_hand, dt):
    after = float(compiled(expertise_after, e, attended, ex, carry, v, e_cluster, in_hand, dt))
    assert 0 <= after <= max(float(e), float(carry * ex), float(e_cluster)) + 2e-6


@given(*EXPERTISE.values())
def test_expertise_does_not_depend_on_the_step(e, attended, ex, carry, v, e_cluster, in_hand):
    rest = attended, ex, carry, v, e_cluster, in_hand
    whole, half = compiled(expertise_after, e, *rest, DT), compiled(expertise_after, e, *rest, DT / 2)
    if all((target > e) == (target > half) for target in (carry * ex, e_cluster)):
        again = compiled(expertise_after, half, *rest, DT / 2)
        assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=1e-6)


@given(*VITALITY.values())
def test_vitality_does_not_depend_on_the_step(v, collaboration, kappa, fund, own, facilitators):
    rest = collaboration, kappa, fund, own, facilitators
    whole, half = compiled(vitality_after, v, *rest, DT), compiled(vitality_after, v, *rest, DT / 2)
    assert float(compiled(vitality_after, half, *rest, DT / 2)) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(between(0, 3), unit, unit, between(0, 8))
def test_facilitators_do_not_depend_on_the_step(f, capacity, v, champions):
    whole = compiled(facilitators_after, f, capacity, v, champions, DT)
    half = compiled(facilitators_after, f, capacity, v, champions, DT / 2)
    again = compiled(facilitators_after, half, capacity, v, champions, DT / 2)
    assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=2e-6)


def test_coordination_by_hand():
    assert float(coordination(np.float32(30), True, P)) == pytest.approx(math.exp(-20 / 40), rel=1e-6)
    assert float(coordination.py_func(np.float32(30), True, P)) == pytest.approx(math.exp(-20 / 40), rel=1e-6)
    assert float(coordination.py_func(np.float32(30), False, P)) == 1


def test_vitality_by_hand():
    """v* = kappa collaboration (fund + (1 - fund) min(1, 1.6 own/(own + .35) capF)), at 1/.6 a year."""
    assert by_hand(own_strength, 0.5, 0.2) == pytest.approx(0.3, rel=1e-6)
    assert by_hand(own_strength, 0.5, 0.5) == pytest.approx(0.5, rel=1e-6)
    assert by_hand(capacity_in_hand, 1.5) == pytest.approx(0.75, rel=1e-6)
    assert by_hand(capacity_in_hand, 3.0) == 1
    decay = math.exp(-1 / 6 / 0.6)
    assert by_hand(vitality_after, 0.0, 0.75, 1.0, 1.0, 0.0, 0.0, 1 / 6) == pytest.approx(0.75 * (1 - decay), rel=1e-6)
    target = 0.8 * 0.75 * (0.25 + 0.75 * (1.6 * 0.3 / 0.65 * 0.75))
    expected = target + (0.7 - target) * decay
    assert by_hand(vitality_after, 0.7, 0.75, 0.8, 0.25, 0.3, 1.5, 1 / 6) == pytest.approx(expected, rel=1e-6)


def test_facilitators_by_hand():
    """Inflow .4 capacity v min(8, champions); loss .25 a year; at most 6."""
    decay = math.exp(-0.25 / 6)
    inflow = 0.4 * 0.7 * 0.6 * 3
    expected = inflow / 0.25 + (1 - inflow / 0.25) * decay
    assert by_hand(facilitators_after, 1.0, 0.7, 0.6, 3.0, 1 / 6) == pytest.approx(expected, rel=1e-6)
    inflow = 0.4 * 0.7 * 0.6 * 8
    expected = inflow / 0.25 + (1 - inflow / 0.25) * decay
    assert by_hand(facilitators_after, 1.0, 0.7, 0.6, 50.0, 1 / 6) == pytest.approx(expected, rel=1e-6)
    assert by_hand(facilitators_after, 6.0, 1.0, 1.0, 8.0, 1 / 6) == 6


def test_hours_by_hand():
    """Hplan = 36 cpd (1 + .5 targeting need); own = min(Hplan, 60 F v 6/posts)."""
    assert by_hand(planned_hours, 0.7, 0.4, 0.25) == pytest.approx(36 * 0.7 * 1.05, rel=1e-6)
    assert by_hand(planned_hours, 0.7, 0.4, -0.5) == pytest.approx(36 * 0.7 * 0.9, rel=1e-6)
    assert by_hand(own_hours, 25.0, 2.0, 0.5, 100.0) == pytest.approx(3.6, rel=1e-6)
    assert by_hand(own_hours, 25.0, 6.0, 1.0, 20.0) == 25


def test_experts_by_hand():
    """pool = clip(1 - .15 log2 max(1, fte/10), .4, 1); ex = fund expertise pool .7^tiers."""
    assert by_hand(pool_quality, 5.0) == 1
    assert by_hand(pool_quality, 40.0) == pytest.approx(0.7, rel=1e-6)
    assert by_hand(pool_quality, 1e5) == pytest.approx(0.4, rel=1e-6)
    assert by_hand(expert_quality, 0.6, 1.0, 0.85, 3.0) == pytest.approx(0.6 * 0.85 * 0.343, rel=1e-6)
    assert by_hand(expert_quality, 0.6, 0.5, 1.0, 0.0) == pytest.approx(0.3, rel=1e-6)


def test_expertise_by_hand():
    """E .2, 10 hours at ex .75 (carry .8), v .6 with a cluster at .5, capF .5."""
    taken, shared, loss = 0.15 * 10, 0.6, 0.12 * (1 - 0.7 * 0.5)
    rate = taken + shared + loss
    rest = (taken * 0.6 + shared * 0.5) / rate
    expected = rest + (0.2 - rest) * math.exp(-rate / 6)
    assert by_hand(expertise_after, 0.2, 10.0, 0.75, 0.8, 0.6, 0.5, 0.5, 1 / 6) == pytest.approx(expected, rel=1e-6)
    # nothing better about: it fades
    expected = 0.7 * math.exp(-0.12 / 6)
    assert by_hand(expertise_after, 0.7, 10.0, 0.5, 1.0, 0.6, 0.5, 0.0, 1 / 6) == pytest.approx(expected, rel=1e-6)
