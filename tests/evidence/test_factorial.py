"""Shapley values and main effects of tables whose answer is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

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
