"""The shipped evidence is whole, tagged as its fourth section says, and every id that the program names is in it."""

from __future__ import annotations

import re

import pytest

from kmsim import shipped_data
from kmsim.errors import KmsimError, UnknownName
from kmsim.evidence.cited import citing, ids, marks, taken
from kmsim.evidence.table import citations, findings, look_up, priors, sources
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.parameters import PARAMETERS

# Section 4 of the evidence: group -> findings. F69 is named there with group 12 and feeds a parameter, so it is CAL.
GROUPS = {
    1: {"F28"},
    2: {"F24"},
    3: {"F26"},
    4: {"F54", "F58"},
    5: {"F57"},
    6: {"F20c", "F20d"},
    7: {"F20e"},
    8: {"F30", "F31"},
    9: {"F41"},
    10: {"F74", "F78"},
    11: {"F76", "F77"},
    12: {"F61", "F70", "F71", "F72"},
}
FED = ("F32", "F35", "F52", "F53", "F56", "F63", "F64", "F65", "F66", "F67", "F68")
# Another number of theirs is taken, not the one that is tested.
TAKEN_AND_TESTED = {
    "F26": "its reach (P19) and its price are taken; the effect it keeps is tested",
    "F80": "how many schools a network has (P38) is taken; its outcomes are tested",
}


def test_all_is_there():
    assert (len(findings()), len(priors())) == (93, 47)
    assert {key for record in [*findings().values(), *priors().values()] for key in record.source} == set(sources())


def test_the_groups_are_those_of_section_four_and_all_are_tests():
    for group, members in GROUPS.items():
        assert {f.id for f in findings().values() if f.group == group} == members
    assert all(f.use == "VAL" for f in findings().values() if f.group)


def test_what_shaped_the_mechanisms_is_built_in_and_what_feeds_a_parameter_is_calibration():
    assert [f.id for f in findings().values() if f.use == "built in"] == ["F02", "F03", "F04", "F05"]
    assert all(findings()[name].use == "CAL" for name in FED)


@pytest.mark.parametrize("finding", findings().values(), ids=lambda f: f.id)
def test_no_test_feeds_a_parameter(finding):
    if finding.use == "VAL" and finding.id not in TAKEN_AND_TESTED:
        assert taken(finding.id) == (), "tag it CAL, with the date and the reason"
        assert not [p.id for p in priors().values() if finding.id in p.from_findings and "E" not in p.grade]


def test_what_was_retagged_says_when_and_why():
    retagged = [f for f in findings().values() if f.retagged]
    assert {f.id for f in retagged} == {"F52", "F53", "F56", "F69", "F73"}
    for f in retagged:
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", f.retagged)
        assert "feeds" in f.why


@pytest.mark.parametrize("row", [*PARAMETERS.values(), *OUTCOMES.values()], ids=lambda row: row.name)
def test_every_id_that_a_source_names_is_there(row):
    named = re.findall(r"\b[FP]\d{2}[a-z]?\b", row.source)
    assert set(named) <= set(ids(row.source))


def test_ids_in_prose_are_there_too():
    for record in [*findings().values(), *priors().values()]:
        for text in (record.statement, record.test, record.note, getattr(record, "why", "")):
            for name in ids(text):
                look_up(name)


def test_weak_records_are_marked_and_others_are_not():
    assert marks("P20, F27") == ""
    assert marks("P07, F06") == "[P07 elicited; F06 from memory]"
    for record in [*findings().values(), *priors().values()]:
        assert bool(record.mark) == bool({"M", "E"} & set(record.grade))


def test_ranges_of_ids_and_their_ends():
    assert ids("F27-F29; system.md 4.2") == ["F27", "F28", "F29"]
    assert ids("F20c-F20e, F20c") == ["F20c", "F20d", "F20e"]
    with pytest.raises(UnknownName, match="F99"):
        ids("F99")
    assert "k_senior" in citing("F41")
    assert citing("F91") == ()


def test_a_record_is_looked_up_with_its_works():
    assert citations(look_up("F07"))[0].startswith("Fletcher-Wood")
    with pytest.raises(UnknownName, match="did you mean"):
        look_up("f27")


def test_a_key_that_stands_twice_is_refused(monkeypatch, tmp_path):
    (tmp_path / "sources.yaml").write_text("a: one\na: two\n", encoding="utf-8")
    monkeypatch.setattr(shipped_data, "files", lambda package: tmp_path)
    with pytest.raises(KmsimError, match="sources.yaml, line 2, column 1: the key a is given twice"):
        shipped_data.read_shipped("sources.yaml")


def test_texts_are_ascii():
    for record in [*findings().values(), *priors().values()]:
        assert repr(record).isascii()
    assert all(text.isascii() for text in sources().values())
