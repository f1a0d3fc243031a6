"""The arms of simulated experiments: policies as plain data, made of the features that they differ in.

Example
-------
>>> programme(cpd=0.2)["levers"][1]
{'cpd': {'intensity': 0.2, 'focus': 0.5}}
"""

from __future__ import annotations

from typing import Any

# A programme that is neither the best nor the worst in anything; targeting and community are off.
MIDDLING = {
    "cpd": 0.5,
    "focus": 0.5,
    "external_expertise": 0.5,
    "capacity_building": 0.5,
    "collaboration": 0.5,
    "ownership": 0.5,
    "targeting": 0.0,
    "community": 0.0,
}
# The review's effective bundle, as the policy codesigned_networks has it.
BUNDLE = {
    "cpd": 0.7,
    "focus": 0.7,
    "external_expertise": 0.75,
    "capacity_building": 0.7,
    "collaboration": 0.75,
    "ownership": 0.75,
    "targeting": 0.4,
    "community": 0.5,
}
OFF = 0.05
Arm = dict[str, Any]


def programme(
    base: dict[str, float] | None = None,
    *,
    coverage: float = 0.5,
    assigned: bool = True,
    recruit: dict[str, Any] | None = None,
    clusters: dict[str, Any] | None = None,
    tiers: int = 0,
    coaching: float = 0.0,
    scripting: float = 0.0,
    broadcast: float = 0.0,
    novelty: float | None = None,
    **features: float,
) -> Arm:
    """A policy of these features over MIDDLING's, or over `base`. assigned: the same schools join in every arm, at once.

    recruit, clusters: further settings of those levers. The lab reads and checks what this gives like any policy.

    >>> sorted(programme(BUNDLE, ownership=0.0))
    ['levers', 'summary']
    """
    has = (base or MIDDLING) | features
    levers: list[Arm] = [
        {"recruit": {"coverage": coverage, "assigned": assigned} | (recruit or {})},
        {"cpd": {"intensity": has["cpd"], "focus": has["focus"]}},
        {"expert_days": {"expertise": has["external_expertise"], "tiers": tiers}},
        {"train_facilitators": {"capacity": has["capacity_building"]}},
        {"form_clusters": {"collaboration": has["collaboration"], "network_size": 5} | (clusters or {})},
        {"codesign": {"ownership": has["ownership"]}},
        {"target": {"targeting": has["targeting"]}},
        {"community": {"involvement": has["community"]}},
    ]
    if novelty is not None:
        levers.append({"something_new": {"novelty": novelty}})
    if coaching:
        levers.append({"coaching": {"hours": coaching}})
    if scripting:
        levers.append({"materials": {"scripting": scripting}})
    if broadcast:
        levers.append({"broadcast": {"strength": broadcast}})
    return {"summary": "An arm of the scorecard.", "levers": levers}


def real_network(name: str, **recruit: Any) -> Arm:
    """The features of a real network of archetypes.csv, for schools that are assigned to it.

    >>> real_network("nlc")["levers"][1]
    {'archetype': {'name': 'nlc'}}
    """
    levers: list[Arm] = [{"recruit": {"coverage": 0.5, "assigned": True} | recruit}, {"archetype": {"name": name}}]
    return {"summary": f"The scorecard's arm of {name}.", "levers": levers}


NOTHING: Arm = {"summary": "Nothing is done.", "levers": []}
POST: Arm = {"summary": "Guidance by post.", "levers": [{"broadcast": {"strength": 1.0}}]}
