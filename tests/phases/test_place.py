"""What schools' teachers meet is laid before the right posts, each thing in its own row of the tile."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.phases.place import PLACE, lay_places
from kmsim.phases.tile import AT, MET, POSTS, SIZE

SIZES = (5, 9, 40, 3, 100)
SCHOOLS = np.zeros(len(SIZES), [("first_post", np.int32), ("n_posts", np.int32)]).view(np.recarray)
SCHOOLS["n_posts"], SCHOOLS["first_post"] = SIZES, np.cumsum((0, *SIZES[:-1]))


@pytest.mark.parametrize(("first", "n", "school"), [(0, POSTS, 0), (POSTS, sum(SIZES) - POSTS, 4), (54, 3, 3)])
def test_each_post_meets_what_its_own_school_offers(first, n, school):
    places = np.zeros(len(SIZES), PLACE).view(np.recarray)
    for row, name in enumerate(MET):
        places[name] = 10 * row + np.arange(len(SIZES))
    x = np.full(SIZE, np.nan, np.float32)
    lay_places.py_func(x, places, SCHOOLS, first, n, school)
    schools = np.repeat(np.arange(len(SIZES)), SIZES)[first : first + n]
    for row, name in enumerate(MET):
        assert x[AT[name] : AT[name] + n].tolist() == (10 * row + schools).tolist()
