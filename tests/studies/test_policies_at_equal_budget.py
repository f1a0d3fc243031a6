"""Policies at an equal budget: no arm spends more than another may, and who leads is said as a comparison says it."""

from __future__ import annotations

from kmsim.report import words
from kmsim.studies import policies_at_equal_budget as study


def test_no_arm_costs_more_than_the_budget(small):
    found = small["01_policies_at_equal_budget"]
    for budget in found["budget"].choices("budget_per_pupil"):
        number = found["budget"].scenario(budget_per_pupil=budget)
        for values in study.values(found["budget"], "cost_per_pupil_gbp", number).values():
            assert (values <= budget + 1e-6).all()


def test_findings_are_those_of_the_comparisons_headline(small):
    found = small["01_policies_at_equal_budget"]
    head = words.headline(found["policies"].comparison())
    text = " ".join(study.tell(found).finding)
    for finding in head.findings:
        assert finding.sentence in text


def test_every_policy_has_its_row(small):
    found = small["01_policies_at_equal_budget"]
    _, heads, rows = study.tell(found).tables[0]
    assert len(rows) == len(found["policies"].arms)
    assert all(len(row) == len(heads) for row in rows)
