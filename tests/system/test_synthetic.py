"""Invented schools against the figures they were fitted to (system.md 1.2, 1.4, 1.8, 1.9)."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from kmsim.system import System, build

AT = (0.05, 0.25, 0.50, 0.75, 0.95)
DECILES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9)


@pytest.fixture(scope="module")
def england() -> System:
    return build("synthetic", {"n_schools": 12_000})


@pytest.fixture(scope="module")
def london() -> System:
    return build("synthetic", {"n_schools": 8_000, "region": "London"})


@pytest.mark.parametrize(
    ("which", "phase", "quantiles"),
    [
        ("england", 0, (67, 175, 239, 396, 598)),
        ("england", 1, (305, 687, 958, 1246, 1682)),
        ("england", 2, (42, 78, 112, 155, 243)),
        ("england", 3, (55, 78, 102, 131, 184)),
        ("london", 0, (185, 243, 402, 480, 754)),
        ("london", 1, (240, 749, 1052, 1324, 1801)),
    ],
)
def test_sizes_are_those_of_the_table(which, phase, quantiles, request):
    schools = request.getfixturevalue(which).schools
    pupils = schools["pupils"][schools["phase"] == phase]
    scale = quantiles[2]  # the laws fit the tails loosely: KS .02-.04
    assert np.quantile(pupils, AT) / scale == pytest.approx(np.array(quantiles) / scale, abs=0.13)


@pytest.mark.parametrize(
    ("which", "phase", "deciles", "mean"),
    [
        ("england", 0, (0.068, 0.100, 0.160, 0.239, 0.358, 0.449), 0.230),
        ("england", 1, (0.088, 0.122, 0.180, 0.247, 0.343, 0.417), 0.234),
        ("england", 2, (0.309, 0.354, 0.423, 0.500, 0.583, 0.652), 0.470),
        ("london", 0, (0.084, 0.133, 0.211, 0.297, 0.393, 0.469), 0.266),
        ("london", 1, (0.101, 0.154, 0.238, 0.310, 0.386, 0.446), 0.276),
    ],
)
def test_free_meals_are_those_of_the_table(which, phase, deciles, mean, request):
    schools = request.getfixturevalue(which).schools
    fsm = schools["fsm"][schools["phase"] == phase]
    assert np.quantile(fsm, DECILES) == pytest.approx(deciles, abs=0.035)
    assert fsm.mean() == pytest.approx(mean, abs=0.02)


def test_authorities_differ_in_free_meals(england):
    primary = england.schools["phase"] == 0
    logit = np.log(england.schools["fsm"][primary] / (1 - england.schools["fsm"][primary]))
    la = england.schools["la"][primary]
    means = np.bincount(la, logit) / np.bincount(la)
    share = means[la].var() / logit.var()
    assert 0.15 < share < 0.33  # .24 with these sizes
    assert len(england.labels["la"]) == pytest.approx(12_000 / 150, rel=0.25)


def test_places_are_clustered_like_real_ones(england):
    x, y = england.schools["x"].astype(float), england.schools["y"].astype(float)
    some = np.arange(0, england.n_schools, 40)
    away = np.hypot(x[some, None] - x, y[some, None] - y)
    away[np.arange(len(some)), some] = np.inf
    nearest = np.quantile(away.min(axis=1), (0.25, 0.5, 0.75, 0.9))
    for got, low, high in zip(nearest, (0.05, 0.2, 0.5, 1.2), (0.2, 0.5, 1.3, 2.9), strict=True):
        assert low < got < high
    assert 25 < np.median((away < 5).sum(axis=1)) < 80


def test_trusts_have_the_sizes_and_share_of_real_ones(england):
    trust = england.schools["trust"]
    assert (trust >= 0).mean() == pytest.approx(0.407, abs=0.01)
    size = np.array([n for t, n in Counter(trust.tolist()).items() if t >= 0])
    assert size.min() >= 2
    assert size.mean() == pytest.approx(7.3, abs=0.8)
    assert np.median(size) == pytest.approx(5, abs=1)
    one_la = [len(np.unique(england.schools["la"][trust == t])) == 1 for t in range(len(size))]
    assert np.mean(one_la) == pytest.approx(0.59, abs=0.08)


@pytest.mark.parametrize("n", [1, 2, 3, 17, 200])
def test_any_number_of_schools_can_be_asked_for(n):
    system = build("synthetic", {"n_schools": n})
    assert system.n_schools == n
    assert system.schools["pupils"].min() >= 2


def test_same_seed_same_schools():
    first, again, other = (build("synthetic", {"seed": seed}) for seed in (1, 1, 2))
    for key in ("pupils", "fsm", "x", "trust"):
        assert np.array_equal(first.schools[key], again.schools[key])
        assert not np.array_equal(first.schools[key], other.schools[key])
