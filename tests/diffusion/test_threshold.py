"""NDlib's threshold model, if it is installed: ties the right way round, and the steps of our own reckoning."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.diffusion import threshold
from kmsim.diffusion.communities import innovation
from tests.diffusion.small import line

needs_ndlib = pytest.mark.skipif(not threshold.available(), reason=threshold.MISSING)


@needs_ndlib
def test_it_runs_from_those_named_to_those_who_named_them():
    where = line([1, 6, 6, 6])
    after = threshold._run(threshold._graph(where), where, np.ones(4), 4)
    assert after.tolist() == [0, 1, 2, 3]


@needs_ndlib
def test_it_equals_our_own_reckoning():
    where = innovation("physicians")
    thresholds = np.random.Generator(np.random.Philox(key=[5, 5])).uniform(size=where.n_people)
    has = where.time == where.began[where.community]
    expected = np.where(has, 0, where.periods + 1)
    for step in range(1, where.periods):
        share = np.array(
            [
                has[where.tie_to[a:b]].mean() if b > a else -1
                for a, b in zip(where.tie_start, where.tie_start[1:], strict=False)
            ]
        )
        now = has | (share >= thresholds)
        expected[now & ~has] = step
        has = now
    assert threshold._run(threshold._graph(where), where, thresholds, where.periods - 1).tolist() == expected.tolist()


@needs_ndlib
def test_the_same_seed_gives_the_same_forecast():
    where = innovation("physicians")
    one, again = (threshold.forecast_threshold(where, {"mean": 0.4, "spread": 0.3}, 1, 3) for _ in range(2))
    assert np.array_equal(one.shares, again.shares)
    assert (np.diff(one.shares, axis=2) >= 0).all()


def test_without_it_a_study_says_so(monkeypatch):
    monkeypatch.setattr(threshold, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    assert not threshold.available()
    assert "pip install 'kmsim[ndlib]'" in threshold.MISSING
