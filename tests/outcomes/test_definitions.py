"""Outcomes: months of progress, what is shown, and the definitions' own words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.outcomes.definitions import MONTHS, OUTCOMES, SCORECARD, Totals, months
from kmsim.outcomes.totals import INDEX, TOTALS

INTERFACE = [
    "aware",
    "signed_up",
    "spread_teachers",
    "spread_schools",
    "doing_it_well",
    "depth",
    "sustained",
    "sustained_ratio",
    "ownership",
    "gap",
    "attainment_sd",
    "months",
    "attainment_disadvantaged_sd",
    "months_disadvantaged",
    "cost_gbp",
    "cost_per_pupil_gbp",
    "staff_hours",
    "unspent_gbp",
    "self_led",
    "cluster_vitality",
    "facilitators",
]


def totals(**values) -> Totals:
    """Totals over three ticks, nothing but what is given."""
    table = np.zeros((3, len(TOTALS)))
    for name, value in values.items():
        table[:, INDEX[name]] = value
    sizes = {"posts": 100, "schools": 10, "posts_most": 20, "posts_least": 25, "pupils": 2000.0, "disadvantaged": 500.0}
    return Totals(table, **sizes, ticks_per_year=1, funding_end=1, budget=5000.0, staff_hour_gbp=40.0)


def value(name: str, **values) -> float:
    return float(OUTCOMES[name].value(totals(**values))[-1])


def test_every_outcome_of_the_interface_stands_once_and_whole():
    assert set(INTERFACE) <= set(OUTCOMES)
    for name, row in OUTCOMES.items():
        assert row.name == name
        assert row.label
        assert row.meaning
        assert row.formula
        assert row.unit
        assert row.source
        assert row.better in ("more", "less", "none")
    assert len({row.label for row in OUTCOMES.values()}) == len(OUTCOMES)
    assert set(SCORECARD.values()) <= {"funding_end", "end"}


@given(st.floats(-1, 1))
def test_months_rise_with_the_effect_and_keep_its_sign(sd):
    got = float(months(sd))
    assert got == -float(months(-sd))
    assert abs(got) <= 8
    assert float(months(min(1, sd + 0.02))) >= got
    assert round(got, 1) == got


def test_months_by_the_conversion_table():
    for sd, month in MONTHS:
        assert months(sd) == month
    assert months(0.035) == 0.5
    assert months(0.105) == 1.5
    assert months(0.9) == 8


def test_outcomes_by_hand():
    assert value("spread_teachers", in_use=30) == 0.3
    assert value("aware", aware=60) == 0.6
    assert value("doing_it_well", well=12) == 0.12
    assert value("depth", in_use=30, q_users=18) == pytest.approx(0.6)
    assert value("ownership", in_use=30, o_users=15) == pytest.approx(0.5)
    assert value("spread_schools", spread_schools=4) == 0.4
    assert value("signed_up", signed_up=5) == 0.5
    assert value("gap", well_most=5, well_least=10) == pytest.approx(0.25 - 0.4)
    assert value("attainment_sd", gain_all=100) == 0.05
    assert value("months", gain_all=280) == 2.0
    assert value("attainment_disadvantaged_sd", gain_disadvantaged=35) == 0.07
    assert value("months_disadvantaged", gain_disadvantaged=35) == 1.0
    assert value("attainment_gap_sd", gain_disadvantaged=35, gain_others=60) == pytest.approx(0.07 - 0.04)
    assert value("cost_per_pupil_gbp", cost=4000) == 2
    assert value("unspent_gbp", cost=4000) == 1000
    assert value("self_led", clusters_funded=4, clusters_alive=3) == 0.75
    assert value("cluster_vitality", clusters=4, vitality=2) == 0.5
    assert value("facilitators", clusters=4, facilitators=6) == 1.5


def test_what_cannot_be_said_is_not_a_number():
    for name in ("depth", "ownership", "self_led", "cluster_vitality", "facilitators", "sustained"):
        assert np.isnan(value(name)), name
    assert OUTCOMES["depth"].show(float("nan")) == "n/a"


def test_sustained_starts_three_years_after_funding_ended():
    table = np.zeros((6, len(TOTALS)))
    table[:, INDEX["well"]] = [0, 10, 20, 30, 40, 50]
    table[:, INDEX["well_members"]] = [0, 10, 20, 30, 16, 50]
    table[:, INDEX["posts_members"]] = 40
    t = Totals(table, 100, 10, 20, 25, 2000.0, 500.0, ticks_per_year=1, funding_end=1, budget=None, staff_hour_gbp=40.0)
    assert np.array_equal(OUTCOMES["sustained"].value(t), [np.nan, np.nan, np.nan, np.nan, 0.4, 0.4], equal_nan=True)
    assert OUTCOMES["sustained_ratio"].value(t)[-1] == pytest.approx(1.6)
    table[1, INDEX["well_members"]] = 0.3  # under one in a hundred: nothing to sustain
    assert np.isnan(OUTCOMES["sustained_ratio"].value(t)).all()
    with pytest.raises(AttributeError):
        _ = t.nothing


def test_values_are_shown_as_people_read_them():
    assert OUTCOMES["spread_teachers"].show(0.1234) == "12.3%"
    assert OUTCOMES["cost_gbp"].show(2_345_678) == "£2.35m"
    assert OUTCOMES["cost_gbp"].show(45_678) == "£45,678"
    assert OUTCOMES["cost_gbp"].show(-0.2) == "£0"
    assert OUTCOMES["cost_gbp"].show_change(-2_345_678) == "-£2.35m"
    assert OUTCOMES["cost_per_pupil_gbp"].show_change(-3) == "-£3.00"
    assert OUTCOMES["unspent_gbp"].show_change(45_678) == "+£45,678"
    assert OUTCOMES["cost_per_pupil_gbp"].show(12.345) == "£12.35"
    assert OUTCOMES["staff_hours"].show(12_345.6) == "12,346"
    assert OUTCOMES["staff_gbp"].show(value("staff_gbp", staff_hours=100)) == "£4,000"
    assert OUTCOMES["attainment_sd"].show(0.01234) == "0.012"
    assert OUTCOMES["months"].show(1.25) in ("1.2", "1.3")
    assert OUTCOMES["depth"].show(0.456) == "0.46"
