"""Every check is of a finding and an experiment that exist; every finding that could be checked is, or says why not."""

from __future__ import annotations

from collections import Counter

import pytest

from kmsim.evidence.checks import CALIBRATION, CHECKS, GROUPS, NOT_CHECKED, REVIEW, of
from kmsim.evidence.experiments import EXPERIMENTS, PROGRAMMES, TRIALS
from kmsim.evidence.table import findings

DONE = {check.finding.id for check in CHECKS}


def test_names_are_each_ones_own():
    assert [name for name, times in Counter(check.name for check in CHECKS).items() if times > 1] == []


def test_every_usable_finding_is_checked_or_says_why_not():
    usable = {f.id for f in findings().values() if f.use != "none"}
    assert usable == DONE | set(NOT_CHECKED) | {"F42"}
    assert not DONE & set(NOT_CHECKED)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_is_whole(check):
    assert check.experiment in EXPERIMENTS
    low, high = check.accept
    assert low is not None or high is not None
    assert low is None or high is None or low < high
    assert check.kind in ("CAL", "VAL", "built in")
    assert check.finding.grade != ("M",), "what is from memory only is no test"


def test_every_experiment_is_used():
    assert {check.experiment for check in CHECKS} == set(EXPERIMENTS)


def test_kinds_are_the_findings_own_but_for_the_reach_of_a_free_script():
    assert {check.name for check in CHECKS if check.kind != check.finding.use} == {"F26.reach"}
    assert {check.kind for check in REVIEW} == {"built in"}
    assert {check.kind for check in GROUPS} == {"VAL"}
    assert {check.kind for check in CALIBRATION} == {"CAL"}


def test_every_validation_group_has_a_check():
    assert {check.finding.group for check in GROUPS} == set(range(1, 13))


def test_ranges_are_the_findings_own():
    assert of("F20c") == (-0.06, 0.12)
    assert of("F21", at=1) == (0.2, 0.4)
    assert of("F35", 0.01) == (0.4, 0.5)
    by_name = {check.name: check for check in CHECKS}
    for name in ("F20c.effect", "F20d.effect", "F20e", "F28.effect", "F57", "F74", "F07", "F79"):
        assert by_name[name].accept == of(by_name[name].finding.id)


def test_sign_and_order_ask_for_less_than_the_range_and_of_groups_only():
    judged = [check for check in CHECKS if check.order is not None]
    assert {check.name for check in judged} == {"F24", "F26", "F30", "F41"}
    for check in judged:
        assert check.kind == "VAL" and check.finding.group
        for bound, wider, side in zip(check.accept, check.order, (1, -1), strict=True):
            assert wider is None or side * bound >= side * wider
        assert check.order != (None, None)


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda e: e.name)
def test_every_experiment_can_be_planned(experiment):
    plan = experiment.plan(0.1)
    assert plan.policies == list(experiment.arms)
    assert plan.design["experiment"] == experiment.name
    if experiment.seeds > 1:
        assert plan.replicates == max(2, round(experiment.seeds * 0.1))


def test_programmes_are_drawn_from_the_prior_and_always_the_same():
    drawn = EXPERIMENTS["141 trials"].vary
    assert len(drawn["practice.effect"]) == TRIALS
    assert min(drawn["practice.effect"]) >= -0.05  # P24
    assert 0.1 < sum(drawn["practice.effect"]) / TRIALS < 0.17
    assert len(EXPERIMENTS["programmes"].vary["practice.effect"]) == PROGRAMMES
