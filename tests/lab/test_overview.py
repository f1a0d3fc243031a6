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


def test_it_is_told_how_many_runs_a_value_is_of_if_not_of_all(tmp_path):
    folder = tmp_path / "a"
    found = kmsim.lab.sweep(folder, policies=["coaching"], replicates=4, outcomes=["depth"], **WORDS)
    assert " runs" not in overview(found).splitlines()[-1]
    min((folder / "runs").iterdir()).unlink()
    left = kmsim.lab.open(folder)
    assert 0 < left.done < 4
    assert overview(left).splitlines()[-1].endswith(f" in {left.done} of 4 runs")


def test_where_parameters_stand_is_told_with_those_that_were_set(tmp_path):
    vary = {"design.vary": {"theta": [2.0, 3.0]}}
    found = kmsim.lab.sweep(tmp_path / "a", policies=["coaching"], **vary, **WORDS)
    assert "but" not in overview(found).splitlines()[1]
    own = {"parameters.r_try": 0.25, "parameters.p_aware": 0.0625}
    found = kmsim.lab.sweep(tmp_path / "b", policies=["coaching"], **vary, **WORDS, **own)
    told = overview(found).splitlines()[1]
    assert told.startswith("(what is not varied: ")
    assert "r_try=0.25" in told.partition(", but ")[2]
    assert "p_aware=0.0625" in told.partition(", but ")[2]


def test_one_run_has_no_range(tmp_path):
    text = overview(kmsim.lab.sweep(tmp_path / "a", policies=["coaching"], **WORDS))
    assert text.startswith("one run each, so no range")
    assert " to " not in text.splitlines()[-1]
