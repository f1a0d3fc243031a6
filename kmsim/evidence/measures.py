"""Numbers of one run: what its members do and gain, who knows of the practice, and what became of people.

Example
-------
>>> well(3).__name__
'measure'
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kmsim.evidence.seen import RunSeen

Measure = Callable[[RunSeen], float]
CRITERION = 0.4  # F51: a school meets it if its mean of use times fidelity reaches this


def of_members(column: str, year: int) -> Measure:
    """A column summed over schools that were ever members, for each of their posts."""

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        return float(run.at(column, year)[inside].sum() / max(1.0, run.at("size", year)[inside].sum()))

    return measure


def in_use(year: int) -> Measure:
    """Share of members' teachers trying or using the practice at the end of a year."""
    return of_members("in_use", year)


def well(year: int) -> Measure:
    """Share of members' teachers doing it well."""
    return of_members("well", year)


def depth(year: int) -> Measure:
    """Mean fidelity of members' teachers in use."""

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        return float(run.at("q_users", year)[inside].sum() / max(1.0, run.at("in_use", year)[inside].sum()))

    return measure


def gain(year: int) -> Measure:
    """Pupils' mean gain in members' schools, SD."""

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        pupils = run.at("pupils", year)[inside]
        return float((run.at("attainment", year)[inside] * pupils).sum() / max(1.0, pupils.sum()))

    return measure


def everywhere(column: str, year: int) -> Measure:
    """A column summed over all schools, for each post."""
    return lambda run: float(run.at(column, year).sum() / run.at("size", year).sum())


def reach(year: int) -> Measure:
    """Share of schools that have signed up by the end of a year."""
    return lambda run: float(run.at("ever_member", year).mean())


def left_formally(start: int, end: int) -> Measure:
    """Of the schools signed up at the end of one year, the share that are not at the end of another."""

    def measure(run: RunSeen) -> float:
        there = run.at("signed_up", start) > 0
        return float(1 - run.at("signed_up", end)[there].mean())

    return measure


def trajectory(kind: str) -> Measure:
    """Share of members of one of F51's classes, by the criterion two, three and five years after joining.

    Met in years 5 and 2 is a sustainer, 5 but not 2 slow, 3 but not 5 late, anything else rapid.
    """

    def measure(run: RunSeen) -> float:
        inside = run.members(0 if run.years < 1 else 1)
        met = {y: (run.at("q_users", y) >= CRITERION * run.at("size", y))[inside] for y in (2, 3, 5)}
        classes = {
            "sustainer": met[5] & met[2],
            "slow": met[5] & ~met[2],
            "late": ~met[5] & met[3],
            "rapid": ~met[5] & ~met[3],
        }
        return float(classes[kind].mean())

    return measure


def aware(role: str, year: float) -> Measure:
    """Share of a role's posts that have heard of the practice, between ticks if need be."""

    def measure(run: RunSeen) -> float:
        shares = run.series["aware"][role]
        return float(np.interp(year, np.arange(len(shares)) * run.years / (len(shares) - 1), shares))

    return measure


def effect(run: RunSeen) -> float:
    """A trial's estimate, SD."""
    return run.trial.effect


def trial_difference(column: str) -> Measure:
    """A column for each post in a trial's treated schools less that in its controls, at the end."""

    def measure(run: RunSeen) -> float:
        arm, size, values = (run.at(name, run.years) for name in ("arm", "size", column))
        treated, control = (values[arm == side].sum() / size[arm == side].sum() for side in (1, 0))
        return float(treated - control)

    return measure
