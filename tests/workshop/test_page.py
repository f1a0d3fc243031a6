"""What the page asks besides curves: map, stories of schools, studies, assumptions, findings, predictions and files."""

from __future__ import annotations

import csv
import io

import pytest

from kmsim.evidence.standing import read
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.parameters import PARAMETERS
from kmsim.workshop.scorecard import rounded
from tests.workshop.conftest import CAMDEN
from tests.workshop.test_safety import refused


def test_start_tells_the_real_schools_at_their_places(camden):
    start = camden.start()
    assert start["system"]["schools"] == len(start["schools"]) == CAMDEN.system.n_schools
    assert start["label"] == "Illustrative model, not a forecast"
    for school in start["schools"]:
        assert 0 <= school["x"] <= 1
        assert 0 <= school["y"] <= 1
        assert school["name"] in school["text"]
    s = CAMDEN.system.schools
    north = int(s["y"].argmax())
    assert min(school["y"] for school in start["schools"]) == start["schools"][north]["y"]
    assert start["room"]["code"]


def test_map_frames_have_a_letter_a_school_and_show_what_is_lost(camden, scenario):
    said = camden.ask("simulate", client="map", number=1, scenario=scenario, runs=2)["map"]
    n, terms = CAMDEN.system.n_schools, len(said["terms"])
    assert terms == 31
    for policy in said["policies"]:
        for name in ("depth", "users", "state"):
            assert {len(frame) for frame in policy[name]} == {n}
            assert len(policy[name]) == terms
        assert set("".join(policy["state"])) <= set(".mfwl")
        assert set(policy["state"][0]) == {"."}
        assert policy["texts"][-1].endswith(f"{policy['state'][-1].count('l')} have let it go")
        for i, rings in enumerate(policy["rings"]):
            rings = rings if isinstance(rings, list) else policy["rings"][rings]
            assert isinstance(rings, list), i
            members = [row for ring in rings for row in ring]
            assert len(members) == len(set(members))
    assert any("l" in policy["state"][-1] for policy in said["policies"])


def test_every_school_has_a_story(village):
    one = {"version": 1, "policies": [{"id": "A", "preset": "codesigned_networks"}], "years": 6}
    for row in range(len(village.start()["schools"])):
        told = village.ask("school", scenario=one, policy="A", school=row)
        assert told["story"][-1].startswith("At the end, year 6, ")
        assert " runs" in told["across"]
        assert len(told["curves"]["users"]) == len(told["years"]) == len(told["texts"]) == 19
    refused(village.presenter.post("/api/school", json={"scenario": one, "policy": "A", "school": 10**6}), 400)
    refused(village.presenter.post("/api/school", json={"scenario": one, "policy": "B", "school": 1}), 400)


def test_why_switches_features_off_one_at_a_time(camden, scenario):
    told = camden.ask("why", client="why", scenario=scenario, policy="B")
    assert {"cpd", "ownership", "external_expertise"} <= {row["id"] for row in told["rows"]}
    assert [row["middle"] for row in told["rows"]] == sorted(row["middle"] for row in told["rows"])
    assert told["axis"]["min"] <= min(row["low"] for row in told["rows"])
    assert told["rows"][0]["label"] in told["sentence"]


def test_the_frontier_has_every_policy_and_only_the_undominated_on_it(village):
    one = {"version": 1, "policies": [{"id": "A", "preset": "coaching", "levers": {"cpd": 0.6}}], "years": 5}
    told = village.ask("frontier", client="f", scenario=one)
    assert len(told["points"]) == len(village.start()["policies"]) + 1
    for point in told["points"]:
        better = [p for p in told["points"] if p["x"] < point["x"] and p["y"] > point["y"]]
        assert not (point["frontier"] and better)
    assert any(point["frontier"] for point in told["points"])
    for point in told["points"]:
        assert not point["frontier"] or point["y"] > 0, "who reaches nothing is on no frontier"
    assert "overlap" not in told["sentence"] + told["note"]


def test_a_policy_with_nothing_left_at_the_end_has_nothing_to_lose(camden):
    hubs = {"version": 1, "policies": [{"id": "A", "preset": "hub_and_spoke"}]}
    told = camden.ask("why", client="nothing", scenario=hubs, policy="A")
    assert "0.1% of teachers are doing it well in year 10" in told["sentence"]
    assert "next to nothing left to lose" in told["sentence"]


def test_a_school_outside_a_mandate_is_reached_by_the_duty_itself(village):
    one = {"version": 1, "policies": [{"id": "A", "preset": "national_mandate"}, {"id": "B", "preset": "coaching"}]}
    for letter, duty in (("A", True), ("B", False)):
        outside = next(
            story
            for row in range(len(village.start()["schools"]))
            if "never part" in (story := village.ask("school", scenario=one, policy=letter, school=row)["story"][0])
        )
        assert ("the duty itself" in outside) == duty


def test_the_flip_test_tries_each_end_and_claims_a_flip_only_beyond_chance(village):
    one = {
        "version": 1,
        "policies": [{"id": "A", "preset": "coaching"}, {"id": "B", "preset": "grassroots"}],
        "years": 4,
    }
    told = village.ask("flip", client="f", scenario=one)
    assert told["checked"] == len(told["rows"]) > 30
    for row in told["rows"]:
        assert row["value"] in PARAMETERS[row["parameter"]].prior
    alone = one | {"policies": one["policies"][:1]}
    refused(village.presenter.post("/api/flip", json={"client": "f", "scenario": alone}), 400)


def test_assumptions_tell_every_number_with_source_grade_and_range(camden, scenario):
    told = camden.presenter.get("/api/assumptions").json()
    rows = [row for group in told["groups"] for row in group["rows"]]
    assert [row["id"] for row in rows] == list(PARAMETERS)
    for row in rows:
        assert row["grade"]
        assert row["source"]
        assert row["min"] <= row["value"] <= row["max"]
        assert not row["label"].startswith("...")
    scenario["parameters"] = {"theta": 3.5}
    scenario["policies"] = scenario["policies"][1:] and [{"id": "A", "preset": "targeted_networks"}]
    changed = camden.ask("simulate", client="edit", number=1, scenario=scenario, runs=3)
    scenario["parameters"] = {}
    before = camden.ask("simulate", client="edit", number=2, scenario=scenario, runs=3)
    assert changed["policies"][0]["curves"] != before["policies"][0]["curves"]


def test_findings_have_a_verdict_each_and_the_counts_are_theirs(camden):
    told = camden.presenter.get("/api/findings").json()
    counts = camden.start()["scorecard"]
    assert counts["pass"] + counts["fail"] + counts["cannot_tell"] > 50
    assert f"passes {counts['pass']} of" in counts["sentence"]
    assert {row["verdict"] for row in told["rows"]} == {"pass", "fail", "cannot tell", "not checked"}


def test_a_finding_sets_what_the_model_gives_beside_what_research_measured(camden):
    rows = {row["id"]: row for row in camden.presenter.get("/api/findings").json()["rows"]}
    shipped = {row["check"]: row for row in read().rows}
    assert sum(len(row["checks"]) for row in rows.values()) == len(shipped)
    (one,) = rows["F74"]["checks"]
    assert one["model"] == rounded(shipped["F74"]["model"])
    assert one["model"] not in rows["F74"]["found"]
    assert all(row["checks"] for row in rows.values() if row["verdict"] != "not checked")


def test_a_guess_is_held_to_the_range_of_the_runs(camden, scenario):
    told = camden.ask("predict", scenario=scenario, policy="B", outcome="doing_it_well", guess=[0, 0, 0, 0, 0, 0.9])
    assert told["inside"] is False
    assert "you guessed 90% for year 10" in told["sentence"]
    assert told["years"] == [0, 2, 4, 6, 8, 10]
    bad = {"scenario": scenario, "policy": "B", "outcome": "doing_it_well", "guess": [0, 1]}
    refused(camden.presenter.post("/api/predict", json=bad), 400)


@pytest.mark.parametrize(
    ("kind", "starts"), [("csv", b"# Illus"), ("png", b"\x89PNG"), ("report", b"<!doctype"), ("json", b"{")]
)
def test_files_come_with_label_version_hash_and_seeds(camden, scenario, kind, starts):
    answer = camden.presenter.post("/api/export", json={"scenario": scenario, "runs": 3, "kind": kind})
    assert answer.status_code == 200, answer.text
    assert answer.content.lower().startswith(starts.lower())
    hashed = camden.ask("simulate", client="file", number=1, scenario=scenario, runs=3)["hash"]
    assert f"camden-{hashed}" in answer.headers["content-disposition"]
    if kind != "report":
        assert b"Illustrative model, not a forecast" in answer.content
    if kind != "png":
        assert hashed in answer.text
    again = camden.presenter.post("/api/export", json={"scenario": scenario, "runs": 3, "kind": kind})
    assert again.content == answer.content


def test_the_csv_has_the_numbers_of_the_table(camden, scenario):
    answer = camden.presenter.post("/api/export", json={"scenario": scenario, "runs": 3, "kind": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text.split("\n", 1)[1])))
    ours = [r for r in rows if r["what"] == "level" and r["outcome"] == "doing_it_well" and r["year"] == "10.0"]
    said = camden.ask("simulate", client="csv", number=1, scenario=scenario, runs=3)
    for row, cell in zip(ours, said["table"]["rows"][0]["cells"], strict=False):
        assert cell.startswith(OUTCOMES["doing_it_well"].show(float(row["mean"])))


def test_the_halves_of_the_gap_differ_by_it(camden, scenario):
    asked = ["gap", "well_most", "well_least"]
    for policy in camden.ask("simulate", client="halves", number=1, scenario=scenario, runs=3, outcomes=asked)[
        "policies"
    ]:
        gap, most, least = (policy["curves"][name]["middle"] for name in asked)
        assert gap == pytest.approx([a - b for a, b in zip(most, least, strict=True)], abs=3e-6)


def test_edited_assumptions_are_told(camden, scenario):
    said = camden.ask("simulate", client="edited", number=1, scenario=scenario, runs=1)
    assert said["edited"] == ""
    scenario["parameters"] = {"theta": 2.5}
    assert (
        camden.ask("simulate", client="edited", number=2, scenario=scenario, runs=1)["edited"] == "1 assumption edited"
    )
