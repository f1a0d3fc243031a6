"""The ten features: their Shapley values add up, and what is added alone or lost is read from the right combinations."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from kmsim.studies import what_makes_networks_effective as study
from kmsim.studies.config import read

FEATURES = study.features_of(SimpleNamespace(part=read("02").parts["features"]))


def test_the_design_has_the_seven_features_and_three_more():
    from kmsim.evidence.experiments import FEATURES as SEVEN

    assert set(FEATURES) == {*SEVEN, "targeting", "community", "cluster_size"}


def made_up(game):
    """Values of a part whose outcome is `game` of which features are on, the same in five seeds but for a constant."""
    part = read("02").parts["features"]
    rows = np.array([game(on) for on in product((0, 1), repeat=len(FEATURES))], float)
    table = np.stack([rows * (1 + seed / 10) for seed in range(5)], axis=1)[None]
    return SimpleNamespace(part=part, arms=[study.ARM], all=lambda outcome, moment: table)


def test_values_add_up_to_what_all_features_give_in_every_seed():
    v = made_up(lambda on: on[0] * (1 + on[2] + 3 * on[6]))
    game = study.games(v, study.LASTING)
    assert study.worth(v, study.LASTING).sum(axis=1) == pytest.approx(game[:, -1] - game[:, 0])
    assert study.shares(v, study.LASTING).sum(axis=1) == pytest.approx(1)


def test_alone_and_left_out_are_read_from_the_right_combinations():
    v = made_up(lambda on: 2 * on[0] + 5 * on[3] * on[4])
    alone, lost = study.alone(v, study.LASTING)[0], study.left_out(v, study.LASTING)[0]
    assert alone.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert lost.tolist() == [2, 0, 0, 5, 5, 0, 0, 0, 0, 0]


def test_where_nothing_is_added_there_are_no_shares():
    v = made_up(lambda on: 1.0)
    assert np.isnan(study.shares(v, study.LASTING)).all()
    assert "add nothing" in study._carried(v, study.LASTING)


def test_features_that_do_nothing_are_named_so():
    v = made_up(lambda on: on[0] + 0.5 * on[1])
    assert "External expertise" in study._idle(v)
    assert "CPD on" not in study._idle(v)
    assert "CPD has the largest share, 67%" in study._carried(v, study.LASTING)


def test_the_reviews_expectation_is_told_as_it_came_out():
    comes = study._review(made_up(lambda on: on[0] + 2 * on[6]))
    assert "CPD has the largest share of transfer (spread) does NOT come out" in comes
    assert "Ownership has the largest share of sustained collaboration (clusters alive) comes out" in comes
