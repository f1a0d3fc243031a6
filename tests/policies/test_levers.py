"""Levers: from YAML with every setting checked, and a new one written in one file that touches no other."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from dataclasses import fields

import numpy as np
import pytest
import yaml

from kmsim.errors import KmsimError
from kmsim.model import Model
from kmsim.parameters import defaults
from kmsim.phases.money import CATEGORIES
from kmsim.policies.levers import LEVERS, MEMBER, WIDE, Lever, archetypes, read_lever
from kmsim.policies.policy import read_policy
from kmsim.system.build import build

QUIET_HOUR = '''
    """An hour a week without meetings."""

    from dataclasses import dataclass

    from kmsim.policies.levers import Lever, share


    @dataclass(frozen=True, kw_only=True)
    class QuietHour(Lever):
        """Time for rehearsal: raises collaboration, costs cover."""

        key = "quiet_hour"
        part: float = share(0.5)

        def sets(self):
            return {"collaboration": self.part, "focus": 0.3}

        def costs(self, p):
            return {"coordination": 900 * self.part}

        def costs_per_post(self, p):
            return {"cover": 10 * self.part}

        def once(self, p):
            return {"materials": 250}
'''


@pytest.fixture
def quiet_hour(tmp_path):
    """A lever in a file outside the package, imported as a user would import it."""
    file = tmp_path / "quiet_hour.py"
    file.write_text(textwrap.dedent(QUIET_HOUR), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("quiet_hour", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["quiet_hour"] = module
    spec.loader.exec_module(module)
    yield module.QuietHour
    LEVERS.pop("quiet_hour")
    sys.modules.pop("quiet_hour")


def test_a_new_lever_in_one_file_is_read_runs_and_books_its_cost(quiet_hour, tmp_path):
    policy = tmp_path / "quiet.yaml"
    levers = [
        {"recruit": {"assigned": True, "coverage": 1.0}},
        {"quiet_hour": {"part": 0.6}},
        {"cpd": {"intensity": 0.5, "focus": 0.1}},
    ]
    policy.write_text(yaml.safe_dump({"summary": "Quiet.", "levers": levers}), encoding="utf-8")
    assert read_policy(str(policy)).one(quiet_hour).part == 0.6
    model = Model(system="village", policy=str(policy), years=3, funded_years=2, budget=None, check=True).run()
    posts = model.system.n_posts
    member_years = 5 * 2
    assert model.policy.name == "quiet"
    assert model.ledger["coordination"] == pytest.approx(900 * 0.6 * member_years, rel=0.15)  # one may withdraw
    assert model.ledger["materials"] == 250 * 5
    assert model.ledger["cover"] >= 10 * 0.6 * posts
    assert model.world.offer["focus"][0] == np.float32(0.3)  # the largest wins
    assert model.world.offer["collaboration"][0] == np.float32(0.6)


def test_a_new_levers_settings_are_checked_like_any_other(quiet_hour):
    with pytest.raises(KmsimError, match=r"quiet_hour\.prat: not a setting of quiet_hour; did you mean 'part'"):
        read_lever("quiet_hour", {"prat": 0.5}, "mine")
    with pytest.raises(KmsimError, match="a number from 0 to 1"):
        read_lever("quiet_hour", {"part": 2}, "mine")
    with pytest.raises(KmsimError, match="did you mean 'quiet_hour'"):
        read_lever("quiet_hours", {}, "mine")


def test_two_levers_cannot_have_one_key_and_each_has_one(quiet_hour):
    with pytest.raises(TypeError, match="two levers have the key quiet_hour"):
        type("Another", (Lever,), {"key": "quiet_hour"})
    with pytest.raises(TypeError, match="needs a key"):
        type("Keyless", (Lever,), {})


@pytest.mark.parametrize("key", sorted(LEVERS))
def test_every_lever_sets_and_books_what_is_known(key):
    lever = read_lever(key, {"phases": [{"year": 0, "coverage": 1}]} if key == "phase_in" else {}, "test")
    p = defaults()
    assert set(lever.sets()) <= {*WIDE, *MEMBER}
    assert all(value >= 0 for value in lever.sets().values())
    for costs in (lever.costs(p), lever.costs_per_post(p), lever.once(p)):
        assert set(costs) <= set(CATEGORIES)
        assert all(gbp >= 0 for gbp in costs.values())
    assert lever.is_wide == (key in ("broadcast", "mandate"))
    assert type(lever).__doc__


def test_costs_are_those_of_the_specification():
    """MODEL section 10, Levers; GBP a year for each school."""
    p = defaults() | {
        "c_broadcast": 50, "c_mandate": 200, "c_expert_day": 700, "expert_days": 4, "cascade_days": 0.1, "c_coaching": 100,
        "c_facilitators": 500, "c_codesign": 300, "c_cluster": 1800, "c_cluster_base": 400, "c_community": 1000,
        "c_materials_base": 200, "c_materials": 1300, "c_central": 150,
    }  # fmt: skip

    def costs(key, **settings):
        return read_lever(key, settings, "test").costs(p)

    assert costs("broadcast", strength=0.5) == {"broadcast": 25}
    assert costs("mandate", strength=1.0) == {"mandate": 200}
    assert costs("expert_days", expertise=0.75) == {"experts": 4 * 0.75 * 700}
    assert costs("expert_days", expertise=0.5, tiers=2) == pytest.approx({"experts": 4 * 0.5 * 70})
    assert costs("train_facilitators", capacity=0.4) == {"facilitation": 200}
    assert costs("codesign", ownership=0.5) == {"codesign": 150}
    assert costs("form_clusters", collaboration=0.5) == {"coordination": 1300}
    assert costs("community", involvement=0.2) == {"community": 200}
    assert costs("incentive", gbp=800.0) == {"incentives": 800}
    assert costs("recruit") == {"central": 150}
    assert read_lever("coaching", {"hours": 15}, "test").costs_per_post(p) == {"coaching": 1500}
    assert read_lever("materials", {"scripting": 0.5}, "test").once(p) == {"materials": 850}
    assert costs("archetype", name="nlc") == {"network": archetypes()["nlc"]["cost"]}


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ([{"cdp": {}}], "not a lever; did you mean 'cpd'?"),
        ([{"coaching": {"hour": 3}}], "not a setting of coaching; did you mean 'hours'?"),
        ([{"coaching": {"hours": 41}}], "coaching.hours=41: expected a number from 0 to 40"),
        ([{"coaching": {"hours": -1}}], "coaching.hours=-1: expected a number"),
        ([{"coaching": {"hours": "ten"}}], "coaching.hours=ten: expected a number"),
        ([{"coaching": {"hours": float("nan")}}], "coaching.hours=.nan"),
        ([{"coaching": {"hours": True}}], "coaching.hours=True"),
        ([{"coaching": 15}], "coaching=15: expected settings"),
        ([{"cpd": {"intensity": 1.01}}], "cpd.intensity=1.01: expected a number from 0 to 1"),
        ([{"recruit": {"rounds": 2.5}}], "recruit.rounds=2.5: expected a whole number from 1 to 100"),
        ([{"recruit": {"rounds": 0}}], "recruit.rounds=0"),
        ([{"recruit": {"unit": "trsut"}}], "did you mean 'trust'?"),
        ([{"recruit": {"hubs": 1}}], "recruit.hubs=1: expected true or false"),
        ([{"recruit": {}}, {"recruit": {}}], "at most one lever of this kind"),
        ([{"recruit": {}}, {"form_clusters": {}}, {"form_clusters": {}}], "at most one lever of this kind"),
        (
            [{"recruit": {}}, {"phase_in": {"phases": [{"year": 2, "coverage": 0.5}, {"year": 0, "coverage": 1}]}}],
            "phases in order of year",
        ),
        ([{"recruit": {}}, {"phase_in": {"phases": []}}], "a list of phases"),
        (
            [{"recruit": {}}, {"phase_in": {"phases": [{"year": 0, "coverage": 1, "regions": "London"}]}}],
            "a list of regions",
        ),
        ([{"recruit": {}}, {"phase_in": {}}], "a list of phases"),
        ([{"recruit": {}}, {"phase_in": {"phases": [{"year": 0, "coverage": 1, "regions": [5]}]}}], "regions"),
        ([{"recruit": {"eligible": {"in_trust": "no"}}}], "true or false"),
        ([{"recruit": {}}, {"incentive": {"gbp": float("inf")}}], "incentive.gbp=.inf"),
        ([{"recruit": {}}, {"phase_in": {"phases": [{"year": 0}]}}], "year, coverage and, if not all, regions"),
        (
            [{"recruit": {}}, {"phase_in": {"phases": [{"year": 0, "coverage": 1.2}]}}],
            "coverage=1.2: expected a number from 0 to 1",
        ),
        ([{"cpd": {}}], "a recruit lever beside it"),
        ([{"recruit": {}}, {"cpd": {"start": 2, "stop": 1}}], "cpd.stop=1.0: expected a year after start"),
        ([{"recruit": {"eligible": {"phse": ["primary"]}}}], "did you mean 'phase'?"),
        ([{"recruit": {"eligible": {"phase": ["primry"]}}}], "did you mean 'primary'?"),
        ([{"recruit": {"eligible": {"fsm_rank_min": 2}}}], "a number from 0 to 1"),
        ([{"recruit": {"eligible": "primary"}}], "expected conditions such as"),
        ([{"recruit": {}}, {"archetype": {"name": "nlcc"}}], "did you mean 'nlc'?"),
        (["cpd"], "expected one lever, such as cpd"),
        ([{"cpd": {}, "recruit": {}}], "expected one lever, such as cpd"),
        ({"cpd": {}}, "a list of levers"),
        (None, "a list of levers"),
    ],
    ids=str,
)
def test_what_cannot_be_a_policy_is_told_in_one_line_that_names_the_file(tmp_path, levers, message):
    file = tmp_path / "odd.yaml"
    file.write_text(yaml.safe_dump({"summary": "Odd.", "levers": levers}), encoding="utf-8")
    with pytest.raises(KmsimError) as caught:
        read_policy(str(file))
    assert message in str(caught.value)
    assert "odd.yaml" in str(caught.value) or "network=" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("levers: [", "not YAML"),
        ("- cpd", "expected settings"),
        ("sumary: x\nlevers: []", "did you mean 'summary'?"),
        ("summary: x", "a list of levers"),
        ("", "expected settings"),
    ],
)
def test_a_file_that_is_no_policy_is_told_in_one_line(tmp_path, text, message):
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KmsimError) as caught:
        read_policy(str(file))
    assert message in str(caught.value)
    assert "odd.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_of_places_are_checked_before_anything_runs():
    """An authority or region that the system does not have is refused when the model is made, not years into the run."""
    for lever in (
        {"recruit": {"eligible": {"la": ["Camdn"]}}},
        {"recruit": {"eligible": {"region": ["Atlantis"]}}},
    ):
        with pytest.raises(KmsimError, match=r"not a (la|region) of"):
            Model(system="village", policy={"levers": [lever]}, years=2, funded_years=1)


def test_a_phase_in_an_unknown_region_is_refused_before_anything_runs():
    phases = [{"year": 0, "coverage": 0.5, "regions": ["Atlantis"]}]
    with pytest.raises(KmsimError, match="Atlantis"):
        Model(
            system="village",
            policy={"levers": [{"recruit": {}}, {"phase_in": {"phases": phases}}]},
            years=2,
            funded_years=1,
        )


def test_the_largest_of_two_levers_wins_and_both_are_paid():
    levers = [
        {"recruit": {"assigned": True, "coverage": 1.0}},
        {"codesign": {"ownership": 0.4}},
        {"codesign": {"ownership": 0.7}},
    ]
    model = Model(system="village", policy={"levers": levers}, years=1, funded_years=1, budget=None)
    assert np.all(model.world.offer["ownership"] == np.float32(0.7))
    assert np.allclose(model.plan.at(0).lines[CATEGORIES.index("codesign")], 300 * 1.1)


def test_levers_hold_in_their_years_and_for_their_schools():
    levers = [
        {"recruit": {"assigned": True, "coverage": 1.0}},
        {"cpd": {"intensity": 0.5, "focus": 0.5, "start": 1, "stop": 3}},
        {"community": {"involvement": 0.5, "eligible": {"phase": ["secondary"]}}},
        {"mandate": {"strength": 0.5, "eligible": {"fsm_rank_min": 0.5}}},
        {"broadcast": {"strength": 1.0, "start": 2, "stop": 4}},
    ]
    model = Model(system="village", policy={"levers": levers}, years=5, funded_years=2, budget=None)
    schools = model.system.schools
    at = [model.plan.at(year).quantities for year in range(5)]
    assert [bool(q["cpd"].any()) for q in at] == [False, True, True, False, False]
    assert [bool(q["broadcast"].any()) for q in at] == [False, False, True, True, False]
    assert [bool(q["mandate"].any()) for q in at] == [
        True,
        True,
        False,
        False,
        False,
    ]  # funded years, where nothing is said
    assert [bool(q["community"].any()) for q in at] == [True] * 5
    assert np.array_equal(at[0]["community"] > 0, schools["phase"] == 1)
    assert np.array_equal(at[0]["mandate"] > 0, schools["fsm_rank"] >= 0.5)


def test_eligibility_limits_who_signs_up():
    system = build("borough")
    for eligible, keep in (
        ({"phase": ["secondary"]}, system.schools["phase"] == 1),
        ({"phase": ["special", "pru"]}, np.isin(system.schools["phase"], (2, 4))),
        (
            {"fsm_rank_min": 0.6, "fsm_rank_max": 0.9},
            (system.schools["fsm_rank"] >= 0.6) & (system.schools["fsm_rank"] <= 0.9),
        ),
        ({"la": ["camden"]}, np.ones(system.n_schools, bool)),
        ({"in_trust": True}, system.schools["trust"] >= 0),
    ):
        levers = [{"recruit": {"coverage": 1.0, "eligible": eligible}}, {"incentive": {"gbp": 3000.0}}]
        model = Model(system=system, policy={"levers": levers}, years=3, funded_years=3, budget=None).run()
        ever = model.world.uptake["ever_member"][0] > 0
        assert not ever[~keep].any()
        assert ever[keep].any() == keep.any()


def test_every_field_of_a_lever_is_kept_as_given():
    for cls in LEVERS.values():
        if cls.key in ("phase_in", "archetype"):
            continue
        settings = {f.name: f.default for f in fields(cls) if f.name not in ("start", "stop", "eligible")}
        assert read_lever(cls.key, settings, "test") == cls(**settings)
