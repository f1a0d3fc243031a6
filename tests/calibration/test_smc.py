"""ABC-SMC over many parameters of which few matter: weights stay healthy, what is told is found, what is not stays even."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from kmsim.calibration import smc
from kmsim.calibration.crew import Crew
from kmsim.calibration.smc import Miss, Prior, Split, distances, run
from kmsim.calibration.space import Space
from kmsim.calibration.targets import Target

D = 16
SPACE = Space(tuple(f"p{i}" for i in range(D)), np.zeros(D), np.ones(D))


class Cube:
    """A region that is the whole cube."""

    def holds(self, units):
        return ((units >= 0) & (units <= 1)).all(1)


def simulate(units):
    return {"a": units["p0"] + units["p1"] + np.random.normal(0, 0.05), "b": units["p2"] + np.random.normal(0, 0.05)}


def far(x, _):
    return float(np.hypot(max(0.0, abs(x["a"] - 1.6) - 0.1), max(0.0, abs(x["b"] - 0.8) - 0.1)) / 0.1)


simulate.__name__, far.__name__ = "simulate", "far"


@pytest.fixture
def prior(monkeypatch, tmp_path):
    monkeypatch.setattr(smc, "_region", lambda file, sha256: Cube())
    (tmp_path / "region.npz").write_bytes(b"")
    return Prior(SPACE, tmp_path / "region.npz", np.random.default_rng(1).uniform(size=(1024, D)))  # type: ignore[arg-type]


def go(file, prior, in_all=1500):
    with Crew(1) as crew:
        return run(
            file, prior, simulate, far, 3.0, crew, seed=1, particles=60, generations=5, alpha=0.5, most=1000,
            in_all=in_all, deadline=time.monotonic() + 600, tell=lambda *_: None,
        )  # fmt: skip


def test_it_goes_down_and_keeps_many_particles(prior, tmp_path):
    found = go(tmp_path / "a.db", prior)
    assert 2 <= len(found.trace) <= 5
    assert found.trace.epsilon.iloc[-1] == 0.0
    assert (found.trace.effective > 15).all()
    weight = found.particles.weight
    assert weight @ found.particles["u.p2"] == pytest.approx(0.8, abs=0.08)
    untold = [f"u.p{i}" for i in range(3, D)]
    assert np.abs(weight @ found.particles[untold] - 0.5).max() < 0.25
    assert found.why == "every particle has every statistic in its range"


def test_the_density_is_that_of_what_is_drawn(prior):
    """The mean over even places of the density is 1, and places drawn fall as it says."""
    split, generator = Split(prior), np.random.default_rng(1)
    frame = pd.DataFrame(generator.uniform(size=(50, D)), columns=SPACE.names)
    frame["p0"] = 0.9 + 0.1 * generator.uniform(size=50)
    split.fit(frame, np.full(50, 1 / 50))
    assert split.told == (0,)
    even = pd.DataFrame(generator.uniform(size=(4000, D)), columns=SPACE.names)
    density = split.pdf(even)
    assert density.mean() == pytest.approx(1.0, abs=0.1)
    np.random.seed(1)
    drawn = np.array([split.rvs_single()["p0"] for _ in range(400)])
    upper = even["p0"].to_numpy() > 0.95
    assert (drawn > 0.95).mean() == pytest.approx((density * upper).mean(), abs=0.08)
    assert split.pdf(dict(even.iloc[0])) == pytest.approx(density[0])


def test_nothing_told_is_the_even_prior(prior):
    split = Split(prior)
    frame = pd.DataFrame(np.random.default_rng(2).uniform(size=(200, D)), columns=SPACE.names)
    frame.iloc[:100] = 0.02
    frame.iloc[100:] = 0.98
    split.fit(frame, np.full(200, 1 / 200))
    assert split.told == ()
    assert split.pdf(frame).tolist() == [1.0] * 200


def test_too_few_evaluations_end_it_and_are_told(prior, tmp_path):
    found = go(tmp_path / "a.db", prior, in_all=300)
    assert found.why == "300 evaluations are spent"
    again = go(tmp_path / "a.db", prior, in_all=300)
    assert again.trace.equals(found.trace)
    assert again.particles.equals(found.particles)


def test_a_distance_is_nought_inside_and_capped_far_outside():
    wanted = [Target("x", "", "", None, (0.0, 1.0)), Target("y", "", "", None, (None, 0.0))]  # type: ignore[arg-type]
    values = np.array([[0.5, -1.0], [1.3, 0.4], [np.nan, 0.0], [1e9, 0.0]])
    assert distances(values, wanted, np.array([0.1, 0.1])) == pytest.approx([0.0, 5.0, 20.0, 20.0])


def test_the_distance_is_of_the_cal_checks_by_name():
    miss = Miss(("F38.median", "F07"), (0.1, 0.01))  # not the order in which the scorecard has them
    assert miss({"F38.median": 0.6, "F07": 0.06}, {}) == 0.0
    assert miss({"F38.median": 0.45, "F07": 0.06}, {}) == pytest.approx(1.0)
