"""The fifteen policies, the real networks as presets, and policies of one's own in YAML alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import yaml

from kmsim import configuration
from kmsim.errors import KmsimError
from kmsim.model import Model
from kmsim.outcomes.totals import TOTALS
from kmsim.policies.levers import Archetype, archetypes
from kmsim.policies.policy import read_policy
from kmsim.system.build import build
from kmsim.system.built import System

SHIPPED = (
    "business_as_usual",
    "coaching",
    "codesigned_networks",
    "grassroots",
    "guidance_only",
    "hub_and_spoke",
    "national_mandate",
    "peer_review",
    "regional_advocates",
    "scripted_programme",
    "strong_weak_pairing",
    "targeted_networks",
    "test_bed_then_scale",
    "train_the_trainer",
    "trust_led",
)
SEEDS = tuple(range(1, 13))
NEVER_WELL = {
    "business_as_usual",
    "guidance_only",
    "grassroots",
}  # as they should be: nobody does it well in any seed (F28, F30)
SAME_DOSE = {
    frozenset(("codesigned_networks", "targeted_networks"))
}  # the same dose given to others: told apart in London, below


@pytest.fixture(scope="module")
def croydon() -> System:
    """A borough of 123 schools, 57 of them in trusts."""
    return build("borough", {"la": "Croydon"})


@pytest.fixture(scope="module")
def at_own_cost(croydon) -> dict[str, list[Model]]:
    """Every policy at its own cost, one run a seed."""
    return {name: [Model(system=croydon, policy=name, seed=s, budget=None).run() for s in SEEDS] for name in SHIPPED}


def last(model: Model, name: str) -> float:
    return float(model.outcome_arrays([name])[name][0, -1])


def test_fifteen_are_shipped_and_each_says_what_it_does():
    assert tuple(configuration.names("policy")) == SHIPPED
    told = [read_policy(name) for name in SHIPPED]
    assert all(policy.name == name and policy.summary.endswith(".") for policy, name in zip(told, SHIPPED, strict=True))
    assert len({repr(policy.levers) for policy in told}) == 15


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("national_mandate", (0.45, 0.6, 0.2, 0.1, 0.8, 0, 0.2, 0)),
        ("train_the_trainer", (0.4, 0.6, 0.4, 0.3, 0.7, 0.3, 0.2, 0)),
        ("hub_and_spoke", (0.45, 0.55, 0.5, 0.35, 0.6, 0.2, 0.35, 0.05)),
        ("scripted_programme", (0.3, 0.3, 0.3, 0.1, 0.9, 0.1, 0.5, 0)),
        ("coaching", (0.2, 0.7, 0.4, 0.2, 0.8, 0.4, 0.3, 0)),
        ("codesigned_networks", (0.7, 0.75, 0.7, 0.75, 0.7, 0.75, 0.4, 0.5)),
        ("targeted_networks", (0.7, 0.75, 0.7, 0.75, 0.7, 0.75, 0.9, 0.5)),
        ("strong_weak_pairing", (0.5, 0.45, 0.5, 0.7, 0.6, 0.55, 0.6, 0.1)),
        ("test_bed_then_scale", (0.7, 0.75, 0.7, 0.75, 0.7, 0.75, 0.4, 0.5)),
    ],
)
def test_features_are_those_of_the_specification(name, features):
    """MODEL section 10, Policies: cpd, expertise, capacity, collaboration, focus, ownership, targeting, community."""
    offered = {}
    for lever in read_policy(name).levers:
        offered |= lever.sets()
    order = (
        "cpd",
        "external_expertise",
        "capacity_building",
        "collaboration",
        "focus",
        "ownership",
        "targeting",
        "community",
    )
    assert tuple(offered.get(quantity, 0) for quantity in order) == features


def test_no_two_policies_spend_alike(at_own_cost):
    """The shares of the ledger's categories, over all seeds."""
    shares = {}
    for name, runs in at_own_cost.items():
        ledger = np.sum([list(run.ledger.values()) for run in runs], axis=0)
        shares[name] = ledger / max(1.0, ledger.sum())
    assert shares["business_as_usual"].sum() == 0
    for one, other in itertools.combinations(SHIPPED, 2):
        assert np.abs(shares[one] - shares[other]).max() > 1e-3, (one, other)


def test_policies_differ_in_doing_it_well_beyond_chance(at_own_cost):
    """Paired over seeds, at three standard errors, in years 3, 5 or 10 or over the whole run; exceptions are named above."""
    well = {}
    for name, runs in at_own_cost.items():
        arrays = [run.outcome_arrays(["doing_it_well"])["doing_it_well"][0] for run in runs]
        well[name] = np.array([[a[18], a[30], a[60], a.mean()] for a in arrays])
    alike = []
    for one, other in itertools.combinations(SHIPPED, 2):
        gap = well[one] - well[other]
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
        excused = {one, other} <= NEVER_WELL or frozenset((one, other)) in SAME_DOSE
        if not excused and not np.any(np.abs(gap.mean(axis=0)) > 3 * np.maximum(error, 1e-9)):
            alike.append((one, other, gap.mean(axis=0).round(4).tolist()))
    assert not alike


def test_the_same_dose_given_to_others_is_told_apart_in_london():
    """As above, where schools are many and chance is small: at three standard errors at one of the moments."""
    london = build("london")

    def well(policy: str, seed: int) -> list[float]:
        a = Model(system=london, policy=policy, seed=seed, budget=None).run().outcome_arrays(["doing_it_well"])
        path = a["doing_it_well"][0]
        return [path[18], path[30], path[60], path.mean()]

    gap = np.array([np.subtract(well("codesigned_networks", s), well("targeted_networks", s)) for s in range(101, 113)])
    assert np.any(np.abs(gap.mean(axis=0)) > 3 * gap.std(axis=0, ddof=1) / np.sqrt(len(gap)))


def test_targeting_moves_doing_it_well_to_disadvantaged_schools(at_own_cost):
    """The same dose, given to others: the gap between the most and least disadvantaged fifth."""
    gap = [
        last(t, "gap") - last(c, "gap")
        for t, c in zip(at_own_cost["targeted_networks"], at_own_cost["codesigned_networks"], strict=True)
    ]
    assert np.mean(gap) > 2 * np.std(gap, ddof=1) / np.sqrt(len(gap))


def test_guidance_is_cheap_and_does_about_nothing(at_own_cost):
    cost = {name: np.mean([last(run, "cost_gbp") for run in runs]) for name, runs in at_own_cost.items()}
    schools = at_own_cost["guidance_only"][0].system.n_schools
    assert cost["guidance_only"] == pytest.approx(50 * 3 * schools)
    assert cost["guidance_only"] < 0.02 * cost["codesigned_networks"]
    assert cost["business_as_usual"] == 0
    gain = [
        last(g, "attainment_sd") - last(b, "attainment_sd")
        for g, b in zip(at_own_cost["guidance_only"], at_own_cost["business_as_usual"], strict=True)
    ]
    assert abs(np.mean(gain)) < 0.002
    assert np.mean([last(run, "aware") for run in at_own_cost["guidance_only"]]) > 1.2 * np.mean(
        [last(run, "aware") for run in at_own_cost["business_as_usual"]]
    )


@pytest.mark.parametrize("name", sorted(archetypes()))
def test_every_real_network_is_a_preset(name):
    """All 29: its features reach schools, its own cost is booked, cover beside it and nothing else."""
    model = Model(
        system="village", network=name, policy="codesigned_networks", years=2, funded_years=2, budget=None, check=True
    )
    row = archetypes()[name]
    assert model.policy.one(Archetype).name == name
    assert model.policy.preset
    for feature in (
        "cpd",
        "focus",
        "external_expertise",
        "ownership",
        "collaboration",
        "capacity_building",
        "targeting",
        "community",
    ):
        assert np.all(model.world.offer[feature] == np.float32(row[feature]))
    model.run()
    paid = {category for category, gbp in model.ledger.items() if gbp > 0}
    assert paid <= {"network", "cover"}
    assert (model.ledger["network"] > 0) == (row["cost"] > 0 and model.world.uptake["ever_member"].any())


def test_there_are_twenty_nine_networks_and_the_presets_are_among_them():
    assert len(archetypes()) == 29
    presets = {name: read_policy(name).one(Archetype) for name in SHIPPED}
    assert {name: lever.name for name, lever in presets.items() if lever} == {
        "regional_advocates": "eef_campaign_advocates",
        "grassroots": "pedagoo_teachmeet",
        "peer_review": "challenge_partners",
        "trust_led": "mat",
    }


@pytest.mark.parametrize("feature", ["cpd", "external_expertise", "ownership", "novelty", "cluster_size"])
def test_a_feature_of_a_real_network_can_be_changed(feature):
    value = 4 if feature == "cluster_size" else 0.33
    model = Model(
        system="village", network="nlc", policy="codesigned_networks", budget=None, **{f"network.{feature}": value}
    )
    assert not model.policy.preset  # it is not that network any more: its levers' costs, not the published one
    if feature == "cluster_size":
        assert model.policy.clusters.network_size == 4
    else:
        assert np.all(model.world.offer[feature] == np.float32(0.33))


def test_a_policy_in_yaml_alone_runs(tmp_path):
    levers = [
        {"recruit": {"invitation": 1.0, "coverage": 1.0, "rounds": 2}},
        {"broadcast": {"strength": 0.5}},
        {"cpd": {"intensity": 0.6, "focus": 0.9, "start": 1}},
        {"expert_days": {"expertise": 0.5, "tiers": 1}},
        {"incentive": {"gbp": 2500, "eligible": {"fsm_rank_min": 0.4}}},
        {"phase_in": {"phases": [{"year": 0, "coverage": 0.4}, {"year": 1, "coverage": 1.0}]}},
    ]
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"summary": "My own.", "levers": levers}), encoding="utf-8")
    model = Model(system="borough", policy=str(file), years=5, funded_years=3, budget=None, check=True).run()
    assert model.policy.name == "mine"
    assert model.ledger["incentives"] > 0
    assert model.ledger["broadcast"] > 0
    assert model.world.uptake["in_use"].sum() > 0
    assert set(model.outcomes["policy"]) == {"mine"}
    as_mapping = {"name": "mine", "summary": "My own.", "levers": levers}
    again = Model(system="borough", policy=as_mapping, years=5, funded_years=3, budget=None).run()
    assert np.array_equal(again.totals, model.totals)


def test_a_users_folder_of_policies_comes_first(tmp_path, monkeypatch):
    (tmp_path / "policy").mkdir()
    text = yaml.safe_dump({"summary": "Louder.", "levers": [{"broadcast": {"strength": 0.9}}]})
    (tmp_path / "policy" / "louder.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("KMSIM_CONFIGS", str(tmp_path))
    assert "louder" in configuration.names("policy")
    assert Model(system="village", policy="louder", years=1, funded_years=1).run().policy.name == "louder"


# -- size ----------------------------------------------------------------------
@pytest.mark.parametrize("sizes", [(10, 60), (8, 500)])
def test_the_size_of_a_network_does_not_matter(croydon, sizes):
    """F03: clusters are what meets; beyond 7 schools a network's clusters are of 5, and all else is the same."""
    runs = [
        Model(system=croydon, policy="codesigned_networks", seed=4, budget=None, **{"network.cluster_size": size}).run()
        for size in sizes
    ]
    for name, values in runs[0].outcome_arrays().items():
        assert np.array_equal(values, runs[1].outcome_arrays([name])[name], equal_nan=True), name


def test_in_hierarchies_size_costs_vitality_and_money(croydon):
    def run(hierarchy: bool) -> Model:
        levers = [
            {"recruit": {"assigned": True, "coverage": 0.6}},
            {"cpd": {"intensity": 0.5, "focus": 0.5}},
            {"form_clusters": {"collaboration": 0.8, "network_size": 60, "hierarchy": hierarchy}},
        ]
        return Model(system=croydon, policy={"levers": levers}, seed=4, budget=None, years=3, funded_years=3).run()

    flat, tall = run(False), run(True)
    schools = tall.world.uptake["signed_up"].sum()
    assert last(tall, "cluster_vitality") < 0.5 * last(flat, "cluster_vitality")
    assert tall.ledger["coordination"] == pytest.approx(
        flat.ledger["coordination"] * (1 + (schools - 10) / 20), rel=0.1
    )


# -- recruiting ----------------------------------------------------------------
def test_clusters_have_three_to_seven_schools_that_are_near(croydon):
    model = Model(system=croydon, policy="codesigned_networks", seed=2, budget=None, years=1, funded_years=1)
    model.step()
    members = model.world.clusters["members"][model.world.clusters["members"] > 0]
    assert len(members) > 3
    assert members.min() >= 3
    assert members.max() <= 7
    cluster = model.world.uptake["cluster"][0]
    s = croydon.schools
    apart = []
    for row in np.unique(cluster[cluster >= 0]):
        here = np.flatnonzero(cluster == row)
        apart += [np.hypot(s["x"][a] - s["x"][b], s["y"][a] - s["y"][b]) for a, b in itertools.combinations(here, 2)]
    everyone = [
        np.hypot(s["x"][a] - s["x"][b], s["y"][a] - s["y"][b]) for a, b in itertools.combinations(range(120), 2)
    ]
    assert np.mean(apart) < 0.6 * np.mean(everyone)


def test_pairs_are_a_strong_school_and_a_weak_one(croydon):
    model = Model(system=croydon, policy="strong_weak_pairing", seed=2, budget=None, years=1, funded_years=1)
    climate = model.world.schools["climate"].copy()
    model._open_year(0)
    cluster = model.world.uptake["cluster"][0]
    halves = []
    for row in np.unique(cluster[cluster >= 0]):
        pair = sorted(np.flatnonzero(cluster == row), key=lambda i: climate[i])
        assert len(pair) == 2
        weak, strong = pair
        assert model.world.uptake["expertise"][0, strong] == np.float32(0.6)
        assert model.world.uptake["expertise"][0, weak] == 0
        halves.append((climate[weak], climate[strong]))
    assert len(halves) > 5
    assert max(weak for weak, _ in halves) <= min(strong for _, strong in halves)


def test_a_trusts_schools_decide_together(croydon):
    model = Model(
        system=croydon,
        policy="trust_led",
        seed=3,
        budget=None,
        years=1,
        funded_years=1,
        **{"parameters.rate_invite": 0.9},
    )
    model._open_year(0)
    signed, trust = model.world.uptake["signed_up"][0] > 0, croydon.schools["trust"]
    assert signed.any()
    assert not signed[trust < 0].any()
    wanted = int(0.5 * (trust >= 0).sum())
    split = [t for t in np.unique(trust[trust >= 0]) if 0 < signed[trust == t].sum() < (trust == t).sum()]
    assert len(split) <= (1 if signed.sum() >= wanted else 0)  # only coverage can cut a trust in two


def test_hubs_reach_as_many_in_a_thinned_system():
    reach = {}
    for scale in (1, 20):
        plan = Model(system=build("england", {"scale": scale}), policy="hub_and_spoke", budget=None).plan
        reach[scale] = plan.hub_reach()[plan.eligible].mean()
    assert reach[20] == pytest.approx(reach[1], rel=0.1)


def test_hubs_reach_the_near_more_than_the_far():
    system = build("synthetic", {"n_schools": 300, "seed": 6})
    model = Model(system=system, policy="hub_and_spoke", budget=None)
    reach = model.plan.hub_reach()
    assert (reach == 1).sum() == 1  # 300 schools, one hub for each 250
    assert np.argmax(reach) == np.argmax(system.schools["climate"])
    hub = np.argmax(reach)
    km = np.hypot(system.schools["x"] - system.schools["x"][hub], system.schools["y"] - system.schools["y"][hub])
    assert np.allclose(reach, np.exp(-km / 15), rtol=1e-5)


def test_phases_grow_by_coverage_and_region():
    system = build("synthetic", {"n_schools": 120, "seed": 6})
    runs = []
    for seed in range(4):
        model = Model(
            system=system, policy="test_bed_then_scale", seed=seed, budget=None, **{"parameters.rate_invite": 0.9}
        )
        signed = []
        for _ in range(8):
            for _ in range(6):
                model.step()
            signed.append(int(model.world.uptake["ever_member"].sum()))
        runs.append(signed)
    for signed in runs:
        assert max(signed[:2]) <= 0.03 * 120 + 1
        assert max(signed[2:4]) <= 0.3 * 120 + 2
        assert signed[-1] > 0.5 * 120
    assert read_policy("test_bed_then_scale").rounds() == (0, 1, 2, 3, 4, 5, 6)


def test_assigned_schools_are_the_same_share_whatever_the_offer(croydon):
    wanted = int(0.5 * croydon.n_schools + 0.5)
    for ask in (0, 9000):
        levers = [{"recruit": {"assigned": True, "coverage": 0.5, "ask": ask}}, {"cpd": {}}]
        model = Model(system=croydon, policy={"levers": levers}, seed=3, budget=None)
        model._open_year(0)
        assert model.world.uptake["signed_up"].sum() == wanted
        assert model.ledger["recruitment"] == 0


# -- budgets -------------------------------------------------------------------
@pytest.mark.parametrize("policy", SHIPPED)
@pytest.mark.parametrize("budget", [0.01, 1, 250, 6_000, 75_000, 900_000, 20_000_000, "auto"])
def test_the_total_never_exceeds_the_budget(croydon, policy, budget):
    """In every seed; what is not spent is told, and what was promised can be paid."""
    for seed in SEEDS[:3]:
        model = Model(system=croydon, policy=policy, seed=seed, budget=budget, years=7, funded_years=3).run()
        cost, unspent = (model.outcome_arrays([name])[name][0, -1] for name in ("cost_gbp", "unspent_gbp"))
        assert model.budget == (30 * croydon.schools["pupils"].sum() if budget == "auto" else budget)
        assert cost <= model.budget * (1 + 1e-9) + 1e-6
        assert unspent == pytest.approx(model.budget - cost)
        assert cost <= model.recruitment.committed * (1 + 1e-9) + 1e-6
        assert model.recruitment.committed <= model.budget * (1 + 1e-9) + 1e-6
        if budget == 0:
            assert cost == 0
            assert model.world.uptake["ever_member"].sum() == 0
            assert last(model, "doing_it_well") == 0


def test_with_no_money_a_policy_is_business_as_usual(croydon):
    nothing = Model(system=croydon, policy="business_as_usual", seed=2, years=5).run()
    for policy in ("guidance_only", "codesigned_networks", "national_mandate", "trust_led"):
        model = Model(system=croydon, policy=policy, seed=2, years=5, budget=1).run()
        column = TOTALS.index("in_use")
        assert np.array_equal(model.totals[:, :, column], nothing.totals[:, :, column])


def test_more_money_buys_more_schools(croydon):
    ever = [
        Model(system=croydon, policy="codesigned_networks", seed=2, budget=b).run().world.uptake["ever_member"].sum()
        for b in (1, 100_000, 400_000, 1_600_000, None)
    ]
    assert ever == sorted(ever)
    assert len(set(ever)) >= 4
    whole = Model(system=croydon, policy="codesigned_networks", seed=2, budget=1e9).run()
    assert whole.world.uptake["ever_member"].sum() > ever[-1]  # coverage is then what the money buys


def test_guidance_reaches_only_the_schools_it_can_pay_for(croydon):
    model = Model(system=croydon, policy="guidance_only", seed=2, budget=50 * 3 * 40 + 10)
    assert (model.world.offer["broadcast"] > 0).sum() == 40
    assert model.run().ledger["broadcast"] == pytest.approx(50 * 3 * 40)


def test_a_school_enters_only_if_all_its_funded_years_can_be_paid(croydon):
    """What is committed at joining covers what is booked by the end, school by school."""
    model = Model(system=croydon, policy="coaching", seed=2, budget=2_000_000, years=8, funded_years=3, taper=1).run()
    ever = model.world.uptake["ever_member"][0] > 0
    assert ever.any()
    assert np.all(model.world.schools["cpd_budget"][ever] <= model.plan.planned[ever] * (1 + 1e-9))
    assert np.all(model.world.schools["cpd_budget"][~ever] == 0)
    assert model.recruitment.committed == pytest.approx(model.plan.planned[ever].sum() + model.ledger["recruitment"])


def test_a_policy_without_members_has_no_network():
    with pytest.raises(KmsimError, match="guidance_only has none"):
        Model(system="village", policy="guidance_only", network="nlc")


def test_for_whom_a_lever_is_belongs_to_its_description():
    """Two policies that differ in nothing but who is eligible must never share a results folder."""
    from kmsim.policies.policy import describe

    def described(**extra):
        policy = read_policy({"levers": [{"recruit": {}}, {"incentive": {"gbp": 500} | extra}]})
        return [describe(lever) for lever in policy.levers]

    assert described() != described(eligible={"phase": ["primary"]}) != described(eligible={"fsm_rank_min": 0.6})
    assert "eligible" not in described()[1]
