"""Schools: priority, withdrawal, routine, climate and signing up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.schools import (
    climate_after,
    funded_priority,
    priority_after,
    routine_after,
    signup_rate,
    withdrawal_rate,
)
from tests.rules.points import DT, HAND, P, Senses, between, by_hand, compiled, senses_of, steps, unit

SIGNUP = {
    "mandate": unit, "invited": unit, "climate": unit, "neighbours": unit, "existing": unit, "incentive": between(0, 6000), "scripting": unit,
    "ask": between(0, 8000), "targeting": unit, "fsm_rank": unit,
}  # fmt: skip
PRIORITY = {"priority": unit, "climate": unit, "fund": unit, "owned_use": unit}


@pytest.mark.parametrize(
    ("table", "name"),
    senses_of(
        Senses(
            signup_rate, SIGNUP, "+mandate +invited +climate +neighbours +existing +incentive +scripting -ask +fsm_rank"
        ),
        Senses(signup_rate, SIGNUP | {"fsm_rank": between(0.5, 1)}, "+targeting"),
        Senses(signup_rate, SIGNUP | {"fsm_rank": between(0, 0.5)}, "-targeting"),
        Senses(routine_after, {"routine": unit, "capacity": unit, "scripting": unit, "deep_use": unit, "dt": steps}, "+routine +capacity +scripting +deep_use"),
        Senses(climate_after, {"climate": unit, "v": unit, "best": unit, "dt": steps}, "+climate +v +best"),
        Senses(funded_priority, {"climate": unit}, "+climate"),
    ),
)  # fmt: skip
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("name", ["priority", "climate", "owned_use"])
@given(data=st.data())
def test_priority_rises_with_what_it_was_climate_and_owned_use(signed, name, data):
    Senses(priority_after, PRIORITY | {"signed_up": st.just(signed), "dt": steps}, f"+{name}").check(data, name)


@given(*PRIORITY.values(), st.booleans(), steps)
def test_priority_stays_a_share(priority, climate, fund, owned_use, signed, dt):
    assert 0 <= compiled(priority_after, priority, climate, fund, owned_use, signed, dt) <= 1 + 1e-6


@given(*PRIORITY.values(), st.booleans())
def test_priority_does_not_depend_on_the_step(priority, climate, fund, owned_use, signed):
    rest = climate, fund, owned_use, signed
    whole, half = compiled(priority_after, priority, *rest, DT), compiled(priority_after, priority, *rest, DT / 2)
    assert float(compiled(priority_after, half, *rest, DT / 2)) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(unit, unit, unit, unit, steps)
def test_routine_stays_a_share(routine, capacity, scripting, deep_use, dt):
    assert 0 <= compiled(routine_after, routine, capacity, scripting, deep_use, dt) <= 1


@given(between(0, 0.9), between(0, 0.5), unit)
def test_routine_does_not_depend_on_the_step(routine, capacity, deep_use):
    whole = compiled(routine_after, routine, capacity, 0.0, deep_use, DT)
    half = compiled(routine_after, routine, capacity, 0.0, deep_use, DT / 2)
    again = compiled(routine_after, half, capacity, 0.0, deep_use, DT / 2)
    assert float(again) == pytest.approx(float(whole), rel=1e-6, abs=5e-7)


@given(unit, unit, unit, steps)
def test_climate_is_learnt_and_never_lost_to_a_worse_cluster(climate, v, best, dt):
    after = float(compiled(climate_after, climate, v, best, dt))
    assert float(climate) - 1e-6 <= after <= max(float(climate), float(best)) + 1e-6


@given(unit, unit)
def test_contracts_and_lively_clusters_keep_schools_in(fund, v):
    rate = float(compiled(withdrawal_rate, fund, v))
    assert rate == float(P.withdraw_live if fund > 0 or v > P.v_alive else P.withdraw_dead)


@given(st.tuples(*SIGNUP.values()))
def test_the_signup_rate_is_never_negative(point):
    assert compiled(signup_rate, *point) >= 0
    assert compiled(signup_rate, 0, 0, *point[2:]) == 0


@given(between(3000, 6000))
def test_more_than_the_full_incentive_does_no_more(incentive):
    at_full = compiled(signup_rate, 0, 1, 0.5, 0, 0, 3000.0, 0, 0, 0, 0.5)
    assert compiled(signup_rate, 0, 1, 0.5, 0, 0, incentive, 0, 0, 0, 0.5) == at_full


def test_priority_by_hand():
    """At .5 a year to fund (.4 + .6 climate) + (1 - fund)(.2 climate + .6 min(1, 1.5 owned use)); unsigned .2 climate."""
    decay = math.exp(-0.5 / 6)
    assert by_hand(funded_priority, 0.5) == pytest.approx(0.7, rel=1e-6)
    assert by_hand(priority_after, 0.2, 0.5, 1.0, 0.0, True, 1 / 6) == pytest.approx(0.7 - 0.5 * decay, rel=1e-6)
    target = 0.5 * 0.64 + 0.5 * (0.08 + 0.6 * 0.45)
    expected = target + (0.9 - target) * decay
    assert by_hand(priority_after, 0.9, 0.4, 0.5, 0.3, True, 1 / 6) == pytest.approx(expected, rel=1e-6)
    assert by_hand(priority_after, 0.9, 0.4, 0.5, 0.3, False, 1 / 6) == pytest.approx(0.08 + 0.82 * decay, rel=1e-6)
    target = 0.08 + 0.6  # all of it: 1.5 x .8 is more than one
    expected = target + (0.1 - target) * decay
    assert by_hand(priority_after, 0.1, 0.4, 0.0, 0.8, True, 1 / 6) == pytest.approx(expected, rel=1e-6)


def test_withdrawal_by_hand():
    assert by_hand(withdrawal_rate, 0.0, 0.2) == pytest.approx(0.125, rel=1e-6)
    assert by_hand(withdrawal_rate, 0.0, 0.31) == pytest.approx(0.014, rel=1e-6)
    assert by_hand(withdrawal_rate, 0.01, 0.0) == pytest.approx(0.014, rel=1e-6)


def test_routine_and_climate_by_hand():
    """Inflow .25 max(capacity, .5 scripting) deep use, loss .2; climate .05 v to the cluster's best."""
    decay = math.exp(-0.2 / 6)
    rest = 0.25 * 0.7 * 0.5 / 0.2
    assert by_hand(routine_after, 0.1, 0.7, 0.9, 0.5, 1 / 6) == pytest.approx(rest + (0.1 - rest) * decay, rel=1e-6)
    rest = 0.25 * 0.45 * 0.5 / 0.2
    assert by_hand(routine_after, 0.1, 0.2, 0.9, 0.5, 1 / 6) == pytest.approx(rest + (0.1 - rest) * decay, rel=1e-6)
    assert by_hand(climate_after, 0.4, 0.6, 0.8, 1 / 6) == pytest.approx(0.8 - 0.4 * math.exp(-0.03 / 6), rel=1e-6)
    assert by_hand(climate_after, 0.4, 0.6, 0.3, 1 / 6) == pytest.approx(0.4, rel=1e-6)


def test_signing_up_by_hand():
    """3m + .3 i exp(1.5(climate - .5) + .8 nb + .6 existing + .56 min(1, incentive/3000) + .4 scripting - .3 ask/1000 + 2 targeting (r - .5))."""
    assert by_hand(signup_rate, 0, 1, 0.5, 0, 0, 0, 0, 0, 0, 0.5) == pytest.approx(0.3, rel=1e-6)
    assert by_hand(signup_rate, 1, 0, 0.5, 0, 0, 0, 0, 0, 0, 0.5) == pytest.approx(3.0, rel=1e-6)
    pulls = 1.5 * 0.2 + 0.8 * 0.25 + 0.6 + 0.56 * 0.5 + 0.4 * 0.9 - 0.3 * 4 + 2 * 0.4 * 0.3
    expected = 3 * 0.1 + 0.3 * 0.8 * math.exp(pulls)
    got = by_hand(signup_rate, 0.1, 0.8, 0.7, 0.25, 1, 1500, 0.9, 4000, 0.4, 0.8, p=HAND)
    assert got == pytest.approx(expected, rel=2e-6)
