"""A user's own extract: what is read, what is taken for missing values, what is refused."""

from __future__ import annotations

import csv

import pytest

from kmsim.errors import KmsimError
from kmsim.system import PHASES, build

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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"NumberOfPupils": "many"}, "edubase(1).csv, line 3, NumberOfPupils=many: expected a number from 0 to 20000"),
        ({"NumberOfPupils": "-3"}, "line 3, NumberOfPupils=-3: expected"),
        ({"NumberOfPupils": "nan"}, "line 3, NumberOfPupils=nan: expected"),
        ({"PercentageFSM": "120"}, "line 3, PercentageFSM=120: expected a number from 0 to 100"),
        ({"URN": ""}, "line 3, URN=: expected"),
        ({"URN": "100001"}, "line 3, URN=100001: expected a school once only; it is on line 2 too"),
        ({"Easting": "inf"}, "line 3, Easting=inf: expected"),
        ({"LA (name)": ""}, "line 3, LA (name)=: expected the name of an authority"),
        ({"PhaseOfEducation (name)": "Primry"}, "=Primry: not a phase; did you mean 'Primary'?"),
    ],
)
def test_bad_cells_are_told_by_line_and_column(extract, change, message):
    with pytest.raises(KmsimError) as error:
        build("gias", extract({}, change))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_files_are_told_in_one_line(extract, tmp_path):
    cases = [
        (extract({}, drop=("Easting",)), "no column 'Easting'"),
        ({"path": str(tmp_path / "none.csv")}, "expected a csv file that can be read; no such file"),
        ({"path": str(tmp_path)}, "expected a csv file that can be read"),
        ({}, "system.path=None: expected a value"),
    ]
    for overrides, message in cases:
        with pytest.raises(KmsimError, match=message.replace("(", r"\(")):
            build("gias", overrides)
    ragged = tmp_path / "ragged.csv"
    ragged.write_text(",".join(BASE) + "\n1,2,3\n")
    with pytest.raises(KmsimError, match=r"ragged.csv, line 2: 3 cells, expected 17"):
        build("gias", {"path": str(ragged)})
    with pytest.raises(KmsimError, match="no open, state-funded school"):
        build("gias", extract({"EstablishmentStatus (name)": "Closed"}))
