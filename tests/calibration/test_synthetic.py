"""Trials on synthetic data: a right posterior has even ranks, a wrong one is found out, what is not in the data is not recovered."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.calibration.synthetic import SAMPLE, Trials, diagnose, rank_counts, table, tried
from kmsim.calibration.words import synthetic
from kmsim.errors import UnknownName


@pytest.fixture(scope="module")
def found():
    """Two parameters: the statistics are of the first alone."""
    generator = np.random.default_rng(1)
    x = generator.uniform(size=(1200, 2))
    seen = np.column_stack([x[:, 0] + generator.normal(0, 0.1, 1200), generator.normal(size=1200)])
    return tried(x, seen, 200, seed=1)


def test_what_the_data_tell_is_recovered_and_nothing_else(found):
    rows = table(found, ["told", "untold"]).set_index("parameter")
    assert rows.correlation["told"] > 0.9
    assert rows.shrinkage["told"] > 0.7
    assert abs(rows.correlation["untold"]) < 0.3
    assert abs(rows.shrinkage["untold"]) < 0.15


def test_intervals_hold_what_they_say_and_ranks_are_even(found):
    assert found.covered(0.9) == pytest.approx([0.9, 0.9], abs=0.07)
    assert found.covered(0.5) == pytest.approx([0.5, 0.5], abs=0.11)
    assert rank_counts(found).sum(1).tolist() == [200, 200]
    assert (table(found, ["a", "b"]).even > 0.001).all()


@pytest.mark.parametrize(
    "wrong", [lambda s: s + 0.1, lambda s: s.mean(1, keepdims=True) + 0.3 * (s - s.mean(1, keepdims=True))]
)
def test_a_posterior_that_is_biased_or_too_sure_is_found_out(found, wrong):
    assert table(Trials(found.truth, wrong(found.samples)), ["a", "b"]).even[0] < 1e-4


def test_ranks_reach_from_none_to_all():
    trials = Trials(np.array([[0.0], [1.0]]), np.full((2, SAMPLE, 1), 0.5))
    assert trials.ranks.ravel().tolist() == [0, SAMPLE]
    assert rank_counts(trials).ravel().tolist() == [1, 0, 0, 0, 0, 0, 0, 1]


def test_it_is_made_of_a_calibrations_first_wave(kept, budget):
    done = []
    rows, _ = diagnose(kept[1], "sbc", budget, seed=1, workers=1, tell=lambda what, *_: done.append(what))
    assert done == []  # nothing is evaluated anew
    assert list(rows.parameter) == list(kept[0].posterior.columns)
    assert (kept[1] / "synthetic.parquet").exists()
    for kind in ("sbc", "recovery"):
        assert str(int(rows.trials[0])) in synthetic(rows, kind)
    with pytest.raises(UnknownName, match="did you mean 'sbc'"):
        diagnose(kept[1], "sbb", budget)
