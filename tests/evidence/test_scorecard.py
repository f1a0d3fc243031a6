"""The scorecard runs through the lab, goes on where it stopped, and tells failures as plainly as what passed."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from kmsim.errors import KmsimError, RunFailed
from kmsim.evidence import scorecard as scorecard_module
from kmsim.evidence.arms import programme
from kmsim.evidence.check import Check, Result
from kmsim.evidence.checks import CHECKS
from kmsim.evidence.experiment import Experiment
from kmsim.evidence.intervals import Interval
from kmsim.evidence.measures import well
from kmsim.evidence.observing import FOLDER, simulate
from kmsim.evidence.scorecard import Scorecard, made, run_experiment, score, tally
from kmsim.evidence.seen import Seen
from kmsim.lab import work as lab_work
from kmsim.report.scorecard import render, write

SMALL = Experiment(
    "small",
    "two arms and a trial of few schools",
    {"much": programme(), "little": programme(cpd=0.1)},
    seeds=2,
    years=2,
    funded_years=2,
    system={"source": "synthetic", "n_schools": 30, "region": "England"},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("scorecard") / "small"
    run_experiment(SMALL, where, workers=1)
    return where


def test_each_run_is_kept_with_what_was_seen(folder):
    assert len(list((folder / FOLDER).iterdir())) == 4
    seen = Seen(folder)
    much, little = seen.each("much", well(2)), seen.each("little", well(2))
    assert len(much) == 2
    assert (much >= little).all()
    assert np.allclose(seen.outcome("doing_it_well", "much"), [_all_well(run) for run in seen.runs("much")])


def _all_well(run):
    return run.at("well", 2).sum() / run.at("size", 2).sum()


def test_seeing_changes_no_run(tmp_path):
    plan = SMALL.plan()
    run = plan.run(0)
    seen, plain = simulate(plan, run, 2.0, tmp_path), lab_work.simulate(plan, run, 2.0)
    assert np.array_equal(seen.at, plain.at, equal_nan=True)
    assert seen.ledger == plain.ledger


def test_the_same_call_runs_nothing_anew(folder):
    before = {file: file.stat().st_mtime_ns for file in (folder / FOLDER).iterdir()}
    run_experiment(SMALL, folder, workers=1)
    assert before == {file: file.stat().st_mtime_ns for file in (folder / FOLDER).iterdir()}


def test_people_are_seen_to_come_and_go(folder):
    for run in Seen(folder).runs("much"):
        assert all(0.04 < share < 0.14 for share in run.series["left"] + run.series["moved"])
        assert run.series["aware"]["teacher"][0] == 0.0
        assert run.series["novices"] == sorted(run.series["novices"], reverse=True)


def test_a_trial_in_the_lab_has_its_estimate(tmp_path):
    trial = Experiment(**(vars(SMALL) | {"name": "trial", "trial": True}))
    run_experiment(trial, tmp_path / "trial", workers=1)
    for run in Seen(tmp_path / "trial").runs("much"):
        assert run.trial.low < run.trial.effect < run.trial.high
        assert set(run.at("arm", 0)) == {-1.0, 0.0, 1.0}


def test_checks_are_made_of_what_was_seen(folder):
    check = Check("F27.use", "well", "small", lambda seen: _mean(seen), (0.0, 1.0))
    result = made(folder, [check])["F27.use"]
    assert result.verdict in ("pass", "cannot tell")
    assert result.found.n == 2


def _mean(seen):
    from kmsim.evidence.intervals import mean

    return mean(seen.each("much", well(2)))


def test_a_run_that_breaks_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("kmsim.evidence.observing.Seen", None)
    with pytest.raises(RunFailed, match="small: 4 of 4 runs failed; the first: TypeError"):
        run_experiment(SMALL, tmp_path / "small", workers=1)


def test_some_experiments_alone_can_be_scored(tmp_path):
    card = score(tmp_path, ["post"], times=0.1, workers=1)
    assert [r.check.name for r in card.results] == ["F27.effect", "F27.use"]
    assert card.ending.startswith(tally(card.results))
    assert (tmp_path / scorecard_module.EXPERIMENTS_FOLDER / "post" / "config.yaml").exists()


# -- the table -------------------------------------------------------------------
def result(name, low, high):
    check = next(check for check in CHECKS if check.name == name)
    return Result(check, Interval((low + high) / 2, low, high, 10))


@pytest.fixture
def card():
    return Scorecard(
        [result("F20e", -0.02, 0.03), result("F57", -0.1, 0.1), result("F07", 0.04, 0.06), result("F02.cpd", 0.1, 0.2)],
        not_checked={"F55": "<b>parts</b>"},
    )


def test_the_ending_counts_every_verdict(card):
    assert card.ending == "2 pass, 1 fail, 1 cannot tell"
    assert card.by_kind()[0] == "VAL (tests: never fitted): 1 pass, 1 fail, 0 cannot tell"
    assert card.groups()[7] == "fail"
    assert card.groups()[5] == "pass"
    assert card.groups()[1] == "not checked"
    assert "group 12: not checked (F61, F70, F71, F72 not checked)" in card.group_lines()


def test_groups_are_judged_by_sign_and_order_and_by_range():
    card = Scorecard([result("F41", 3.4, 3.6), result("F24", 0.44, 0.62), result("F58", 0.9, 1.0)])
    assert (card.groups()[9], card.groups(order=True)[9]) == ("fail", "pass")
    assert (card.groups()[2], card.groups(order=True)[2]) == ("fail", "cannot tell")
    assert (card.groups()[4], card.groups(order=True)[4]) == ("pass", "pass")
    lines = card.group_lines()
    assert "group  9: pass in sign and order, fail by range" in lines
    assert lines[-1] == "2 of 12 pass in sign and order, 1 by range"
    assert card.ending == "1 pass, 2 fail, 0 cannot tell", "what is counted is judged by range"


def test_a_positive_control_that_fails_is_a_caution(card):
    assert any("says little" in line for line in card.cautions())
    assert not any("says little" in line for line in Scorecard([result("F20e", 0.05, 0.1)]).cautions())


def test_files_are_written_and_failures_stand_in_each(card, tmp_path):
    write(card, tmp_path, "the table\n2 pass")
    rows = list(csv.DictReader((tmp_path / "scorecard.csv").open(encoding="utf-8")))
    assert [row["verdict"] for row in rows] == ["fail", "pass", "cannot tell", "pass"]
    assert math.isclose(float(rows[0]["low"]), -0.02)
    page = (tmp_path / "scorecard.html").read_text(encoding="utf-8")
    assert page == render(card)
    assert 'class="verdict fail"' in page
    assert "in view when judged: f_reach, peer, c_vitality" in page
    assert "[partly from memory]" in page
    assert "&lt;b&gt;parts" in page
    assert "<script" not in page
    assert "://" not in page


def test_a_link_in_its_folder_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / scorecard_module.EXPERIMENTS_FOLDER).symlink_to(tmp_path / "victim")
    with pytest.raises(KmsimError, match=f"^{tmp_path}/card/experiments: a link where "):
        score(tmp_path / "card", ["post"], times=0.1, workers=1)
    assert not [*(tmp_path / "victim").iterdir()]
