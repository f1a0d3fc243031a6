"""Sentences say no more than the runs show; links open or say why not; levers and stories say what they are."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.errors import KmsimError
from kmsim.policies.levers import archetypes
from kmsim.policies.policy import SETTINGS
from kmsim.workshop import link, numbers
from kmsim.workshop.axes import axis
from kmsim.workshop.labels import LABEL, term
from kmsim.workshop.levers import LEVERS
from kmsim.workshop.setup import read_setup

WELL = "doing_it_well"


def told(values, n=None):
    a = np.array(values, float)
    found = numbers.difference(WELL, a, np.zeros(len(a)))
    return found, numbers.sentence(found, "A", "B")


def test_a_range_that_spans_nought_tells_nothing_apart():
    found, text = told(np.linspace(-0.05, 0.10, 100))
    assert not found.clear
    assert (
        text == "on teachers doing it well the runs cannot tell A from B (A less B, 90% of runs: −4.2 to +9.3 points)"
    )


def test_a_range_that_is_nought_when_rounded_tells_nothing_apart():
    found, text = told(
        np.linspace(0.0001, 0.05, 100)
    )  # its low end is shown as 0.0 or more: by what is shown it is judged
    assert found.clear == text.startswith("A has")
    found, text = told(np.linspace(0.00001, 0.0004, 100))
    assert not found.clear
    assert "cannot tell" in text


def test_a_clear_difference_is_told_with_its_range_and_its_runs():
    _, text = told(np.linspace(0.02, 0.04, 100))
    assert text == (
        "A has 3.0 points more teachers doing it well than B (90% of runs: 2.1 to 3.9; ahead in 100 of 100)"
    )
    _, text = told(-np.linspace(0.02, 0.04, 100))
    assert text.startswith("B has 3.0 points more teachers doing it well than A")


def test_all_that_is_said_of_two_policies_is_said_in_one_direction(camden, scenario):
    said = camden.ask("simulate", client="one", number=1, scenario=scenario, runs=10)["sentence"]
    assert "B has" in said, "the scenario that the page opens with has B ahead"
    assert "cannot tell A from B" not in said
    assert "A less B" not in said


@pytest.mark.parametrize("n", [1, 2, 4])
def test_few_runs_tell_nothing_apart(n):
    found, text = told(np.linspace(0.2, 0.3, n))
    assert not found.clear
    assert "too few to tell" in text


def test_equal_is_told_as_equal_and_nothing_as_nothing():
    assert told(np.zeros(20))[1] == "A and B are the same on teachers doing it well in every run"
    assert told(np.full(20, np.nan))[1] == "nothing can be said of teachers doing it well"


def test_the_page_is_told_the_same(camden, scenario):
    twins = {"version": 1, "policies": [{"id": i, "preset": "coaching"} for i in "AB"]}
    said = camden.ask("simulate", client="words", number=1, scenario=twins, runs=6)
    assert said["clear"] is False
    assert said["sentence"] == (
        "Year 10, same runs: A and B are the same on teachers doing it well in every run. "
        "A and B are the same on the gap in every run."
    )
    assert len(camden.ask("simulate", client="words", number=2, scenario=scenario, runs=10)["sentence"]) < 240
    assert said["caption"].startswith(LABEL)
    assert said["caption"].endswith("6 runs a policy")


def test_axes_stay_while_the_data_fit_and_grow_when_they_do_not(camden, scenario):
    first = axis(0, 0.37, str)
    ends = (first["min"], first["max"])
    assert axis(0.05, 0.2, str, ends) == first
    assert axis(0, 0.5, str, ends)["max"] >= 0.5
    assert axis(0, 0, str)["max"] > 0
    one = camden.ask("simulate", client="axes", number=1, scenario=scenario, runs=2)
    scenario["policies"][0]["levers"] = {"cpd": 0.4}
    two = camden.ask("simulate", client="axes", number=2, scenario=scenario, runs=2, axes=one["axes"])
    assert two["axes"] == one["axes"]


# -- links -----------------------------------------------------------------------------------------
def test_a_link_gives_the_scenario_back(camden):
    from tests.workshop.test_numbers import CHANGED

    said = camden.ask("simulate", client="link", number=1, scenario=CHANGED, runs=1)
    opened = camden.ask("open", code=said["link"])
    assert opened == {"scenario": said["scenario"], "note": ""}
    assert len(said["link"]) < 500


@pytest.mark.parametrize(
    ("code", "why"),
    [("0.abc", "older version"), ("7.abc", "newer version"), ("abc", "cut off"), ("1.abc", "damaged"), ("1.", "damaged"),
     ("x.abc", "cut off"), ("٣.abc", "cut off")],
)  # fmt: skip
def test_a_link_that_cannot_be_opened_says_why(code, why):
    with pytest.raises(KmsimError, match=why):
        link.unpacked(code, "Camden")


def test_every_cut_of_a_link_is_refused():
    setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}]})
    code = link.packed(setup, "Camden")
    for i in range(len(code)):
        with pytest.raises(KmsimError):
            link.unpacked(code[:i], "Camden")


def test_a_link_that_unfolds_to_too_much_is_refused():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" + b" " * 2_000_000 + b"]", 9)).decode()
    with pytest.raises(KmsimError, match="damaged|letters"):
        link.unpacked("1." + bomb.rstrip("="), "Camden")


def test_a_link_made_for_other_schools_says_so():
    setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}]})
    _, note = link.unpacked(link.packed(setup, "Hackney"), "Camden")
    assert "Hackney" in note
    assert "Camden" in note


# -- levers ------------------------------------------------------------------------------------------
def test_every_lever_is_told_with_its_words_and_its_evidence(camden):
    start = camden.start()
    for lever in start["levers"]:
        assert lever["meaning"]
        assert lever["evidence"]
        assert all(record["text"] for record in lever["evidence"])
        steps = round((lever["max"] - lever["min"]) / lever["step"]) + 1
        assert len(lever["values"]) == steps
    network = {lever["id"] for lever in start["levers"] if lever["scope"] == "policy"}
    assert network == set(SETTINGS) - {"cluster_size"}
    assert {"budget", "funded_years", "turnover"} == set(LEVERS) - network
    assert {n["id"] for n in start["networks"]} == set(archetypes())
    assert len(start["networks"]) == 29


def test_a_lever_moved_back_is_not_moved(camden, scenario):
    stands = next(p for p in camden.start()["policies"] if p["id"] == "hub_and_spoke")["levers"]["cpd"]
    scenario["policies"][0]["levers"] = {"cpd": stands, "focus": 0.9}
    said = camden.ask("simulate", client="back", number=1, scenario=scenario, runs=1)
    assert said["scenario"]["policies"][0]["levers"] == {"focus": 0.9}


def test_every_preset_network_and_practice_can_be_run(village):
    start = village.start()
    for preset in start["policies"]:
        one = {"version": 1, "policies": [{"id": "A", "preset": preset["id"]}], "years": 4}
        assert (
            village.ask("simulate", client="all", number=1, scenario=one, runs=1)["policies"][0]["label"]
            == preset["label"]
        )
    for network in start["networks"]:
        one = {"version": 1, "policies": [{"id": "A", "preset": "coaching", "network": network["id"]}], "years": 4}
        village.ask("simulate", client="all", number=1, scenario=one, runs=1)
    for practice in start["practices"]:
        one = {"version": 1, "policies": [{"id": "A", "preset": "coaching"}], "practice": practice["id"], "years": 4}
        village.ask("simulate", client="all", number=1, scenario=one, runs=1)
    for story in start["stories"]:
        assert story["steps"]
        village.ask("simulate", client="all", number=1, scenario=story["scenario"], runs=1)


def test_terms_are_three_to_a_year():
    assert [term(i) for i in (0, 1, 3, 30)] == ["Start", "Year 1, autumn", "Year 1, summer", "Year 10, summer"]


def test_a_users_policy_that_is_edited_is_read_again(tmp_path, monkeypatch):
    """A server is up for hours: what a name stands for is looked up by the content of the user's files."""
    from kmsim.errors import UnknownName
    from kmsim.workshop.setup import preset_policy, presets

    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path))
    (tmp_path / "policy").mkdir()
    file = tmp_path / "policy" / "mine.yaml"
    for intensity in (0.5, 0.9):
        file.write_text(f"levers:\n  - recruit: {{}}\n  - cpd: {{intensity: {intensity}}}\n", encoding="utf-8")
        assert preset_policy("mine").levers[1].intensity == intensity
    assert presets() is presets()
    file.unlink()
    with pytest.raises(UnknownName, match="mine"):
        preset_policy("mine")


def test_a_server_on_a_users_extract_keeps_to_its_content(tmp_path):
    """Its map and its runs are of the same schools: once the file is edited, what needs it again is refused."""
    from kmsim.system.build import build
    from kmsim.workshop.place import Place
    from tests.lab.test_content_keys import GIAS

    file = tmp_path / "g.csv"
    file.write_text(GIAS, encoding="utf-8")
    place = Place("gias", {"path": str(file)})
    assert place.pupils == 540
    file.write_text(GIAS.replace("210", "310"), encoding="utf-8")
    setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "guidance_only"}]})
    scenario = setup.scenario(setup.arms[0], place)
    assert scenario.system == place.settings
    with pytest.raises(KmsimError, match="has changed since it was planned"):
        build(scenario.system)  # as a worker that has not built it yet
