"""The scenario of one run: everything that decides it, as plain data, strictly checked. Command line and Model both end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from kmsim import configuration
from kmsim.bounds import bounded, bounded_list, bounded_name, bounded_text
from kmsim.errors import BadValue, unknown
from kmsim.parameters import resolve
from kmsim.policies.policy import Policy, read_policy
from kmsim.system import settings as system_settings

TICKS = (6, 12, 39, 52)
GROUPS = ("system", "practice", "network", "parameters")


@dataclass(frozen=True)
class Practice:
    """What is to be taken to scale. effect: pupil SD before `effect_ratio`; the rest in [0, 1], evidence_strength 0-5 padlocks.

    >>> Practice("mine", effect=0.1, complexity=0.5, scripting=0.0, observability=0.5, evidence_strength=3).effect
    0.1
    """

    name: str
    effect: float
    complexity: float
    scripting: float
    observability: float
    evidence_strength: int
    summary: str = ""
    source: str = ""

    @classmethod
    def read(cls, source: str | Mapping[str, Any]) -> Practice:
        """From a name, a YAML path or a mapping. Raises UnknownName or BadValue.

        >>> Practice.read("formative_assessment").effect
        0.12
        """
        if isinstance(source, Mapping):
            data, name = dict(source), str(source.get("name", "custom"))
        else:
            data, name = configuration.read("practice", str(source)), Path(str(source)).stem
        data["name"] = name
        for key in data:
            if key not in cls.__dataclass_fields__:
                raise unknown(f"practice.{key}", key, cls.__dataclass_fields__, "a setting of a practice")
        bounded_name("practice.name", name)
        for key in ("effect", "complexity", "scripting", "observability", "evidence_strength"):
            data[key] = bounded(f"practice.{key}", data.get(key))
        for key in ("summary", "source"):
            bounded_text(f"practice.{key}", data.get(key, ""))
        return cls(**data)


@dataclass(frozen=True)
class Scenario:
    """Everything that decides a run, resolved and checked. budget: GBP, or None for the policy's own cost.

    >>> scenario = read_scenario("village", "coaching", **{"parameters.theta": 3})
    >>> scenario.parameters["theta"], scenario.ticks_per_year
    (3.0, 6)
    """

    policy: Policy
    system: system_settings.Settings
    practices: tuple[Practice, ...]
    parameters: dict[str, float]
    seed: int = 1
    years: int = 10
    funded_years: float = 3.0
    taper: float = 0.0
    ticks_per_year: int = 6
    budget: float | str | None = "auto"
    network: dict[str, Any] = field(default_factory=dict)

    def funded_policy(self) -> Policy:
        """The policy with the network's features in place.

        >>> scenario = read_scenario("village", "codesigned_networks", **{"network.ownership": 0.2})
        >>> [lever.ownership for lever in scenario.funded_policy().levers if lever.key == "codesign"]
        [0.2]
        """
        return self.policy.with_network(self.network) if self.network else self.policy

    @property
    def funding_end(self) -> float:
        """The year in which the last funding a policy can give ends; for one that recruits nobody, as if in three rounds.

        >>> read_scenario("village", "coaching", years=5, funded_years=1).funding_end
        3.0
        """
        rounds = self.policy.rounds()
        last = rounds[-1] if rounds else min(2, self.years - 1)
        return last + self.funded_years + self.taper

    def budget_gbp(self, pupils: float) -> float | None:
        """The total budget in GBP for a system of so many pupils, or None for the policy's own cost.

        >>> read_scenario("village", "coaching", budget="auto").budget_gbp(1000)
        30000.0
        """
        return self.parameters["budget_per_pupil"] * pupils if self.budget == "auto" else self.budget  # type: ignore[return-value]


def budget_of(value: Any) -> float | str | None:
    """A budget: a sum of GBP, `auto` (so much a pupil) or null (the policy's own cost).

    >>> budget_of("auto"), budget_of(5e5), budget_of(None)
    ('auto', 500000.0, None)
    """
    if value is None or value == "auto":
        return value
    return bounded("budget", value, or_else=", auto or null")


def read_scenario(
    system: str | Mapping[str, Any] = "london",
    policy: Any = "codesigned_networks",
    seed: Any = 1,
    practice: Any = "formative_assessment",
    network: Any = None,
    years: Any = 10,
    funded_years: Any = 3,
    ticks_per_year: Any = 6,
    **overrides: Any,
) -> Scenario:
    """The settings of a run from what a user gave, with dotted keys such as `system.la` laid over their group.

    Raises UnknownName for a key that is not known, BadValue for a value that cannot be used, before anything is built.

    >>> read_scenario("village", "coaching", years=5).years
    5
    """
    groups, rest = _grouped(overrides)
    taper = bounded("taper", rest.pop("taper", 0.0))
    budget = budget_of(rest.pop("budget", "auto"))
    for key in rest:
        raise unknown(key, key, [f.name for f in fields(Scenario)] + ["practice", *GROUPS], "a setting of a run")
    years = bounded("years", years)
    funded = bounded("funded_years", funded_years)
    if funded > years:
        raise BadValue("funded_years", funded_years, f"at most years, which is {years}")
    if ticks_per_year not in TICKS:
        raise BadValue("ticks_per_year", ticks_per_year, f"one of {', '.join(map(str, TICKS))}")
    named = [practice] if isinstance(practice, str | Mapping) else practice
    if not isinstance(named, Sequence) or not named:
        raise BadValue("practice", practice, "a practice, or a list of at least one")
    bounded_list("practice", named)
    if network is not None and not isinstance(network, str | Mapping):
        raise BadValue("network", network, "a network of archetypes.csv, or features such as {ownership: 0.5}")
    practices = tuple(Practice.read(_over(p, groups["practice"], "practice")) for p in named)
    if len({p.name for p in practices}) < len(practices):
        raise BadValue("practice", ",".join(p.name for p in practices), "each practice once")
    changes = {"archetype": network} if isinstance(network, str) else dict(network or {})
    return Scenario(
        policy=read_policy(policy),
        system=system_settings.settings(system, groups["system"]),
        practices=practices,
        parameters=resolve(groups["parameters"]),
        seed=bounded("seed", seed),
        years=years,
        funded_years=funded,
        taper=taper,
        ticks_per_year=int(ticks_per_year),
        budget=budget,
        network=changes | groups["network"],
    )


def _grouped(overrides: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Dotted keys by group, and the others. Groups may also be given whole, as mappings."""
    groups: dict[str, dict[str, Any]] = {name: {} for name in GROUPS}
    rest: dict[str, Any] = {}
    for key, value in overrides.items():
        group, dot, name = key.partition(".")
        if dot and group in groups:
            groups[group][name] = value
        elif key == "parameters" and isinstance(value, Mapping):
            groups[key].update(value)
        elif dot:
            raise unknown(key, group, GROUPS, "a group of settings")
        else:
            rest[key] = value
    return groups, rest


def _over(practice: str | Mapping[str, Any], changes: Mapping[str, Any], kind: str) -> str | Mapping[str, Any]:
    if not changes:
        return practice
    data = dict(practice) if isinstance(practice, Mapping) else configuration.read(kind, practice) | {"name": practice}
    return data | dict(changes)
