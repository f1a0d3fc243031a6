"""The data as carried: nobody lost, ties inside communities, halves that nobody chose."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.diffusion.communities import SETTINGS, _read, halves, innovation, left_out
from kmsim.errors import UnknownName

COUNTS = {"physicians": (125, 4), "farmers": (692, 11), "families": (1047, 25)}  # data/README.md


@pytest.mark.parametrize("name", SETTINGS)
def test_everybody_is_there_and_ties_stay_within_communities(name):
    whole = innovation(name)
    assert (whole.n_people, whole.n_communities) == COUNTS[name]
    start = np.repeat(np.arange(whole.n_people), np.diff(whole.tie_start))
    assert (whole.community[start] == whole.community[whole.tie_to]).all()
    assert (start != whole.tie_to).all()
    assert len(np.unique(start * whole.n_people + whole.tie_to)) == len(start)
    assert whole.time.min() == 1
    assert whole.time.max() == whole.periods + 1


@pytest.mark.parametrize("name", SETTINGS)
def test_halves_part_the_communities(name):
    whole = innovation(name)
    one, other = halves(whole)
    assert sorted(one + other) == list(range(whole.n_communities))
    assert len(one) - len(other) in (0, 1)
    assert halves(innovation(name)) == (one, other)


def test_some_communities_alone_keep_their_people_ties_and_draws():
    whole = innovation("families")
    some = whole.only([3, 20])
    assert some.communities == (whole.communities[3], whole.communities[20])
    rows = np.flatnonzero(np.isin(whole.community, [3, 20]))
    assert (some.person == rows).all()
    assert (some.time == whole.time[rows]).all()
    assert (
        some.person[some.tie_to[: some.tie_start[1]]]
        == whole.tie_to[whole.tie_start[rows[0]] : whole.tie_start[rows[0] + 1]]
    ).all()
    assert np.allclose(some.curves(), whole.curves()[[3, 20]])


def test_an_unknown_innovation_is_told():
    with pytest.raises(UnknownName, match="did you mean 'farmers'"):
        innovation("farmer")


def test_nominations_that_are_no_ties_are_counted():
    for name in SETTINGS:
        ties = _read("adoption_ties", name)
        told = left_out(name)
        missing = len(ties) - len(innovation(name).tie_to)
        assert f"of {len(ties):,} nominations {missing:,} are no ties" in told
