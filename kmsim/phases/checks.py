"""Conservation: what must hold after every tick, whatever happened. Switched on by `Model(check=True)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from kmsim.phases.census import census, contacts_afresh


class ConservationError(AssertionError):
    """Something was made or lost that cannot be: a fault of the program."""


UNIT = (
    "knowledge",
    "fidelity",
    "ownership",
    "priority",
    "routine",
    "expertise",
    "scripting",
    "climate",
    "vitality",
    "fund",
    "attendance",
)


def check_all(model: Any) -> None:
    """Stages partition the posts, people and contacts add up, money spent is money booked, [0, 1] stays [0, 1].

    Raises ConservationError naming what does not hold and at which tick.
    """
    w, tick = model.world, model.tick

    def must(holds: Any, what: str) -> None:
        if not np.all(holds):
            raise ConservationError(f"tick {tick}: {what}")

    must(w.posts.stage <= 4, "a stage is none of the five")
    must(contacts_afresh(w, model.system.tie_start, model.system.tie_to) == w.posts.contacts, "contacts are miscounted")
    for kind, table in model.tables.items():
        for name in UNIT:
            if name in kind.fields():
                values = table.peek_all()[name]
                must((values >= -1e-6) & (values <= 1 + 1e-6), f"{name} leaves [0, 1]")
    counted = {name: w.uptake[name].copy() for name in ("aware", "trying", "in_use", "well", "champions")}
    census(w)
    for name, before in counted.items():
        must(before == w.uptake[name], f"{name} is miscounted")
    must(w.uptake["in_use"].sum() <= w.uptake["aware"].sum(), "more in use than aware")
    booked, by_school = w.money.ledger.sum(), w.schools["cpd_budget"].sum()
    recruiting = model.ledger["recruitment"]
    must(abs(booked - by_school - recruiting) <= 1e-6 * max(1.0, booked), "money booked is not money spent on schools")
    if model.budget is not None:
        must(booked <= model.budget * (1 + 1e-9) + 1e-6, "more is spent than the budget")
    must(booked <= model.recruitment.committed * (1 + 1e-9) + 1e-6, "more is spent than was committed")
    in_cluster = np.sum(w.uptake["cluster"] >= 0)
    must(in_cluster == w.clusters["members"].sum(), "cluster members do not add up")
    must((w.uptake["cluster"] < 0) | (w.uptake["signed_up"] > 0), "a school meets in a cluster without being signed up")
    must(w.posts.experience <= 250, "experience runs over")
