"""The search finds what is most likely, within bounds, and the same each time."""

from __future__ import annotations

import pytest

from kmsim.diffusion.communities import innovation
from kmsim.diffusion.fitting import fit
from kmsim.diffusion.rivals import BASS, likelihood


def test_nothing_near_the_fit_is_more_likely():
    where = innovation("physicians")
    found = fit(BASS, where)
    assert found.score == pytest.approx(float(likelihood(where, BASS.chances(where, found.values)).mean()))
    for name in ("p", "q"):
        for factor in (0.8, 1.25):
            other = {**found.values, name: found.values[name] * factor}
            assert float(likelihood(where, BASS.chances(where, other)).mean()) < found.score + 1e-6
    for free in BASS.free:
        assert free.low <= found.values[free.name] <= free.high
    assert fit(BASS, where) == found
