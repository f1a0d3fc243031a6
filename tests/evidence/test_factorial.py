"""Shapley values and main effects of tables whose answer is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.evidence.experiments import EXPERIMENTS, FEATURES
from kmsim.evidence.factorial import main_effects, shapley


def test_where_effects_add_both_are_the_effects():
    worth = np.array([3.0, -1.0, 0.5, 0.0])
    values = np.array([np.dot(worth, on) for on in product((0, 1), repeat=4)])
    assert shapley(values) == pytest.approx(worth)
    assert main_effects(values) == pytest.approx(worth)


def test_shapley_values_add_up_to_the_whole_and_share_what_needs_both():
    values = np.random.default_rng(4).normal(size=128)
    assert shapley(values).sum() == pytest.approx(values[-1] - values[0])
    both = np.array([float(a and b) for a, b, _ in product((0, 1), repeat=3)])
    assert shapley(both) == pytest.approx([0.5, 0.5, 0.0])


def test_the_experiment_has_every_combination_in_that_order():
    plan = EXPERIMENTS["features"].plan(0.1)
    rows = np.array([[row[f"network.{feature}"] for feature in FEATURES] for row in plan.scenarios])
    on = rows > 0.1
    assert [tuple(row) for row in on.astype(int).tolist()] == list(product((0, 1), repeat=7))


def games(features: int = 4):
    return st.lists(st.floats(-1, 1), min_size=2**features, max_size=2**features).map(np.array)


@given(games())
def test_efficiency(values):
    assert shapley(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(games())
def test_symmetry_features_that_can_be_exchanged_have_the_same_value(values):
    table = values.reshape(2, 2, 2, 2)
    alike = (table + table.swapaxes(0, 2)) / 2
    worth = shapley(alike.ravel())
    assert worth[0] == pytest.approx(worth[2], abs=1e-9)


@given(games(3))
def test_a_feature_that_never_changes_anything_is_worth_nothing(values):
    table = np.stack([values.reshape(2, 2, 2)] * 2, axis=1)
    worth = shapley(table.ravel())
    assert worth[1] == pytest.approx(0, abs=1e-9)
    assert np.delete(worth, 1) == pytest.approx(shapley(values), abs=1e-9)


@given(games(), games())
def test_values_of_a_sum_are_sums_of_values(one, other):
    assert shapley(one + other) == pytest.approx(shapley(one) + shapley(other), abs=1e-9)


@given(games(), st.permutations(range(4)))
def test_the_order_in_which_features_are_named_does_not_matter(values, order):
    table = values.reshape(2, 2, 2, 2).transpose(order)
    assert shapley(table.ravel()) == pytest.approx(shapley(values)[order], abs=1e-9)
