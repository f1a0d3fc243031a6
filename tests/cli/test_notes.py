"""Schools that are left out are told once by every verb that runs models, and again where a result is shown again."""

from __future__ import annotations

import pytest

SHORT = ("years=1", "funded_years=1")
HEAD = (
    "URN,LA (name),EstablishmentName,PhaseOfEducation (name),NumberOfPupils,Easting,Northing,"
    "EstablishmentStatus (name),SchoolCapacity,PercentageFSM,GOR (name),EstablishmentTypeGroup (name)"
)
ROW = "{urn},Camden,School {urn},Primary,{pupils},530000,18000{urn},{status},240,12.5,London,{group}"
STATE = "LA maintained schools"
ROWS = [
    ROW.format(urn=1, pupils=200, status="Open", group=STATE),
    ROW.format(urn=2, pupils=210, status="Open", group=STATE),
    ROW.format(urn=3, pupils=220, status="Closed", group=STATE),
    ROW.format(urn=4, pupils=230, status="Open", group="Independent schools"),
    ROW.format(urn=5, pupils=-1, status="Open", group=STATE),
    ROW.format(urn=6, pupils=0, status="Open", group=STATE),
]
TOLD = (
    "1 school left out: not open (1 closed): School 3",
    "1 school left out: not state-funded (1 independent): School 4",
    "1 school left out: a value that cannot be used: School 5",
    "1 school left out: no pupils: School 6",
)


@pytest.fixture
def extract(tmp_path):
    (tmp_path / "mine.csv").write_text("\n".join([HEAD, *ROWS]) + "\n")
    return ("system=gias", "system.path=mine.csv")


def check_told_once(err):
    for told in TOLD:
        assert err.count(told) == 1, told


@pytest.mark.parametrize(
    "words",
    [
        ("run", "policy=coaching"),
        ("compare", "policies=business_as_usual,coaching", "replicates=1", "workers=1"),
    ],
)
def test_what_is_left_out_is_told_and_told_again(kmsim, extract, words):
    words = (*words, *extract, *SHORT, "name=a")
    for _ in range(2):
        said = kmsim(*words)
        assert said.code == 0
        check_told_once(said.err)
        assert "left out" not in said.out
    assert "shown again" in said.err
    assert "note:" not in kmsim(*words, "--quiet").err


def test_a_sweep_and_what_resumes_it_tell_what_is_left_out(kmsim, extract, tmp_path):
    words = ("policies=coaching", "design=grid", "design.vary.theta=2,3", "executor=serial", "name=a")
    said = kmsim("sweep", *words, *extract, *SHORT)
    assert said.code == 0
    check_told_once(said.err)
    said = kmsim("resume", "results/sweep/a", "executor=serial")
    assert said.code == 0
    check_told_once(said.err)
    import kmsim as package

    check_told_once("\n".join(package.lab.open(tmp_path / "results" / "sweep" / "a").notes))


def test_where_systems_vary_each_tells_its_own(kmsim):
    words = ("system=village", "policies=coaching", "design=grid", "design.vary.system.phase=primary,secondary")
    said = kmsim("sweep", *words, *SHORT, "executor=serial", "name=a")
    assert said.code == 0
    assert "note: system.phase=primary: 1 school left out" in said.err
    assert "note: system.phase=secondary: 4 schools left out" in said.err


def test_a_report_tells_what_is_left_out(kmsim, extract, tmp_path):
    words = ("compare", "policies=coaching", "replicates=1", "workers=1", *extract, *SHORT, "name=a")
    assert kmsim(*words).code == 0
    check_told_once((tmp_path / "results" / "compare" / "a" / "report.html").read_text(encoding="utf-8"))


def test_the_page_tells_what_is_left_out(extract, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from kmsim.workshop.beginning import beginning
    from kmsim.workshop.place import Place

    check_told_once("\n".join(beginning(Place("gias", {"path": "mine.csv"}), [1, 2])["system"]["notes"]))
