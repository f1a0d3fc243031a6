"""Real networks, coded by judgement from what is published of them."""

from __future__ import annotations

from collections.abc import Mapping

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _archetypes() -> Mapping[str, dict[str, float]]:
    from kmsim.policies.levers import archetypes

    return archetypes()


def _note(name: str) -> str:
    from kmsim.policies.levers import archetype_note

    return archetype_note(name)


def _show(name: str) -> str:
    row = dict(_archetypes()[name])
    body = {key: f"{value:g}" for key, value in row.items() if key not in ("network_size", "cost")}
    body["cluster_size"] = f"{row['network_size']:g} schools"
    body["cost"] = f"GBP {row['cost']:,.0f} a school a year"
    body["coded so because"] = _note(name)
    body["use"] = f"kmsim compare network={name}"
    return head(
        "archetype", name, "A real network, coded by judgement from what is published of it (each +-0.15)."
    ) + text.fields(body)


ARCHETYPE = Kind(
    "archetype",
    "archetypes",
    "real networks: network=",
    lambda: [*_archetypes()],
    ("archetype", "GBP a school-year", "coded so because"),
    lambda name: [name, f"{_archetypes()[name]['cost']:,.0f}", _note(name)],
    _show,
    also=("network", "networks"),
)
