"""Within-school ties by hand, and the borough's against the ranges of real schools."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.diffusion.schools import RANGES, school_ties, within
from kmsim.system import build
from kmsim.system.built import System


def test_by_hand():
    """Three posts and two: 0 <-> 1, 1 -> 2, 2 -> 3 leaves the school; the second school has no tie of its own."""
    schools = {"phase": np.array([0, 1], np.uint8), "size": np.array([3, 2], np.int32)}
    posts = {"school": np.array([0, 0, 0, 1, 1], np.int32)}
    made = System("made", schools, posts, np.array([0, 1, 3, 4, 4, 4], np.int32), np.array([1, 0, 2, 3], np.int32), {})
    frame = school_ties(made)
    assert frame.density.tolist() == pytest.approx([0.5, 0])
    assert frame.out_degree.tolist() == pytest.approx([1, 0])
    assert frame.reciprocity[0] == pytest.approx(2 / 3)
    assert np.isnan(frame.reciprocity[1])


def test_a_borough_s_primaries_and_secondaries_are_mostly_like_real_schools():
    frame = within(school_ties(build("borough"))).set_index(["statistic", "phase"]).within
    for phase in ("primary", "secondary"):
        assert frame["out_degree", phase] == 1
        assert frame["reciprocity", phase] > 0.9
        assert frame["density", phase] >= 0.75


def test_what_lies_beyond_the_density_of_real_schools_is_small_units_and_the_largest_secondaries():
    schools = school_ties(build("borough"))
    low, high = RANGES["density"]
    assert (schools[schools.density > high].posts <= 10).all()
    assert (schools[schools.density < low].posts >= 85).all()
