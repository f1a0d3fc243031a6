"""The study, small: every community predicted once by what it was not fitted to, paired differences, the same bits twice."""

from __future__ import annotations

import pandas as pd
import pytest

from kmsim.diffusion.communities import halves, innovation
from kmsim.diffusion.measures import log_score
from kmsim.diffusion.rivals import BASS
from kmsim.diffusion.study import BETTER, CANNOT_TELL, MEASURES, TOO_FEW, WORSE, Study, study, verdict


@pytest.fixture(scope="module")
def small() -> Study:
    return study("small")


def test_every_community_is_predicted_once_by_the_half_that_it_is_not_in(small):
    whole = innovation("physicians")
    for _, own in small.communities.groupby("model"):
        assert sorted(own.community) == sorted(whole.communities)
        for fitted_on, fitted in zip(("first", "second"), halves(whole), strict=True):
            there = set(own[own.fitted_on == fitted_on].community)
            assert not there & {whole.communities[c] for c in fitted}


def test_a_row_is_the_measure_of_what_was_fitted(small):
    whole = innovation("physicians")
    far = whole.only(halves(whole)[1])
    fitted = small.parameters[(small.parameters.model == "bass") & (small.parameters.fitted_on == "first")]
    values = dict(zip(fitted.parameter, fitted.value, strict=True))
    rows = small.communities[(small.communities.model == "bass") & (small.communities.fitted_on == "first")]
    assert rows.log_score.to_numpy() == pytest.approx(log_score(far, BASS.chances(far, values)))


def test_differences_are_paired_and_more_is_better(small):
    table = small.communities.pivot(index="community", columns="model", values="curve_error")
    row = small.differences().set_index(["rival", "measure"]).loc["bass", "curve_error"]
    assert row.difference == pytest.approx(float((table.bass - table.rules).mean()))
    assert row.low <= row.difference <= row.high
    assert set(small.differences().verdict) == {TOO_FEW}
    assert small.gain("rules", "rules", "order", "physicians") == (4, 0, 0, 0)


def test_the_best_has_the_best_mean(small):
    means = small.means().set_index(["measure", "model"])["mean"]
    for row in small.best().itertuples():
        sign = MEASURES[row.measure].sign
        assert sign * means[row.measure, row.model] == max(sign * means[row.measure])


def test_the_same_again(small):
    again = study("small")
    pd.testing.assert_frame_equal(small.communities, again.communities, check_exact=True)
    pd.testing.assert_frame_equal(small.parameters, again.parameters, check_exact=True)
    assert (small.means().low <= small.means()["mean"] + 1e-12).all()


def test_a_verdict_needs_the_whole_interval_and_enough_communities():
    assert verdict(0.1, 0.2, 20) == BETTER
    assert verdict(-0.2, -0.1, 20) == WORSE
    assert verdict(-0.1, 0.1, 20) == verdict(0.0, 0.1, 20) == CANNOT_TELL
    assert verdict(0.1, 0.2, 5) == TOO_FEW
