"""Every number that a user can give has a row in the table of bounds, and what is out of it is refused with the range."""

from __future__ import annotations

import ast
import math
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import kmsim
from kmsim import configuration
from kmsim.bounds import BOUNDS, LISTS, LONGEST_NAME, Bound, bounded, bounded_list, bounded_name, bounded_text
from kmsim.errors import BadValue, KmsimError
from kmsim.parameters import PARAMETERS, allowed, resolve
from kmsim.policies.eligibility import Eligibility
from kmsim.policies.levers import LEVERS, read_lever
from kmsim.policies.policy import SETTINGS, read_policy
from kmsim.scenario import Practice, read_scenario
from kmsim.system import build
from kmsim.system.settings import Settings, settings
from kmsim.system.village import NEEDED, OPTIONAL

PACKAGE = Path(kmsim.__file__).parent
CONFIGS = files("kmsim.configs")
# Keys of verbs, designs and calibrations that take no number, or one of a few words.
WORDS = {
    *(
        "policy",
        "policies",
        "system",
        "practice",
        "network",
        "name",
        "outcomes",
        "uncertainty",
        "posterior",
        "experiment",
    ),
    *(
        "design",
        "trajectories",
        "executor",
        "calibration",
        "diagnostics",
        "scorecard",
        "refresh",
        "size",
        "into",
        "format",
    ),
    *("kind", "summary", "vary", "rows", "path", "targets", "parameters", "ticks_per_year"),
    *("config", "archive", "open", "quick"),
}
SHIPPED = {key: cls for key, cls in LEVERS.items() if cls.__module__ == "kmsim.policies.levers"}
ABSURD = (math.nan, math.inf, -math.inf, 1e300, -1e300, 10**5000, True, "5", "x", None, [1], {"a": 1})


def numeric(cls: type) -> list[str]:
    """The fields of a dataclass that hold a number."""
    hints = get_type_hints(cls)
    return [f.name for f in fields(cls) if hints[f.name] in (int, float, float | None, int | None)]


def numbers() -> set[str]:
    """The rows that the settings of the product need."""
    from kmsim.calibration.budget import Budget

    needed = {f"system.{name}" for name in numeric(Settings)}
    needed |= {f"practice.{name}" for name in numeric(Practice)}
    needed |= {f"eligible.{name}" for name in numeric(Eligibility)}
    needed |= {f"calibration.{name}" for name in numeric(Budget)}
    needed |= {f"school.{name}" for name in (*NEEDED, *OPTIONAL) if name not in ("name", "phase", "la", "region")}
    needed |= {"lever.start", "lever.stop", "lever.phase_in.year", "lever.phase_in.coverage", "calibration.seed"}
    for key, cls in SHIPPED.items():
        needed |= {f"lever.{key}.{name}" for name in numeric(cls) if name not in ("start", "stop")}
    for file in CONFIGS.iterdir():
        if file.name.endswith(".yaml"):
            needed |= set(configuration.shipped(file.name.removesuffix(".yaml"))) - WORDS
    for kind in ("design", "calibration"):
        for name in configuration.names(kind):
            needed |= {f"{kind}.{key}" for key in set(configuration.read(kind, name)) - WORDS}
    return needed | {"executor.jobs", "executor.cores"}


def test_every_setting_that_takes_a_number_has_a_row():
    assert numbers() - set(BOUNDS) == set()
    unused = {key for key in set(BOUNDS) - numbers() if not key.startswith("page.")}
    assert unused == set(), "a row that nothing reads"


def test_every_row_is_read_by_the_package():
    """A row whose key occurs nowhere else would hold nothing to its bounds."""
    sources = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py") if file.name != "bounds.py")
    for key in BOUNDS:
        group, _, name = key.rpartition(".")
        assert f'"{key}"' in sources or f'f"{group.partition(".")[0]}.' in sources or f'"{name}"' in sources, key


def test_no_other_module_makes_ranges_of_its_own():
    """`a number from` and the like stand in the table's module, so that all ranges are told alike."""
    elsewhere = {
        "bounds.py",
        "columns/fields.py",  # arrays of the model, not settings
        "evidence/records.py",  # the shipped evidence
        "system/gias_numbers.py",  # cells of an extract, each told by its row
        "lab/reading.py",  # a manifest, which no user writes
        "posterior.py",  # as many draws as there are
        "system/gias.py",  # a URN
        "system/build.py",  # a third of the schools that there are
    }
    for file in PACKAGE.rglob("*.py"):
        texts = [
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        docs = [text for text in texts if "\n" in text]
        told = [
            text for text in texts if text not in docs and ("a number from" in text or "a whole number from" in text)
        ]
        assert not told or file.relative_to(PACKAGE).as_posix() in elsewhere, (file, told)


@pytest.mark.parametrize("key", BOUNDS)
def test_a_row_takes_its_ends_and_refuses_all_beyond(key):
    bound = BOUNDS[key]
    assert bound.low < bound.high < math.inf
    assert bound.low > -math.inf
    if not bound.open_ends:
        for end in (bound.low, bound.high):
            value = math.ceil(bound.low) if bound.whole else end
            assert bounded(key, value) == value
    step = 1 if bound.whole else 1e-6 * max(1.0, abs(bound.high))
    for value in (bound.low - step, bound.high + step, *ABSURD):
        with pytest.raises(BadValue) as error:
            bounded(key, value)
        assert str(error.value).startswith(f"{key}=")
        assert str(bound) in str(error.value)
        assert str(error.value).isprintable()
    if bound.whole:
        with pytest.raises(BadValue, match="whole number"):
            bounded(key, bound.low + 0.5)


def test_ranges_are_told_in_plain_words():
    assert str(BOUNDS["years"]) == "a whole number from 1 to 100"
    assert str(BOUNDS["budget"]) == "a number above 0 and below 1,000,000,000,000 (GBP)"
    assert str(Bound(-0.05, 1)) == "a number from -0.05 to 1"
    for text, told in (("5", "write 5 as"), ("500_000", "write 500000 as"), ("1,000", "write 1000 as")):
        with pytest.raises(BadValue, match=told):
            bounded("years", text)
    with pytest.raises(BadValue) as error:
        bounded("years", "5,6")
    assert str(error.value).endswith("from 1 to 100")


# -- where they are held ----------------------------------------------------------------
OF_A_RUN = ("years", "funded_years", "taper", "budget", "seed", "system.scale", "system.seed")


@pytest.mark.parametrize("key", [*OF_A_RUN, *(f"practice.{name}" for name in numeric(Practice))])
def test_a_run_is_held_to_the_table(key):
    for value in (BOUNDS[key].high * 2 + 1, BOUNDS[key].low - 1, math.nan, "x", True, 10**400):
        with pytest.raises(BadValue) as error:
            read_scenario("village", "coaching", **{key: value})
        assert str(error.value).startswith(f"{key}=")


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_has_a_physical_range(name):
    bound = allowed(PARAMETERS[name])
    low, high = PARAMETERS[name].prior
    assert -math.inf < bound.low <= low <= high <= bound.high < math.inf
    if PARAMETERS[name].unit == "share":
        assert bound.low == 0
        assert bound.high <= max(1, high)
    for value in (bound.low - 1e-3, bound.high * 1.001 + 1e-3, *ABSURD):
        with pytest.raises(BadValue, match=rf"^parameters\.{name}="):
            resolve({name: value})


@pytest.mark.parametrize("lever", SHIPPED)
def test_every_number_of_a_lever_is_held_to_the_table(lever):
    for name in numeric(SHIPPED[lever]):
        bound = BOUNDS[f"lever.{name}" if name in ("start", "stop") else f"lever.{lever}.{name}"]
        shown = SHIPPED[lever].__dataclass_fields__[name].metadata
        assert (shown.get("low", bound.low), shown.get("high", bound.high)) == (bound.low, bound.high)
        for value in (bound.low - 1, bound.high + 1, math.nan, math.inf, True, "1"):
            with pytest.raises(BadValue) as error:
                read_lever(lever, {name: value}, "mine.yaml")
            assert str(error.value).startswith(f"mine.yaml.{lever}.{name}=")


@pytest.mark.parametrize("feature", SETTINGS)
def test_every_feature_of_a_network_is_held_to_the_table(feature):
    for value in (-0.1, 501, math.nan, "x"):
        with pytest.raises(KmsimError, match=r"network\."):
            read_scenario("village", "codesigned_networks", **{f"network.{feature}": value}).funded_policy()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("year", value) for value in (-1, 101, 0.5, math.nan, "0", True, None)),
        *(("coverage", value) for value in (-0.1, 1.1, math.nan, math.inf, "0", True, None)),
    ],
)
def test_phases_are_held_to_the_table(key, value):
    phase = {"year": 0, "coverage": 0.5} | {key: value}
    with pytest.raises(BadValue) as error:
        read_lever("phase_in", {"phases": [phase]}, "mine.yaml")
    assert str(error.value).startswith(f"mine.yaml.phase_in.phases[0].{key}=")
    assert str(BOUNDS[f"lever.phase_in.{key}"]) in str(error.value)


SCHOOL: dict[str, Any] = {
    "name": "A",
    "phase": "primary",
    "pupils": 200,
    "fsm": 0.2,
    "x": 0,
    "y": 0,
    "la": "B",
    "region": "C",
}


@pytest.mark.parametrize("key", ["pupils", "fsm", "x", "y", "teachers"])
def test_schools_of_a_list_are_held_to_the_table(key):
    bound = BOUNDS[f"school.{key}"]
    for value in (bound.low - 1, bound.high + 1, math.nan, math.inf, "5", True):
        with pytest.raises(BadValue) as error:
            build({"source": "village", "schools": [SCHOOL | {key: value}]})
        assert str(error.value).startswith(f"system.schools[0].{key}=")
        assert str(bound) in str(error.value)


@pytest.mark.parametrize("key", ["name", "la", "region"])
@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x1b[31m", "x" * (LONGEST_NAME + 1), 5, ["a"]])
def test_names_of_schools_can_be_printed(key, value):
    with pytest.raises(BadValue, match=rf"system\.schools\[0\]\.{key}="):
        build({"source": "village", "schools": [SCHOOL | {key: value}]})


def test_scale_leaves_at_least_three_schools():
    assert build("village", {"scale": 5 / 3}).n_schools >= 1
    with pytest.raises(
        BadValue, match=r"system.scale=1.7: expected a number from 1 to 1.66667, a third of the 5 schools"
    ):
        build("village", {"scale": 1.7})
    with pytest.raises(BadValue, match=r"system.scale=21.0: expected a number from 1 to 20, a third of the 60 schools"):
        build("synthetic", {"n_schools": 60, "scale": 21})


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\x00", "\ud800", "x" * (LONGEST_NAME + 1), 5, None, ["a"]])
def test_names_are_not_empty_can_be_printed_and_have_an_end(value):
    with pytest.raises(BadValue) as error:
        bounded_name("system.name", value)
    assert str(error.value).isprintable()
    if value is not None:  # null is the default
        with pytest.raises(BadValue):
            settings("village", {"name": value})
    if isinstance(value, str):
        with pytest.raises(BadValue):
            read_policy({"name": value, "levers": []})
        with pytest.raises(BadValue):
            Practice.read({"name": value, "effect": 0.1})
        with pytest.raises(BadValue):
            settings("london", {"la": [value]})


@pytest.mark.parametrize("value", ["a\x07", "x" * 10_000, 5, ["a"]])
def test_texts_can_be_printed_and_have_an_end(value):
    with pytest.raises(BadValue):
        bounded_text("practice.source", value)
    with pytest.raises(BadValue, match="policy.summary"):
        read_policy({"name": "mine", "summary": value, "levers": []})
    with pytest.raises(BadValue, match="system.summary"):
        settings("village", {"summary": value})


@pytest.mark.parametrize("key", LISTS)
def test_lists_have_an_end(key):
    assert len(bounded_list(key, [0] * LISTS[key])) == LISTS[key]
    for count in (0, LISTS[key] + 1):
        with pytest.raises(BadValue, match="a list of 1 to"):
            bounded_list(key, [0] * count)


def test_seeds_of_all_replicates_fit():
    from kmsim.lab.planning import read_plan

    with pytest.raises(BadValue, match="replicates=5 take as many seeds"):
        read_plan(["coaching"], replicates=5, system="village", seed=2**62 - 3)
    assert read_plan(["coaching"], replicates=4, system="village", seed=2**62 - 3).replicates == 4
