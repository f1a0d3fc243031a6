"""A study's config: found by number or name, checked strictly, smaller where it is asked to be."""

from __future__ import annotations

import pytest

from kmsim.errors import BadValue, UnknownName
from kmsim.parameters import PARAMETERS
from kmsim.policies.policy import Recruit, read_policy
from kmsim.studies import config
from kmsim.studies.config import Part, _arm, _part
from kmsim.studies.page import module_of

NAMES = config.names()


def test_there_are_the_five_studies_of_the_plan():
    assert NAMES == [
        "01_policies_at_equal_budget",
        "02_what_makes_networks_effective",
        "03_does_size_matter",
        "04_after_the_money",
        "05_targeting_and_equity",
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", config.SIZES)
def test_every_part_of_every_study_makes_a_plan(name, size):
    study = config.read(name, size)
    assert study.title
    assert study.question.endswith("?")
    assert study.caveats
    for part in study.parts.values():
        plan = part.plan(study.name)
        assert plan.policies == [*part.arms]
        assert len(plan) == len(part.arms) * len(part.scenarios()) * part.seeds
        assert size == "full" or len(plan) <= 40


@pytest.mark.parametrize("name", NAMES)
def test_every_study_has_a_module_that_measures_draws_and_tells(name):
    module = module_of(config.read(name))
    assert all(callable(getattr(module, function)) for function in ("tell", "draw", "numbers"))


@pytest.mark.parametrize("name", NAMES)
def test_full_studies_have_seeds_enough_to_tell_a_difference(name):
    from kmsim.report.frames import ENOUGH

    assert all(part.seeds >= ENOUGH for part in config.read(name).parts.values())


def test_a_study_is_found_by_its_number_or_its_name():
    assert {config.named(word) for word in ("3", "03", "03_does_size_matter", "does_size_matter")} == {
        "03_does_size_matter"
    }
    with pytest.raises(UnknownName, match="did you mean 'does_size_matter'"):
        config.named("does_size_mater")
    with pytest.raises(UnknownName, match="did you mean 'small'"):
        config.read("03", "smal")


def test_an_arm_is_a_shipped_policy_with_settings_laid_over_its_levers():
    arm = read_policy(
        _arm("mine", {"of": "codesigned_networks", "levers": {"recruit": {"assigned": True}, "broadcast": {}}}, "x")
    )
    shipped = read_policy("codesigned_networks")
    assert arm.name == "mine"
    assert arm.one(Recruit).assigned
    assert not shipped.one(Recruit).assigned
    assert [lever.key for lever in arm.levers] == [*(lever.key for lever in shipped.levers), "broadcast"]
    assert read_policy(_arm("coaching", None, "x")) == read_policy("coaching")


def test_scenarios_are_all_combinations_for_each_scale():
    part = Part("p", {"a": None}, 1, ["depth"], {"x": [1, 2], "y": [3]}, {"parameters": ["theta"], "by": [1, 2]})
    theta = PARAMETERS["theta"].default
    assert part.scenarios() == [
        {"parameters.theta": times * theta, "x": x, "y": 3} for times in (1, 2) for x in (1, 2)
    ] or part.scenarios() == [{"x": x, "y": 3, "parameters.theta": times * theta} for times in (1, 2) for x in (1, 2)]
    assert Part("p", {"a": None}, 1, ["depth"]).scenarios() == [{}]


def test_unknown_and_missing_keys_are_told():
    with pytest.raises(UnknownName, match=r"01_x\.parts\.p\.seed: not|did you mean 'seeds'"):
        _part("p", {"arms": ["coaching"], "seed": 1, "outcomes": ["depth"]}, "01_x")
    with pytest.raises(BadValue, match=r"01_x\.parts\.p\.seeds"):
        _part("p", {"arms": ["coaching"], "outcomes": ["depth"]}, "01_x")
    with pytest.raises(UnknownName, match="did you mean 'levers'"):
        _arm("mine", {"lever": {}}, "x")
    with pytest.raises(UnknownName, match="did you mean 'coaching'"):
        _arm("coachin", None, "x")
