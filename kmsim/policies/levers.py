"""The levers: each a small frozen class that sets named quantities for eligible schools and books what that costs.

A new lever is one more class, in any file: subclass Lever, give it a `key`, fields with defaults, and say in `sets`
what it sets and in `costs` what a school-year of it costs. Nothing else needs to know of it.

Example
-------
>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class QuietHour(Lever):
...     "An hour a week free of meetings, for rehearsal."
...     key = "quiet_hour"
...     share: float = 0.1
...     def sets(self):
...         return {"collaboration": self.share}
...     def costs(self, p):
...         return {"coordination": 900 * self.share}
>>> LEVERS["quiet_hour"] is QuietHour
True
>>> _ = LEVERS.pop("quiet_hour")
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, ClassVar, get_type_hints

from kmsim.bounds import BOUNDS, Bound, bounded, bounded_name
from kmsim.errors import BadValue, unknown
from kmsim.policies.eligibility import Eligibility

Values = Mapping[str, float]

# What levers may set. The first two hold for every eligible school in the lever's years, the rest for members.
WIDE = ("broadcast", "mandate")
MEMBER = (
    "cpd",
    "focus",
    "external_expertise",
    "tiers",
    "coaching",
    "capacity_building",
    "ownership",
    "collaboration",
    "targeting",
    "community",
    "novelty",
    "incentive",
    "scripting",
)
LEVERS: dict[str, type[Lever]] = {}


@dataclass(frozen=True, kw_only=True)
class Lever:
    """What a policy is made of. Subclasses say what they set and what that costs.

    start, stop: policy years between which it holds (stop None: its default). eligible: for which schools.

    >>> LEVERS["coaching"](hours=10.0, stop=2.0).sets()
    {'coaching': 10.0}
    """

    key: ClassVar[str] = ""
    start: float = 0.0
    stop: float | None = None
    eligible: Eligibility = field(default_factory=Eligibility)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.key:
            raise TypeError(f"lever {cls.__name__} needs a key")
        if cls.key in LEVERS and LEVERS[cls.key].__qualname__ != cls.__qualname__:
            raise TypeError(f"two levers have the key {cls.key}")
        LEVERS[cls.key] = cls

    def sets(self) -> Values:
        """Quantity -> value, for eligible schools."""
        return {}

    def costs(self, p: Values) -> Values:
        """Category -> GBP a school-year: of a member with full funding, or for WIDE quantities of every eligible school."""
        return {}

    def costs_per_post(self, p: Values) -> Values:
        """Category -> GBP a year for each teaching post of a member with full funding."""
        return {}

    def once(self, p: Values) -> Values:
        """Category -> GBP a school, booked when it joins."""
        return {}

    @cached_property
    def is_wide(self) -> bool:
        """Whether it holds for schools that are not members.

        >>> Broadcast().is_wide, Cpd().is_wide
        (True, False)
        """
        return any(name in WIDE for name in self.sets())


def share(default: float) -> Any:
    """A field that must lie in [0, 1].

    >>> share(0.5).metadata["high"]
    1.0
    """
    return field(default=default, metadata={"low": 0.0, "high": 1.0})


def number(default: float, low: float = 0.0, high: float = 1e6) -> Any:
    """A field with its own bounds.

    >>> number(15.0, 0.0, 40.0).metadata["high"]
    40.0
    """
    return field(default=default, metadata={"low": low, "high": high})


def in_table(key: str, default: float) -> Any:
    """A field with the bounds that stand in the table under `lever.` and this key.

    >>> in_table("coaching.hours", 15.0).metadata["high"]
    40
    """
    bound = BOUNDS[f"lever.{key}"]
    return field(default=default, metadata={"low": bound.low, "high": bound.high})


@dataclass(frozen=True, kw_only=True)
class Broadcast(Lever):
    """Guidance by post, web and press, for every school: reaches awareness and a little knowledge only (F27-F29).

    >>> Broadcast(strength=0.5).costs({"c_broadcast": 50.0})
    {'broadcast': 25.0}
    """

    key = "broadcast"
    strength: float = share(1.0)

    def sets(self) -> Values:
        return {"broadcast": self.strength}

    def costs(self, p: Values) -> Values:
        return {"broadcast": p["c_broadcast"] * self.strength}


@dataclass(frozen=True, kw_only=True)
class Mandate(Lever):
    """A duty, inspected: it makes schools sign up and teachers try, and wears ownership (system.md 4.1).

    >>> Mandate(strength=0.5).sets()
    {'mandate': 0.5}
    """

    key = "mandate"
    strength: float = share(1.0)

    def sets(self) -> Values:
        return {"mandate": self.strength}

    def costs(self, p: Values) -> Values:
        return {"mandate": p["c_mandate"] * self.strength}


@dataclass(frozen=True, kw_only=True)
class Recruit(Lever):
    """Inviting schools to sign up, in yearly rounds, until coverage or money runs out (P16-P19, F32).

    invitation: 1 in person, .1 by post. coverage: share of eligible schools wanted, when no budget decides.
    existing: 1 if asked through an existing network. ask: GBP a year the school pays. hubs: strong schools invite, reach
    falls with distance. unit: school, or trust (a trust's schools decide together). assigned: no choice, for tests.

    >>> Recruit(invitation=0.1, unit="trust", hubs=True).costs({"c_central": 150.0})
    {'central': 150.0}
    """

    key = "recruit"
    invitation: float = share(1.0)
    coverage: float = share(0.5)
    rounds: int = in_table("recruit.rounds", 3)
    existing: float = share(0.0)
    ask: float = in_table("recruit.ask", 0.0)
    hubs: bool = False
    unit: str = field(default="school", metadata={"one_of": ("school", "trust")})
    assigned: bool = False

    def costs(self, p: Values) -> Values:
        return {"central": p["c_central"]}


@dataclass(frozen=True, kw_only=True)
class PhaseIn(Lever):
    """Growing by stages: from each year on, up to a coverage, in some regions or in all (system.md 4.8).

    >>> phases = [{"year": 0, "coverage": 0.03}, {"year": 2, "coverage": 0.5}]
    >>> read_lever("phase_in", {"phases": phases}, "mine.yaml").phases[1]["coverage"]
    0.5
    """

    key = "phase_in"
    phases: tuple[dict, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cpd(Lever):
    """CPD, the principal means of transfer, with a focus. Half its hours are covered, up to the planned attendance.

    >>> Cpd(intensity=0.7).sets()
    {'cpd': 0.7, 'focus': 0.5}
    """

    key = "cpd"
    intensity: float = share(0.5)
    focus: float = share(0.5)

    def sets(self) -> Values:
        return {"cpd": self.intensity, "focus": self.focus}


@dataclass(frozen=True, kw_only=True)
class ExpertDays(Lever):
    """External experts; with tiers, through a cascade of trainers that costs a tenth and keeps less quality (P45).

    >>> p = {"expert_days": 4.0, "c_expert_day": 700.0, "cascade_days": 0.1}
    >>> [ExpertDays(expertise=1.0, tiers=tiers).costs(p)["experts"] for tiers in (0, 2)]
    [2800.0, 280.0]
    """

    key = "expert_days"
    expertise: float = share(0.5)
    tiers: int = in_table("expert_days.tiers", 0)

    def sets(self) -> Values:
        return {"external_expertise": self.expertise, "tiers": float(self.tiers)}

    def costs(self, p: Values) -> Values:
        days = p["expert_days"] * self.expertise * (p["cascade_days"] if self.tiers else 1.0)
        return {"experts": days * p["c_expert_day"]}


@dataclass(frozen=True, kw_only=True)
class Coaching(Lever):
    """Hours of one-to-one coaching for each teacher a year, all of them rehearsal with feedback (F11, F14).

    >>> Coaching(hours=15.0).costs_per_post({"c_coaching": 100.0})
    {'coaching': 1500.0}
    """

    key = "coaching"
    hours: float = in_table("coaching.hours", 15.0)

    def sets(self) -> Values:
        return {"coaching": self.hours}

    def costs_per_post(self, p: Values) -> Values:
        return {"coaching": p["c_coaching"] * self.hours}


@dataclass(frozen=True, kw_only=True)
class TrainFacilitators(Lever):
    """Building the network's own facilitators: self-sustaining capacity.

    >>> TrainFacilitators(capacity=0.5).costs({"c_facilitators": 500.0})
    {'facilitation': 250.0}
    """

    key = "train_facilitators"
    capacity: float = share(0.5)

    def sets(self) -> Values:
        return {"capacity_building": self.capacity}

    def costs(self, p: Values) -> Values:
        return {"facilitation": p["c_facilitators"] * self.capacity}


@dataclass(frozen=True, kw_only=True)
class FormClusters(Lever):
    """Schools near each other really meet, in clusters of 3 to 7. Size of the network costs only in hierarchies (F03, F45).

    >>> FormClusters(collaboration=0.5, network_size=5).costs({"c_cluster": 1800.0, "c_cluster_base": 400.0})
    {'coordination': 1300.0}
    """

    key = "form_clusters"
    collaboration: float = share(0.5)
    network_size: int = in_table("form_clusters.network_size", 5)
    within: str = field(default="region", metadata={"one_of": ("region", "la", "trust", "federation")})
    hierarchy: bool = False
    pair: bool = False

    def sets(self) -> Values:
        return {"collaboration": self.collaboration}

    def costs(self, p: Values) -> Values:
        return {"coordination": p["c_cluster"] * self.collaboration + p["c_cluster_base"]}


@dataclass(frozen=True, kw_only=True)
class Codesign(Lever):
    """Members set the goals and the ways: ownership, which sustains the rest.

    >>> Codesign(ownership=0.75).sets()
    {'ownership': 0.75}
    """

    key = "codesign"
    ownership: float = share(0.5)

    def sets(self) -> Values:
        return {"ownership": self.ownership}

    def costs(self, p: Values) -> Values:
        return {"codesign": p["c_codesign"] * self.ownership}


@dataclass(frozen=True, kw_only=True)
class Target(Lever):
    """Steering recruitment, hours and gain to disadvantaged schools and pupils (F04, F78).

    >>> Target(targeting=0.9).sets(), Target().costs({})
    ({'targeting': 0.9}, {})
    """

    key = "target"
    targeting: float = share(0.5)

    def sets(self) -> Values:
        return {"targeting": self.targeting}


@dataclass(frozen=True, kw_only=True)
class Community(Lever):
    """Parents, business and community organisations take part (F05).

    >>> Community(involvement=0.5).costs({"c_community": 1000.0})
    {'community': 500.0}
    """

    key = "community"
    involvement: float = share(0.5)

    def sets(self) -> Values:
        return {"community": self.involvement}

    def costs(self, p: Values) -> Values:
        return {"community": p["c_community"] * self.involvement}


@dataclass(frozen=True, kw_only=True)
class SomethingNew(Lever):
    """How much of the practice members do not do already; near 0 the network recirculates what it knows.

    >>> SomethingNew(novelty=0.1).sets()
    {'novelty': 0.1}
    """

    key = "something_new"
    novelty: float = share(0.7)

    def sets(self) -> Values:
        return {"novelty": self.novelty}


@dataclass(frozen=True, kw_only=True)
class Incentive(Lever):
    """Money for taking part, a year (system.md 4.6).

    >>> Incentive(gbp=2000.0).costs({})
    {'incentives': 2000.0}
    """

    key = "incentive"
    gbp: float = in_table("incentive.gbp", 1000.0)

    def sets(self) -> Values:
        return {"incentive": self.gbp}

    def costs(self, p: Values) -> Values:
        return {"incentives": self.gbp}


@dataclass(frozen=True, kw_only=True)
class Materials(Lever):
    """Scripted materials, sent once and kept: they stand in for scarce expertise and adapt less (F26).

    >>> Materials(scripting=1.0).once({"c_materials_base": 200.0, "c_materials": 1300.0})
    {'materials': 1500.0}
    """

    key = "materials"
    scripting: float = share(0.5)

    def sets(self) -> Values:
        return {"scripting": self.scripting}

    def once(self, p: Values) -> Values:
        return {"materials": p["c_materials_base"] + p["c_materials"] * self.scripting}


@dataclass(frozen=True, kw_only=True)
class Archetype(Lever):
    """The features and the yearly cost of a real network, coded from its published descriptions (archetypes.csv).

    >>> Archetype(name="nlc").sets()["ownership"]
    0.85
    """

    key = "archetype"
    name: str = "nlc"

    def __post_init__(self) -> None:
        if self.name not in archetypes():
            raise unknown("network", self.name, archetypes(), "a network of archetypes.csv")

    @property
    def row(self) -> dict[str, float]:
        """The coded features, under the model's names."""
        return archetypes()[self.name]

    def sets(self) -> Values:
        return {name: self.row[name] for name in FEATURES}

    def costs(self, p: Values) -> Values:
        return {"network": self.row["cost"]}


FEATURES = (
    "cpd",
    "focus",
    "external_expertise",
    "ownership",
    "collaboration",
    "capacity_building",
    "targeting",
    "community",
)
_CSV_NAMES = {
    "cpd": "cpd_intensity",
    "focus": "focus_specificity",
    "targeting": "targeting_disadvantage",
    "community": "community_involvement",
}
HIERARCHIES = {"mat": "trust", "federation_school_fe": "federation"}


@cache
def archetypes() -> dict[str, dict[str, float]]:
    """Every network of archetypes.csv: name -> features, network_size [schools] and cost [GBP a school-year].

    >>> archetypes()["nlc"]["ownership"]
    0.85
    """
    with files("kmsim.data").joinpath("archetypes.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {
        row["key"]: {name: float(row[_CSV_NAMES.get(name, name)]) for name in FEATURES}
        | {"network_size": float(row["cluster_size"]), "cost": float(row["cost_per_school_gbp"])}
        for row in rows
    }


def archetype_note(name: str) -> str:
    """Why a network is coded as it is, in a line.

    >>> archetype_note("nlc")
    'bids by schools; GBP50k/network matched, 10.7 schools; enquiry at six levels'
    """
    with files("kmsim.data").joinpath("archetypes.csv").open(encoding="utf-8") as stream:
        return next(row["justification"] for row in csv.DictReader(stream) if row["key"] == name)


def read_lever(key: str, data: Any, where: str) -> Lever:
    """A lever from its key and settings, as they stand in YAML.

    Raises UnknownName for an unknown lever or setting (naming the nearest), BadValue for a value of the wrong type or range.

    >>> read_lever("cpd", {"intensity": 0.7}, "mine.yaml").intensity
    0.7
    """
    if key not in LEVERS:
        raise unknown(where, key, LEVERS, "a lever")
    cls = LEVERS[key]
    data = {} if data is None else data
    if not isinstance(data, dict):
        raise BadValue(f"{where}.{key}", data, "settings such as {" + f"{_own_fields(cls)[:1]}" + ": ...}")
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}
    given: dict[str, Any] = {}
    for name, value in data.items():
        place = f"{where}.{key}.{name}"
        if name not in known:
            raise unknown(place, name, known, f"a setting of {key}")
        given[name] = _checked(place, value, hints[name], known[name].metadata, _bound_of(cls, name, hints[name]))
    if cls is PhaseIn and not given.get("phases"):
        raise BadValue(
            f"{where}.{key}.phases", data.get("phases"), "a list of phases such as {year: 0, coverage: 0.03}"
        )
    if given.get("stop") is not None and given["stop"] <= given.get("start", 0.0):
        raise BadValue(f"{where}.{key}.stop", given["stop"], "a year after start")
    return cls(**given)


def _own_fields(cls: type[Lever]) -> list[str]:
    return [f.name for f in fields(cls) if f.name not in ("start", "stop", "eligible")]


def _bound_of(cls: type[Lever], name: str, kind: Any) -> Bound:
    """The bounds of a setting: its row in the table, or those that a user's own lever gives its field."""
    row = BOUNDS.get(f"lever.{name}" if name in ("start", "stop") else f"lever.{cls.key}.{name}")
    limits = cls.__dataclass_fields__[name].metadata
    return row or Bound(limits.get("low", 0.0), limits.get("high", 1e6), whole=kind is int)


def _checked(place: str, value: Any, kind: Any, limits: Mapping[str, Any], bound: Bound) -> Any:
    """A setting's value, of its type and within its bounds, or BadValue."""
    if kind is Eligibility:
        return Eligibility.read(value, place)
    if place.endswith(".phases"):
        return _phases(place, value)
    if kind is bool or kind is str:
        if not isinstance(value, kind):
            raise BadValue(place, value, "true or false" if kind is bool else "a name")
        if kind is str:
            bounded_name(place, value)
        if "one_of" in limits and value not in limits["one_of"]:
            raise unknown(place, value, limits["one_of"], "a choice")
        return value
    if value is None and kind == float | None:
        return None
    return bounded(place, value, bound)


def _phases(place: str, value: Any) -> tuple[dict, ...]:
    if not isinstance(value, list) or not value:
        raise BadValue(place, value, "a list of phases such as {year: 0, coverage: 0.03}")
    out = []
    for i, phase in enumerate(value):
        if not isinstance(phase, dict) or not {"year", "coverage"} <= phase.keys() <= {"year", "coverage", "regions"}:
            raise BadValue(f"{place}[{i}]", phase, "year, coverage and, if not all, regions")
        year = bounded(f"{place}[{i}].year", phase["year"], "lever.phase_in.year")
        coverage = bounded(f"{place}[{i}].coverage", phase["coverage"], "lever.phase_in.coverage")
        regions = phase.get("regions") or []
        if not isinstance(regions, list | tuple) or not all(isinstance(r, str) for r in regions):
            raise BadValue(f"{place}[{i}].regions", regions, "a list of regions")
        out.append({"year": year, "coverage": coverage, "regions": tuple(regions)})
    if [p["year"] for p in out] != sorted({p["year"] for p in out}):
        raise BadValue(place, [p["year"] for p in out], "phases in order of year")
    return tuple(out)
