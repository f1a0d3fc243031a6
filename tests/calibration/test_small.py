"""Small versions are the scorecard's own experiments and statistics, with fewer seeds and no noise of testing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kmsim.calibration.small import EACH, SmallSeen, evaluate
from kmsim.calibration.targets import targets
from kmsim.evidence.checks import CHECKS
from kmsim.evidence.experiments import EXPERIMENTS
from kmsim.evidence.scorecard import made, run_experiment
from kmsim.evidence.trial import estimate, expected
from kmsim.parameters import PARAMETERS


def test_a_small_experiment_sees_what_the_scorecard_sees(tmp_path):
    """The same seeds, and the same statistic of them to the last bit."""
    few = replace(EXPERIMENTS["post"], seeds=2)
    run_experiment(few, tmp_path / "post", workers=1)
    mine = SmallSeen(few, {}, seed=1, seeds=2)
    for check in CHECKS:
        if check.experiment == "post":
            assert check.statistic(mine) == made(tmp_path / "post", [check])[check.name].found


def test_values_are_laid_over_and_what_an_experiment_varies_stays():
    seen = SmallSeen(EXPERIMENTS["after the money"], {"theta": 3.0, "leave_0": 0.1}, seed=1)
    given = seen._scenario("middling", 1, 0)
    assert given.parameters["theta"] == 3.0
    assert given.parameters["leave_0"] == 2 * PARAMETERS["leave_0"].default
    assert given.parameters["r_try"] == PARAMETERS["r_try"].default


def test_only_runs_that_are_asked_for_are_done():
    seen = SmallSeen(EXPERIMENTS["trials"], {}, seed=1, seeds=1)
    (wanted,) = targets(["F11"])
    wanted.statistic(seen)
    assert {arm for arm, _, _ in seen._read_runs} == {"coaching"}


def test_programmes_are_sampled_evenly_by_their_true_effect():
    seen = [SmallSeen(EXPERIMENTS["141 trials"], {}, seed=s) for s in range(EACH)]
    numbers = [[scenario for _, scenario, _ in one._keys("programme", None)] for one in seen]
    assert sorted(number for some in numbers for number in some) == list(range(141))
    effects = EXPERIMENTS["141 trials"].vary["practice.effect"]
    means = [np.mean([effects[i] for i in some]) for some in numbers]
    assert np.ptp(means) < 0.1 * np.std(effects)


def test_the_same_seed_gives_the_same_bits_and_another_others():
    wanted = targets(["F38.median"])
    first = evaluate({"a_q": 0.1}, wanted, seed=5, seeds=1)
    assert evaluate({"a_q": 0.1}, wanted, seed=5, seeds=1) == first
    assert evaluate({"a_q": 0.1}, wanted, seed=6, seeds=1) != first
    assert evaluate({"a_q": 0.05}, wanted, seed=5, seeds=1) != first


def test_what_is_expected_of_a_trial_is_the_mean_of_its_estimates():
    gain = np.where(np.arange(40) < 20, 0.25, 0.02) + np.random.default_rng(1).normal(0, 0.05, 40)
    treated = np.arange(40) < 20
    told = [estimate(gain, treated, seed=1, draw=draw) for draw in range(60)]
    wanted = expected(gain, treated)
    effects = np.array([one.effect for one in told])
    assert abs(effects.mean() - wanted.effect) < 3 * effects.std() / np.sqrt(60)
    width = np.mean([one.high - one.low for one in told])
    assert wanted.high - wanted.low == pytest.approx(width, rel=0.06)
