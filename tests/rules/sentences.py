"""Every sentence of the model's rules: the rule that holds it, what switches its term off, and a run in which that shows.

`SENTENCES` is the table; tests/rules/test_sentences.py asks two things of every row: with the term off the rule gives
something else, and two arms that differ in the term alone (same draws) differ as the sentence says.
`python -m tests.rules.sentences` measures the arms and writes docs/mechanisms.md.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kmsim.agents import Cluster, School, Teacher
from kmsim.model import Model
from kmsim.parameters import defaults, record
from kmsim.policies.levers import read_lever
from kmsim.policies.policy import read_policy
from kmsim.rules.adoption import LAPSED, TRYING, UNAWARE, USING
from kmsim.system.build import build
from kmsim.system.built import System

SEEDS = tuple(range(101, 113))
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "mechanisms.md"
Settings = Mapping[str, Any]


# -- asking a rule -----------------------------------------------------------
@dataclass(frozen=True)
class Call:
    """A rule at one point. `off`: arguments that take another value where no parameter switches the term off."""

    rule: str
    point: Mapping[str, Any]
    off: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, settings: Settings, is_off: bool) -> Any:
        module, name = self.rule.split(".")
        rule = getattr(importlib.import_module(f"kmsim.rules.{module}"), name)
        point = dict(self.point) | (dict(self.off) if is_off else {})
        p = record(defaults() | of_group("parameters", settings if is_off else {}))
        known = {"p": p, "dt": np.float32(1 / 6)}
        names = list(inspect.signature(rule.py_func).parameters)
        assert set(point) == set(names) - set(known)
        given = [known[n] if n in known else _as_32(point[n]) for n in names]
        return np.array(rule(*given), dtype=float)


@dataclass(frozen=True)
class Price:
    """What a lever books in one category, GBP: `costs`, `costs_per_post` or `once`."""

    rule: str  # the lever's class and method
    lever: str
    settings: Mapping[str, Any]
    category: str
    off: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, settings: Settings, is_off: bool) -> float:
        lever = read_lever(self.lever, dict(self.settings) | (dict(self.off) if is_off else {}), "sentence")
        p = defaults() | of_group("parameters", settings if is_off else {})
        return getattr(lever, self.rule.split(".")[-1])(p).get(self.category, 0.0)


@dataclass(frozen=True)
class InPhase:
    """A term that stands in a phase and not in a rule of its own: a number read off one short run of that phase."""

    rule: str
    statistic: str
    policy: Any = "codesigned_networks"
    years: int = 2

    def __call__(self, settings: Settings, is_off: bool) -> float:
        given = dict(settings) if is_off else {}
        policy = given.pop("policy", self.policy)
        return STATISTICS[self.statistic].of(_run(5, self.years, _frozen({"policy": policy} | given)))


def _as_32(value: Any) -> Any:
    return value if isinstance(value, bool | np.integer) else np.float32(value)


def of_group(group: str, settings: Settings) -> dict[str, Any]:
    """The settings of one group, without its name: `parameters.theta` -> theta."""
    return {key.removeprefix(f"{group}."): value for key, value in settings.items() if key.startswith(f"{group}.")}


def _options(years: int, settings: Settings) -> dict[str, Any]:
    return {"funded_years": min(3, years), "budget": None} | dict(settings)


# -- reading a run -----------------------------------------------------------
@dataclass(frozen=True)
class Statistic:
    """A number at the end of a run, and what it is in words."""

    meaning: str
    of: Callable[[Model], float]


def outcome(name: str, meaning: str) -> Statistic:
    """An outcome of the model, at the end of the run."""
    return Statistic(meaning, lambda model: float(model.outcome_arrays([name])[name][0, -1]))


def booked(category: str) -> Statistic:
    """A line of the ledger."""
    return Statistic(f"GBP booked as {category}", lambda model: model.ledger[category])


def posts(model: Model, column: str) -> np.ndarray:
    """A column of teachers, for the first practice."""
    values = model.tables[Teacher][column]
    return values[0] if values.ndim == 2 else values


def schools(model: Model, column: str) -> np.ndarray:
    """A column of schools, for the first practice."""
    values = model.tables[School][column]
    return values[0] if values.ndim == 2 else values


def members(model: Model) -> np.ndarray:
    """Schools that ever signed up."""
    return schools(model, "ever_member") > 0


def member_posts(model: Model) -> np.ndarray:
    """Posts of those schools."""
    return members(model)[posts(model, "school")]


def in_use(model: Model) -> np.ndarray:
    """Posts that are trying or using."""
    return np.isin(posts(model, "stage"), (TRYING, USING))


def of_members(column: str, meaning: str) -> Statistic:
    """The mean of a school's column over those that ever signed up."""
    return Statistic(meaning, lambda model: float(schools(model, column)[members(model)].mean()))


def difference(meaning: str, value: Callable, one: Callable, other: Callable) -> Statistic:
    """The mean of a value over some posts of member schools less its mean over others."""

    def of(model: Model) -> float:
        those, among = value(model), member_posts(model)
        return float(those[one(model) & among].mean() - those[other(model) & among].mean())

    return Statistic(meaning, of)


def _light(model: Model) -> np.ndarray:
    return posts(model, "base_workload") < 0.5


def _heavy(model: Model) -> np.ndarray:
    return ~_light(model)


def _hours_to_need(model: Model) -> float:
    """Covariance, over schools in clusters, of hours with how far a school's rank is above its cluster's mean."""
    cluster, hours = schools(model, "cluster"), schools(model, "hours")
    inside = cluster >= 0
    need = schools(model, "fsm_rank")[inside] - model.tables[Cluster]["need"][cluster[inside]]
    return float(np.mean(hours[inside] * need))


def _attendance(model: Model) -> float:
    met = schools(model, "hours") > 0
    return float(schools(model, "attendance")[met].mean())


def _leaders_first(model: Model) -> float:
    aware, leads = posts(model, "stage") != UNAWARE, posts(model, "role") > 0
    return float(aware[leads].mean() - aware[~leads].mean())


def _experience_gap(model: Model) -> float:
    rank, years = schools(model, "fsm_rank")[posts(model, "school")], posts(model, "experience").astype(float)
    return float(years[rank < 0.5].mean() - years[rank > 0.5].mean())


def _outside_use(model: Model) -> float:
    return float(in_use(model)[~member_posts(model)].mean())


def _climate_moved(model: Model) -> float:
    return float(np.abs(schools(model, "climate") - model.system.schools["climate"]).mean())


def _settled(model: Model) -> float:
    return float((posts(model, "stage") == USING).sum() / max(1, in_use(model).sum()))


def _sight_gap(model: Model) -> float:
    stage, noise = posts(model, "stage"), posts(model, "sight_noise")
    return float(noise[np.isin(stage, (TRYING, USING))].mean() - noise[stage == LAPSED].mean())


STATISTICS: dict[str, Statistic] = {
    "aware": outcome("aware", "share of teachers aware"),
    "spread": outcome("spread_teachers", "share of teachers trying or using"),
    "well": outcome("doing_it_well", "share of teachers doing it well"),
    "depth": outcome("depth", "mean fidelity of those in use"),
    "fidelity_sd": Statistic("SD of fidelity of those in use", lambda m: float(posts(m, "fidelity")[in_use(m)].std())),
    "ownership": outcome("ownership", "mean ownership of those in use"),
    "vitality": outcome("cluster_vitality", "mean vitality of clusters"),
    "facilitators": outcome("facilitators", "own facilitators to a cluster"),
    "signed_up": outcome("signed_up", "share of schools signed up"),
    "attainment": outcome("attainment_sd", "pupils' gain, SD"),
    "attainment_poor": outcome("attainment_disadvantaged_sd", "disadvantaged pupils' gain, SD"),
    "cost": outcome("cost_gbp", "GBP in all"),
    "staff_hours": outcome("staff_hours", "hours of teachers' own time"),
    "leaders_first": Statistic("share of leaders aware less that of teachers", _leaders_first),
    "attendance": Statistic("share of CPD hours attended", _attendance),
    "knowledge": Statistic("mean knowledge", lambda m: float(posts(m, "knowledge").mean())),
    "member_knowledge": Statistic("mean knowledge in member schools", lambda m: float(posts(m, "knowledge")[member_posts(m)].mean())),
    "light_learn": difference("knowledge, lightly less heavily loaded", lambda m: posts(m, "knowledge"), _light, _heavy),
    "light_use": difference("share in use, lightly less heavily loaded", in_use, _light, _heavy),
    "open_use": difference("openness of those in use less the others'", lambda m: posts(m, "openness"), in_use, lambda m: ~in_use(m)),
    "sight_gap": Statistic("noise in the benefit seen, in use less lapsed", _sight_gap),
    "settled": Statistic("share of those in use that are past trying", _settled),
    "rank": Statistic("mean rank of free meals of members", lambda m: float(schools(m, "fsm_rank")[members(m)].mean())),
    "climate_joined": Statistic("climate at the start of members", lambda m: float(m.system.schools["climate"][members(m)].mean())),
    "hours_to_need": Statistic("covariance of hours and need within clusters", _hours_to_need),
    "own_hours": of_members("own_hours", "CPD hours a year by own facilitators, member schools"),
    "expertise": of_members("expertise", "expertise taken in, member schools"),
    "routine": of_members("routine", "routine of member schools"),
    "priority": of_members("priority", "priority in member schools"),
    "climate": of_members("climate", "climate of member schools"),
    "climate_moved": Statistic("how far climate has moved, all schools", _climate_moved),
    "experience_gap": Statistic("years of experience, least less most disadvantaged half", _experience_gap),
    "outside_use": Statistic("share in use in schools that never signed up", _outside_use),
    **{f"booked_{name}": booked(name) for name in ("cover", "experts", "coaching", "facilitation", "coordination", "materials", "incentives", "central")},
}  # fmt: skip


# -- the two arms ------------------------------------------------------------
@dataclass(frozen=True)
class Sentence:
    """One sentence: the rule and term that hold it, and the two arms in which it shows.

    off: the settings that switch the term off (`parameters.x`, `network.x`, `practice.x`, or `policy` for another one).
    sign: whether the statistic is higher (1) or lower (-1) with the term on. both: settings of both arms.
    """

    id: str
    part: str
    says: str
    ask: Call | Price | InPhase
    off: Settings
    statistic: str
    sign: int
    policy: Any = "codesigned_networks"
    years: int = 5
    both: Settings = field(default_factory=dict)

    @property
    def term(self) -> str:
        """What is switched off, in a few words."""
        return in_words(self.off)

    @property
    def where(self) -> str:
        """The rule, phase or lever, as it stands in kmsim."""
        folder = {Call: "rules", Price: "policies.levers", InPhase: "phases"}[type(self.ask)]
        return f"{folder}.{self.ask.rule}"

    def arms(self, seeds: tuple[int, ...] = SEEDS) -> tuple[np.ndarray, np.ndarray]:
        """The statistic with the term on and off, one value a seed; the two arms share every draw."""
        of = STATISTICS[self.statistic].of
        on = {"policy": self.policy} | dict(self.both)
        return tuple(
            np.array([of(_run(s, self.years, _frozen(arm))) for s in seeds]) for arm in (on, on | dict(self.off))
        )


def in_words(settings: Settings) -> str:
    """Settings of an arm in a few words; another policy by what it has changed."""
    return ", ".join(
        f"policy {v if isinstance(v, str) else v['name']}"
        if k == "policy"
        else f"{k.removeprefix('parameters.')} = {v:g}"
        for k, v in settings.items()
    )


def _frozen(settings: Settings) -> tuple:
    return tuple(sorted((key, _Plain(value)) for key, value in settings.items()))


class _Plain:
    """A setting that can stand in a cache's key, whatever it is."""

    def __init__(self, value: Any):
        self.value, self.text = value, repr(value)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plain) and self.text == other.text

    def __lt__(self, other: _Plain) -> bool:
        return self.text < other.text


@cache
def town() -> System:
    """Forty invented schools, some 900 posts: what both arms run on."""
    return build("synthetic", {"n_schools": 40, "seed": 3})


@cache
def _run(seed: int, years: int, settings: tuple) -> Model:
    given = {key: plain.value for key, plain in settings}
    policy = given.pop("policy")
    return Model(system=town(), policy=policy, seed=seed, years=years, **_options(years, given)).run()


def changed(policy: str, **levers: Any) -> dict[str, Any]:
    """A shipped policy with levers changed or added (None: left out), as a mapping."""
    given = [describe(lever) for lever in read_policy(policy).levers]
    out = [
        {key: value | levers.get(key, {})}
        for entry in given
        for key, value in entry.items()
        if levers.get(key, {}) is not None
    ]
    present = {key for entry in given for key in entry}
    out += [{key: value} for key, value in levers.items() if key not in present and value is not None]
    return {"name": f"{policy} {_told(levers)}", "levers": out}


def _told(levers: Mapping[str, Any]) -> str:
    """What `changed` changes, in words: levers' settings, and the levers left out."""
    given = [
        f"{key}.{name} {str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}"
        for key, settings in levers.items()
        for name, value in (settings or {}).items()
    ]
    left_out = [key for key, settings in levers.items() if settings is None]
    parts = [("with ", given), ("without ", left_out)]
    return ", ".join(word + ", ".join(items) for word, items in parts if items)


def describe(lever: Any) -> dict[str, dict[str, Any]]:
    """A lever as YAML would have it."""
    own = [f.name for f in fields(lever) if f.name not in ("start", "stop", "eligible")]
    return {lever.key: {name: getattr(lever, name) for name in own}}


MANDATE, GUIDANCE, SCRIPT = "national_mandate", "guidance_only", "scripted_programme"
HIERARCHY = changed(
    "codesigned_networks", recruit={"assigned": True, "coverage": 0.8}, form_clusters={"hierarchy": True}
)
ONE_NETWORK = changed("codesigned_networks", recruit={"assigned": True, "coverage": 0.8})
OPEN = changed("codesigned_networks", recruit={"coverage": 1.0})
PAID = changed("codesigned_networks", recruit={"coverage": 1.0}, incentive={"gbp": 3000})
KNOWN = changed("codesigned_networks", recruit={"coverage": 1.0, "existing": 1})
ASKED = changed("codesigned_networks", recruit={"coverage": 1.0, "ask": 3000})
OPEN_SCRIPT = changed("scripted_programme", recruit={"coverage": 1.0})
MANDATED_NETWORKS = changed("codesigned_networks", mandate={"strength": 1.0})
COMMUNITY = changed("hub_and_spoke", community={"involvement": 1.0})
NO_COACH = changed("coaching", coaching=None)
PAIRED = changed("codesigned_networks", form_clusters={"pair": True, "network_size": 2, "within": "la"})


def off(**parameters: float) -> dict[str, float]:
    """Parameters at the values that switch a term off."""
    return {f"parameters.{name}": float(value) for name, value in parameters.items()}


TRY = {
    "u": 0.5, "q": 0.3, "o": 0.4, "reinforced": 0.5, "priority": 0.6, "mandate": 1, "w": 0.7, "hard": 0.6, "openness": 1,
}  # fmt: skip
GO = {"o": 0.4, "reinforced": 0.5, "seen": 0.5, "priority": 0.6, "mandate": 1, "w": 0.7}
SIGNUP = {
    "mandate": 1, "invited": 1, "climate": 0.7, "neighbours": 0.5, "existing": 1, "incentive": 2000, "scripting": 0.9, "ask": 2000,
    "targeting": 0.9, "fsm_rank": 0.8,
}  # fmt: skip
FIDELITY = {
    "q": 0.3, "rehearsed": 6, "support": 0.5, "q_star": 0.8, "q_school": 0.5, "q_cluster": 0.6, "lively": 0.6, "in_use": 1,
}  # fmt: skip
OWN = {"o": 0.3, "part": 0.3, "success": 0.1, "vitality": 0.6, "o_cluster": 0.5, "mandate": 1}
KNOW = {"u": 0.1, "attended": 10, "quality": 0.6, "in_use": 0}
EXPERT = {"e": 0.3, "attended": 10, "ex": 0.7, "carry": 1, "v": 0.6, "e_cluster": 0.4, "in_hand": 0.5}
VITALITY = {"v": 0.5, "collaboration": 0.75, "kappa": 1, "fund": 0.2, "own": 0.4, "facilitators": 2}
BUNDLE = {"v": 0.6, "expertise": 0.6, "carry": 1}
REPLY = {"early": 1, "broadcast": 1, "aware_share": 0.5, "hours": 6}
HEARD = {"observability": 0.5, "nu": 1, "effect": 0.12, "community": 0.5}
PRIORITY = {"priority": 0.3, "climate": 0.6, "fund": 0.5, "owned_use": 0.4, "signed_up": True}
ROUTINE = {"routine": 0.2, "capacity": 0.7, "scripting": 0, "deep_use": 0.5}
ATTEND = {"priority": 0.7, "mandate": 1, "workload": 0.8, "noise": 1}
QUALITY = {"ex": 0.7, "expertise": 0.5, "carry": 1, "scripting": 0, "focus": 0.7}
SUPPORT = {"standing": 0.4, "use_share": 0.5, "q_school": 0.5, "community": 0.5, "vitality": 0.7}
POOL = {"parameters.pool_free": 0.02}

# fmt: off
SENTENCES: tuple[Sentence, ...] = (
    # awareness
    Sentence("aware-outside", "Awareness", "A few in a hundred hear of a practice each year whatever anyone does",
             Call("awareness.awareness_rate", REPLY), off(p_aware=0), "aware", 1, "business_as_usual"),
    Sentence("aware-ties", "Awareness", "The more of one's advisers have heard of it, the sooner one hears",
             Call("awareness.awareness_rate", REPLY), off(q_aware=0), "aware", 1, years=8),
    Sentence("aware-broadcast", "Awareness", "A broadcast makes people aware",
             Call("awareness.awareness_rate", REPLY), off(broadcast=0), "aware", 1, GUIDANCE),
    Sentence("aware-cpd", "Awareness", "Whoever attends CPD hears of it",
             Call("awareness.awareness_rate", REPLY), off(aware_cpd=0), "aware", 1, years=2),
    Sentence("aware-leaders", "Awareness", "Leaders hear years before teachers",
             Call("awareness.earliness", {"role": np.int64(3)}), off(k_middle=1, k_senior=1, k_head=1), "leaders_first", 1,
             "business_as_usual", 2),
    Sentence("aware-little", "Awareness", "Having heard of it brings a little knowledge and no more",
             Call("cpd.knowledge_after", KNOW), off(u_use=0), "knowledge", 1, GUIDANCE),
    # CPD
    Sentence("attend-priority", "CPD", "Teachers attend more where the head backs it",
             Call("cpd.attendance", ATTEND), off(att_priority=0), "attendance", 1, years=2),
    Sentence("attend-mandate", "CPD", "... and under a mandate",
             Call("cpd.attendance", ATTEND), off(att_mandate=0), "attendance", 1, MANDATE, 2),
    Sentence("attend-workload", "CPD", "... and less under a heavy workload: time is the barrier",
             Call("cpd.attendance", ATTEND), off(att_workload=0), "light_learn", 1, years=2),
    Sentence("cpd-knowledge", "CPD", "Hours of good CPD bring knowledge",
             Call("cpd.knowledge_after", KNOW), off(a_u=0), "member_knowledge", 1, years=3),
    Sentence("cpd-fidelity", "CPD", "Rehearsed hours build fidelity",
             Call("peers.fidelity_after", FIDELITY), off(a_q=0), "depth", 1, years=3),
    Sentence("cpd-rehearsal", "CPD", "Hours without rehearsal and feedback do not",
             Call("cpd.rehearsal", {"vitality": 0.6, "coached": 0}), off(c_floor=0, c_vitality=0), "depth", 1, years=3),
    Sentence("cpd-coach", "CPD", "A coach makes all of it rehearsal",
             Call("cpd.rehearsal", {"vitality": 0.2, "coached": 1}, {"coached": 0}), {"policy": NO_COACH}, "well", 1, "coaching", 3),
    Sentence("cpd-expert", "CPD", "CPD is better where experts give it",
             Call("cpd.quality", QUALITY, {"ex": 0, "expertise": 0}), {"network.external_expertise": 0.0}, "member_knowledge", 1, years=2),
    Sentence("cpd-focus", "CPD", "CPD is better where it has a focus",
             Call("cpd.quality", QUALITY, {"focus": 0}), {"network.focus": 0.0}, "well", 1, years=3),
    Sentence("ceiling-expertise", "CPD", "Fidelity has a ceiling that expertise lifts: no new knowledge in, no depth",
             Call("cpd.ceiling", {"expertise": 0.6, "carry": 1, "scripting": 0, "aptitude": 0}), off(q_range=0), "depth", 1),
    Sentence("ceiling-script", "CPD", "... and that a script lifts as well",
             Call("cpd.ceiling", {"expertise": 0.1, "carry": 1, "scripting": 0.9, "aptitude": 0}), off(script_weight=0), "depth", 1, SCRIPT),
    Sentence("ceiling-aptitude", "CPD", "People differ in what they can reach, so that schools do not turn as one",
             Call("cpd.ceiling", {"expertise": 0.2, "carry": 1, "scripting": 0, "aptitude": 1.5}), off(q_aptitude=0), "fidelity_sd", 1),
    Sentence("collaboration-carries", "CPD", "Collaboration carries what there is to carry from school to school",
             Call("clusters.expertise_after", EXPERT, {"v": 0}), {"network.collaboration": 0.0}, "well", 1),
    # peers
    Sentence("peers-pull", "Peers", "Colleagues who do it better pull fidelity toward theirs",
             Call("peers.fidelity_after", FIDELITY), off(peer_learn=0), "depth", 1, years=3),
    Sentence("peers-school", "Peers", "... those of one's own school among them",
             Call("peers.fidelity_after", FIDELITY), off(peer_school=0), "depth", 1, "hub_and_spoke", 8),
    Sentence("peers-doing", "Peers", "Supported use is itself practice",
             Call("peers.fidelity_after", FIDELITY), off(q_doing=0), "depth", 1),
    # trying
    Sentence("try-reinforced", "Trying", "Contacts who use it reinforce one another",
             Call("adoption.try_rate", TRY), off(b_reinforcement=0), "spread", 1),
    Sentence("try-threshold", "Trying", "... but it takes two or three: complex contagion",
             Call("adoption.reinforcement", {"n": 1}), off(theta=0.05), "spread", -1, years=3),
    Sentence("try-visible", "Trying", "A contact counts in full only who visibly gains: one doing it well",
             InPhase("teachers.teachers", "spread", years=3), off(half_user=1), "spread", -1, years=3),
    Sentence("try-priority", "Trying", "The head's backing makes teachers try",
             Call("adoption.try_rate", TRY), off(b_priority=0), "spread", 1, years=3),
    Sentence("try-mandate", "Trying", "... and so does a mandate",
             Call("adoption.try_rate", TRY), off(b_mandate=0), "spread", 1, MANDATE, 3),
    Sentence("try-ownership", "Trying", "... and ownership",
             Call("adoption.try_rate", TRY), off(b_ownership=0), "spread", 1),
    Sentence("try-workload", "Trying", "Workload keeps people from trying",
             Call("adoption.try_rate", TRY), off(b_workload=0), "light_use", 1, years=3),
    Sentence("try-busy", "Trying", "Trying something is itself a load",
             Call("adoption.load", {"workload": 0.5, "trying": 1}), off(w_trying=0), "spread", -1, years=8),
    Sentence("try-complexity", "Trying", "The more complex the practice, the fewer try it",
             Call("adoption.hardness", {"complexity": 0.6, "nu": 1, "scripting": 0}, {"complexity": 0}), {"practice.complexity": 0.0},
             "spread", -1, years=3),
    Sentence("try-script", "Trying", "A script makes it less complex",
             Call("adoption.hardness", {"complexity": 0.6, "nu": 1, "scripting": 0.9}), off(script_simple=0), "spread", 1, SCRIPT, 3),
    Sentence("try-open", "Trying", "Those open to change try first",
             Call("adoption.try_rate", TRY), off(b_openness=0), "open_use", 1, years=3),
    Sentence("try-know", "Trying", "Nobody tries what they do not know",
             Call("adoption.try_rate", TRY, {"u": 0}), off(a_u=0, u_use=0), "spread", 1, years=3),
    # using, lapsing, dropping
    Sentence("use-quality", "Using and lapsing", "Those who do it better settle sooner",
             Call("adoption.settle_rate", {"q": 0.4, "support": 0.5}), off(q_half=0.001), "settled", -1, years=2),
    Sentence("use-support", "Using and lapsing", "Without support few settle",
             Call("adoption.settle_rate", {"q": 0.4, "support": 0.2}), off(support_floor=1), "settled", -1, years=2),
    Sentence("lapse", "Using and lapsing", "Some who try lapse",
             InPhase("teachers.teachers", "spread", years=3), off(r_lapse=0), "spread", -1),
    Sentence("drop", "Using and lapsing", "Some who use it drop it",
             InPhase("teachers.teachers", "spread", years=3), off(r_drop=0), "spread", -1, years=8),
    Sentence("hold-ownership", "Using and lapsing", "Ownership holds people to it",
             Call("adoption.letting_go", GO), off(c_ownership=0), "spread", 1, years=8),
    Sentence("hold-contacts", "Using and lapsing", "... and so do contacts who use it",
             Call("adoption.letting_go", GO), off(c_reinforcement=0), "spread", 1, years=8),
    Sentence("hold-benefit", "Using and lapsing", "... and the gain that they see in their own pupils",
             Call("adoption.letting_go", GO), off(c_benefit=0), "spread", 1, years=8),
    Sentence("hold-sight", "Using and lapsing", "What they see is noisy, so some are misled",
             Call("adoption.benefit_seen", {"visible": 1, "q": 0.6, "noise": 1}), off(seen_noise=0), "sight_gap", 1, years=8),
    Sentence("hold-effect", "Using and lapsing", "A practice that does more for pupils is held on to longer",
             Call("adoption.visible_gain", HEARD, {"effect": 0}), {"practice.effect": 0.0}, "spread", 1, years=8),
    Sentence("hold-priority", "Using and lapsing", "The head's backing holds people to it",
             Call("adoption.letting_go", GO), off(c_priority=0), "spread", 1, years=8),
    Sentence("hold-workload", "Using and lapsing", "Workload makes them let go",
             Call("adoption.letting_go", GO), off(c_workload=0), "light_use", 1, policy=MANDATE),
    Sentence("hold-mandate", "Using and lapsing", "A mandate holds lapsing down while it lasts",
             Call("adoption.letting_go", GO), off(mandate_hold=0), "spread", 1, MANDATE, 3),
    Sentence("retry", "Using and lapsing", "Those who lapsed may try again",
             InPhase("teachers.teachers", "spread", years=3), off(retry=0), "spread", 1, years=8),
    Sentence("retry-reduced", "Using and lapsing", "... at a reduced rate",
             InPhase("teachers.teachers", "spread", years=3), off(retry=1), "spread", -1, years=8),
    # drift
    Sentence("drift", "Fidelity drift", "Unsupported, fidelity falls",
             Call("peers.fidelity_after", FIDELITY), off(phi_q=0), "depth", -1, "hub_and_spoke", 8),
    Sentence("drift-support", "Fidelity drift", "Support from a lively cluster with expertise, or from colleagues who do it well, stops that",
             Call("peers.support", SUPPORT), off(s_support=0), "depth", 1, years=8),
    Sentence("drift-routine", "Fidelity drift", "School routine slows it",
             Call("peers.standing_support", {"vitality": 0.1, "expertise": 0.1, "carry": 1, "routine": 0.5, "scripting": 0}), off(s_routine=0),
             "depth", 1, years=8, both={"network.ownership": 0.05}),
    # something new
    Sentence("new", "Something new", "A network with nothing new has nothing to carry",
             Call("cpd.carried", {"novelty": 0.7}, {"novelty": 0.05}), {"network.novelty": 0.05}, "attainment", 1),
    Sentence("target-recruits", "Something new", "Targeting brings in disadvantaged schools",
             Call("schools.signup_rate", SIGNUP), off(s_target=0), "rank", 1, "targeted_networks"),
    Sentence("target-hours", "Something new", "... steers hours to them",
             Call("clusters.planned_hours", {"cpd": 0.7, "targeting": 0.9, "need": 0.3}), off(h_target=0), "hours_to_need", 1,
             "targeted_networks", 3),
    Sentence("target-gain", "Something new", "... and gain to disadvantaged pupils",
             Call("attainment.disadvantaged_gain", {"attainment": 0.1, "targeting": 0.9, "community": 0}), off(d_target=0), "attainment_poor", 1,
             "targeted_networks"),
    Sentence("community-support", "Something new", "The community adds support",
             Call("peers.support", SUPPORT), off(s_community=0), "depth", 1),
    Sentence("community-seen", "Something new", "... makes gains seen",
             Call("adoption.visible_gain", HEARD), off(seen_community=0), "spread", 1, policy=COMMUNITY, years=8),
    Sentence("community-gain", "Something new", "... and adds to disadvantaged pupils' gain",
             Call("attainment.disadvantaged_gain", {"attainment": 0.1, "targeting": 0, "community": 0.5}), off(d_community=0), "attainment_poor", 1),
    # ownership
    Sentence("own-part", "Ownership", "Taking part in setting goals makes it one's own",
             Call("ownership.goal_setting", {"ownership": 0.75, "vitality": 0.6, "meets": 1, "scripting": 0}), off(o_part=0), "ownership", 1,
             years=3),
    Sentence("own-script", "Ownership", "A script leaves less to take part in",
             Call("ownership.goal_setting", {"ownership": 0.75, "vitality": 0.6, "meets": 1, "scripting": 0.9}), off(script_rigid=0), "ownership",
             -1, changed("codesigned_networks", materials={"scripting": 0.9}), 3),
    Sentence("own-success", "Ownership", "Own success makes it one's own",
             Call("ownership.success_gain", {"ownership": 0.5, "vitality": 0.6}), off(o_success=0), "ownership", 1),
    Sentence("own-peers", "Ownership", "Owning peers make it one's own",
             Call("ownership.ownership_after", OWN), off(o_peers=0), "ownership", 1),
    Sentence("own-mandate", "Ownership", "A mandate wears ownership",
             Call("ownership.ownership_after", OWN), off(o_mandate=0), "ownership", -1, MANDATED_NETWORKS, 3),
    Sentence("own-fade", "Ownership", "It fades slowly",
             Call("ownership.ownership_after", OWN), off(o_fade=0), "ownership", -1, "hub_and_spoke", 8),
    Sentence("own-moves", "Ownership", "It does not move whole with a mover",
             InPhase("turnover.turnover", "ownership", years=3), off(o_keep=1), "ownership", -1, "hub_and_spoke", 8),
    # clusters
    Sentence("cluster-collaboration", "Clusters", "Clusters live by collaboration, while there is money",
             Call("clusters.vitality_after", VITALITY, {"collaboration": 0}), {"network.collaboration": 0.0}, "vitality", 1, years=2),
    Sentence("cluster-slow", "Clusters", "They take time to come alive",
             Call("clusters.vitality_after", VITALITY), off(tau_v=0.01), "vitality", -1, years=1),
    Sentence("cluster-ownership", "Clusters", "After the money ownership keeps them alive",
             Call("clusters.vitality_after", VITALITY), off(own_gain=0), "vitality", 1),
    Sentence("cluster-own-facilitators", "Clusters", "... together with facilitators of their own",
             Call("clusters.vitality_after", VITALITY, {"facilitators": 0}), off(f_gain=0), "vitality", 1),
    Sentence("facilitators-grow", "Clusters", "Champions become facilitators where capacity is built",
             Call("clusters.facilitators_after", {"f": 1, "capacity": 0.7, "v": 0.6, "champions": 4}, {"capacity": 0}),
             {"network.capacity_building": 0.0}, "facilitators", 1),
    Sentence("facilitators-leave", "Clusters", "Facilitators are lost",
             Call("clusters.facilitators_after", {"f": 2, "capacity": 0.7, "v": 0.6, "champions": 1}), off(f_loss=0.001), "facilitators", -1),
    Sentence("facilitators-give", "Clusters", "After funding they give the CPD",
             Call("clusters.own_hours", {"plan": 25, "facilitators": 2, "v": 0.6, "posts": 120}), off(h_facilitator=0), "own_hours", 1, years=8),
    Sentence("expertise-in", "Clusters", "Expertise is taken in with hours",
             Call("clusters.expertise_after", EXPERT), off(e_gain=0), "expertise", 1, years=3),
    Sentence("expertise-spreads", "Clusters", "... and spreads in a lively cluster",
             Call("clusters.expertise_after", EXPERT, {"v": 0}), {"network.collaboration": 0.0}, "expertise", 1, PAIRED, 2,
             {"network.external_expertise": 0.1}),
    Sentence("expertise-fades", "Clusters", "... and fades",
             Call("clusters.expertise_after", EXPERT | {"e_cluster": 0.1, "ex": 0}), off(e_loss=0), "expertise", -1, "hub_and_spoke", 8),
    Sentence("expertise-held", "Clusters", "... less where own facilitators hold it",
             Call("clusters.expertise_after", EXPERT | {"e_cluster": 0.1, "ex": 0}), off(e_hold=0), "expertise", 1, years=8),
    Sentence("expert-pool", "Clusters", "The more experts are drawn, the worse they are on the whole",
             Call("clusters.pool_quality", {"experts": 60}), off(pool_slope=0), "expertise", -1, years=2, both=POOL),
    Sentence("expert-cascade", "Clusters", "Each tier of a cascade keeps a share of quality",
             Call("clusters.expert_quality", {"external_expertise": 0.6, "fund": 1, "pool": 1, "tiers": 2}), off(tier_keep=1), "expertise", -1,
             "train_the_trainer", 3),
    Sentence("cluster-size", "Clusters", "Size costs vitality in hierarchies only",
             Call("clusters.coordination", {"schools": 30, "hierarchy": True}, {"hierarchy": False}), {"policy": ONE_NETWORK}, "vitality", -1,
             HIERARCHY, 2),
    # turnover
    Sentence("leave", "Turnover", "People leave, champions among them, and what they can do goes with them",
             Call("turnover.leave_chance", {"experience": np.int64(1)}),
             off(leave_0=0, leave_2=0, leave_4=0, leave_6=0, leave_10=0, leave_30=0), "well", -1, years=8),
    Sentence("move", "Turnover", "Movers carry a practice to schools that never signed up",
             InPhase("turnover.turnover", "experience_gap"), off(move=0), "outside_use", 1, years=8),
    Sentence("strain", "Turnover", "More leave and move where more are poor",
             Call("turnover.strain", {"fsm_rank": 0.9}), off(turnover_fsm=0), "experience_gap", 1, years=8),
    Sentence("newcomers", "Turnover", "Newcomers start from the school's routine",
             Call("turnover.newcomer_known", {"routine": 0.4}), off(new_u=0, new_q=0), "depth", 1, years=8),
    Sentence("newcomers-heard", "Turnover", "Those who taught before have heard of it as their new colleagues have",
             Call("turnover.newcomer_heard", {"experience": np.int64(4), "aware_share": 0.6, "routine": 0, "draw": 0.5},
                  {"aware_share": 0.0}), off(newcomer_fresh=1), "aware", 1, "business_as_usual", years=8),
    Sentence("head-priority", "Turnover", "A new head cuts priority",
             InPhase("turnover.turnover", "priority", years=4), off(head_reset=1), "priority", -1, years=8),
    Sentence("head-climate", "Turnover", "... and may change climate",
             InPhase("turnover.turnover", "climate_moved", years=4), off(head_climate=1), "climate_moved", 1, years=8),
    # schools
    Sentence("signup-climate", "Schools", "Schools with a better climate sign up sooner",
             Call("schools.signup_rate", SIGNUP), off(s_climate=0), "climate_joined", 1),
    Sentence("signup-neighbours", "Schools", "... and those whose neighbours have",
             Call("schools.signup_rate", SIGNUP), off(s_neighbours=0), "signed_up", 1, OPEN, 3),
    Sentence("signup-existing", "Schools", "... and those asked through a network they know",
             Call("schools.signup_rate", SIGNUP), off(s_existing=0), "signed_up", 1, KNOWN, 3),
    Sentence("signup-incentive", "Schools", "... and those paid to",
             Call("schools.signup_rate", SIGNUP), off(s_incentive=0), "signed_up", 1, PAID, 3),
    Sentence("signup-script", "Schools", "... and those offered a script",
             Call("schools.signup_rate", SIGNUP), off(s_scripting=0), "signed_up", 1, OPEN_SCRIPT, 3),
    Sentence("signup-ask", "Schools", "Asking schools to pay puts them off",
             Call("schools.signup_rate", SIGNUP), off(s_ask=0), "signed_up", -1, ASKED, 3),
    Sentence("signup-mandate", "Schools", "A mandate makes them sign up",
             Call("schools.signup_rate", SIGNUP), off(rate_mandate=0), "signed_up", 1, MANDATE, 3),
    Sentence("withdraw", "Schools", "Without contract or live cluster schools withdraw",
             Call("schools.withdrawal_rate", {"fund": 0, "v": 0.1}), off(withdraw_dead=0.014), "signed_up", -1, MANDATE, 8),
    Sentence("priority-funded", "Schools", "Money buys priority",
             Call("schools.priority_after", PRIORITY), off(pr_floor=0, pr_climate=0), "priority", 1, years=3),
    Sentence("priority-owned", "Schools", "After it, owned use keeps priority",
             Call("schools.priority_after", PRIORITY), off(pr_owned=0), "priority", 1, years=8),
    Sentence("routine-grows", "Schools", "Routine grows with deep use where capacity is built",
             Call("schools.routine_after", ROUTINE), off(r_gain=0), "routine", 1),
    Sentence("routine-fades", "Schools", "... and fades",
             Call("schools.routine_after", ROUTINE), off(r_loss=0.001), "routine", -1, years=8),
    Sentence("climate-learnt", "Schools", "Climate is learnt from the cluster's best",
             Call("schools.climate_after", {"climate": 0.4, "v": 0.6, "best": 0.8}), off(climate_gain=0), "climate", 1),
    # attainment
    Sentence("gain-effect", "Attainment", "Pupils gain by the practice's effect",
             Call("attainment.attainment_after", {"attainment": 0, "effect": 0.12, "nu": 1, "deep_use": 0.5}, {"effect": 0}),
             {"practice.effect": 0.0}, "attainment", 1),
    Sentence("gain-full-depth", "Attainment", "Full depth gives effect_ratio times the effect that a practice is given",
             Call("attainment.attainment_after", {"attainment": 0, "effect": 0.12, "nu": 1, "deep_use": 0.5}), off(effect_ratio=0), "attainment", 1),
    Sentence("gain-later", "Attainment", "... some years later",
             Call("attainment.attainment_after", {"attainment": 0, "effect": 0.12, "nu": 1, "deep_use": 0.5}), off(delay=0.01), "attainment", -1,
             years=2),
    # cost
    Sentence("cost-cover", "Cost", "Cover for half the hours is paid",
             InPhase("money.money", "cost"), off(cover_share=0), "booked_cover", 1, years=3),
    Sentence("cost-time", "Cost", "The rest is teachers' own time, shown apart",
             InPhase("money.money", "staff_hours"), off(cover_share=0), "staff_hours", -1, years=3),
    Sentence("cost-experts", "Cost", "Expert days are paid",
             Price("ExpertDays.costs", "expert_days", {"expertise": 0.75}, "experts"), off(c_expert_day=0), "booked_experts", 1, years=2),
    Sentence("cost-coaching", "Cost", "Coaching is paid by the hour",
             Price("Coaching.costs_per_post", "coaching", {"hours": 15}, "coaching"), off(c_coaching=0), "booked_coaching", 1, "coaching", 2),
    Sentence("cost-facilitation", "Cost", "Training facilitators is paid",
             Price("TrainFacilitators.costs", "train_facilitators", {"capacity": 0.7}, "facilitation"), off(c_facilitators=0),
             "booked_facilitation", 1, years=2),
    Sentence("cost-coordination", "Cost", "Keeping clusters is paid",
             Price("FormClusters.costs", "form_clusters", {"collaboration": 0.75}, "coordination"), off(c_cluster=0, c_cluster_base=0),
             "booked_coordination", 1, years=2),
    Sentence("cost-size", "Cost", "... and costs more in large hierarchies",
             InPhase("money.money", "booked_coordination", HIERARCHY), {"policy": ONE_NETWORK}, "booked_coordination", 1, HIERARCHY, 2),
    Sentence("cost-materials", "Cost", "Materials are paid once",
             Price("Materials.once", "materials", {"scripting": 0.9}, "materials"), off(c_materials=0, c_materials_base=0), "booked_materials", 1,
             SCRIPT, 2),
    Sentence("cost-incentives", "Cost", "Incentives are paid",
             Price("Incentive.costs", "incentive", {"gbp": 3000}, "incentives", {"gbp": 0}), {"policy": OPEN},
             "booked_incentives", 1, PAID, 2),
    Sentence("cost-central", "Cost", "A central team is paid",
             Price("Recruit.costs", "recruit", {}, "central"), off(c_central=0), "booked_central", 1, years=2),
    Sentence("cost-budget", "Cost", "A budget holds the total, and coverage is what it buys",
             InPhase("money.money", "cost", years=3), {"budget": 100_000.0}, "cost", 1, years=3),
)
# fmt: on


# -- writing it down ---------------------------------------------------------
def measured(sentence: Sentence) -> tuple[float, float, float, float, int]:
    """(on, off, difference, its standard error, seeds in which it has the sentence's sign)."""
    on, without = sentence.arms()
    gap = on - without
    return (
        on.mean(),
        without.mean(),
        gap.mean(),
        gap.std(ddof=1) / np.sqrt(len(gap)),
        int((gap * sentence.sign > 0).sum()),
    )


def document() -> str:
    """docs/mechanisms.md, measured afresh."""
    lines = [
        "# Mechanisms: every sentence, its rule, its test and what it does in a run",
        "",
        "Made by `python -m tests.rules.sentences` from the table `SENTENCES` of that file; do not edit it by hand.",
        "",
        f"Each row's term is switched off in one of two arms that share every draw: {town().n_schools} invented schools with",
        f"{town().n_posts} posts, {len(SEEDS)} seeds, three funded years (fewer in shorter runs), each policy at its own cost. Policy",
        "codesigned_networks where none is named. Numbers are means over seeds with the term on and off; the last column counts the",
        "seeds in which the difference has the sign that the sentence says.",
        "",
        "Each row is held by two tests of `tests/rules/test_sentences.py`: `test_the_rule_answers[ID]` (the rule gives something else",
        "with the term off) and `test_a_run_shows_it[ID]` (the arms differ as the sentence says, by more than two standard errors).",
    ]
    part = None
    for s in SENTENCES:
        if s.part != part:
            part = s.part
            lines += ["", f"## {part}", "", "| id | sentence | rule | term off | what is measured | on | off | seeds |"]
            lines += ["|---|---|---|---|---|---|---|---|"]
        on, without, _, _, agree = measured(s)
        lines.append(
            f"| {s.id} | {s.says} | `{s.where}` | {s.term} | {STATISTICS[s.statistic].meaning}, {arms_in_words(s)} "
            f"| {_number(on)} | {_number(without)} | {agree} of {len(SEEDS)} |"
        )
    return "\n".join(lines) + "\n"


def arms_in_words(s: Sentence) -> str:
    """What both arms of a sentence are: their policy, what is set in both, and the year that is read."""
    name = s.policy if isinstance(s.policy, str) else s.policy["name"]
    where = [] if name == "codesigned_networks" else [name]
    both = [f"both arms {in_words(s.both)}"] if s.both else []
    return ", ".join([*where, *both, f"year {s.years}"])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"{DOCUMENT}: {len(SENTENCES)} sentences")
