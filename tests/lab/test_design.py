"""Designs: sampled values lie in bounds, a grid is the product, the same seed gives the same, errors tell what was expected."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.errors import KmsimError
from kmsim.lab.design import Range, key_of, prior, read_design
from kmsim.parameters import PARAMETERS

FREE = [f"parameters.{name}" for name, row in PARAMETERS.items() if row.grade == "free"]


def rows(kind: str, **settings) -> list[dict]:
    table = read_design({"kind": kind, **settings}).scenarios()
    return [table.row(i) for i in range(table.count)]


ranges = st.tuples(st.floats(0.01, 3), st.floats(0.001, 3)).map(lambda pair: f"{pair[0]:.6f}..{pair[0] + pair[1]:.6f}")


@settings(max_examples=50, deadline=None)
@given(kind=st.sampled_from(["lhs", "sobol"]), theta=ranges, power=st.integers(0, 6), seed=st.integers(0, 2**32 - 1))
def test_samples_lie_in_their_bounds(kind, theta, power, seed):
    low, high = map(float, theta.split(".."))
    vary = {"theta": theta, "network.cluster_size": "3..7", "practice": ["metacognition", "generic_enquiry"]}
    found = rows(kind, n=2**power, seed=seed, vary=vary)
    assert len(found) == 2**power
    for row in found:
        assert low <= row["parameters.theta"] <= high
        assert row["network.cluster_size"] in (3, 4, 5, 6, 7)
        assert type(row["network.cluster_size"]) is int
        assert row["practice"] in vary["practice"]


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 50), seed=st.integers(0, 1000))
def test_a_latin_hypercube_has_one_scenario_in_each_slice_of_each_key(n, seed):
    table = read_design({"kind": "lhs", "n": n, "seed": seed}).scenarios()
    assert [*table] == FREE
    for key in table:
        low, high = PARAMETERS[key.partition(".")[2]].prior
        slices = np.floor((table[key].values - low) / (high - low) * n * (1 - 1e-12))
        assert sorted(slices) == [*range(n)]


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_the_same_seed_gives_the_same_scenarios_and_another_others(kind):
    def sample(seed):
        return rows(kind, n=16, seed=seed, vary={"theta": "prior", "b0": "prior"})

    assert sample(1) == sample(1)
    assert sample(1) != sample(2)


def test_a_list_in_a_sample_is_used_evenly():
    found = rows("lhs", n=90, vary={"theta": [1, 2, 3]})
    assert [sum(row["parameters.theta"] == value for row in found) for value in (1, 2, 3)] == [30, 30, 30]


axes = st.dictionaries(
    st.sampled_from(["theta", "r_try", "b0", "budget", "network.ownership"]),
    st.lists(st.sampled_from([0.25, 0.5, 0.75, 1]), min_size=1, max_size=4, unique=True),
    min_size=1,
    max_size=4,
)


@settings(max_examples=50, deadline=None)
@given(axes)
def test_a_grid_is_the_product_the_first_key_slowest(vary):
    if "b0" in vary:
        vary["b0"] = [-value for value in vary["b0"]]
    found = rows("grid", vary=vary)
    assert [tuple(row.values()) for row in found] == [*itertools.product(*vary.values())]
    assert [*found[0]] == [key_of(name) for name in vary]


def test_a_grid_takes_levels_of_a_range_and_whole_numbers_stay_whole():
    vary = {"theta": "1..3", "network.cluster_size": "3..5"}
    found = rows("grid", levels=5, vary=vary)
    assert len(found) == 5 * 3
    assert sorted({row["parameters.theta"] for row in found}) == [1, 1.5, 2, 2.5, 3]
    assert {row["network.cluster_size"] for row in found} == {3, 4, 5}


def test_a_grid_of_nothing_is_one_scenario():
    assert rows("grid") == [{}]


def test_a_list_is_its_rows():
    assert rows("list", rows=[{"theta": 1, "budget": None}, {"budget": 2e6, "theta": 2}]) == [
        {"parameters.theta": 1, "budget": None},
        {"parameters.theta": 2, "budget": 2e6},
    ]


def test_what_is_given_does_not_vary_where_nothing_says_what_does():
    design = read_design({"kind": "lhs", "n": 2}, fixed=["parameters.theta", "years"])
    assert [*design.vary] == [key for key in FREE if key != "parameters.theta"]


def test_keys_for_short():
    assert key_of("theta") == key_of("parameters.theta") == "parameters.theta"
    assert str(prior("parameters.theta")) == "1..4"
    assert read_design({"kind": "lhs", "vary": {"theta": "prior"}}).vary["parameters.theta"] == Range(1, 4)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1..3", (1, 3)),
        ("0.2..0.8", (0.2, 0.8)),
        (" 1 .. 3 ", (1, 3)),
        (".5..1.5", (0.5, 1.5)),
        ("1e0..3.5e0", (1, 3.5)),
    ],
)
def test_how_a_range_is_written(text, ends):
    assert read_design({"kind": "lhs", "vary": {"theta": text}}).vary["parameters.theta"] == Range(*ends)


def test_a_design_tells_itself_as_plain_data():
    design = read_design({"kind": "lhs", "n": 4, "vary": {"theta": "1..3", "budget": [1, None]}})
    assert design.data() == {
        "kind": "lhs",
        "vary": {"parameters.theta": "1..3", "budget": [1, None]},
        "n": 4,
        "seed": 1,
    }


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"kind": "lsh"}, "design.kind=lsh: not a kind of design; did you mean 'lhs'?"),
        ({"kind": None}, "design.kind=None: not a kind of design"),
        ({"kind": "grid", "n": 5}, "design.n: not a setting of design=grid; expected one of levels, vary"),
        ({"kind": "lhs", "n": 0}, "design.n=0: expected a whole number from 1"),
        ({"kind": "lhs", "n": "many"}, "design.n=many: expected a whole number"),
        ({"kind": "lhs", "n": 3_000_000}, "design.n=3000000: expected a whole number from 1 to"),
        ({"kind": "lhs", "seed": -1}, "design.seed=-1: expected a whole number"),
        ({"kind": "grid", "levels": 1}, "design.levels=1: expected a whole number from 2"),
        ({"kind": "sobol", "n": 100}, "design.n=100: expected a power of 2 for design=sobol, such as 64 or 128"),
        ({"kind": "lhs", "vary": "theta"}, "design.vary=theta: expected keys and what they vary over"),
        ({"kind": "lhs", "vary": {"thta": "1..3"}}, "design.vary=thta: not a key that can vary; did you mean 'theta'?"),
        ({"kind": "lhs", "vary": {"ownership": "0..1"}}, "did you mean 'network.ownership'?"),
        ({"kind": "lhs", "vary": {"network.ownershp": "0..1"}}, "did you mean 'network.ownership'?"),
        ({"kind": "lhs", "vary": {"policy": ["coaching"]}}, "policy is no uncertainty; policies are levers"),
        ({"kind": "lhs", "vary": {"seed": [1, 2]}}, "seed is no uncertainty; each scenario has the same seeds"),
        ({"kind": "lhs", "vary": {"theta": "3..1"}}, "design.vary.theta=3..1: expected a range that rises"),
        ({"kind": "lhs", "vary": {"theta": "1..1"}}, "design.vary.theta=1..1: expected a range that rises"),
        (
            {"kind": "lhs", "vary": {"theta": "1..9"}},
            "design.vary.theta=1..9: expected a number from 0 to 8 (contacts)",
        ),
        ({"kind": "lhs", "vary": {"theta": "0..3"}}, "design.vary.theta=0..3: expected a number above 0"),
        ({"kind": "lhs", "vary": {"theta": "1..1e999"}}, "design.vary.theta=1..1e999: expected a range that rises"),
        ({"kind": "grid", "vary": {"theta": [1, 9]}}, "design.vary.theta=9: expected a number from 0 to 8 (contacts)"),
        (
            {"kind": "grid", "vary": {"theta": [1, "=2+2"]}},
            "design.vary.theta==2+2: expected a number from 0 to 8 (contacts)",
        ),
        ({"kind": "grid", "vary": {"theta": [1, math.nan]}}, "design.vary.theta=nan: expected a number from 0"),
        (
            {"kind": "grid", "vary": {"theta": [True]}},
            "design.vary.theta=True: expected a number from 0 to 8 (contacts)",
        ),
        ({"kind": "grid", "vary": {"theta": []}}, "design.vary.theta=[]: expected at least one value"),
        ({"kind": "grid", "vary": {"theta": [[1, 2]]}}, "design.vary.theta=[1, 2]: expected a number or a name"),
        ({"kind": "grid", "vary": {"theta": [1, 1.0]}}, "design.vary.theta=1,1.0: expected each value once"),
        ({"kind": "grid", "vary": {"theta": [1], "parameters.theta": [2]}}, "parameters.theta once; it is given twice"),
        ({"kind": "lhs", "vary": {}}, "design.vary=: expected at least one key for design=lhs"),
        ({"kind": "lhs", "vary": {"budget": "prior"}}, "design.vary.budget=prior: expected a range such as 1..3"),
        ({"kind": "lhs", "vary": {"q_well": "prior"}}, "the parameter table has no range for it"),
        ({"kind": "lhs", "vary": {"years": "1.5..3"}}, "design.vary.years=1.5..3: expected a range of whole numbers"),
        (
            {"kind": "lhs", "vary": {"theta": "1.."}},
            "1..: expected a number from 0 to 8 (contacts); several: a range 1..3, a list",
        ),
        ({"kind": "lhs", "vary": {"theta": "Prior"}}, "a range 1..3, a list [2,3] or prior"),
        ({"kind": "lhs", "vary": {"theta": ""}}, "a range 1..3, a list [2,3] or prior"),
        ({"kind": "lhs", "vary": {"theta": "1,2"}}, "a range 1..3, a list [2,3] or prior"),
        (
            {"kind": "lhs", "vary": {"years": "1-3"}},
            "design.vary.years=1-3: expected a number, or several: a range 1..3",
        ),
        ({"kind": "lhs", "vary": {"budget": ["1e6"]}}, "design.vary.budget='1e6': expected a number, or several"),
        ({"kind": "lhs", "vary": {"theta": ["2"]}}, "design.vary.theta='2': expected a number from 0 to 8 (contacts)"),
        (
            {"kind": "grid", "vary": {"budget": [10**400]}},
            "design.vary.budget=a number of 401 digits: expected one below",
        ),
        (
            {"kind": "list", "rows": [{"budget": 10**5000}]},
            "design.rows[1].budget=a number of 5001 digits: expected one",
        ),
        ({"kind": "list"}, "design.rows=None: expected a list of scenarios"),
        ({"kind": "list", "rows": [3]}, "design.rows[1]=3: expected keys and values"),
        (
            {"kind": "list", "rows": [{"theta": [1]}]},
            "design.rows[1].parameters.theta=[1]: expected a number or a name",
        ),
        (
            {"kind": "list", "rows": [{"theta": 1}, {"b0": 1}]},
            "design.rows[2]=parameters.b0: expected the keys of the first",
        ),
        ({"kind": "list", "rows": [{"thta": 1}]}, "design.rows[1]=thta: not a key that can vary"),
        ({"kind": "table"}, "design.path=None: expected the path of a .csv or .parquet file"),
        ({"kind": "table", "path": "none.csv"}, "none.csv: expected a file that can be read; no such file"),
    ],
)
def test_bad_designs_are_told_in_one_line(settings, told):
    with pytest.raises(KmsimError) as error:
        read_design(settings).scenarios()
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_grid_that_is_too_large_is_refused_before_it_is_made():
    vary = dict.fromkeys(FREE, "prior")
    with pytest.raises(KmsimError, match="at most 2,000,000"):
        read_design({"kind": "grid", "vary": vary}).scenarios()


def test_arrays_are_lists_and_paths_are_texts(tmp_path):
    for values in (np.array([1, 2]), [np.int64(1), np.float64(2)], (1, 2.0)):
        found = rows("grid", vary={"theta": values})
        assert [row["parameters.theta"] for row in found] == [1, 2]
    assert rows("grid", vary={"theta": np.array(2)}) == rows("grid", vary={"theta": np.int64(2)})
    (tmp_path / "mine.csv").write_text("theta\n1\n", encoding="utf-8")
    assert rows("table", path=tmp_path / "mine.csv") == [{"parameters.theta": 1}]


def test_whole_numbers_are_never_rounded():
    large = [2**63 + 1, 2**53 + 1, 1.5]
    assert [row["budget"] for row in rows("list", rows=[{"budget": value} for value in large])] == large
