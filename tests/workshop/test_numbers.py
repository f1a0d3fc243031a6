"""The numbers of the page are those of `kmsim run` with the exported scenario, and more runs only add to the first."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest

import kmsim
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report import frames
from tests.workshop.conftest import CAMDEN

CHANGED = {
    "version": 1,
    "policies": [
        {"id": "A", "preset": "hub_and_spoke", "levers": {"cpd": 0.7, "ownership": 0.5}},
        {"id": "B", "preset": "coaching", "network": "nlc", "levers": {"community": 0.6}},
        {"id": "C", "preset": "trust_led"},
    ],
    "budget": 60,
    "funded_years": 2,
    "years": 8,
    "turnover": 1.2,
    "practice": "metacognition",
    "seed": 5,
    "parameters": {"theta": 2.5},
}


def exported(camden, scenario, runs):
    answer = camden.presenter.post("/api/export", json={"scenario": scenario, "runs": runs, "kind": "json"})
    return answer.json()


@pytest.mark.parametrize("given", [None, CHANGED], ids=["opening", "changed"])
def test_curves_and_table_are_those_of_kmsim_run_with_the_exported_settings(camden, scenario, given):
    given = given or scenario
    said = camden.ask(
        "simulate", client="numbers", number=1, scenario=given, runs=3, outcomes=["doing_it_well", "depth"]
    )
    for one, drawn in zip(exported(camden, given, 3)["runs"], said["policies"], strict=True):
        frame = [kmsim.run(**(one["settings"] | {"seed": seed})).outcomes for seed in one["seeds"]]
        for outcome in ("doing_it_well", "depth"):
            values = np.array([f[f.outcome == outcome].value.to_numpy()[::2] for f in frame])
            middle, low, high, _ = frames.spans(values)
            for name, want in (("middle", middle), ("low", low), ("high", high)):
                got = np.array([np.nan if v is None else v for v in drawn["curves"][outcome][name]])
                np.testing.assert_allclose(got, want, rtol=6e-6, equal_nan=True)
    last = [f[(f.outcome == "doing_it_well")].value.iloc[-1] for f in frame]
    mean = OUTCOMES["doing_it_well"].show(float(np.mean(last)))
    column = len(said["policies"]) - 1
    assert said["table"]["rows"][0]["cells"][column].startswith(mean)


def test_the_exported_configuration_has_the_hash_that_kmsim_run_gives_it(camden):
    for one in exported(camden, CHANGED, 2)["runs"]:
        assert kmsim.run(**one["settings"]).manifest["config_hash"] == one["config_hash"]


def test_the_exported_command_says_the_same_as_the_exported_settings(camden):
    from kmsim.cli.arguments import read
    from kmsim.cli.compose import compose, keys
    from kmsim.lab.provenance import config_hash
    from kmsim.lab.single import configuration_of
    from kmsim.scenario import read_scenario

    for one in exported(camden, CHANGED, 2)["runs"]:
        program, verb, *words = shlex.split(one["command"])
        assert (program, verb) == ("kmsim", "run")
        settings = compose("run", read(words, keys("run"), "run"))
        settings.pop("name"), settings.pop("config")
        assert config_hash(configuration_of([read_scenario(**settings)], 1)) == one["config_hash"]


def test_more_runs_have_the_first_among_them(camden, scenario):
    camden.ask("simulate", client="more", number=1, scenario=scenario, runs=4)
    from kmsim.workshop.setup import read_setup

    setup = read_setup(scenario)
    kept = camden.desk.results._keep(setup, setup.arms[0])
    before = {seed: run.values for seed, run in kept.runs.items()}
    camden.ask("simulate", client="more", number=2, scenario=scenario, runs=12)
    for seed, values in before.items():
        assert kept.runs[seed].values is values
    assert set(kept.runs) >= set(range(1, 13))


def test_spending_never_exceeds_the_budget(camden):
    said = camden.ask("simulate", client="money", number=1, scenario=CHANGED, runs=3)
    for bar in said["budget"]["policies"]:
        assert 0 <= bar["share"] <= 1
        assert sum(part["share"] for part in bar["parts"]) == pytest.approx(bar["share"], abs=0.002)
    hubs, coaching, trusts = (bar["buys"] for bar in said["budget"]["policies"])
    assert all(re.fullmatch(r"\d+ of 62 schools join, about £\d+,000 each", one) for one in (hubs, coaching))
    assert trusts == "no school joins a programme"
    assert said["budget"]["total"] == OUTCOMES["cost_gbp"].show(60 * CAMDEN.pupils)


def test_the_map_and_the_story_are_of_the_first_run(camden, scenario):
    said = camden.ask("simulate", client="map", number=1, scenario=scenario, runs=2)
    one = exported(camden, scenario, 2)["runs"][1]
    model = kmsim.Model(**one["settings"]).run()
    from kmsim.agents import School

    table = model.tables[School]
    users = (table["in_use"][0] * 10 // table["size"]).clip(0, 9)
    assert said["map"]["policies"][1]["users"][-1] == "".join(map(str, users))
    row = int(np.argmax(table["in_use"][0]))
    told = camden.ask("school", scenario=scenario, policy="B", school=row)
    ending = f"{table['in_use'][0][row]} of its {table['size'][row]} teachers use it and {table['well'][0][row]} of them do it well"
    assert ending in told["story"][-1]
