"""Measures of one run, on a run of four schools that is reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.evidence.measures import aware, depth, gain, in_use, left_formally, reach, trajectory, trial_difference


class Run:
    """Four schools of ten posts, six years, two of them members; as RunSeen has it."""

    years = 6
    series = {"aware": {"teacher": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}}  # noqa: RUF012

    def __init__(self, **columns):
        self.columns = {
            "size": np.full((7, 4), 10),
            "pupils": np.tile([100, 300, 100, 100], (7, 1)),
            "ever_member": np.tile([1, 1, 0, 0], (7, 1)),
        } | columns

    def at(self, column, year):
        return self.columns[column][year].astype(float)

    def members(self, year):
        return self.columns["ever_member"][year] > 0


def test_members_count_and_others_do_not():
    run = Run(
        in_use=np.tile([4, 6, 10, 10], (7, 1)),
        q_users=np.tile([2, 3, 10, 10], (7, 1)),
        attainment=np.tile([0.2, 0.4, 9.0, 9.0], (7, 1)),
    )
    assert in_use(3)(run) == pytest.approx(0.5)
    assert depth(3)(run) == pytest.approx(0.5)
    assert gain(3)(run) == pytest.approx(0.35)
    assert reach(3)(run) == pytest.approx(0.5)


def test_awareness_lies_between_ticks():
    assert aware("teacher", 2.5)(Run()) == pytest.approx(0.25)


def test_leaving_is_of_those_who_were_there():
    signed = np.tile([1, 1, 0, 1], (7, 1))
    signed[4:, 0] = 0
    assert left_formally(3, 6)(Run(signed_up=signed)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("met", "kind"),
    [
        ({2, 3, 5}, "sustainer"),
        ({2, 5}, "sustainer"),
        ({5}, "slow"),
        ({3, 5}, "slow"),
        ({3}, "late"),
        ({2, 3}, "late"),
        ({2}, "rapid"),
        (set(), "rapid"),
    ],
)
def test_classes_are_those_of_the_criterion_in_years_2_3_and_5(met, kind):
    q = np.zeros((7, 4))
    for year in met:
        q[year] = 4.0  # 0.4 of ten posts
    for other in ("sustainer", "slow", "late", "rapid"):
        assert trajectory(other)(Run(q_users=q)) == (1.0 if other == kind else 0.0)


def test_a_trial_compares_its_arms_by_post():
    run = Run(in_use=np.tile([5, 3, 1, 1], (7, 1)), arm=np.tile([1, 0, -1, -1], (7, 1)))
    assert trial_difference("in_use")(run) == pytest.approx(0.2)
