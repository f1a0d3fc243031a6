"""A policy: a name, a sentence and a list of levers, read from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kmsim import configuration
from kmsim.bounds import bounded_list, bounded_name, bounded_text
from kmsim.errors import BadValue, unknown
from kmsim.policies.eligibility import Eligibility
from kmsim.policies.levers import (
    FEATURES,
    HIERARCHIES,
    LEVERS,
    Archetype,
    Codesign,
    Community,
    Cpd,
    ExpertDays,
    FormClusters,
    Lever,
    PhaseIn,
    Recruit,
    SomethingNew,
    Target,
    TrainFacilitators,
    archetypes,
    read_lever,
)

# Which setting of which lever sets a feature of the network: what `network.FEATURE=` changes.
SETTINGS: dict[str, tuple[type[Lever], str]] = {
    "cpd": (Cpd, "intensity"),
    "focus": (Cpd, "focus"),
    "external_expertise": (ExpertDays, "expertise"),
    "ownership": (Codesign, "ownership"),
    "collaboration": (FormClusters, "collaboration"),
    "cluster_size": (FormClusters, "network_size"),
    "capacity_building": (TrainFacilitators, "capacity"),
    "targeting": (Target, "targeting"),
    "community": (Community, "involvement"),
    "novelty": (SomethingNew, "novelty"),
}
VARIED = "varied network"
_MOST_NAMED = 2  # features that a name tells one by one


def network_label(features: Mapping[str, Any], varied: bool = False) -> str:
    """What a policy's network is replaced by, in few words: a real network's key, single features, or both; "" if nothing is.

    varied: whether the network itself differs between the scenarios of a design.

    >>> network_label({"archetype": "nlc"}), network_label({"archetype": "nlc", "ownership": 0.2})
    ('nlc', 'nlc, ownership=0.2')
    >>> network_label({"cpd": 1, "focus": 1, "ownership": 0.2}), network_label({})
    ('custom network', '')
    """
    single = [name for name in features if name != "archetype"]
    real = [str(features["archetype"])] if "archetype" in features else [VARIED] if varied else []
    if len(single) > _MOST_NAMED:
        return ", ".join([*real, "changed"]) if real else "custom network"
    told = (features[name] for name in single)
    values = (f"{v:g}" if isinstance(v, int | float) else str(v) for v in told)
    return ", ".join([*real, *(f"{name}={value}" for name, value in zip(single, values, strict=True))])


def with_label(policy: str, label: str) -> str:
    """A policy's name wherever results are shown or stored: with its network's label, if it has one of its own.

    >>> with_label("coaching", "nlc"), with_label("coaching", "")
    ('coaching (nlc)', 'coaching')
    """
    return f"{policy} ({label})" if label else policy


def without_label(name: str) -> tuple[str, str]:
    """A shown name taken apart: the policy's own name, and the label of its network or "".

    >>> without_label("coaching (nlc)"), without_label("coaching")
    (('coaching', 'nlc'), ('coaching', ''))
    """
    policy, opened, label = name.partition(" (")
    return (policy, label[:-1]) if opened and label.endswith(")") else (name, "")


@dataclass(frozen=True)
class Policy:
    """What is done: levers in a fixed order. It never changes; `with_network` gives another.

    >>> policy = read_policy("coaching")
    >>> [lever.key for lever in policy.levers]
    ['recruit', 'coaching', 'cpd', 'expert_days', 'train_facilitators', 'form_clusters', 'codesign', 'target']
    """

    name: str
    summary: str
    levers: tuple[Lever, ...]

    def one(self, kind: type[Lever]) -> Any:
        """The lever of this kind, or None. A policy has at most one of recruit, phase_in, form_clusters and archetype.

        >>> policy = read_policy("codesigned_networks")
        >>> policy.one(Codesign).ownership, policy.one(Archetype)
        (0.75, None)
        """
        return next((lever for lever in self.levers if isinstance(lever, kind)), None)

    @cached_property
    def recruits(self) -> Recruit | None:
        """How it recruits, or None if it has no members.

        >>> read_policy("coaching").recruits.rounds, read_policy("business_as_usual").recruits
        (3, None)
        """
        return self.one(Recruit)

    @cached_property
    def phased(self) -> PhaseIn | None:
        """How it grows by stages, or None if it does not.

        >>> len(read_policy("test_bed_then_scale").phased.phases), read_policy("coaching").phased
        (3, None)
        """
        return self.one(PhaseIn)

    @cached_property
    def preset(self) -> bool:
        """Whether it is a real network whose published cost stands for all but cover.

        >>> policy = read_policy("coaching")
        >>> policy.preset, policy.with_network({"archetype": "nlc"}).preset
        (False, True)
        """
        return self.one(Archetype) is not None

    @cached_property
    def clusters(self) -> FormClusters | None:
        """How its clusters are formed: by its own lever or its archetype's.

        >>> read_policy("codesigned_networks").with_network({"archetype": "mat"}).clusters.hierarchy
        True
        """
        archetype = self.one(Archetype)
        own = self.one(FormClusters)
        if own is None and archetype is not None:
            row, within = archetype.row, HIERARCHIES.get(archetype.name, "region")
            size = int(row["network_size"])
            return FormClusters(
                collaboration=row["collaboration"], network_size=size, within=within, hierarchy=within != "region"
            )
        return own

    def rounds(self) -> tuple[int, ...]:
        """The policy years in which schools are invited.

        >>> read_policy("coaching").rounds(), read_policy("business_as_usual").rounds()
        ((0, 1, 2), ())
        """
        recruit, phase_in = self.recruits, self.phased
        if recruit is None:
            return ()
        last = phase_in.phases[-1]["year"] + 2 if phase_in else recruit.rounds - 1
        return tuple(range(int(recruit.start), int(recruit.start) + last + 1))

    def with_network(self, changes: Mapping[str, Any]) -> Policy:
        """The same policy with other features of its network: `archetype` for all of a real one's, or single features.

        Its name tells which. Raises UnknownName for an unknown feature, BadValue for one out of range or a policy with no
        members.

        >>> policy = read_policy("codesigned_networks").with_network({"ownership": 0.2})
        >>> policy.one(Codesign).ownership, policy.name
        (0.2, 'codesigned_networks (ownership=0.2)')
        """
        levers = list(self.levers)
        label, changes = network_label(changes), dict(changes)
        if changes and self.recruits is None:
            raise BadValue("network", sorted(changes), f"a policy that has a network; {self.name} has none")
        archetype = changes.pop("archetype", None)
        if archetype is not None:
            kinds = tuple(kind for kind, _ in SETTINGS.values())
            levers = [lever for lever in levers if not isinstance(lever, (*kinds, Archetype))]
            levers.append(read_lever("archetype", {"name": archetype}, "network"))
        for feature, value in changes.items():
            if feature not in SETTINGS:
                raise unknown(f"network.{feature}", feature, [*SETTINGS, "archetype"], "a feature of networks")
            levers = _change(levers, feature, value)
        return replace(self, name=with_label(self.name, label), levers=tuple(levers))


def _change(levers: list[Lever], feature: str, value: Any) -> list[Lever]:
    kind, setting = SETTINGS[feature]
    try:
        checked = getattr(read_lever(kind.key, {setting: value}, "network"), setting)
    except BadValue as error:  # of the lever that sets the feature: the user gave the feature
        raise BadValue(f"network.{feature}", value, error.expected) from None
    archetype = next((lever for lever in levers if isinstance(lever, Archetype)), None)
    if archetype is not None:
        levers = _written_out(levers, archetype)
    for i, lever in enumerate(levers):
        if isinstance(lever, kind):
            return [*levers[:i], replace(lever, **{setting: checked}), *levers[i + 1 :]]
    others = {"intensity": 0.0, "focus": 0.0} if kind is Cpd else {}
    return [*levers, kind(**(others | {setting: checked}))]


def _written_out(levers: list[Lever], archetype: Archetype) -> list[Lever]:
    """An archetype as levers of its own, so that one feature of it can be changed; costs are then the levers'."""
    row, within = archetype.row, HIERARCHIES.get(archetype.name, "region")
    own: list[Lever] = [
        Cpd(intensity=row["cpd"], focus=row["focus"]),
        ExpertDays(expertise=row["external_expertise"]),
        TrainFacilitators(capacity=row["capacity_building"]),
        FormClusters(
            collaboration=row["collaboration"],
            network_size=int(row["network_size"]),
            within=within,
            hierarchy=within != "region",
        ),
        Codesign(ownership=row["ownership"]),
        Target(targeting=row["targeting"]),
        Community(involvement=row["community"]),
    ]
    return [lever for lever in levers if lever is not archetype] + own


def read_policy(source: str | Path | Mapping[str, Any]) -> Policy:
    """A policy from its name, a YAML file or a mapping. Every lever and setting is checked.

    Raises UnknownName or BadValue, naming the file, the lever and the setting.

    >>> read_policy("codesigned_networks").one(Codesign).ownership
    0.75
    """
    if isinstance(source, Policy):
        return source
    if isinstance(source, Mapping):
        name, data, where = str(source.get("name", "custom")), dict(source), "policy"
    else:
        name, where = Path(str(source)).stem, str(source)
        data = configuration.read("policy", str(source))
    data.pop("name", None)
    summary = data.pop("summary", "")
    levers = data.pop("levers", None)
    if data:
        key = next(iter(data))
        raise unknown(f"{where}.{key}", key, ["name", "summary", "levers"], "a part of a policy")
    bounded_name(f"{where}.name", name)
    bounded_text(f"{where}.summary", summary)
    if not isinstance(levers, list):
        raise BadValue(f"{where}.levers", levers, "a list of levers (it may be empty: [])")
    if levers:
        bounded_list(f"{where}.levers", levers, "policy.levers")
    made = []
    for i, entry in enumerate(levers):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise BadValue(f"{where}.levers[{i}]", entry, "one lever, such as cpd: {intensity: 0.7}")
        ((key, settings),) = entry.items()
        made.append(read_lever(str(key), settings, where))
    return _coherent(Policy(name, str(summary), tuple(made)), where)


def _coherent(policy: Policy, where: str) -> Policy:
    for key in ("recruit", "phase_in", "form_clusters", "archetype"):
        if sum(lever.key == key for lever in policy.levers) > 1:
            raise BadValue(f"{where}.levers", key, "at most one lever of this kind")
    needs = [lever.key for lever in policy.levers if not lever.is_wide and not isinstance(lever, Recruit)]
    if needs and policy.recruits is None:
        raise BadValue(f"{where}.levers", needs[0], "a recruit lever beside it: only members have it")
    return policy


def describe(lever: Lever) -> dict[str, Any]:
    """A lever's settings as plain data; for whom it is only where that is not for every school.

    >>> describe(Target(targeting=0.9))["targeting"]
    0.9
    """
    settings = {f.name: getattr(lever, f.name) for f in fields(lever) if f.name != "eligible"}
    conditions = {name: value for name, value in vars(lever.eligible).items() if value != getattr(Eligibility(), name)}
    return settings | ({"eligible": conditions} if conditions else {})


__all__ = ["FEATURES", "LEVERS", "Policy", "archetypes", "describe", "read_policy"]
