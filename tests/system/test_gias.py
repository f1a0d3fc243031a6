"""A user's own extract: what is read, what is taken for missing values, what is refused."""

from __future__ import annotations

import csv
import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.errors import KmsimError
from kmsim.system import PHASES, build
from kmsim.system.gias import gias, parse

TYPE, GROUP = "TypeOfEstablishment (name)", "EstablishmentTypeGroup (name)"

BASE = {
    "URN": "100001",
    "LA (code)": "202",
    "LA (name)": "Camden",
    "EstablishmentName": "St Anne’s School",
    "TypeOfEstablishment (name)": "Community school",
    "EstablishmentTypeGroup (name)": "Local authority maintained schools",
    "EstablishmentStatus (name)": "Open",
    "PhaseOfEducation (name)": "Primary",
    "NumberOfPupils": "210",
    "SchoolCapacity": "240",
    "PercentageFSM": "12.5",
    "GOR (name)": "London",
    "TrustSchoolFlag (name)": "Not applicable",
    "Trusts (name)": "",
    "Federations (name)": "Not applicable",
    "Easting": "530000",
    "Northing": "180000",
}
IN_TRUST = {"TrustSchoolFlag (name)": "Supported by a multi-academy trust", "Trusts (name)": "Ark, Schools & Co"}
SPECIAL = {
    "TypeOfEstablishment (name)": "Academy special converter",
    "EstablishmentTypeGroup (name)": "Academies",
    "PhaseOfEducation (name)": "Not applicable",
}


@pytest.fixture
def extract(tmp_path):
    def write(*changes, drop=(), encoding="cp1252"):
        path = tmp_path / "edubase(1).csv"
        columns = [name for name in BASE if name not in drop]
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            for i, change in enumerate(changes):
                writer.writerow(BASE | {"URN": str(100001 + i)} | change)
        return {"path": str(path)}

    return write


def test_schools_are_read(extract):
    changes = (
        IN_TRUST,
        IN_TRUST | {"PhaseOfEducation (name)": "All-through", "NumberOfPupils": "1200"},
        SPECIAL,
        {"TypeOfEstablishment (name)": "Pupil referral unit", "PhaseOfEducation (name)": "Not applicable"},
        {"EstablishmentStatus (name)": "Closed"},
        {"EstablishmentTypeGroup (name)": "Independent schools"},
    )
    system = build("gias", extract(*changes))
    schools = system.schools
    assert [PHASES[p] for p in schools["phase"]] == ["primary", "secondary", "special", "pru"]
    assert schools["name"][0] == "St Anne’s School"
    assert schools["trust"].tolist() == [0, 0, -1, -1]
    assert system.labels == {"region": ["London"], "la": ["Camden"], "trust": ["Ark, Schools & Co"], "federation": []}
    assert schools["fsm"][0] == pytest.approx(0.125)
    assert (schools["x"][0], schools["y"][0]) == (530, 180)
    assert "posts fitted" in system.notes[0]


def test_utf8_with_a_mark_is_read_too(extract):
    assert build("gias", extract({}, encoding="utf-8-sig")).schools["name"][0] == "St Anne’s School"


def test_what_is_missing_is_taken_from_elsewhere_and_said(extract):
    system = build(
        "gias",
        extract(
            {"EstablishmentName": "A"},
            {"EstablishmentName": "B", "NumberOfPupils": "", "Easting": "0", "Northing": "0", "PercentageFSM": "SUPP"},
            {"EstablishmentName": "C", "NumberOfPupils": "", "SchoolCapacity": ""},
            {"EstablishmentName": "D", "LA (name)": "Brent", "Easting": "", "Northing": ""},
        ),
    )
    assert system.schools["name"].tolist() == ["A", "B"]
    assert system.schools["pupils"].tolist() == [210, 240]
    assert system.schools["x"].tolist() == [530, 530]
    notes = "\n".join(system.notes)
    for part in (
        "taken as the capacity: B",
        "left out: no Easting and Northing in the whole authority: D",
        "left out: no pupil count: C",
        "no share of free meals: 1 primary schools; taken as 0.125, the median here",
        "place estimated, not the school's own point: 1 of 2 schools",
    ):
        assert part in notes


def test_optional_columns_may_be_missing(extract):
    optional = ("EstablishmentTypeGroup (name)", "PercentageFSM", "GOR (name)", "Trusts (name)", "SchoolCapacity")
    system = build("gias", extract({}, {}, drop=optional))
    assert system.n_schools == 2
    assert system.schools["fsm_rank"].tolist() == [0.5, 0.5]


GOOD = ({"URN": "1"}, {"URN": "2"}, {"URN": "3"})


def read(given, **more):
    """An extract read, and its notes as one text."""
    system = build("gias", given | more)
    return system, "\n".join(system.notes)


def refused(given, **more):
    """The one line with which an extract is refused."""
    with pytest.raises(KmsimError) as error:
        build("gias", given | more)
    told = str(error.value)
    assert told.isprintable()
    assert len(told) < 4000
    return told


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("LA maintained schools", "Community school"),
        ("Local authority maintained schools", "Voluntary aided school"),
        ("local-authority  maintained schools", "Voluntary controlled school"),
        ("LA\u00a0Maintained\u00a0Schools", "Foundation school"),
        ("Academies", "Academy - converter"),
        ("ACADEMIES", "Academy sponsor-led"),
        ("Free Schools", "Free schools"),
        ("Free schools", "University technical college"),
        ("Academies", "Academy 16-19 converter"),
        ("Independent schools", "City technology college"),
        ("", "Community school"),
        ("Local authority maintained schools", ""),
        ("", ""),
    ],
)
def test_state_funded_schools_are_known_in_every_spelling(extract, group, kind):
    changed = {GROUP: group, TYPE: kind}
    system, notes = read(extract({}, changed, encoding="utf-8"))
    assert system.n_schools == 2
    assert "left out" not in notes
    assert ("taken as state-funded" in notes) == (not group and not kind)


@pytest.mark.parametrize(
    ("phase", "meant"),
    [
        ("All through", "secondary"),
        ("All-Through", "secondary"),
        ("all\u2011through", "secondary"),
        ("16 plus", "secondary"),
        ("16 Plus", "secondary"),
        ("Middle deemed primary", "primary"),
        ("Middle Deemed Secondary", "secondary"),
        ("PRIMARY", "primary"),
        ("Nursery", "nursery"),
    ],
)
def test_phases_are_known_in_every_spelling(extract, phase, meant):
    system, _ = read(extract({"PhaseOfEducation (name)": phase}, encoding="utf-8"))
    assert PHASES[system.schools["phase"][0]] == meant


@pytest.mark.parametrize(
    "status",
    ["Open", "OPEN", "Open, but proposed to close", "Open but proposed to close", "open-but proposed to close"],
)
def test_open_schools_are_known_in_every_spelling(extract, status):
    assert read(extract({"EstablishmentStatus (name)": status}))[0].n_schools == 1


@pytest.mark.parametrize(
    ("kind", "group", "meant"),
    [
        ("Community special school", "Special schools", "special"),
        ("Free Schools Special", "Free Schools", "special"),
        ("Free schools - Alternative Provision", "Free Schools", "pru"),
        ("Academy alternative provision sponsor led", "Academies", "pru"),
        ("LA Nursery School", "LA maintained schools", "nursery"),
        ("Studio Schools", "Free Schools", "secondary"),
    ],
)
def test_types_decide_where_no_phase_applies(extract, kind, group, meant):
    system, _ = read(extract({TYPE: kind, GROUP: group, "PhaseOfEducation (name)": "Not Applicable"}))
    assert PHASES[system.schools["phase"][0]] == meant


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"EstablishmentStatus (name)": "Closed"}, "not open (1 closed)"),
        ({"EstablishmentStatus (name)": "Proposed to open"}, "not open (1 proposed to open)"),
        ({GROUP: "Independent schools", TYPE: "Other independent school"}, "not state-funded (1 independent)"),
        ({GROUP: "Special schools", TYPE: "Other independent special school"}, "not state-funded (1 independent)"),
        ({GROUP: "Independent special schools", TYPE: ""}, "not state-funded (1 independent)"),
        ({GROUP: "Colleges", TYPE: "Further education"}, "not state-funded (1 college)"),
        ({GROUP: "Universities", TYPE: "Higher education institutions"}, "not state-funded (1 university)"),
        ({GROUP: "Online provider", TYPE: "Online provider"}, "not state-funded (1 online provider)"),
        ({GROUP: "Other types", TYPE: "Secure units"}, "not state-funded (1 other type)"),
        ({GROUP: "Other types", TYPE: "Miscellaneous"}, "not state-funded (1 other type)"),
        ({GROUP: "Children's Centres", TYPE: "Children\u2019s Centre"}, "not state-funded (1 children's centre)"),
        ({GROUP: "Welsh schools", TYPE: "Welsh establishment"}, "not in England"),
        (
            {GROUP: "Other types", TYPE: "Offshore schools", "LA (name)": "Jersey Offshore Establishments"},
            "not in England",
        ),
        ({GROUP: "Other types", TYPE: "British schools overseas"}, "not in England"),
        ({GROUP: "", TYPE: "Service children's education"}, "not in England"),
        ({"LA (name)": "Cardiff", GROUP: "", TYPE: "Community school"}, "not in England"),
        ({"LA (code)": "681"}, "not in England"),
        ({"GOR (name)": "Wales (pseudo)"}, "not in England"),
        ({"LA (name)": "Isle of Man"}, "not in England"),
    ],
)
def test_what_is_left_out_is_counted_with_its_reason_and_name(extract, change, why):
    given = extract({}, {"EstablishmentName": "Left-out School"} | change, encoding="utf-8")
    system, notes = read(given)
    assert system.n_schools == 1
    assert f"1 school left out: {why}: Left-out School" in notes


def test_many_that_are_left_out_are_counted_and_five_are_named(extract):
    closed = [{"EstablishmentStatus (name)": "Closed", "EstablishmentName": f"S{i}"} for i in range(12)]
    _, notes = read(extract({}, *closed))
    assert "12 schools left out: not open (12 closed): S0, S1, S2, S3, S4 and 7 more" in notes


@pytest.mark.parametrize(
    ("column", "word", "near"),
    [
        ("EstablishmentStatus (name)", "Opne", "Open"),
        ("EstablishmentStatus (name)", "", "Open"),
        ("PhaseOfEducation (name)", "Primry", "Primary"),
        ("EstablishmentTypeGroup (name)", "Acadmies", "Academies"),
    ],
)
def test_unknown_words_are_refused_all_at_once_each_with_its_line(extract, column, word, near):
    odd = {column: word} | ({TYPE: ""} if column == GROUP else {})
    told = refused(extract(*GOOD, odd, {}, odd))
    for part in ("edubase(1).csv", "2 values", f"line 5, {column}={word}", f"line 7, {column}={word}", near):
        assert part in told


def test_unknown_words_where_another_column_decides_are_told(extract):
    odd = {GROUP: "Maintained by somebody", "EstablishmentName": "A"}
    flag = {"TrustSchoolFlag (name)": "Supported by friends", "Trusts (name)": "Friends"}
    system, notes = read(extract({}, odd, {TYPE: "Sort of school"}, flag, flag))
    assert system.n_schools == 5
    assert system.labels["trust"] == []
    for word in ("Maintained by somebody (1 school)", "Sort of school (1 school)", "Supported by friends"):
        assert word in notes


def test_a_trust_is_a_multi_academy_trust_in_every_spelling(extract):
    flags = (
        "Supported by a multi-academy trust",
        "Supported by a Multi Academy Trust",
        "Supported by a multi-academy trust~Supported by an umbrella trust",
    )
    changes = [{"TrustSchoolFlag (name)": flag, "Trusts (name)": "Ark" + "~Umbrella" * ("~" in flag)} for flag in flags]
    system, _ = read(extract(*changes, {"TrustSchoolFlag (name)": "Supported by a single-academy trust"}))
    assert system.labels["trust"] == ["Ark"]
    assert system.schools["trust"].tolist() == [0, 0, 0, -1]


def test_no_federation_is_made_of_the_words_for_none(extract):
    system, _ = read(extract(*({"Federations (name)": "Not under a federation"},) * 3))
    assert system.labels["federation"] == []


def test_one_authority_in_two_spellings_is_one_and_told(extract):
    system, notes = read(extract({}, {}, {"LA (name)": "CAMDEN"}), la="camden")
    assert system.n_schools == 3
    assert system.labels["la"] == ["Camden"]
    assert "CAMDEN as Camden" in notes


ODD = [
    ({"NumberOfPupils": "many"}, "NumberOfPupils=many"),
    ({"NumberOfPupils": "-3"}, "NumberOfPupils=-3"),
    ({"NumberOfPupils": "nan"}, "NumberOfPupils=nan"),
    ({"NumberOfPupils": "21000", "SchoolCapacity": ""}, "NumberOfPupils=21000"),
    ({"NumberOfPupils": "9000"}, "NumberOfPupils=9000: expected pupils near the school's capacity, 240"),
    ({"NumberOfPupils": "12.5%"}, "NumberOfPupils=12.5%"),
    ({"NumberOfPupils": "210.5"}, "NumberOfPupils=210.5"),
    ({"NumberOfPupils": "1" * 400}, "NumberOfPupils=111"),
    ({"NumberOfPupils": "\u0662\u0661"}, "NumberOfPupils="),
    ({"PercentageFSM": "120"}, "PercentageFSM=120: expected a number from 0 to 100"),
    ({"PercentageFSM": "12,5"}, "PercentageFSM=12,5"),
    ({"Easting": "inf"}, "Easting=inf"),
    ({"Easting": "1e400"}, "Easting=1e400"),
    ({"Easting": "52.6", "Northing": "1.25"}, "Easting=52.6"),
    ({"Easting": "530", "Northing": "180"}, "Easting=530"),
    ({"Easting": "180000", "Northing": "530000"}, "Easting=180000"),
    ({"URN": ""}, "URN="),
    ({"URN": "99999999999"}, "URN=99999999999"),
    ({"LA (name)": ""}, "LA (name)=: expected the name of an authority"),
    ({"EstablishmentName": "a\u202eb"}, r"EstablishmentName=a\u202eb"),
    ({"EstablishmentName": "x" * 500}, "EstablishmentName=xxx"),
    ({TYPE: "Community school", "PhaseOfEducation (name)": "Not applicable"}, "PhaseOfEducation (name)=Not applicable"),
]


@pytest.mark.parametrize(("change", "message"), ODD)
def test_a_single_odd_row_is_left_out_counted_and_named(extract, change, message):
    given = extract(*GOOD, {"EstablishmentName": "Odd"} | change, {}, encoding="utf-8")
    system, notes = read(given)
    assert system.n_schools == 4
    assert "1 school left out: a value that cannot be used" in notes
    assert f"line 5, {message}" in notes
    told = refused(given, strict=True)
    assert f"line 5, {message}" in told
    assert "strict" in told


@pytest.mark.parametrize(("change", "message"), ODD)
def test_where_the_odd_rows_are_not_few_the_file_is_refused(extract, change, message):
    assert f"edubase(1).csv, line 3, {message}" in refused(extract({}, change, encoding="utf-8"))


def test_all_bad_rows_are_told_at_once_the_first_twenty_one_by_one(extract):
    bad = [{"NumberOfPupils": f"x{i}"} for i in range(30)]
    told = refused(extract(*[{}] * 70, *bad))
    assert "30 values cannot be used" in told
    for i in range(20):
        assert f"line {72 + i}, NumberOfPupils=x{i}: expected a number" in told
    assert "and 10 more" in told


def test_thousands_and_percent_signs_are_read(extract):
    changed = {"NumberOfPupils": "1,104", "SchoolCapacity": "1,200", "PercentageFSM": "12.5 %", "Easting": "530,000"}
    system, _ = read(extract(changed))
    assert system.schools["pupils"].tolist() == [1104]
    assert system.schools["fsm"][0] == pytest.approx(0.125)
    assert system.schools["x"].tolist() == [530]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: {"Easting": f"{51.5 + i / 100}", "Northing": f"{-0.1 - i / 100}"}, ("Easting", "degrees")),
        (lambda i: {"Easting": f"{-0.1 - i / 100}", "Northing": f"{51.5 + i / 100}"}, ("Easting", "degrees")),
        (lambda i: {"Easting": f"{530 + i / 10}", "Northing": f"{180 + i / 10}"}, ("Easting", "kilometres")),
        (lambda i: {"Easting": f"{180000 + i}", "Northing": f"{530000 + i}"}, ("Easting", "swapped")),
        (
            lambda i: {"LA (name)": "Manchester", "Easting": f"{398000 + i}", "Northing": f"{384000 + i}"},
            ("Easting", "swapped"),
        ),
        (lambda i: {"Easting": f"{53000000 + i}", "Northing": f"{18000000 + i}"}, ("Easting", "metres")),
        (lambda i: {"Easting": f"{250000 + i}", "Northing": f"{800000 + i}"}, ("Easting", "England")),
        (lambda i: {"PercentageFSM": f"{0.1 + i / 100}"}, ("PercentageFSM", "shares")),
        (lambda i: {"PercentageFSM": f"{130 + i}"}, ("PercentageFSM", "per cent")),
        (lambda i: {"NumberOfPupils": f"{5000 + i}"}, ("NumberOfPupils", "SchoolCapacity", "room")),
    ],
)
def test_a_column_in_another_unit_is_refused_with_the_reason(extract, change, words):
    told = refused(extract(*map(change, range(6)), {}))
    for word in (*words, "6 of 7 schools", "line 2"):
        assert word in told


def test_low_shares_of_free_meals_are_no_other_unit(extract):
    assert read(extract({"PercentageFSM": "0.4"}, {"PercentageFSM": "3.2"}, {"PercentageFSM": "0"}))[0].n_schools == 3
    assert read(extract({"PercentageFSM": "0"}, {"PercentageFSM": "0"}))[0].n_schools == 2


def test_the_same_row_twice_is_left_out_once_and_told(extract):
    given = extract({}, {"URN": "100001", "EstablishmentName": "St Anne’s School"})
    system, notes = read(given)
    assert system.n_schools == 1
    assert "1 school left out: on a second row that says the same: St Anne’s School" in notes
    assert "line 3" in refused(given, strict=True)


def test_two_rows_of_a_school_that_differ_are_refused(extract):
    told = refused(extract({}, {"URN": "100001", "NumberOfPupils": "211"}, {}))
    for part in ("line 3", "URN=100001", "line 2", "NumberOfPupils=210"):
        assert part in told


def test_columns_are_found_whatever_their_case_and_spaces(extract, tmp_path):
    path = tmp_path / "edubase(1).csv"
    extract({}, {"NumberOfPupils": "100"}, encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    heads = {
        "PhaseOfEducation (name)": "phase of education (Name)",
        "NumberOfPupils": "Number Of Pupils",
        "URN": "\ufeffurn ",
    }
    for old, new in heads.items():
        text = text.replace(old, new, 1)
    path.write_text(text.replace("EstablishmentStatus (name)", "EstablishmentStatus"), encoding="utf-8")
    assert read({"path": str(path)})[0].schools["pupils"].tolist() == [210, 100]


def test_a_missing_column_is_told_with_the_download_that_has_it(extract):
    told = refused(extract({}, drop=("Easting", "NumberOfPupils")))
    for part in ("'NumberOfPupils'", "'Easting'", "edubasealldata", "Establishment fields"):
        assert part in told


HEAD = ",".join(BASE)
ROW = ",".join(f'"{value}"' for value in BASE.values())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("empty", "edubasealldata")),
        (b"\xef\xbb\xbf\r\n\r\n", ("empty",)),
        (f"{HEAD}\n".encode(), ("no open, state-funded school",)),
        (f"{HEAD}\n1,2,3\n{ROW}\n1,2\n".encode(), ("line 2", "17 cells", "line 4")),
        (f"{HEAD}\n{ROW},extra\n".encode(), ("line 2", "18")),
        (f'{HEAD}\n{ROW}\n"100002,"Camden\n'.encode(), ("line 3", "not CSV")),
        (f'{HEAD}\n{ROW}\n"100002,Camden\n'.encode(), ("line 3", "quote")),
        (f'{HEAD}\n{ROW}\n"{"x" * 200_000}\n'.encode(), ("line 3", "not CSV")),
        (f"{HEAD}\n{ROW}\n{HEAD}\n{ROW}\n".encode(), ("line 3", "names of the columns again")),
        (f"{HEAD}\n{ROW}\n".replace(",", ";").encode(), ("semicolons",)),
        (f"sep=;\n{HEAD}\n{ROW}\n".replace(",", ";").encode(), ("semicolons",)),
        (f"{HEAD}\n{ROW}\n".replace(",", "\t").encode(), ("tabs",)),
        (f"{HEAD},urn\n{ROW},1\n".encode(), ("'URN'", "twice")),
        (f"{HEAD}\n{ROW}\n".encode("utf-16"), ("UTF-16",)),
        (f"{HEAD}\n{ROW}\n\0".encode(), ("line 3", "NUL")),
        (b"PK\x03\x04" + b"x" * 100, ("Excel",)),
        (f"{HEAD},{'x' * 300}\n{ROW},1\n".encode(), ("column 18", "at most 200")),
        (f"{HEAD},{','.join(map(str, range(3000)))}\n".encode(), ("3,017 columns",)),
        (f"{HEAD}\n{ROW}\n".encode().replace(b"Camden", b"Camd\x81n"), ("line 2", "0x81")),
    ],
)
def test_files_that_are_no_extract_are_told_in_one_line(tmp_path, data, words):
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    told = refused({"path": str(path)})
    for word in ("mine.csv", *words):
        assert word in told


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"sep=,\n{text}",
        lambda text: text.replace("\n", ",,\n"),
        lambda text: f"{text}\n\n{',' * 16}\n",
        lambda text: text.removesuffix("\n"),
        lambda text: "\ufeff" + text,
    ],
)
def test_what_changes_nothing_of_a_table_changes_no_school(tmp_path, change):
    path = tmp_path / "mine.csv"
    other = ROW.replace("100001", "100002").replace("Anne", "J\u00e9r\u00f4me")
    path.write_bytes(change(f"{HEAD}\n{ROW}\n{other}\n").encode())
    system, _ = read({"path": str(path)})
    assert system.schools["name"].tolist() == ["St Anne’s School", "St Jérôme’s School"]
    assert system.schools["pupils"].tolist() == [210, 210]


def test_empty_rows_are_counted(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(f"{HEAD}\n{',' * 16}\n{ROW}\n\n".encode())
    assert "2 empty rows left out" in read({"path": str(path)})[1]


def test_utf8_without_a_mark_is_not_garbled(extract):
    system, _ = read(extract({"EstablishmentName": "Ysgol Môr, Café"}, encoding="utf-8"))
    assert system.schools["name"][0] == "Ysgol Môr, Café"


def test_files_that_cannot_be_read_are_told(tmp_path, extract):
    assert "no such file" in refused({"path": str(tmp_path / "none.csv")})
    assert "folder" in refused({"path": str(tmp_path)})
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in refused({"path": str(tmp_path / "pipe")})
    assert "system.path" in refused({})
    told = refused(extract({"EstablishmentStatus (name)": "Closed"}))
    assert "no open, state-funded school" in told
    assert "1 closed" in told


def test_strict_is_a_setting_of_extracts_only(extract):
    assert build("gias", extract({}) | {"strict": True}).n_schools == 1
    for name, strict in (("village", True), ("gias", "yes")):
        with pytest.raises(KmsimError, match="strict"):
            build(name, {"strict": strict} | (extract({}) if name == "gias" else {}))


def test_bytes_are_parsed_as_the_file_is(extract):
    given = extract({}, IN_TRUST)
    with open(given["path"], "rb") as file:
        rows, notes = parse(file.read(), "edubase(1).csv")
    from_file, told = gias(given["path"])
    assert notes == told
    assert all(np.array_equal(rows[key], from_file[key], equal_nan=rows[key].dtype != object) for key in rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["good", "closed", "independent", "wales", "odd", "again", "empty", "nobody"]), max_size=30
    )
)
def test_every_row_is_used_or_counted(tmp_path_factory, kinds):
    """Rows of the file = schools used + rows that notes count as left out; or else the file is refused in one line."""
    changes = {
        "closed": {"EstablishmentStatus (name)": "Closed"},
        "independent": {GROUP: "Independent schools"},
        "wales": {"LA (name)": "Cardiff"},
        "odd": {"NumberOfPupils": "-1"},
        "nobody": {"NumberOfPupils": "0"},
    }
    kinds = ["good", *kinds]
    path = tmp_path_factory.mktemp("gias") / "mine.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, BASE)
        writer.writeheader()
        for i, kind in enumerate(kinds):
            urn = "100000" if kind == "again" else str(100_000 + i)
            own = dict.fromkeys(BASE, "") if kind == "empty" else BASE | {"URN": urn} | changes.get(kind, {})
            writer.writerow(own)
    try:
        system = build("gias", {"path": str(path)})
    except KmsimError as error:
        assert "odd" in kinds
        assert str(error).isprintable()  # noqa: PT017
        return
    counted = [re.match(r"(\d+) (schools?|empty rows?) left out", note) for note in system.notes]
    assert system.n_schools + sum(int(found[1]) for found in counted if found) == len(kinds)
