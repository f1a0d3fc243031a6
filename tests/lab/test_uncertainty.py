"""Comparing over a posterior: parameters and chance apart, who is best how often, at what regret, and in words that follow."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from kmsim.errors import BadValue, KmsimError, UnknownName
from kmsim.lab import uncertainty
from kmsim.lab.comparison import compare, plan_of
from kmsim.parameters import PARAMETERS
from kmsim.posterior import FILE, TOLD, Posterior
from kmsim.report.report import render

NAMES, PRACTICES, MOMENTS = ["a", "b", "c"], ["p"], {"funding_end": 1, "end": 2}


def values(by_draw, noise, seed=1):
    """Doing it well of policies (3), draws, seeds (4): so much by draw, and noise by seed that all policies share in part."""
    by_draw = np.asarray(by_draw, float)
    spread = np.random.default_rng(seed).normal(0, noise, (*by_draw.shape, 4))
    array = (by_draw[:, :, None] + spread - spread.mean(2, keepdims=True))[:, :, :, None, None]
    return {"doing_it_well": np.repeat(array, 3, axis=4)}


def decided(by_draw, noise=0.0):
    frame = uncertainty.decision(values(by_draw, noise), NAMES, PRACTICES, MOMENTS, 1)
    return frame[frame.outcome == "doing_it_well"].reset_index(drop=True)


def test_the_best_is_counted_by_draws_and_by_runs():
    frame = decided([[0.5, 0.5, 0.5, 0.1], [0.2, 0.2, 0.2, 0.4], [0.0, 0.0, 0.0, 0.0]])
    assert frame.best.tolist() == [3, 1, 0]
    assert frame.draws.tolist() == [4, 4, 4]
    assert frame.best_runs.tolist() == [12, 4, 0]
    assert frame.runs.tolist() == [16, 16, 16]
    assert frame.top.tolist() == ["a", "a", "a"]
    assert frame.regret.tolist() == pytest.approx([0.3 / 4, 0.9 / 4, 1.9 / 4])
    assert frame.place.tolist() == pytest.approx([(3 + 2) / 4, (2 * 3 + 1) / 4, 3.0])


def test_regret_is_never_below_nought_and_nought_for_a_policy_that_is_always_best():
    frame = decided(np.random.default_rng(1).uniform(size=(3, 32)) * [[0.1], [0.1], [0.1]] + [[1.0], [0.0], [0.0]])
    assert frame.regret[0] == 0
    assert (frame.regret >= 0).all()


def test_chance_and_parameters_are_kept_apart():
    """Draws that differ with seeds that do not, and the other way round."""
    about = NAMES, PRACTICES, MOMENTS, 1
    drawn = np.tile(np.linspace(0.1, 0.9, 16), (3, 1))
    only = uncertainty.summary(values(drawn, 0.0), *about).iloc[0]
    assert only.high - only.low > 0.6
    assert only.chance_high - only.chance_low < 1e-12
    luck = uncertainty.summary(values(np.full((3, 16), 0.5), 0.05), *about).iloc[0]
    assert luck.high - luck.low < 1e-12
    assert 0.1 < luck.chance_high - luck.chance_low < 0.25
    assert only.n == luck.n == 16
    assert only["mean"] == pytest.approx(0.5)
    assert luck.chance_low < luck["mean"] < luck.chance_high


def test_how_stable_the_ranking_is_is_said():
    up = np.linspace(0, 0.01, 20)
    assert uncertainty.verdict(decided([0.5 + up, 0.3 + up, 0.1 + up])) == "The ranking is stable"
    swap = np.where(np.arange(20) % 2, 0.3, 0.1)
    assert uncertainty.verdict(decided([0.9 + up, swap, 0.4 - swap])).startswith("The best is stable")
    turn = np.where(np.arange(20) < 13, 0.6, 0.1)
    told = uncertainty.verdict(decided([turn, 0.3 + up, 0.1 + up]))
    assert told == "The ranking is not stable: another policy is as good or better in 7 of 20 draws"
    three = np.arange(21) % 3
    rows = [np.where(three == i, 0.6 + 0.01 * (2 - i), 0.1) for i in range(3)]
    assert "no policy is best in even half" in uncertainty.verdict(decided(rows))


def test_a_best_that_chance_changes_from_run_to_run_is_not_stable():
    up, small = np.linspace(0, 0.01, 20), 0.0001
    frame = decided([0.5 + small + up, 0.5 + up, 0.1 + up], noise=0.05)
    assert frame.best.tolist() == [20, 0, 0]
    frame["best_runs"] = [39, 41, 0]
    assert "stable over draws but not over chance" in uncertainty.verdict(frame)
    frame["best_runs"] = [41, 39, 0]
    assert uncertainty.verdict(frame) == "The ranking is stable"


def test_the_sentence_has_the_frames_numbers():
    frame = decided([[0.5, 0.5, 0.5, 0.1], [0.2, 0.2, 0.2, 0.4], [0.0, 0.0, 0.0, 0.0]])
    text = uncertainty.sentence(frame)
    assert "a has the best mean and is best in 3 of 4 draws (in 12 of 16 single runs); b in 1." in text
    assert "would cost on average is least for a: 7.5 points short of the best of each draw" in text


def test_draws_in_which_a_policy_has_no_value_are_left_out():
    by_draw = np.array([[0.5, np.nan], [0.2, 0.4], [0.0, 0.0]])
    frame = decided(by_draw)
    assert frame.draws.tolist() == [1, 1, 1]
    assert len(decided(np.full((3, 4), np.nan))) == 0
    assert len(decided(np.full((3, 4), 0.5))) == 0


# -- through the lab ---------------------------------------------------------------
@pytest.fixture
def posterior(tmp_path):
    folder = tmp_path / "posterior"
    folder.mkdir()
    rows = ["theta,r_try"] + [f"{1.5 + 0.2 * i},{3 + 0.1 * i}" for i in range(6)]
    (folder / FILE).write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / TOLD).write_text("code: another\n", encoding="utf-8")
    return folder


ASK = {"system": "village", "years": 3, "funded_years": 1, "budget": None}
POLICIES = ["business_as_usual", "coaching", "codesigned_networks"]


def test_a_comparison_over_a_posterior(posterior, tmp_path):
    found = compare(
        POLICIES, uncertainty="posterior", posterior=str(posterior), draws=3, replicates=2, workers=1, **ASK
    )
    alone = compare(POLICIES, replicates=2, workers=1, **ASK, **{"parameters.theta": 1.9, "parameters.r_try": 3.2})
    assert found.config["draws"] == 3
    assert "theta" not in found.config["parameters"]
    assert found.label == (
        f"the calibrated parameters, 2 of {len(PARAMETERS)}, over 3 draws of a posterior calibrated with an earlier version of "
        "the model; each draw averages 2 runs of chance"
    )
    mean = alone.trajectories.groupby(["policy", "practice", "outcome", "tick"], sort=False).value.mean()
    keys = ["policy", "practice", "outcome", "tick"]
    told = found.trajectories[found.trajectories.seed == 2].set_index(keys).value
    assert np.allclose(told, mean.reindex(told.index), rtol=1e-5, atol=1e-7, equal_nan=True)
    assert len(told)
    assert found.decision.draws.max() == 3
    text = found.table()
    assert "3 draws x 2 seeds" in text
    assert "How sure is the ranking?" in text
    (tmp_path / "out").mkdir()
    found.write(tmp_path / "out")
    assert (tmp_path / "out" / "decision.csv").exists()
    assert (tmp_path / "out" / "figures" / "ranking.png").exists()
    assert "draw" in pd.read_parquet(tmp_path / "out" / "trajectories.parquet")
    page = render(found)
    assert "How sure is the ranking?" in page
    assert "90% range over calibrated parameters" in page
    assert "set by hand" not in page.split("<body>")[1].split('id="reproduce"')[0]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["label"] == found.label


def test_a_plain_comparison_has_no_ranking_and_its_label(tmp_path):
    found = compare(POLICIES[:2], replicates=2, workers=1, **ASK)
    assert found.decision is None
    assert found.label.startswith("chance only; ")
    assert "How sure is the ranking" not in found.table() + render(found)


def test_what_the_user_gives_does_not_vary(posterior):
    settings = ASK | {"parameters.theta": 2.5}
    plan = plan_of(POLICIES, uncertainty="posterior", posterior=str(posterior), **settings)
    assert plan.varied == ["parameters.r_try"]
    assert plan.table.count == 6  # 32 at most
    assert plan.replicates == uncertainty.SEEDS
    assert plan_of(POLICIES, **ASK).replicates == 20


def test_what_cannot_be_used_is_told(posterior, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'posterior'"):
        plan_of(POLICIES, uncertainty="postrior", **ASK)
    with pytest.raises(BadValue, match="draws=5: expected uncertainty=posterior beside it"):
        plan_of(POLICIES, draws=5, **ASK)
    with pytest.raises(BadValue, match="draws=7: expected a whole number from 1 to 6"):
        plan_of(POLICIES, uncertainty="posterior", posterior=str(posterior), draws=7, **ASK)
    with pytest.raises(KmsimError, match="expected a folder of kmsim calibrate"):
        plan_of(POLICIES, uncertainty="posterior", posterior=str(tmp_path / "none"), **ASK)
    with pytest.raises(BadValue, match="at least one parameter of the posterior"):
        both = {"parameters.theta": 2.0, "parameters.r_try": 3.0}
        plan_of(POLICIES, uncertainty="posterior", posterior=str(posterior), **ASK, **both)


def test_without_a_posterior_it_says_how_to_make_one(monkeypatch):
    monkeypatch.setattr("kmsim.lab.comparison.shipped", lambda: None)
    with pytest.raises(KmsimError, match=r"no posterior is shipped.*kmsim calibrate"):
        plan_of(POLICIES, uncertainty="posterior", **ASK)
    monkeypatch.setattr("kmsim.lab.comparison.shipped", lambda: Posterior(("theta",), ((2.0,), (3.0,))))
    assert plan_of(POLICIES, uncertainty="posterior", **ASK).table.count == 2
