"""What reports say of the scorecard: every failure named, and whether it is of the code that is here."""

from __future__ import annotations

import pytest

from kmsim.errors import KmsimError
from kmsim.evidence import standing
from kmsim.evidence.check import Result
from kmsim.evidence.checks import CHECKS
from kmsim.evidence.intervals import Interval
from kmsim.evidence.scorecard import Scorecard
from kmsim.evidence.verdicts import FAIL, PASS
from kmsim.fingerprint import code_fingerprint

CARD = Scorecard([Result(CHECKS[0], Interval(0.5, 0.4, 0.6, 5)), Result(CHECKS[1], Interval(-0.5, -0.6, -0.4, 5))])


def test_the_committed_one_is_of_checks_that_there_are():
    rows = standing.read().rows
    assert {row["check"] for row in rows} <= {check.name for check in CHECKS}
    assert len(rows) > 0.8 * len(CHECKS)


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    standing.write(CARD, tmp_path / standing.FILE)
    monkeypatch.setattr(standing, "files", lambda package: tmp_path)
    found = standing.read()
    assert found.current
    assert [row["verdict"] for row in found.rows] == [PASS, FAIL]
    name = CHECKS[1].name
    assert found.line() == f"The model passes 1 of 2 checks against what research found; it fails {name}."
    assert found.line(named=False).endswith("; it fails 1.")
    assert found.failures() == found.failures(CHECKS[1].kind)
    statement = CHECKS[1].finding.statement
    assert found.failures()[0].startswith(f"{statement} In the model: {CHECKS[1].says}: −0.5; accepted: ")
    assert found.failures()[0].endswith(f" ({name}).")
    assert found.failures("none such") == []


def test_every_failure_is_told_once_under_its_finding():
    shipped = standing.read()
    failed = [row["check"] for row in shipped.rows if row["verdict"] == FAIL]
    kinds = {row["kind"] for row in shipped.rows}
    told = " ".join(text for kind in sorted(kinds) for text in shipped.failures(kind))
    assert [told.count(f"({name})") for name in failed] == [1] * len(failed)
    assert f"fails {sum(row['verdict'] == FAIL for row in shipped.rows if row['kind'] == 'VAL')}" in shipped.tests()


def test_one_of_other_code_says_so():
    old = standing.Standing(({"check": "F07", "verdict": PASS},), "0" * 16)
    assert "it fails none" in old.line()
    assert old.line().endswith("That was found with an earlier version of the model's code.")
    assert "earlier" not in standing.Standing(old.rows, code_fingerprint()).line()


def test_a_file_that_is_none_is_told(tmp_path, monkeypatch):
    (tmp_path / standing.FILE).write_text("a,b\n1,2\n", encoding="utf-8")
    monkeypatch.setattr(standing, "files", lambda package: tmp_path)
    with pytest.raises(KmsimError, match=r"scorecard.csv: expected the columns check, .*refresh=true"):
        standing.read()
    with pytest.raises(KmsimError, match="cannot be written"):
        standing.write(CARD, tmp_path / "no" / "folder.csv")
