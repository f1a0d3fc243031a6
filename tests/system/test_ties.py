"""Ties, by MODEL section 10 and by what was measured in 15 real schools."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim import rng
from kmsim.system import System, build


@pytest.fixture(scope="module")
def london() -> System:
    return build("london")


def ends(system: System) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(system.n_posts), np.diff(system.tie_start)), system.tie_to.astype(np.int64)


def mutual(system: System) -> np.ndarray:
    start, end = ends(system)
    return np.isin(end * system.n_posts + start, start * system.n_posts + end)


@pytest.mark.parametrize("name", ["village", "borough", "london", "synthetic"])
def test_ties_are_well_formed(name):
    system = build(name)
    start, end = ends(system)
    assert system.tie_start[0] == 0
    assert system.tie_start[-1] == len(end)
    assert ((end >= 0) & (end < system.n_posts)).all()
    assert (start != end).all()
    assert len(np.unique(start * system.n_posts + end)) == len(end)


def test_out_degree_is_that_of_the_draw(london):
    school, size = london.posts["school"], london.schools["size"]
    secondary = (london.schools["phase"] == 1)[school]
    degree = np.diff(london.tie_start)
    for post in range(0, london.n_posts, 997):
        draw = rng.uniform(1, rng.BUILD_TIES, 0, post, 0)
        wanted = int((5.5 if secondary[post] else 4.0) + draw)
        assert degree[post] == min(wanted, size[school[post]] - 1)
    assert degree[secondary & (size[school] > 7)].mean() == pytest.approx(5.5, abs=0.02)


def test_share_of_external_ties(london):
    school, role = london.posts["school"], london.posts["role"]
    start, end = ends(london)
    external = school[start] != school[end]
    assert external.mean() == pytest.approx(0.11, abs=0.01)
    for r, share in enumerate((0.06, 0.15, 0.20, 0.40)):
        assert external[role[start] == r].mean() == pytest.approx(share, abs=0.015)


def test_external_ties_go_to_the_same_index_nearby(london):
    school, first, size = london.posts["school"], london.schools["first_post"], london.schools["size"]
    start, end = ends(london)
    external = school[start] != school[end]
    start, end = start[external], end[external]
    home, there = school[start], school[end]
    assert (london.schools["neighbours"][home] == there[:, None]).any(axis=1).all()
    assert np.array_equal(end - first[there], (start - first[home]) % size[there])


def test_ties_keep_to_departments(london):
    school, department = london.posts["school"], london.posts["department"]
    start, end = ends(london)
    inside = school[start] == school[end]
    together = department[start] == department[end]
    secondary = (london.schools["phase"] == 1)[school[start]]
    assert 0.65 < together[inside & secondary].mean() < 0.80
    assert 0.35 < together[inside & ~secondary].mean() < 0.60


def test_reciprocity(london):
    assert mutual(london).mean() == pytest.approx(0.30, abs=0.04)


def test_most_schools_lie_within_the_ranges_of_real_ones(london):
    school, size = london.posts["school"], london.schools["size"]
    start, end = ends(london)
    inside = school[start] == school[end]
    ties = np.bincount(school[start[inside]], minlength=london.n_schools)
    returned = np.bincount(school[start[inside]], mutual(london)[inside], minlength=london.n_schools) / ties
    density, degree = ties / (size * (size - 1.0)), ties / size
    assert ((density >= 0.055) & (density <= 0.386)).mean() > 0.8
    assert ((degree >= 1.25) & (degree <= 5.40)).mean() > 0.95
    assert ((returned >= 0.10) & (returned <= 0.62)).mean() > 0.9


def test_a_lone_school_has_no_external_ties():
    system = build("england", {"la": "City of London"})
    assert system.n_schools == 1
    assert (np.diff(system.tie_start) == 4).all()
