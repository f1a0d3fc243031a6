"""From words to a sweep: presets that words override, users' own designs and experiments, Python the equal of the verb."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmsim.lab
from kmsim import configuration
from kmsim.errors import KmsimError
from kmsim.lab.sweeping import defaults, read_sweep
from kmsim.parameters import PARAMETERS

VILLAGE = {"system": "village", "years": 2, "funded_years": 1, "policies": ["coaching"]}


def plan(**given):
    return read_sweep(VILLAGE | given).plan


def test_with_nothing_said_all_free_parameters_vary():
    free = [f"parameters.{name}" for name, row in PARAMETERS.items() if row.grade == "free"]
    assert plan().varied == free
    assert plan(**{"parameters.theta": 3}).varied == [key for key in free if key != "parameters.theta"]
    assert len(plan()) == configuration.read("design", "lhs")["n"]


def test_defaults_are_those_of_the_code():
    import inspect

    from kmsim.lab.comparison import DEFAULT_POLICIES
    from kmsim.lab.planning import read_plan
    from kmsim.scenario import read_scenario

    inside = {n: p.default for f in (read_scenario, read_plan) for n, p in inspect.signature(f).parameters.items()}
    inside |= {
        "taper": 0,
        "budget": "auto",
        "policies": list(DEFAULT_POLICIES),
        "design": "lhs",
        "executor": "processes",
    }
    inside |= {"experiment": None, "config": None, "name": None, "workers": None}
    assert defaults() == {key: inside[key] for key in defaults()}


@pytest.mark.parametrize("name", configuration.names("experiment"))
def test_every_preset_is_a_sweep_of_a_small_size(name):
    asked = read_sweep({"experiment": name})
    assert 1 < len(asked.plan) <= 500
    assert asked.folder.name.startswith(f"{name}-")


@pytest.mark.parametrize("name", configuration.names("design"))
def test_every_design_is_of_its_own_kind(name):
    assert configuration.read("design", name)["kind"] == name


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the user's own configs, and the user somewhere else."""
    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def write(path: str, text: str) -> None:
        file = tmp_path / "mine" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return write


PRESET = """\
summary: mine
policies: [coaching, grassroots]
system: village
years: 2
funded_years: 1
budget: 1e6
parameters: {r_try: 2}
design: lhs
design.n: 4
design.vary: {theta: 1..3, network.ownership: 0.2..0.8}
replicates: 3
"""


def test_words_override_a_preset(own):
    own("experiment/mine.yaml", PRESET)

    def asked(**words):
        return read_sweep({"experiment": "mine"} | words).plan

    plain = asked()
    assert (len(plain), plain.varied) == (2 * 4 * 3, ["parameters.theta", "network.ownership"])
    assert (plain.settings["budget"], plain.settings["parameters"]["r_try"]) == (1e6, 2)
    assert asked(policies=["coaching"]).policies == ["coaching"]
    assert asked(**{"design.replicates": 1}).replicates == 1
    assert asked(**{"design.n": 8}).table.count == 8
    # a key that is fixed no longer varies, and one that varies is no longer fixed
    assert asked(**{"parameters.theta": 2}).varied == ["network.ownership"]
    assert asked(**{"design.vary.r_try": [2, 3]}).varied == [
        "parameters.theta",
        "network.ownership",
        "parameters.r_try",
    ]
    assert asked(**{"design.vary.parameters.theta": [2]}).scenario(0)["parameters.theta"] == 2
    # another design takes what it has of the preset's
    grid = asked(design="grid", **{"design.levels": 2})
    assert (grid.varied, grid.table.count) == (plain.varied, 4)
    listed = asked(design="list", **{"design.rows": [{"theta": 2}]})
    assert (listed.varied, listed.table.count) == (["parameters.theta"], 1)


def test_designs_of_the_users_own(own):
    own("design/mine.yaml", "kind: lhs\nn: 4\nvary:\n  theta: 1..3\n  budget: [1e6, null]\n")
    assert plan(design="mine").varied == ["parameters.theta", "budget"]
    assert plan(design="mine", budget=5).varied == ["parameters.theta"]
    assert plan(design="mine", **{"design.vary.b0": "prior", "design.n": 2}).table.count == 2
    assert plan(design={"kind": "lhs", "n": 3, "vary": {"theta": "1..3"}}).table.count == 3


def test_a_table_of_the_users_own(own, tmp_path):
    (tmp_path / "elsewhere" / "mine.csv").write_text("theta,network.ownership\n1,0.2\n3,0.4\n", encoding="utf-8")
    found = plan(design="table", **{"design.path": "mine.csv"})
    assert [found.scenario(i) for i in range(2)] == [
        {"parameters.theta": 1, "network.ownership": 0.2},
        {"parameters.theta": 3, "network.ownership": 0.4},
    ]
    (tmp_path / "elsewhere" / "bad.csv").write_text("theta\n1\n=1+1\n", encoding="utf-8")
    with pytest.raises(
        KmsimError, match=r"bad.csv, row 2: parameters.theta==1\+1: expected a number from 0 to 8 \(contacts\)"
    ):
        plan(design="table", **{"design.path": "bad.csv"})
    with pytest.raises(KmsimError, match=r"parameters.theta=2: expected no value beside the design"):
        plan(design="table", **{"design.path": "mine.csv", "parameters.theta": 2})


def test_two_ways_to_say_one_thing():
    one = plan(design="grid", **{"design.vary": {"theta": [1, 2]}}, replicates=2)
    other = plan(design="grid", **{"design.vary.parameters.theta": (1.0, 2.0)}, **{"design.replicates": 2})
    assert one.keys().tolist() == other.keys().tolist()
    assert plan(parameters={"theta": 3}) == plan(**{"parameters.theta": 3})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"yeers": 3}, "yeers: not a key of a sweep; did you mean 'years'?"),
        ({"experiment": "first_lok"}, "experiment=first_lok: not an experiment; did you mean 'first_look'?"),
        ({"design": "lsh"}, "design=lsh: not a design; did you mean 'lhs'?"),
        ({"design": 3}, "design=3: expected a name or the path of a .yaml file"),
        ({"design": "none.yaml"}, "none.yaml: expected a file that can be read; no such file"),
        ({"design.m": 3}, "design.m: not a setting of design=lhs"),
        ({"executor": "proceses"}, "executor=proceses: not an executor; did you mean 'processes'?"),
        ({"executor.adress": "x"}, "executor.adress"),
        ({"workers": 0}, "workers=0: expected a whole number from 1"),
        ({"name": "../x"}, "name=../x: expected 1 to 64 of a-z"),
        ({"replicates": 2, "design.replicates": 3}, "replicates=2: expected no value beside design.replicates"),
        ({"parameters.theta": 2, "design.vary.theta": "1..3"}, "expected no value beside design.vary.theta, which varies it"),
        ({"years": 2, "design.vary.years": [2, 3]}, "years=2: expected no value beside design.vary.years"),
        ({"design.vary": {"theta": [1]}, "design.vary.parameters.theta": [2]}, "parameters.theta once; it is given twice"),
        ({"design.vary": {"theta": [1]}, "design.vary.theta": [2]}, "design.vary.theta=[2]: expected each key once"),
        ({"parameters": {"theta": 1}, "parameters.theta": 2}, "parameters.theta=2: expected each key once"),
        ({"parameters": [{"theta": 7.9}]}, "parameters=[{'theta': 7.9}]: expected keys and values, such as {theta: 3}"),
        ({"parameters": "theta=3"}, "parameters=theta=3: expected keys and values"),
        ({"parameters": [1]}, "parameters=[1]: expected keys and values"),
        ({"parameters": None}, "parameters=None: expected keys and values"),
        ({"design.vary": "theta", "design.vary.theta": [1]}, "design.vary=theta: expected keys and what they vary over"),
        ({"system": [1]}, "system"),
        ({"parameters.theta": "1,2"}, "expected a number from 0 to 8 (contacts); to vary it, design.vary.theta=1,2"),
        ({"parameters.theta": "1..3"}, "expected a number from 0 to 8 (contacts); to vary it, design.vary.theta=1..3"),
        ({"parameters": {"theta": [1, 2]}}, "expected a number from 0 to 8 (contacts); to vary it, design.vary.theta=1,2"),
        ({"years": "5,6"}, "years=5,6: expected a whole number from 1 to 100; to vary it, design.vary.years=5,6"),
        ({"parameters.thta": 1}, "parameters.thta: not a parameter; did you mean 'theta'?"),
        ({"workers": "2"}, "workers='2': expected a whole number from 1 to 1024"),
        ({"replicates": "2"}, "replicates='2': expected a whole number from 1 to"),
        ({"budget": 10**400}, "budget=a number of 401 digits: expected one below 1e300"),
        ({"design.n": 10**400}, "design.n=a number of 401 digits: expected one below 1e300"),
        ({"policies": ["codesigned_networks"], "design": "grid", "design.vary.network.ownership": ["20%"]},
         "scenario 1: network.ownership=20%: expected"),
        ({"policies": ["codesigned_networks"], "network.ownership": "0.2,0.4"},
         "network.ownership=0.2,0.4: expected a number from 0 to 1; to vary it, design.vary.network.ownership=0.2,0.4"),
        ({"network": 3}, "network=3: expected a network"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_words(given, told):
    with pytest.raises(KmsimError) as error:
        plan(**given)
    assert told in str(error.value)
    assert told.startswith("scenario") or "scenario" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yeers: 3\n", "did you mean 'years'"),
        ("workers: 3\n", "workers belongs on the command line"),
        ("name: x\n", "name belongs on the command line"),
        ("executor.address: x\n", "executor.address belongs on the command line"),
        ("design: [lhs]\n", "expected a name or the path"),
        ("design.vary: 3\n", "design.vary=3: expected keys"),
        ("parameters:\n  - theta: 7.9\n", "experiment=mine: parameters=[{'theta': 7.9}]: expected keys and values"),
        ("policies: {a: b}\n", "expected at least one policy, as a list"),
        ("policies: !!python/object/apply:os.getcwd []\n", "line 1, column 11: tags"),
        ("a: &x [1]\n? *x\n: 2\n", "mine.yaml"),
    ],
)
def test_bad_experiments_are_told(own, text, told):
    own("experiment/mine.yaml", text)
    with pytest.raises(KmsimError) as error:
        read_sweep({"experiment": "mine"})
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def told(**given) -> str:
    with pytest.raises(KmsimError) as error:
        read_sweep(given)
    return str(error.value)


def test_errors_tell_the_file_that_they_are_in(own):
    own("experiment/ten.yaml", "system: village\npolicies: [coaching]\nyears: ten\ndesign.n: many\n")
    assert told(experiment="ten").startswith("experiment=ten: design.n=many: expected")
    assert told(experiment="ten", **{"design.n": 4}).startswith("experiment=ten: years=ten: expected")
    assert told(experiment="ten", years="five", **{"design.n": 4}).startswith("years=five: expected")
    assert told(experiment="ten", **{"design.n": 0}).startswith("design.n=0: expected")
    own("experiment/vary.yaml", "system: village\npolicies: [coachin]\ndesign.vary.theta: 1-3\n")
    assert told(experiment="vary").startswith("experiment=vary: design.vary.theta=1-3: expected")
    assert told(experiment="vary", **{"design.vary.theta": [2]}).startswith("experiment=vary: policy=coachin: not")
    own("experiment/rows.yaml", "system: village\npolicies: [coaching]\ndesign: list\ndesign.rows: [{theta: x}]\n")
    assert told(experiment="rows").startswith("experiment=rows: design.rows, row 1: parameters.theta=x: expected")
    own("design/mine.yaml", "kind: lhs\nnn: 3\n")
    assert told(design="mine").startswith("design=mine: design.nn: not a setting of design=lhs")
    own("design/mine.yaml", "kind: lhs\nn: many\nvary: {theta: 1-3}\n")
    assert told(design="mine").startswith("design=mine: design.vary.theta=1-3: expected")
    assert told(design="mine", **{"design.vary.theta": "1..2"}).startswith("design=mine: design.n=many: expected")
    assert told(design="mine", **{"design.vary.theta": "1:2"}).startswith("design.vary.theta=1:2: expected")


def test_a_preset_says_several_values_as_a_command_line_does(own):
    own("experiment/mine.yaml", "system: village\npolicies: [coaching]\ndesign: grid\ndesign.vary.theta: 1,2,3\n")
    found = read_sweep({"experiment": "mine"}).plan
    assert [row["parameters.theta"] for row in found.scenarios] == [1, 2, 3]


def test_settings_that_hang_together_tell_which_is_a_default():
    given = {"system": "village", "policies": ["coaching"], "design": "grid", "design.vary.years": [2, 4]}
    text = "scenario 1: funded_years=3: expected at most years, which is 2"
    assert told(**given) == f"{text}; 3 is the default of funded_years"
    assert told(**given, funded_years=3) == text


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.dates())
    | st.sampled_from(
        ["", "1..3", "0.2..0.8", "prior", "coaching", "village", "mat", "auto", "=1+1", "\x1b[31m", "x" * 300]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["theta", "network.cpd", "kind", "vary", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = [
    *defaults(),
    "design.vary",
    "design.vary.theta",
    "design.vary.system",
    "design.vary.practice",
    "design.vary.years",
]
KEYS += [
    "design.vary.network",
    "design.vary.network.cpd",
    "design.vary.system.la",
    "design.vary.system.seed",
    "design.n",
]
KEYS += [
    "design.rows",
    "design.path",
    "design.kind",
    "design.seed",
    "design.replicates",
    "parameters",
    "parameters.theta",
]
KEYS += ["system.la", "practice.effect", "network.cpd", "executor.address"]


@settings(max_examples=300, deadline=None)
@given(
    words=st.dictionaries(st.sampled_from(KEYS), values, max_size=3),
    design=st.sampled_from(["grid", "list", "lhs", "sobol", "table"]),
)
def test_nothing_that_yaml_can_say_makes_a_traceback(words, design):
    try:
        read_sweep({"system": "village", "design": design} | words)
    except KmsimError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("key", ["budget", "executor", "trajectories", "years", "policies"])
def test_arrays_where_one_value_is_meant_are_told(key):
    for value in (np.array([1, 2]), np.array([]), pd.Series([1, 2])):
        with pytest.raises(KmsimError, match=r"budget|executor|trajectories|years|policies|policy"):
            plan(**{key: value})


def test_what_varies_may_be_an_array_or_the_column_of_a_frame():
    for values in (np.array([1, 2]), pd.Series([1.0, 2.0])):
        found = plan(design="grid", **{"design.vary": {"theta": values}})
        assert [row["parameters.theta"] for row in found.scenarios] == [1, 2]


def test_python_is_the_equal_of_the_verb(tmp_path):
    words = VILLAGE | {"design": "grid", "design.vary.theta": [1, 2], "executor": "serial"}
    told: list[tuple] = []
    found = kmsim.lab.sweep(tmp_path / "mine", progress=lambda *now: told.append(now), **words)
    assert found.runs().aggregate("count(distinct key)").fetchall() == [(2,)]
    assert told[-1][:2] == (2, 2)
    again = kmsim.lab.open(tmp_path / "mine")
    assert repr(again.runs().fetchall()) == repr(found.runs().fetchall())


def test_the_lab_is_light_until_something_is_asked_of_it():
    script = (
        "import kmsim.lab, sys; print(*{'numpy', 'pandas', 'duckdb', 'pyarrow', 'scipy', 'hydra'} & {*sys.modules})"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split() == []
    )
