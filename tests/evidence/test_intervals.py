"""Intervals are those of the textbook, and a verdict follows from where the whole interval lies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from kmsim.evidence.intervals import Interval, jackknife, mean, share, verdict


@pytest.mark.parametrize(
    ("low", "high", "accept", "said"),
    [
        (0.1, 0.2, (0.1, 0.2), "pass"),
        (0.1, 0.2, (None, 0.2), "pass"),
        (0.1, 0.2, (0.1, None), "pass"),
        (0.1, 0.2, (0.15, 0.3), "cannot tell"),
        (0.1, 0.2, (None, 0.15), "cannot tell"),
        (0.1, 0.2, (0.2, 0.3), "cannot tell"),
        (0.1, 0.2, (0.21, 0.3), "fail"),
        (0.1, 0.2, (None, 0.09), "fail"),
        (0.0, 0.0, (0.0, None), "pass"),
        (-math.inf, math.inf, (0.0, 1.0), "cannot tell"),
        (-math.inf, math.inf, (None, None), "pass"),
    ],
)
def test_a_verdict_is_of_the_whole_interval(low, high, accept, said):
    assert verdict(Interval(0.15, low, high, 5), accept) == said


def test_what_is_no_number_cannot_be_told():
    assert verdict(Interval(math.nan, 0.0, 1.0, 3), (None, None)) == "cannot tell"
    for values in ([], [1.0], [1.0, math.nan]):
        assert verdict(mean(values), (0.0, 2.0)) == "cannot tell"


def test_the_mean_has_students_interval():
    values = np.random.default_rng(1).normal(size=12)
    found = mean(values)
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_the_jackknife_of_a_mean_is_the_mean():
    values = np.random.default_rng(2).normal(size=9)
    assert vars(jackknife(lambda kept: values[kept].mean(), 9)) == pytest.approx(vars(mean(values)))


def test_a_share_of_all_is_not_certain():
    found = share([True] * 20)
    assert found.value == 1.0
    assert 0.8 < found.low < 0.9


def test_intervals_cover_as_they_should():
    generator = np.random.default_rng(3)
    covered = sum(found.low <= 0.3 <= found.high for found in (mean(generator.normal(0.3, 1, 10)) for _ in range(600)))
    assert 0.92 < covered / 600 < 0.98
