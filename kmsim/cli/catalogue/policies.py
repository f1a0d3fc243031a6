"""Policies: their levers, the features that these give, and what a year costs, laid out by the model's own plan."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from kmsim import configuration
from kmsim.cli import text
from kmsim.cli.catalogue.configs import summary_line
from kmsim.cli.catalogue.kind import Kind, head

PRIMARY, SECONDARY = (231, 15), (935, 64)  # pupils and teachers of the two schools that costs are told for


def _show(name: str) -> str:
    from kmsim.policies.policy import read_policy

    policy = read_policy(name)
    top = head("policy", policy.name, policy.summary)
    if not policy.levers:
        return top + "  no levers: it costs nothing"
    levers = text.rows([[lever.key, _settings_of(lever)] for lever in policy.levers], indent=2)
    quantities: dict[str, float] = {}
    for lever in policy.levers:
        for quantity, value in lever.sets().items():
            quantities[quantity] = max(value, quantities.get(quantity, 0.0))
    clusters = policy.clusters
    features = {quantity: f"{value:g}" for quantity, value in quantities.items()}
    if clusters is not None:
        features["cluster_size"] = f"{clusters.network_size} schools, within {clusters.within}"
    return f"{top}levers\n{levers}\n\nfeatures\n{text.fields(features)}\n\n{_costs(policy)}"


def _settings_of(lever: Any) -> str:
    """A lever's settings, those that are not as in any lever."""
    shown = {f.name: getattr(lever, f.name) for f in fields(lever) if f.name not in ("start", "stop", "eligible")}
    shown |= {
        f.name: getattr(lever, f.name) for f in fields(lever) if f.name in ("start", "stop") and getattr(lever, f.name)
    }
    limits = {f.name: getattr(lever.eligible, f.name) for f in fields(lever.eligible)}
    only = {
        key: value for key, value in limits.items() if value != type(lever.eligible).__dataclass_fields__[key].default
    }
    return ", ".join(f"{key} {text.plain(value)}" for key, value in (shown | only).items())


def _costs(policy: Any) -> str:
    """What a year of it costs two schools, by category: laid out by the model's own plan."""
    import numpy as np

    from kmsim.parameters import defaults
    from kmsim.phases.money import CATEGORIES
    from kmsim.phases.world import clock
    from kmsim.policies.plan import Plan

    plan = Plan(policy, _two_schools(), defaults(), clock(1, 6, 3, 0.0, 1.0, False), 3, None, 1)
    layout = plan.at(int(min((lever.start for lever in policy.levers), default=0)))
    money = [
        *((f"{name}, a member", row) for name, row in zip(CATEGORIES, layout.lines, strict=True)),
        ("cover, a member, at most", layout.cover_hours / plan.p["hours_a_day"] * plan.day_rate),
        *((f"{name}, every eligible school", row) for name, row in zip(CATEGORIES, layout.wide, strict=True)),
    ]
    money = [(name, row) for name, row in money if np.any(row > 0)]
    once = [
        (f"once, on joining: {name}", row) for name, row in zip(CATEGORIES, layout.once, strict=True) if np.any(row > 0)
    ]
    total = [("total a year", np.sum([row for _, row in money], axis=0))] if money else []
    table = [[name, *map(text.gbp, row)] for name, row in money + total + once]
    titles = ["GBP a year, with full funding", f"primary of {PRIMARY[1]} teachers", f"secondary of {SECONDARY[1]}"]
    return text.rows(table, titles) if table else "yearly cost: nothing"


def _two_schools() -> Any:
    """A primary and a secondary school, with just what a plan reads of a system."""
    import numpy as np

    from kmsim.system.built import System

    (_, few), (_, many) = PRIMARY, SECONDARY
    zero = np.zeros(2, np.int32)
    schools: dict[str, np.ndarray] = {
        "phase": np.array([0, 1], np.uint8),
        "size": np.array([few, many], np.int32),
        "pupils": np.array([PRIMARY[0], SECONDARY[0]], np.int32),
        "fsm_rank": np.full(2, 0.5, np.float32),
        **dict.fromkeys(("region", "la", "trust", "federation"), zero),
    }
    labels = {key: ["here"] for key in ("region", "la", "trust", "federation")}
    return System("two schools", schools, {"school": zero}, zero, zero, labels)


POLICY = Kind(
    "policy",
    "policies",
    "what is done to take a practice to scale",
    lambda: configuration.names("policy"),
    ("policy", "what is done"),
    summary_line("policy"),
    _show,
    files=True,
)
