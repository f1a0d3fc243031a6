"""Plans: the order of runs, keys that name all that decides a run and nothing else, the way to disk and back, no bad row."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.errors import KmsimError
from kmsim.lab.plan import SAMPLED, Plan
from kmsim.lab.planning import read_plan
from kmsim.lab.scenarios import Column, Scenarios
from kmsim.lab.trust import trust
from kmsim.parameters import PARAMETERS
from kmsim.scenario import read_scenario

SMALL = {"system": "village", "years": 4, "funded_years": 1}
POLICIES = ["business_as_usual", "coaching"]


def table(**columns) -> Scenarios:
    """Columns by name; two underscores stand for the dot."""
    return Scenarios({name.replace("__", "."): Column.of(values) for name, values in columns.items()})


def plan_of(policies=POLICIES, replicates=1, more=None, **columns) -> Plan:
    scenarios = table(**columns)
    fixed = {key: value for key, value in SMALL.items() if key not in scenarios}
    return read_plan(policies, scenarios, replicates, **{**fixed, **(more or {})})


# -- runs and their order ------------------------------------------------------------
def test_runs_go_scenario_by_scenario_policies_innermost_with_common_seeds():
    plan = plan_of(replicates=2, more={"seed": 7}, parameters__theta=[1.0, 2.0])
    told = [(run.scenario, run.replicate, run.policy, run.seed) for run in plan.runs()]
    assert told == [(s, r, p, 7 + r) for s in (0, 1) for r in (0, 1) for p in (0, 1)]
    assert [run.index for run in plan.runs(3, 6)] == [3, 4, 5]
    assert len(plan) == 8
    with pytest.raises(IndexError):
        plan.run(8)


def test_keys_are_the_same_however_they_are_asked_for():
    plan = plan_of(replicates=3, parameters__theta=[1.0, 2.0, 3.0])
    keys = plan.keys()
    assert keys.shape == (18, 16)
    assert [bytes(row).hex() for row in keys] == [run.key for run in plan.runs()] == [*plan.columns()["key"]]
    assert np.array_equal(plan.keys(5, 9), keys[5:9])
    assert len({run.key for run in plan.runs()}) == 18


def test_columns_are_those_of_the_runs():
    plan = plan_of(replicates=2, parameters__theta=[1.0, 2.0], budget=[None, 1e6], practice=["metacognition"] * 2)
    columns = plan.columns(2, 7)
    assert [*columns] == [
        "index",
        "key",
        "policy",
        "scenario",
        "replicate",
        "seed",
        "parameters.theta",
        "budget",
        "practice",
    ]
    for i, run in enumerate(plan.runs(2, 7)):
        assert columns["policy"][i] == plan.policies[run.policy]
        assert (columns["scenario"][i], columns["replicate"][i], columns["seed"][i]) == (
            run.scenario,
            run.replicate,
            run.seed,
        )
        assert columns["parameters.theta"][i] == plan.scenario(run.scenario)["parameters.theta"]
    assert [*columns["budget"]] == ["null", "null", "1000000.0", "1000000.0", "1000000.0"]


def test_scenarios_are_those_that_a_model_would_read():
    plan = plan_of(
        parameters__theta=[1.0, 2.0],
        network__ownership=[0.2, 0.4],
        practice=["metacognition", "generic_enquiry"],
        years=[4, 5],
    )
    for run in plan.runs():
        values = plan.scenario(run.scenario)
        if run.policy == 0:  # business as usual has no network
            del values["network.ownership"]
        asked = read_scenario(**{**SMALL, **values}, policy=POLICIES[run.policy], seed=run.seed)
        assert plan.scenario_of(run) == asked


def test_a_network_passes_by_policies_that_have_none():
    plan = plan_of(network=["mat", "nlc"])
    assert plan.scenario_of(plan.run(0)).network == {}
    assert plan.scenario_of(plan.run(3)).network == {"archetype": "nlc"}


def test_which_trajectories_are_kept():
    kept = {}
    for choice in ("none", "sample", "all"):
        plan = read_plan(["coaching"], table(parameters__theta=[2.0] * (SAMPLED + 1)), 2, trajectories=choice, **SMALL)
        kept[choice] = sum(map(plan.keeps_trajectory, plan.runs()))
    assert kept == {"none": 0, "sample": SAMPLED, "all": 2 * (SAMPLED + 1)}


# -- keys ----------------------------------------------------------------------------
BASE = {"more": {}, "parameters__theta": [1.0, 2.0]}


def first_key(**changes) -> str:
    return plan_of(**{**BASE, **changes}).run(0).key


@pytest.mark.parametrize(
    "change",
    [
        {"policies": ["coaching"]},
        {"policies": [{"name": "business_as_usual", "levers": [{"broadcast": {}}]}]},
        {"parameters__theta": [1.5]},
        {"parameters__r_try": [2.0, 2.0]},
        {"more": {"seed": 2}},
        {"more": {"years": 5}},
        {"more": {"funded_years": 2}},
        {"more": {"taper": 1}},
        {"more": {"ticks_per_year": 12}},
        {"more": {"budget": 1e6}},
        {"more": {"budget": None}},
        {"more": {"network": "mat"}},
        {"more": {"network.ownership": 0.3}},
        {"more": {"parameters.r_try": 2}},
        {"more": {"practice": "metacognition"}},
        {"more": {"practice": ["metacognition", "formative_assessment"]}},
        {"more": {"practice.effect": 0.2}},
        {"more": {"system.seed": 2}},
        {"more": {"system": "borough"}},
        {"practice": ["formative_assessment"] * 2},
    ],
    ids=str,
)
def test_any_change_of_what_decides_a_run_changes_its_key(change):
    assert first_key(**change) != first_key()


def test_what_decides_nothing_changes_no_key():
    assert first_key(parameters__theta=[1, 2]) == first_key()  # 1 and 1.0 are one value
    assert first_key(replicates=5) == first_key()
    assert plan_of(**BASE, policies=["coaching"]).run(0).key == plan_of(**BASE).run(1).key
    thin = read_plan(POLICIES, table(parameters__theta=[1.0]), outcomes=["depth"], trajectories="all", **SMALL)
    assert thin.run(0).key == first_key()
    wide = table(parameters__theta=[1.0], parameters__r_try=[2.0])
    turned = table(parameters__r_try=[2.0], parameters__theta=[1.0])
    assert read_plan(POLICIES, wide, **SMALL).run(0).key == read_plan(POLICIES, turned, **SMALL).run(0).key


def test_another_model_or_other_code_is_another_run(tmp_path, monkeypatch):
    plan = plan_of(**BASE)
    monkeypatch.setattr("kmsim.lab.plan.fingerprint", lambda: "0" * 16)
    assert plan_of(**BASE).run(0).key != plan.run(0).key
    monkeypatch.undo()
    monkeypatch.setattr("kmsim.lab.trust._trusted", {})
    (tmp_path / "mine.py").write_text("x = 1\n", encoding="utf-8")
    trust(tmp_path / "mine.py")
    assert plan_of(**BASE).run(0).key != plan.run(0).key


def test_a_scenario_that_stands_twice_is_two_runs():
    plan = plan_of(policies=["coaching"], parameters__theta=[1.0, 2.0, 1.0, 1.0])
    assert len({run.key for run in plan.runs()}) == 4
    assert plan.run(0).key == plan_of(policies=["coaching"], parameters__theta=[1.0]).run(0).key


def test_a_name_is_known_by_what_stands_under_it(tmp_path, monkeypatch):
    """A practice of the user's that is edited is another practice, and a plan that is made keeps the one it was made with."""
    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path))
    (tmp_path / "practice").mkdir()
    text = "effect: {}\ncomplexity: 0.5\nscripting: 0.2\nobservability: 0.5\nevidence_strength: 3\n"
    keys = []
    for effect in (0.1, 0.2):
        (tmp_path / "practice" / "mine.yaml").write_text(text.format(effect), encoding="utf-8")
        keys.append(plan_of(practice=["mine", "metacognition"]).run(0).key)
        keys.append(plan_of(more={"practice": "mine"}, parameters__theta=[1.0]).run(0).key)
    assert len({*keys}) == 4
    plan = plan_of(practice=["mine", "metacognition"])
    (tmp_path / "practice" / "mine.yaml").unlink()
    again = Plan.from_config(plan.config(), plan.table)
    assert again.scenario_of(again.run(0)).practices[0].effect == 0.2


def test_keys_are_the_same_in_another_process(monkeypatch):
    monkeypatch.setattr("kmsim.lab.plan.fingerprint", lambda: "0" * 16)  # whoever edits the source meanwhile
    script = (
        "import kmsim.lab.plan\nkmsim.lab.plan.fingerprint = lambda: '0' * 16\n"
        "from tests.lab.test_plan import plan_of\n"
        "print(plan_of(replicates=2, parameters__theta=[1.0, 2.0], practice=['metacognition', 'generic_enquiry']).keys().tobytes().hex())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    }
    here = plan_of(replicates=2, parameters__theta=[1.0, 2.0], practice=["metacognition", "generic_enquiry"]).keys()
    assert told == {here.tobytes().hex()}


# -- to disk and back ------------------------------------------------------------------
values = {
    "parameters.theta": st.floats(1, 4),
    "parameters.r_try": st.floats(1, 5),
    "network.ownership": st.floats(0, 1),
    "network.cluster_size": st.integers(3, 9),
    "practice": st.sampled_from(["metacognition", "generic_enquiry"]),
    "practice.effect": st.floats(0, 0.3),
    "budget": st.one_of(st.none(), st.just("auto"), st.floats(0, 1e7)),
    "system": st.sampled_from(["village", "borough"]),
    "system.seed": st.integers(0, 2**63 - 1),
    "years": st.integers(3, 6),
}
tables = st.lists(st.sampled_from([*values]), unique=True, max_size=4).flatmap(
    lambda keys: st.lists(st.fixed_dictionaries({key: values[key] for key in keys}), min_size=1, max_size=4).map(
        lambda rows: Scenarios({key: Column.of(row[key] for row in rows) for key in keys})
    )
)


@settings(max_examples=40, deadline=None)
@given(tables, st.integers(1, 3))
def test_a_plan_comes_back_from_its_config(tmp_path_factory, scenarios, replicates):
    fixed = {key: value for key, value in SMALL.items() if key not in scenarios}
    plan = read_plan(POLICIES, scenarios, replicates, outcomes=["depth", "gap"], trajectories="all", **fixed)
    file = tmp_path_factory.mktemp("plan") / "scenarios.parquet"
    plan.write_scenarios(file)
    config = yaml.safe_load(yaml.safe_dump(plan.config()))
    assert json.loads(json.dumps(config)) == config
    again = Plan.from_config(config, file)
    assert again == plan
    assert np.array_equal(again.keys(), plan.keys())
    assert [*again.runs()] == [*plan.runs()]
    assert [again.scenario_of(run) for run in again.runs()] == [plan.scenario_of(run) for run in plan.runs()]


@pytest.mark.parametrize("policy", ["test_bed_then_scale", "trust_led", "regional_advocates", "targeted_networks"])
def test_every_lever_comes_back_from_its_config(policy):
    plan = read_plan([policy], system="london")
    assert Plan.from_config(yaml.safe_load(yaml.safe_dump(plan.config()))).levers == plan.levers


def test_a_config_and_scenarios_that_do_not_belong_together_are_refused(tmp_path):
    one, other = plan_of(parameters__theta=[1.0, 2.0]), plan_of(parameters__theta=[1.0, 3.0])
    other.write_scenarios(tmp_path / "other.parquet")
    (tmp_path / "foreign.parquet").write_bytes(b"PAR1")
    for file, told in (
        (tmp_path / "other.parquet", "not the scenarios that the config was written with"),
        (None, "not the scenarios"),
        (tmp_path / "foreign.parquet", "not the scenarios of an experiment"),
        (tmp_path / "none.parquet", "not the scenarios of an experiment"),
    ):
        with pytest.raises(KmsimError, match=told):
            Plan.from_config(one.config(), file)
    for config in ({}, {"scenarios": 3}, one.config() | {"policies": 3}, one.config() | {"policies": [{"levers": 3}]}):
        with pytest.raises(KmsimError):
            Plan.from_config(config, one.table)


def test_a_file_of_schools_that_changes_is_not_the_one_that_was_planned(tmp_path):
    file = tmp_path / "schools.csv"
    file.write_text(GIAS, encoding="cp1252")
    more = {"system": "gias", "system.path": str(file)}
    plan = plan_of(more=more, parameters__theta=[1.0])
    assert plan.scenario_of(plan.run(0)).system.path == str(file)
    file.write_text(GIAS.replace("210", "310"), encoding="cp1252")
    assert plan_of(more=more, parameters__theta=[1.0]).run(0).key != plan.run(0).key
    again = Plan.from_config(plan.config(), plan.table)
    assert again.scenario_of(again.run(0)).system.sha256 == plan.scenario_of(plan.run(0)).system.sha256
    with pytest.raises(KmsimError, match=r"schools\.csv: has changed since it was planned"):
        again.check_files()


GIAS = (
    "URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentTypeGroup (name),"
    "EstablishmentStatus (name),PhaseOfEducation (name),NumberOfPupils,SchoolCapacity,PercentageFSM,GOR (name),"
    "TrustSchoolFlag (name),Trusts (name),Federations (name),Easting,Northing\n"
    "100001,202,Camden,St Anne's,Community school,Local authority maintained schools,Open,Primary,210,240,12.5,London,"
    "Not applicable,,Not applicable,530000,180000\n"
)


# -- no bad row gets through -----------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            {"parameters__theta": [1.0, 9.0]},
            "scenario 2: parameters.theta=9.0: expected a number from 0 to 8 (contacts)",
        ),
        ({"parameters__theta": [1.0, 2.0, -1.0]}, "scenario 3: parameters.theta=-1.0: expected a number from 0"),
        ({"parameters__theta": [1.0, 0.0, 2.0]}, "scenario 2: parameters.theta=0.0: expected a number above 0"),
        ({"parameters__theta": [1.0, float("nan")]}, "scenario 2: parameters.theta=nan"),
        (
            {"parameters__theta": [1.0, "=cmd()"]},
            "scenario 2: parameters.theta==cmd(): expected a number from 0 to 8 (contacts)",
        ),
        (
            {"parameters__theta": [1.0, None]},
            "scenario 2: parameters.theta=None: expected a number from 0 to 8 (contacts)",
        ),
        ({"parameters__thta": [1.0]}, "parameters.thta: not a parameter; did you mean 'theta'?"),
        ({"network__ownership": [0.5, 1.5]}, "ownership=1.5: expected a number from 0 to 1"),
        (
            {"network__cluster_size": [5, 4.5, 6]},
            "scenario 2: network.cluster_size=4.5: expected a whole number",
        ),
        ({"practice__evidence_strength": [3, 2.5, 4]}, "scenario 2: practice.evidence_strength=2.5: expected a whole"),
        ({"practice": ["metacognition", "metacogntion"]}, "practice=metacogntion: not a practice; did you mean"),
        ({"practice": ["metacognition", 3]}, "practice=3: expected names only"),
        ({"system": ["village", "viilage"]}, "system=viilage: not a system; did you mean 'village'?"),
        ({"network": ["mat", "mta"]}, "scenario 2: network=mta: not a network of archetypes.csv"),
        ({"ticks_per_year": [6, 7, 52]}, "scenario 2: ticks_per_year=7: expected one of 6, 12, 39, 52"),
        ({"years": [4, 0]}, "scenario 2: years=0: expected a whole number from 1 to 100"),
        ({"years": [4, 4.5, 5]}, "scenario 2: years=4.5: expected a whole number"),
        (
            {"years": [5, 3, 9], "funded_years": [2, 4, 3]},
            "scenario 2: funded_years=4: expected at most years, which is 3",
        ),
        ({"budget": [1e6, -1]}, "scenario 2: budget=-1.0: expected a number above 0"),
        ({"budget": ["auto", None, 5, "lots"]}, "scenario 4: budget=lots: expected a number"),
        ({"budget": ["auto", -5.0, 5]}, "scenario 2: budget=-5.0: expected a number above 0"),
        ({"system__scale": [1, 0.5]}, "scenario 2: system.scale=0.5: expected a number from 1"),
        ({"system__n_schools": [3]}, "only source=synthetic reads it"),
    ],
    ids=str,
)
def test_a_bad_row_is_told_with_its_number(columns, told):
    with pytest.raises(KmsimError) as error:
        plan_of(**columns)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


odd = st.one_of(st.floats(0, 9), st.integers(-1, 9), st.sampled_from([None, "auto", "x", float("nan"), float("inf")]))
ODD = [
    "parameters.theta",
    "network.ownership",
    "network.cluster_size",
    "budget",
    "years",
    "funded_years",
    "ticks_per_year",
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(ODD), unique=True, min_size=1, max_size=3).flatmap(
        lambda keys: st.lists(st.fixed_dictionaries(dict.fromkeys(keys, odd)), min_size=1, max_size=12)
    )
)
def test_a_plan_is_made_if_and_only_if_each_of_its_rows_can_be_read(rows):
    """The few rows that are read stand for all."""

    def can_be_read(row: dict) -> bool:
        try:
            read_scenario(**{**SMALL, **row}).funded_policy()
        except KmsimError:
            return False
        return True

    scenarios = Scenarios({key: Column.of(row[key] for row in rows) for key in rows[0]})
    fixed = {key: value for key, value in SMALL.items() if key not in scenarios}
    try:
        read_plan(["codesigned_networks"], scenarios, **fixed)
        made = True
    except KmsimError:
        made = False
    assert made == all(map(can_be_read, rows))


def test_names_are_looked_up_in_every_system():
    with pytest.raises(
        KmsimError, match=r"scenario 2: system\.la=Hackny: not a local authority; did you mean 'Hackney'"
    ):
        read_plan(["coaching"], table(system__la=["Hackney", "Hackny"]), system="borough")
    lever = {"name": "mine", "levers": [{"broadcast": {"eligible": {"region": ["Londn"]}}}]}
    with pytest.raises(KmsimError, match="did you mean 'London'"):
        read_plan([lever], system="london")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"policies": []}, "policies=[]: expected at least one policy"),
        ({"policies": "coaching"}, "policies=coaching: expected at least one policy, as a list"),
        ({"policies": ["coachin"]}, "did you mean 'coaching'"),
        ({"policies": ["coaching", "coaching"]}, "each policy once"),
        ({"replicates": 0}, "replicates=0: expected a whole number from 1"),
        ({"replicates": 100_000, "scenarios": table(parameters__theta=[1.0] * 200)}, "at most 10,000,000 runs"),
        ({"seed": -1}, "seed=-1"),
        ({"outcomes": []}, "outcomes=[]: expected at least one outcome"),
        ({"outcomes": ["dept"]}, "did you mean 'depth'"),
        ({"trajectories": "som"}, "trajectories=som: not a choice"),
        ({"yeers": 3}, "did you mean 'years'"),
        ({"years": 0}, "years=0"),
        ({"scenarios": table(years=[3, 4]), "years": 5}, "years=5: expected no value beside the design"),
        ({"scenarios": table(network__cpd=[0.5]), "policies": ["business_as_usual"]}, "one with a network"),
    ],
    ids=lambda value: value if isinstance(value, str) else "given",
)
def test_bad_plans(given, told):
    settings = {"policies": POLICIES, "system": "village"} | given
    with pytest.raises(KmsimError) as error:
        read_plan(settings.pop("policies"), settings.pop("scenarios", None), **settings)
    assert told in str(error.value)


# -- size ------------------------------------------------------------------------------
def big(scenarios: int) -> Plan:
    rng = np.random.default_rng(1)
    free = [row for row in PARAMETERS.values() if row.grade == "free"]
    columns = {f"parameters.{r.name}": Column.of(rng.uniform(*r.prior, scenarios)) for r in free}
    return read_plan([*POLICIES, "grassroots", "trust_led", "peer_review"], Scenarios(columns), 4, system="village")


def test_a_hundred_thousand_runs_hold_no_object_each():
    plan = big(5000)
    assert len(plan) == 100_000
    keys = plan.keys()
    assert len(np.unique(keys, axis=0)) == 100_000
    tracemalloc.start()
    plan = big(5000)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 5000 * (8 * len(plan.varied) + 16) + 2_000_000
