"""Policies: levers laid out over schools and years, recruitment and sign-up, and what it all costs."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from kmsim.system.built import PHASES
from tests.oracle.arithmetic import single
from tests.oracle.schools import School, funding_after

ARCHETYPES = Path(__file__).resolve().parents[2] / "kmsim" / "data" / "archetypes.csv"
CATEGORIES = (
    "broadcast", "mandate", "recruitment", "cover", "experts", "coaching", "facilitation", "codesign",
    "coordination", "community", "incentives", "materials", "central", "network",
)  # fmt: skip
# lever -> its settings that hold for members while they are signed up: setting -> (quantity, default)
MEMBER_QUANTITIES = {
    "cpd": {"intensity": ("cpd", 0.0), "focus": ("focus", 0.0)},
    "expert_days": {"expertise": ("external_expertise", 0.0), "tiers": ("tiers", 0.0)},
    "coaching": {"hours": ("coaching", 0.0)},
    "train_facilitators": {"capacity": ("capacity_building", 0.0)},
    "form_clusters": {"collaboration": ("collaboration", 0.0)},
    "codesign": {"ownership": ("ownership", 0.0)},
    "target": {"targeting": ("targeting", 0.0)},
    "community": {"involvement": ("community", 0.0)},
    "something_new": {"novelty": ("novelty", 0.7)},
    "incentive": {"gbp": ("incentive", 0.0)},
    "materials": {"scripting": ("materials", 0.0)},
}
ARCHETYPE_COLUMNS = {
    "cpd_intensity": "cpd",
    "focus_specificity": "focus",
    "external_expertise": "external_expertise",
    "ownership": "ownership",
    "collaboration": "collaboration",
    "capacity_building": "capacity_building",
    "targeting_disadvantage": "targeting",
    "community_involvement": "community",
}
QUANTITIES = (
    "cpd", "focus", "external_expertise", "tiers", "coaching", "capacity_building", "ownership", "collaboration",
    "targeting", "community", "incentive", "materials", "network_cost",
)  # fmt: skip
DEFAULT_ROUNDS = 3
ROUNDS_AFTER_LAST_PHASE = 2


@dataclass(frozen=True)
class ClusterPlan:
    """How a policy makes clusters."""

    network_size: int
    within: str
    hierarchy: bool
    pair: bool

    @property
    def meeting_size(self) -> int:
        return self.network_size if self.network_size <= 7 else 5


class Lever:
    """One lever of a policy: its settings, when it acts and where."""

    def __init__(self, kind: str, settings: dict | None, labels: dict[str, list[str]]):
        self.kind = kind
        self.settings = dict(settings or {})
        self.start = self.settings.pop("start", 0) or 0
        self.stop = self.settings.pop("stop", None)
        self.eligible = self.settings.pop("eligible", None) or {}
        self.labels = labels

    def allows(self, school: School) -> bool:
        """Whether the lever's mask lets the school in."""
        tests = {
            "phase": lambda names: PHASES[school.phase] in as_list(names),
            "region": lambda names: label(self.labels, "region", school.region) in as_list(names),
            "la": lambda names: label(self.labels, "la", school.la) in as_list(names),
            "fsm_rank_min": lambda least: school.fsm_rank >= single(least),
            "fsm_rank_max": lambda most: school.fsm_rank <= single(most),
            "in_trust": lambda wanted: (school.trust >= 0) == bool(wanted),
        }
        return all(tests[name](value) for name, value in self.eligible.items())

    def runs_in(self, year: int, default_stop: float | None = None) -> bool:
        stop = default_stop if self.stop is None else self.stop
        return self.start <= year and (stop is None or year < stop)

    def member_quantities(self) -> dict[str, float]:
        """What the lever gives a member, by name of the quantity."""
        if self.kind == "archetype":
            row = archetype_row(self.settings["name"])
            given = {name: single(row[column]) for column, name in ARCHETYPE_COLUMNS.items()}
            given["network_cost"] = single(row["cost_per_school_gbp"])
            return given
        known = MEMBER_QUANTITIES.get(self.kind, {})
        return {name: single(self.settings.get(setting, default)) for setting, (name, default) in known.items()}


def as_list(names) -> list:
    return [names] if isinstance(names, str) else list(names)


def label(labels: dict[str, list[str]], kind: str, index: int) -> str | None:
    return labels[kind][index] if index >= 0 else None


def archetype_row(name: str) -> dict[str, str]:
    with ARCHETYPES.open(newline="", encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["key"] == name)


class Policy:
    """A schedule of levers, read from the parsed YAML."""

    def __init__(self, model, described: dict, labels: dict[str, list[str]]):
        self.model = model
        self.labels = labels
        self.levers = []
        for entry in described.get("levers") or []:
            for kind, settings in ({entry: {}} if isinstance(entry, str) else entry).items():
                self.levers.append(Lever(kind, settings, labels))
        self.recruiting = [lever for lever in self.levers if lever.kind == "recruit"]
        self.phases = sorted(
            (phase for lever in self.levers if lever.kind == "phase_in" for phase in lever.settings["phases"]),
            key=lambda phase: phase["year"],
        )
        self.by_trust = any(lever.settings.get("unit", "school") == "trust" for lever in self.recruiting)
        self.uses_hubs = any(lever.settings.get("hubs", False) for lever in self.recruiting)
        self.assigns = any(lever.settings.get("assigned", False) for lever in self.recruiting)
        self.cluster_plan = self._read_cluster_plan()
        self.hubs: list[School] = []

    def _read_cluster_plan(self) -> ClusterPlan | None:
        for lever in self.levers:
            if lever.kind == "form_clusters":
                return ClusterPlan(
                    network_size=int(lever.settings.get("network_size", 5)),
                    within="la" if lever.settings.get("pair", False) else lever.settings.get("within", "region"),
                    hierarchy=bool(lever.settings.get("hierarchy", False)),
                    pair=bool(lever.settings.get("pair", False)),
                )
        for lever in self.levers:
            if lever.kind == "archetype":
                name = lever.settings["name"]
                within = {"mat": "trust", "federation_school_fe": "federation"}.get(name, "region")
                size = int(archetype_row(name)["cluster_size"])
                return ClusterPlan(network_size=size, within=within, hierarchy=within != "region", pair=False)
        return None

    # -- laying levers out over schools ---------------------------------------------------------------------------

    def reach(self, kind: str, school: School, year: int) -> float:
        """Strength of the broadcast or mandate at a school in a year."""
        strengths = [
            single(lever.settings.get("strength", 1.0))
            for lever in self.levers
            if lever.kind == kind and lever.runs_in(year, self.model.funded_years) and lever.allows(school)
        ]
        return max(strengths, default=0.0)

    def years_of(self, kind: str) -> range:
        """The years in which a broadcast or mandate can hold anywhere."""
        stops = [
            self.model.funded_years if lever.stop is None else lever.stop for lever in self.levers if lever.kind == kind
        ]
        return range(math.ceil(max(stops, default=0)))

    def offer_to(self, school: School, year: int) -> dict[str, float]:
        """What a member at this place gets in this year; of several levers on one quantity the largest."""
        offer = dict.fromkeys(QUANTITIES, 0.0)
        novelties = []
        offer["preset"] = offer["meets"] = offer["has_materials"] = False
        for lever in self.levers:
            if not lever.runs_in(year) or not lever.allows(school):
                continue
            for name, value in lever.member_quantities().items():
                if name == "novelty":
                    novelties.append(value)
                else:
                    offer[name] = max(offer[name], value)
            offer["preset"] = offer["preset"] or lever.kind == "archetype"
            offer["meets"] = offer["meets"] or lever.kind == "form_clusters"
            offer["has_materials"] = offer["has_materials"] or lever.kind == "materials"
        offer["novelty"] = max(novelties) if novelties else self.model.parameters["novelty_reference"]
        return offer

    # -- recruiting -----------------------------------------------------------------------------------------------

    def may_be_recruited(self, school: School) -> bool:
        if self.by_trust and school.trust < 0:
            return False
        return any(lever.allows(school) for lever in self.recruiting)

    def eligible_schools(self) -> list[School]:
        return [school for school in self.model.schools if self.may_be_recruited(school)]

    def levers_with_round(self, year: int) -> list[Lever]:
        """The recruit levers that have a round this year."""
        having = []
        for lever in self.recruiting:
            if self.phases:
                first, last = 0, self.phases[-1]["year"] + ROUNDS_AFTER_LAST_PHASE
            else:
                first, last = lever.start, lever.start + int(lever.settings.get("rounds", DEFAULT_ROUNDS)) - 1
            if first <= year <= last and lever.runs_in(year):
                having.append(lever)
        return having

    def coverage(self, year: int, levers: list[Lever], has_budget: bool) -> float:
        begun = [phase for phase in self.phases if phase["year"] <= year]
        if self.phases:
            return begun[-1].get("coverage", 1.0) if begun else 0.0
        if has_budget:
            return 1.0
        return max(lever.settings.get("coverage", 0.5) for lever in levers)

    def region_is_open(self, school: School, year: int) -> bool:
        """Whether a phase already begun covers the school's region."""
        if not self.phases:
            return True
        for phase in self.phases:
            if phase["year"] <= year:
                regions = phase.get("regions")
                if regions is None or label(self.labels, "region", school.region) in as_list(regions):
                    return True
        return False

    def choose_hubs(self) -> None:
        """The eligible schools of best climate, fixed before the first tick."""
        if self.uses_hubs:
            pool = self.eligible_schools()
            number = max(1, math.floor(len(pool) / self.model.parameters["schools_per_hub"] + 0.5))
            self.hubs = sorted(pool, key=lambda school: (-school.climate, school.index))[:number]

    def invitation(self, school: School, levers: list[Lever]) -> float:
        """How personal the invitation is; with hubs it weakens with the way to the nearest."""
        strength = max(
            (single(lever.settings.get("invitation", 1.0)) for lever in levers if lever.allows(school)), default=0.0
        )
        if self.hubs:
            nearest = min(math.hypot(school.x - hub.x, school.y - hub.y) for hub in self.hubs)
            reach = self.model.parameters["hub_reach_km"] * math.sqrt(self.model.thinned)
            strength *= math.exp(-nearest / reach)
        return strength

    def setting(self, school: School, levers: list[Lever], name: str) -> float:
        return max((single(lever.settings.get(name, 0.0)) for lever in levers if lever.allows(school)), default=0.0)


def sign_up_rate(model, school: School, k: int, levers: list[Lever]) -> float:
    p, policy = model.parameters, model.policy
    beside = school.neighbours
    neighbours = sum(1.0 for other in beside if other.signed_up[k]) / len(beside) if beside else 0.0
    pull = (
        p["s_climate"] * (school.climate - 0.5)
        + p["s_neighbours"] * neighbours
        + p["s_existing"] * policy.setting(school, levers, "existing")
        + p["s_incentive"] * min(1.0, school.offer["incentive"] / p["incentive_full"])
        + p["s_scripting"] * school.scripting_if_joined(k)
        - p["s_ask"] * policy.setting(school, levers, "ask") / 1000.0
        + p["s_target"] * school.offer["targeting"] * (school.fsm_rank - 0.5)
    )
    invited = p["rate_invite"] * policy.invitation(school, levers) * math.exp(pull)
    return p["rate_mandate"] * school.mandate + invited


def sign_up_keys(model, candidates: list[tuple[School, int]], levers: list[Lever]) -> list[tuple]:
    """(key, practice, row, school) of each candidate that wants to join; the smaller the key, the keener."""
    rates = {(school.index, k): sign_up_rate(model, school, k, levers) for school, k in candidates}
    slots = {(school.index, k): school.index for school, k in candidates}
    if model.policy.by_trust:
        together: dict[tuple[int, int], list[School]] = {}
        for school, k in candidates:
            together.setdefault((school.trust, k), []).append(school)
        for (trust, k), members in together.items():
            shared = sum(rates[school.index, k] for school in members) / len(members)
            first_row = next(school.index for school in model.schools if school.trust == trust)
            for school in members:
                rates[school.index, k] = shared
                slots[school.index, k] = first_row
    keys = []
    for school, k in candidates:
        rate = rates[school.index, k]
        draw = model.draw("SIGNUP", k, slots[school.index, k], model.year)
        school.signup_key[k] = -math.log(1.0 - draw) / rate if rate > 0.0 else math.inf
        if school.signup_key[k] < 1.0:
            keys.append((school.signup_key[k], k, school.index, school))
    return sorted(keys, key=lambda entry: entry[:3])


def members(model, k: int) -> int:
    return sum(1 for school in model.schools if school.signed_up[k])


def recruitment_round(model) -> bool:
    """Invite, let schools join in order of keenness within coverage and budget. Says whether a round was held."""
    policy, year = model.policy, model.year
    levers = policy.levers_with_round(year)
    if not levers:
        return False
    if policy.assigns:
        if model.assigned_done:
            return False
        model.assigned_done = True
        assign_schools(model, levers)
        return True
    eligible = policy.eligible_schools()
    room = policy.coverage(year, levers, model.budget is not None) * len(eligible)
    candidates = []
    for k in range(len(model.practices)):
        if members(model, k) < room:
            for school in eligible:
                asked = any(lever.allows(school) for lever in levers)
                if asked and not school.signed_up[k] and policy.region_is_open(school, year):
                    candidates.append((school, k))
    if not candidates:
        return True
    preset = any(lever.kind == "archetype" for lever in policy.levers)  # its published cost stands for all but cover
    inviting = (
        0.0
        if preset
        else model.parameters["c_invitation"] * sum(policy.invitation(school, levers) for school, _ in candidates)
    )
    cheapest = min(planned_cost(model, school) for school, _ in candidates)
    if model.budget is not None and model.committed + inviting + cheapest > model.budget:
        return False
    model.committed += inviting
    model.book("recruitment", inviting)
    for _, k, _, school in sign_up_keys(model, candidates, levers):
        if members(model, k) < room:
            join_if_affordable(model, school, k)
    return True


def assign_schools(model, levers: list[Lever]) -> None:
    """For experiments: the schools of best climate, give or take, join at once and uninvited."""
    policy = model.policy
    eligible = policy.eligible_schools()
    number = math.floor(policy.coverage(model.year, levers, model.budget is not None) * len(eligible) + 0.5)
    chosen = []
    for k in range(len(model.practices)):
        scored = []
        for school in eligible:
            noise = model.parameters["assign_noise"] * model.drawn_normal("ASSIGN", k, school.index, 0)
            scored.append((-(school.climate + noise), k, school.index, school))
        chosen += sorted(scored, key=lambda entry: entry[:3])[:number]
    for _, k, _, school in sorted(chosen, key=lambda entry: entry[:3]):
        join_if_affordable(model, school, k)


def join_if_affordable(model, school: School, k: int) -> None:
    planned = planned_cost(model, school)
    if model.budget is not None and model.committed + planned > model.budget:
        return
    model.committed += planned
    school.join(k)
    model.book("materials", materials_cost(school))


# -- money --------------------------------------------------------------------------------------------------------


def materials_cost(school: School) -> float:
    p = school.model.parameters
    if not school.offer["has_materials"]:
        return 0.0
    return p["c_materials_base"] + p["c_materials"] * school.offer["materials"]


def covered_days(school: School, hours_a_teacher: float) -> float:
    """Days of cover a year for so many hours a year of each post."""
    p = school.model.parameters
    return p["cover_share"] * hours_a_teacher * school.size / p["hours_a_day"]


def planned_cover_days(school: School) -> float:
    """The most days of cover a year that a funded school can have."""
    p = school.model.parameters
    tilt = 1.0 + p["h_target"] * school.offer["targeting"] * (school.fsm_rank - 0.5)
    return covered_days(school, p["h_cpd"] * school.offer["cpd"] * tilt * p["planned_attendance"])


def coordination_factor(model, fellows: int) -> float:
    """Hierarchies pay for their size; `fellows` counts the schools of the hierarchy."""
    plan, p = model.policy.cluster_plan, model.parameters
    if plan is None or not plan.hierarchy:
        return 1.0
    return 1.0 + max(0.0, fellows - p["hierarchy_free"]) / p["cost_scale"]


def yearly_costs(school: School, fellows: int) -> dict[str, float]:
    """GBP a year that a fully funded member costs, by category, but for cover and materials."""
    model, p, offer = school.model, school.model.parameters, school.offer
    costs = {
        "coaching": p["c_coaching"] * offer["coaching"] * school.size,
        "incentives": offer["incentive"],
    }
    if offer["preset"]:
        costs["network"] = offer["network_cost"]
        return costs
    days = p["expert_days"] * offer["external_expertise"] * (p["cascade_days"] if offer["tiers"] > 0.0 else 1.0)
    costs["experts"] = p["c_expert_day"] * days
    costs["facilitation"] = p["c_facilitators"] * offer["capacity_building"]
    costs["codesign"] = p["c_codesign"] * offer["ownership"]
    costs["community"] = p["c_community"] * offer["community"]
    costs["central"] = p["c_central"]
    if offer["meets"]:
        meeting = p["c_cluster"] * offer["collaboration"] + p["c_cluster_base"]
        costs["coordination"] = meeting * coordination_factor(model, fellows)
    return costs


def planned_cost(model, school: School) -> float:
    """What a school would cost over all its funded time, cover at its most."""
    years, ticks = 0.0, 0
    while (fund := funding_after(model, ticks)) > 0.0:
        years += fund * model.dt
        ticks += 1
    yearly = sum(yearly_costs(school, fellows_eligible(model, school)).values())
    cover = planned_cover_days(school) * school.day_of_cover()
    return years * (yearly + cover) + materials_cost(school)


def in_same_hierarchy(model, school: School) -> list[School]:
    plan = model.policy.cluster_plan
    if plan is None or not plan.hierarchy or school.colleagues_in(plan.within) < 0:
        return []
    group = school.colleagues_in(plan.within)
    return [other for other in model.schools if other.colleagues_in(plan.within) == group]


def fellows_eligible(model, school: School) -> int:
    return sum(1 for other in in_same_hierarchy(model, school) if model.policy.may_be_recruited(other))


def fellows_signed_up(model, school: School, k: int) -> int:
    return sum(1 for other in in_same_hierarchy(model, school) if other.signed_up[k])


def reach_cost(model, school: School, year: int) -> dict[str, float]:
    """GBP in a year for what every school gets, over all practices."""
    p, policy, many = model.parameters, model.policy, len(model.practices)
    return {
        "broadcast": many * p["c_broadcast"] * policy.reach("broadcast", school, year),
        "mandate": many * p["c_mandate"] * policy.reach("mandate", school, year),
    }


def commit_reach(model) -> set[int]:
    """Set broadcast and mandate aside for all their years; the rows of the schools that the budget lets them reach."""
    years = range(max(len(model.policy.years_of("broadcast")), len(model.policy.years_of("mandate"))))
    cost = {
        school.index: sum(sum(reach_cost(model, school, year).values()) for year in years) for school in model.schools
    }
    reached = set(cost)
    if model.budget is not None and sum(cost.values()) > model.budget:
        order = sorted(cost, key=lambda row: (model.draw("ASSIGN", 0, row, 0), row))
        reached, left = set(), model.budget
        for row in order:
            if cost[row] <= left:
                left -= cost[row]
                reached.add(row)
    model.committed += sum(cost[row] for row in reached)
    return reached


def pay(model) -> None:
    """Book this tick's money and teachers' own time, with funds and members as in step 2."""
    p, dt = model.parameters, model.dt
    for school in model.schools:
        for _ in model.practices:
            model.book("broadcast", p["c_broadcast"] * school.broadcast * dt)
            model.book("mandate", p["c_mandate"] * school.mandate * dt)
        for k, conditions in enumerate(school.conditions):
            if not school.signed_up[k]:
                continue
            for category, yearly in yearly_costs(school, fellows_signed_up(model, school, k)).items():
                model.book(category, yearly * conditions.fund * dt)
            days = min(
                covered_days(school, conditions.planned_hours * conditions.mean_attendance),
                conditions.fund * planned_cover_days(school),
            )
            model.book("cover", days * school.day_of_cover() * dt)
            attended = conditions.hours * conditions.mean_attendance * school.size
            facilitated = conditions.own_hours * school.size / p["f_reach"]
            model.staff_hours += (attended - days * p["hours_a_day"] + facilitated) * dt
