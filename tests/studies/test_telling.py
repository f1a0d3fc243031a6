"""What is said of runs: differences only where the runs tell them, and words that say so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.report.frames import ENOUGH
from kmsim.studies.telling import (
    agreement,
    by_sign,
    cell,
    difference,
    difference_words,
    lead,
    lead_words,
    percent,
    ranked,
)

VALUES = st.lists(st.floats(-1, 1), min_size=1, max_size=30).map(np.array)


@given(VALUES)
def test_nothing_differs_from_itself(values):
    assert not difference(values, values).told


@given(VALUES, VALUES)
def test_a_difference_is_told_only_over_seeds_enough_and_clear_of_nought(one, other):
    n = min(len(one), len(other))
    d = difference(one[:n], other[:n])
    back = difference(other[:n], one[:n])
    assert (d.sign, d.n) == (-back.sign, n)
    if d.told:
        assert n >= ENOUGH
        assert d.low > 0 or d.high < 0
        assert d.sign == np.sign(d.mean)
    assert ("no difference" in difference_words("doing_it_well", d)) == (not d.told and n >= ENOUGH)
    assert ("too few" in difference_words("doing_it_well", d)) == (n < ENOUGH)


@given(VALUES)
def test_a_cell_holds_its_mean_or_says_that_there_is_none(values):
    found = cell(np.append(values, np.nan))
    assert found.n == len(values)
    assert values.min() - 1e-9 <= found.low <= found.high <= values.max() + 1e-9
    assert not cell(np.array([np.nan])).known


def test_a_lead_names_those_that_it_is_not_told_from():
    seeds = np.arange(6) / 100
    values = {"coaching": 0.5 + seeds, "hub_and_spoke": 0.5 + seeds[::-1], "grassroots": seeds}
    found = lead("doing_it_well", values)
    assert found.arm == "coaching"
    assert found.together == ("hub_and_spoke",)
    assert found.after == "grassroots"
    assert "cannot tell it from Hub schools." in lead_words("doing_it_well", values)
    assert "next is Grassroots" in lead_words(
        "doing_it_well", {k: v for k, v in values.items() if k != "hub_and_spoke"}
    )
    assert "too few" in lead_words("doing_it_well", {k: v[:2] for k, v in values.items()})
    assert lead_words("doing_it_well", {"coaching": np.array([np.nan])}) == "no policy has a value."


def test_the_best_of_a_cost_is_the_least():
    assert lead("cost_gbp", {"a": np.full(5, 2.0), "b": np.full(5, 1.0)}).arm == "b"


def test_arms_without_a_value_come_last():
    assert ranked({"a": np.array([np.nan]), "b": np.array([1.0]), "c": np.array([2.0])}) == ["c", "b", "a"]


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=9, unique=True))
def test_rankings_agree_with_themselves_and_not_with_their_reverse(values):
    assert agreement(values, values) == pytest.approx(1)
    assert agreement(values, [-v for v in values]) == pytest.approx(-1)
    assert np.isnan(agreement(values, [1.0] * len(values)))


def test_kinds_without_any_are_left_out():
    assert by_sign({"coaching": -1}, {1: "more under", -1: "fewer under"}) == "fewer under Coaching"
    assert by_sign({}, {1: "more under"}) == "nothing that could be compared"


def test_a_share_has_no_minus_before_a_nought():
    assert percent(cell(np.array([-0.004, -0.001]))) == "0% (0 to 0)"
    assert percent(cell(np.array([-0.12]))) == "−12% (−12 to −12)"
