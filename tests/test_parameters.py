"""The parameter table: the one place of every number, and runs that stay whole at either end of what a user may set."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kmsim.agents import Cluster, School, Teacher
from kmsim.errors import BadValue, UnknownName
from kmsim.model import Model
from kmsim.parameters import GRADES, PARAMETERS, RECORD, Parameter, _rows, allowed, defaults, record, resolve
from kmsim.system.build import build

PACKAGE = Path(__file__).resolve().parents[1] / "kmsim"
FREE_MOST = 35


def test_the_table_is_whole():
    assert list(RECORD.names) == list(PARAMETERS)
    for name, row in PARAMETERS.items():
        assert row.name == name
        assert row.meaning
        assert row.unit
        assert row.source
        assert row.grade in GRADES
        assert row.prior[0] <= row.default <= row.prior[1]
    free = [row for row in PARAMETERS.values() if row.grade == "free"]
    assert 15 <= len(free) <= FREE_MOST
    assert all(row.prior[0] < row.prior[1] for row in free)


def test_a_row_with_a_default_outside_its_prior_or_twice_is_refused():
    with pytest.raises(ValueError, match="the default must lie in its prior"):
        Parameter("x", "m", "u", 3.0, (0, 1), "s", "judged")
    with pytest.raises(ValueError, match="the grade be known"):
        Parameter("x", "m", "u", 0.5, (0, 1), "s", "guessed")
    with pytest.raises(ValueError, match="stands twice"):
        _rows(("x", "m", "u", 0.5, (0, 1), "s", "judged"), ("x", "m", "u", 0.5, (0, 1), "s", "judged"))


def test_defaults_are_fresh_and_records_hold_them():
    values = defaults()
    values["theta"] = 99.0
    assert defaults()["theta"] != 99.0
    rec = record(defaults())
    for name, value in defaults().items():
        assert rec[name] == np.float32(value)


def test_users_values_are_checked():
    assert resolve({"theta": 3})["theta"] == 3.0
    assert resolve() == defaults()
    with pytest.raises(UnknownName, match=r"parameters.tehta: not a parameter; did you mean 'theta'"):
        resolve({"tehta": 3})
    for value in ("3", None, True, [3], float("nan"), float("inf"), -0.1, 1e9):
        with pytest.raises(BadValue, match=r"parameters.theta=.*: expected a number"):
            resolve({"theta": value})
    assert resolve({"b0": -7.0})["b0"] == -7.0
    with pytest.raises(BadValue):
        resolve({"b0": 1.5})


@cache
def divisors() -> set[str]:
    """The parameters that something is divided by, anywhere in the simulation."""
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
                for inside in ast.walk(node.right):
                    name = inside.attr if isinstance(inside, ast.Attribute) else getattr(inside, "value", None)
                    found |= {name} & set(PARAMETERS) if isinstance(name, str) else set()
    return found


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name not in divisors()])
def test_zero_switches_a_term_off(name):
    assert resolve({name: 0})[name] == 0


def test_what_is_divided_by_cannot_be_zero():
    """0/0 makes states that are no numbers, or worse: min(6, nan) is 6 facilitators out of nothing."""
    assert {"f_loss", "r_loss", "theta", "hours_a_day"} <= divisors()
    taken = []
    for name in sorted(divisors()):
        try:
            resolve({name: 0})
        except BadValue:
            continue
        taken.append(name)
    assert taken == []


def used(folder: str) -> set[str]:
    """Every `p.name` and `p["name"]` in a folder of the package or a file."""
    place = PACKAGE / folder
    found = set()
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_parameter_is_used_and_no_rule_states_a_number():
    """Numbers in rules: 0, 1/2, 1, 2, codes, the bands of experience and a thousand (pounds) for `ask`; the rest is in the table."""
    somewhere = (
        used("rules") | used("phases") | used("policies") | used("outcomes") | used("model.py") | used("scenario.py")
    )
    assert not {name for name in PARAMETERS if name not in somewhere}
    allowed = {0, 0.5, 1, 2, 3, 4, 5, 6, 10, 30, 1000}
    for file in sorted((PACKAGE / "rules").glob("*.py")):
        if file.name == "numbers.py":
            continue
        numbers = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
        }
        assert numbers <= allowed, f"{file.name}: {numbers - allowed}"


@pytest.fixture(scope="module")
def village():
    return build("village")


def unsound(model: Model) -> list[str]:
    """Columns and totals that hold something that is no number, and money that runs backward."""
    out = []
    for kind in (Teacher, School, Cluster):
        for name, column in kind.fields().items():
            values = model.tables[kind][name]
            if column.dtype.kind == "f" and not np.isfinite(values).all():
                out.append(name)
    if not np.isfinite(model.totals).all():
        out.append("totals")
    if (np.diff(model.totals[:, 0, -2]) < 0).any():
        out.append("cost")
    return out


@pytest.mark.parametrize("end", ["least", "most"])
@pytest.mark.parametrize("name", list(PARAMETERS))
def test_runs_stay_whole_at_either_end_of_what_may_be_set(village, name, end):
    """A user may set any parameter to 0 (a term switched off) or far beyond its prior: numbers stay numbers."""
    if end == "least" and name in divisors():
        pytest.skip("test_what_is_divided_by_cannot_be_zero")
    bound = allowed(PARAMETERS[name])
    value = bound.high if end == "most" else bound.low
    bundle = {
        "levers": [
            {"recruit": {"coverage": 1.0, "existing": 1}},
            {"mandate": {"strength": 0.3}},
            {"broadcast": {}},
            {"cpd": {"intensity": 0.7, "focus": 0.7}},
            {"expert_days": {"expertise": 0.75}},
            {"coaching": {"hours": 5}},
            {"train_facilitators": {"capacity": 0.7}},
            {"form_clusters": {"collaboration": 0.75, "within": "region", "hierarchy": True, "network_size": 4}},
            {"codesign": {"ownership": 0.75}},
            {"target": {"targeting": 0.4}},
            {"community": {"involvement": 0.5}},
            {"materials": {"scripting": 0.3}},
            {"incentive": {"gbp": 500}},
        ]
    }
    model = Model(
        system=village,
        policy=bundle,
        seed=3,
        years=5,
        funded_years=2,
        taper=1,
        budget=None,
        **{f"parameters.{name}": float(value)},
    ).run()
    assert unsound(model) == []
