"""The measures by hand, and an interval that widens where communities differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.diffusion.communities import innovation
from kmsim.diffusion.measures import bootstrap, coverage, curve_error, log_score, next_adopters, order
from tests.diffusion.small import line


def test_the_curve_error_is_that_of_the_mean_after_the_first_period():
    where = line([1, 2, 3, 6])
    shares = np.stack([where.curves() + 0.2, where.curves()])
    shares[:, :, 0] = 0.9  # given: does not count
    assert curve_error(where, shares) == pytest.approx([0.1])
    assert coverage(where, shares) == pytest.approx([0.0])
    assert coverage(where, np.stack([where.curves() + 0.2, where.curves() - 0.2])) == pytest.approx([1.0])


def test_order_counts_pairs_that_differ_and_ties_by_half():
    where = line([1, 2, 3, 6])
    assert order(where, np.array([9, 2.5, 3.0, 1.0])) == pytest.approx([1 / 3])
    assert order(where, np.array([0, 2.0, 2.0, 3.0])) == pytest.approx([5 / 6])


def test_next_adopters_are_ranked_within_a_period():
    where = line([1, 2, 2, 6])
    chances = np.zeros((5, 4))
    chances[1] = [0, 0.3, 0.1, 0.1]
    assert next_adopters(where, chances) == pytest.approx([0.75])


def test_the_log_score_leaves_out_who_is_given():
    where = line([1, 2, 6])
    assert log_score(where, np.full((5, 3), 0.5)) == pytest.approx([(1 + 4) * np.log(0.5) / 2])


@given(st.integers(0, 2**32))
def test_any_order_turned_round_is_wrong_where_it_was_right(seed):
    where = innovation("physicians")
    when = np.random.Generator(np.random.Philox(key=[seed, 0])).integers(0, 9, where.n_people)
    assert np.allclose(order(where, when) + order(where, -when), 1)


def test_bootstrap_keeps_innovations_apart_and_leaves_out_what_is_not_known():
    values = np.array([0.0, 0.0, 1.0, 1.0, np.nan])
    assert bootstrap(values, np.array([0, 0, 1, 1, 1]), 200, 1) == (0.5, 0.5, 0.5)
    middle, low, high = bootstrap(values, np.zeros(5, int), 200, 1)
    assert low < middle == 0.5 < high
    assert np.isnan(bootstrap(values[4:], np.zeros(1, int), 10, 1)).all()
