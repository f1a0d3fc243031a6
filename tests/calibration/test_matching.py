"""Emulators foretell, and history matching keeps the truth and rules out what is far from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from kmsim.calibration.emulator import fit
from kmsim.calibration.matching import Region, match, spread
from kmsim.calibration.targets import Target

D = 4


def statistic(x, noise):
    return np.sin(3 * x[:, 0]) + x[:, 1] ** 2 + noise


@pytest.fixture(scope="module")
def learnt():
    x = qmc.Sobol(D, seed=1).random(128)
    return fit(x, statistic(x, np.random.default_rng(1).normal(0, 0.02, 128)), seed=1)


def test_an_emulator_foretells_what_it_has_not_seen(learnt):
    x = np.random.default_rng(2).uniform(size=(300, D))
    mean, sd = learnt.predict(x)
    truth = statistic(x, 0.0)
    assert 1 - ((truth - mean) ** 2).mean() / truth.var() > 0.98
    assert 0.85 < (np.abs(truth - mean) < 1.96 * sd + 1e-9).mean() <= 1
    assert learnt.noise_sd == pytest.approx(0.02, rel=0.5)


def test_an_emulator_is_the_same_when_it_is_read_again(learnt, tmp_path):
    region = Region({"a|b".replace("|", "."): learnt}, {"a.b": (0.0, 1.0)}, {"a.b": 3.0})
    region.write(tmp_path / "region.npz")
    x = np.random.default_rng(3).uniform(size=(50, D))
    again = Region.read(tmp_path / "region.npz")
    assert np.array_equal(again.emulators["a.b"].predict(x)[0], learnt.predict(x)[0])
    assert np.array_equal(again.holds(x), region.holds(x))


def test_points_without_a_number_are_left_out(learnt):
    x = qmc.Sobol(D, seed=1).random(64)
    y = statistic(x, 0.0)
    y[3] = np.nan
    assert np.isfinite(fit(x, y, seed=1).predict(x)[0]).all()


def test_what_is_left_holds_the_truth_and_is_small(learnt):
    target = Target("t", "", "", None, (0.5, 0.6))
    region, told, found = match({"t": learnt}, [target], D, seed=1)
    x = np.random.default_rng(4).uniform(size=(4000, D))
    truth = statistic(x, 0.0)
    inside = (truth > 0.5) & (truth < 0.6)
    kept = region.holds(x)
    assert kept[inside].mean() > 0.99
    assert told.left < 0.2
    assert told.out_of_reach == ()
    assert len(found) == pytest.approx(told.left * 2**14, abs=1)
    assert not region.holds(np.full((1, D), 1.01)).any()


def test_a_range_out_of_reach_is_told_and_the_best_there_is_is_kept(learnt):
    target = Target("t", "", "", None, (5.0, 6.0))
    _, told, found = match({"t": learnt}, [target], D, seed=1)
    assert told.out_of_reach == ("t",)
    assert told.left == pytest.approx(0.02, abs=0.01)
    assert statistic(found, 0.0).mean() > statistic(np.random.default_rng(1).uniform(size=(500, D)), 0.0).mean() + 0.5


def test_points_are_spread_over_what_is_left_and_never_leave_it(learnt):
    region, _, found = match({"t": learnt}, [Target("t", "", "", None, (0.5, 0.6))], D, seed=1)
    places = spread(region, found[:20], 200, seed=1)
    assert places.shape == (200, D)
    assert region.holds(places).all()
    assert len(np.unique(places, axis=0)) > 190
    free = places[:, 2]  # a parameter that does nothing stays even
    assert 0.2 < free.std() < 0.4
    assert np.array_equal(places, spread(region, found[:20], 200, seed=1))
