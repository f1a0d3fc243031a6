"""The table that a sweep ends with."""

from __future__ import annotations

import kmsim.lab
from kmsim.lab.overview import overview

WORDS = {"system": "village", "years": 2, "funded_years": 1, "design": "grid", "executor": "serial"}


def test_policies_are_in_their_order_with_the_measures_that_were_kept(tmp_path):
    policies = ["coaching", "business_as_usual"]
    found = kmsim.lab.sweep(tmp_path / "a", policies=policies, replicates=2, outcomes=["gap", "aware"], **WORDS)
    table = overview(found)
    rows = table.splitlines()[-2:]
    assert [row.split()[0] for row in rows] == policies
    assert "Gap" in table
    assert " pts" in table.splitlines()[-1]  # a gap is a difference of shares
    assert "Aware" not in table  # the scorecard's come first
    found = kmsim.lab.sweep(tmp_path / "b", policies=policies, outcomes=["aware"], **WORDS)
    assert "%" in overview(found).splitlines()[-1]


def test_several_practices_have_a_row_each(tmp_path):
    practices = ["metacognition", "generic_enquiry"]
    found = kmsim.lab.sweep(tmp_path / "a", policies=["coaching"], practice=practices, **WORDS)
    for practice in practices:
        assert f"coaching ({practice})" in overview(found)
