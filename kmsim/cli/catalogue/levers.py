"""What policies are made of: levers, and the features of networks that some of their settings are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from kmsim.cli import text
from kmsim.cli.catalogue.kind import Kind, head


def _levers() -> Mapping[str, Any]:
    from kmsim.policies.levers import LEVERS

    return LEVERS


def _show_lever(name: str) -> str:
    from kmsim.parameters import defaults

    cls = _levers()[name]
    lever, p = cls(), defaults()
    top = head("lever", name, cls.__doc__ or "")
    settings = [[f.name, text.plain(getattr(lever, f.name)), _limits(f)] for f in fields(cls) if f.name != "eligible"]
    settings.append(["eligible", "all", "phase, region, la, fsm_rank_min, fsm_rank_max, in_trust"])
    parts = ["settings\n" + text.rows(settings, ["setting", "default", "values"], indent=2)]
    if lever.sets():
        parts.append("sets, with its defaults\n" + text.fields({k: f"{v:g}" for k, v in lever.sets().items()}))
    kinds = (
        ("school-year", lever.costs(p)),
        ("teacher a year", lever.costs_per_post(p)),
        ("school, once", lever.once(p)),
    )
    costs = {category: f"{text.gbp(gbp)} a {unit}" for unit, found in kinds for category, gbp in found.items()}
    if costs:
        parts.append("costs, GBP, with its defaults\n" + text.fields(costs))
    return top + "\n\n".join(parts)


def _limits(field: Any) -> str:
    limits = field.metadata
    if "one_of" in limits:
        return " or ".join(limits["one_of"])
    if "low" in limits:
        return (
            f"{limits['low']:g} to {limits['high']:g}"
            if limits["high"] != float("inf")
            else f"{limits['low']:g} or more"
        )
    named = {
        "start": "policy year",
        "stop": "policy year; null: the lever's own",
        "phases": "list of {year, coverage, regions}",
    }
    return named.get(field.name, "true or false" if isinstance(field.default, bool) else "a name")


def _features() -> Mapping[str, Any]:
    from kmsim.policies.policy import SETTINGS

    return SETTINGS


def _show_feature(name: str) -> str:
    lever, setting = _features()[name]
    body = {
        "set by": f"{setting} of the lever {lever.key}",
        "values": _limits(lever.__dataclass_fields__[setting]),
        "use": f"kmsim compare network.{name}=0.5",
    }
    if name == "cluster_size":
        body["use"] = "kmsim compare network.cluster_size=7"
    return head("feature", name, f"A feature of networks. {lever.__doc__}") + text.fields(body)


LEVER = Kind(
    "lever",
    "levers",
    "what policies are made of",
    lambda: [*_levers()],
    ("lever", "what it does"),
    lambda name: [name, (_levers()[name].__doc__ or "").split("\n")[0]],
    _show_lever,
)
FEATURE = Kind(
    "feature",
    "features",
    "of networks: network.KEY=",
    lambda: [*_features()],
    ("feature", "lever", "setting"),
    lambda name: [name, _features()[name][0].key, _features()[name][1]],
    _show_feature,
)
