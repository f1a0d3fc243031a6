"""Posts: numbers, roles, departments, people."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.system import build
from kmsim.system.built import POSTS_SOURCES
from kmsim.system.rows import blank
from kmsim.system.staff import sizes, staff


def test_sizes_take_headcount_then_fte_then_the_fit():
    rows = blank(7)
    rows["phase"] = np.uint8([0, 0, 1, 0, 2, 4, 3])
    rows["pupils"][:] = [210, 210, 900, 210, 110, 5, 100]
    rows["headcount"][0] = 20
    rows["fte"][1:4] = [9, 47, 9]
    rows["fte_estimated"][3] = True
    posts, source = sizes(rows)
    assert posts.tolist() == [20, 10, 50, 10, 20, 3, 6]
    assert [POSTS_SOURCES[s] for s in source] == ["headcount", "fte", "fte", "fitted", "fitted", "fitted", "fitted"]


@pytest.mark.parametrize(("n", "leaders", "middle", "teams"), [(3, 1, 1, 1), (25, 4, 5, 6), (100, 16, 20, 25)])
def test_roles_and_departments_of_a_primary(n, leaders, middle, teams):
    posts = staff(np.array([n], np.int32), np.zeros(1, np.uint8), seed=1)
    assert posts["role"].tolist() == [3] + [2] * (leaders - 1) + [1] * middle + [0] * (n - leaders - middle)
    assert posts["department"].tolist() == [i % teams for i in range(n)]


def test_departments_of_a_secondary_are_larger():
    assert staff(np.array([64], np.int32), np.ones(1, np.uint8), seed=1)["department"].max() == 7


def test_people_are_drawn_from_their_distributions():
    posts = build("london").posts
    for key in ("openness", "aptitude"):
        assert posts[key].mean() == pytest.approx(0, abs=0.015)
        assert posts[key].std() == pytest.approx(1, abs=0.015)
    assert abs(np.corrcoef(posts["openness"], posts["aptitude"])[0, 1]) < 0.015
    assert posts["base_workload"].mean() == pytest.approx(0.5, abs=0.005)
    assert posts["base_workload"].std() == pytest.approx(0.15, abs=0.005)
    assert ((posts["base_workload"] >= 0) & (posts["base_workload"] <= 1)).all()
    assert posts["experience"].mean() == pytest.approx(2.09 * 6.23 - 0.5, abs=0.1)
    assert (posts["experience"] < 5).mean() == pytest.approx(0.17, abs=0.02)
