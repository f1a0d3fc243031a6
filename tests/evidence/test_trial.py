"""A trial is built by chance and estimated from pupils' tests: it finds what is there, and nothing where nothing is."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from kmsim.agents import School
from kmsim.errors import KmsimError
from kmsim.evidence.arms import programme
from kmsim.evidence.trial import allotted, estimate, pupils
from kmsim.lab.pool import system_of
from kmsim.model import Model
from kmsim.scenario import read_scenario

SIXTY = {"source": "synthetic", "n_schools": 60, "region": "England"}


def scenario(seed=1, **settings):
    words = {"system": SIXTY, "years": 2, "funded_years": 2, "budget": None} | settings
    return read_scenario(policy={"name": "arm"} | programme(coverage=0.5), seed=seed, **words)


def test_half_of_those_who_would_join_are_treated_by_chance_and_the_others_never():
    given = scenario()
    system = system_of(given.system)
    model, arm = allotted(given, system)
    joiners = np.flatnonzero(Model(system=system, scenario=given).run().tables[School]["ever_member"][0])
    assert set(np.flatnonzero(arm >= 0)) == set(joiners)
    assert (arm == 1).sum() == len(joiners) // 2
    member = model.run().tables[School]["ever_member"][0] > 0
    assert np.array_equal(member, arm == 1)
    other = allotted(scenario(seed=2), system)[1]
    assert not np.array_equal(arm == 1, other == 1)
    assert np.array_equal(arm, allotted(given, system)[1])
    assert not np.array_equal(arm, allotted(given, system, draw=1)[1])


def test_clusters_are_of_treated_schools_only():
    model, arm = allotted(scenario(), system_of(scenario().system))
    model.run()
    assert (model.tables[School]["cluster"][0][arm != 1] < 0).all()
    assert (model.tables[School]["cluster"][0][arm == 1] >= 0).any()


def test_pupils_are_the_same_for_the_same_seed_and_tests_have_unit_variance():
    school, before, after = pupils(np.zeros(400), 7, 0)
    assert np.array_equal(after, pupils(np.zeros(400), 7, 0)[2])
    assert not np.array_equal(after, pupils(np.zeros(400), 8, 0)[2])
    assert before.var() == pytest.approx(1, abs=0.1)
    assert after.var() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(0.7, abs=0.05)
    means = np.bincount(school, after) / 30
    assert means.var() == pytest.approx(0.12 + 0.88 / 30, abs=0.04)  # P43


def test_what_is_there_is_found_and_intervals_are_as_wide_as_those_of_real_trials():
    treated = np.arange(100) < 50
    found = [estimate(np.where(treated, 0.2, 0.0), treated, seed) for seed in range(12)]
    assert np.mean([e.effect for e in found]) == pytest.approx(0.2, abs=0.05)
    assert sum(e.low <= 0.2 <= e.high for e in found) >= 9
    assert 0.2 < np.mean([e.high - e.low for e in found]) < 0.4  # F21
    nothing = [estimate(np.zeros(100), treated, seed) for seed in range(12)]
    assert sum(e.null for e in nothing) >= 9


def test_the_estimate_is_that_of_the_authors_and_not_the_truth():
    treated = np.arange(100) < 50
    truth = np.where(treated, 0.2, 0.0)
    one, two = estimate(truth, treated, 1), estimate(truth, treated, 2)
    assert one.effect != two.effect
    assert one == estimate(truth, treated, 1)


def test_without_statsmodels_the_line_that_installs_it_is_told(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("statsmodels"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(KmsimError, match=r"pip install 'kmsim\[calibrate\]'"):
        estimate(np.zeros(10), np.arange(10) < 5, 1)
