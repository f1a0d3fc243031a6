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
    """A column summed over schools that were ever members, for each of their posts.

    >>> run = RunSeen({"ever_member": np.array([[1, 0]]), "size": np.array([[10, 30]]), "aware": np.array([[5, 30]])}, {})
    >>> of_members("aware", 0)(run)
    0.5
    """

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        return float(run.at(column, year)[inside].sum() / max(1.0, run.at("size", year)[inside].sum()))

    return measure


def in_use(year: int) -> Measure:
    """Share of members' teachers trying or using the practice at the end of a year.

    >>> run = RunSeen({"ever_member": np.array([[1, 0]]), "size": np.array([[10, 30]]), "in_use": np.array([[5, 0]])}, {})
    >>> in_use(0)(run)
    0.5
    """
    return of_members("in_use", year)


def well(year: int) -> Measure:
    """Share of members' teachers doing it well.

    >>> run = RunSeen({"ever_member": np.array([[1, 1]]), "size": np.array([[10, 30]]), "well": np.array([[5, 5]])}, {})
    >>> well(0)(run)
    0.25
    """
    return of_members("well", year)


def depth(year: int) -> Measure:
    """Mean fidelity of members' teachers in use.

    >>> columns = {"ever_member": [[1, 1]], "size": [[10, 30]], "in_use": [[5, 5]], "q_users": [[2.0, 4.0]]}
    >>> depth(0)(RunSeen({name: np.array(values) for name, values in columns.items()}, {}))
    0.6
    """

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        return float(run.at("q_users", year)[inside].sum() / max(1.0, run.at("in_use", year)[inside].sum()))

    return measure


def gain(year: int) -> Measure:
    """Pupils' mean gain in members' schools, SD.

    >>> columns = {"ever_member": [[1, 1]], "size": [[10, 30]], "pupils": [[100, 300]], "attainment": [[0.2, 0.0]]}
    >>> round(gain(0)(RunSeen({name: np.array(values) for name, values in columns.items()}, {})), 3)
    0.05
    """

    def measure(run: RunSeen) -> float:
        inside = run.members(year)
        pupils = run.at("pupils", year)[inside]
        return float((run.at("attainment", year)[inside] * pupils).sum() / max(1.0, pupils.sum()))

    return measure


def everywhere(column: str, year: int) -> Measure:
    """A column summed over all schools, for each post.

    >>> run = RunSeen({"size": np.array([[10, 30]]), "aware": np.array([[5, 15]])}, {})
    >>> everywhere("aware", 0)(run)
    0.5
    """
    return lambda run: float(run.at(column, year).sum() / run.at("size", year).sum())


def reach(year: int) -> Measure:
    """Share of schools that have signed up by the end of a year.

    >>> run = RunSeen({"size": np.array([[10, 30]]), "ever_member": np.array([[1, 0]])}, {})
    >>> reach(0)(run)
    0.5
    """
    return lambda run: float(run.at("ever_member", year).mean())


def left_formally(start: int, end: int) -> Measure:
    """Of the schools signed up at the end of one year, the share that are not at the end of another.

    >>> run = RunSeen({"size": np.ones((2, 4)), "signed_up": np.array([[1, 1, 1, 0], [1, 0, 0, 1]])}, {})
    >>> round(left_formally(0, 1)(run), 3)
    0.667
    """

    def measure(run: RunSeen) -> float:
        there = run.at("signed_up", start) > 0
        return float(1 - run.at("signed_up", end)[there].mean())

    return measure


def trajectory(kind: str) -> Measure:
    """Share of members of one of F51's classes, by the criterion two, three and five years after joining.

    Met in years 5 and 2 is a sustainer, 5 but not 2 slow, 3 but not 5 late, anything else rapid.

    >>> use = np.outer([0, 0, 5, 5, 5, 5], [1, 0])  # one school does it from year 2 on, the other never
    >>> run = RunSeen({"size": np.full((6, 2), 10), "ever_member": np.ones((6, 2)), "q_users": use}, {})
    >>> trajectory("sustainer")(run), trajectory("rapid")(run)
    (0.5, 0.5)
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
    """Share of a role's posts that have heard of the practice, between ticks if need be.

    >>> run = RunSeen({"size": np.ones((3, 1))}, {"aware": {"head": [0.0, 0.2, 0.4]}})
    >>> round(aware("head", 1.5)(run), 2)
    0.3
    """

    def measure(run: RunSeen) -> float:
        shares = run.series["aware"][role]
        return float(np.interp(year, np.arange(len(shares)) * run.years / (len(shares) - 1), shares))

    return measure


def effect(run: RunSeen) -> float:
    """A trial's estimate, SD.

    >>> effect(RunSeen({"size": np.ones((1, 1))}, {"trial": {"effect": 0.1, "low": 0.0, "high": 0.2}}))
    0.1
    """
    return run.trial.effect


def trial_difference(column: str) -> Measure:
    """A column for each post in a trial's treated schools less that in its controls, at the end.

    >>> columns = {"arm": [[1, 0, -1]], "size": [[10, 10, 10]], "in_use": [[5, 2, 9]]}
    >>> round(trial_difference("in_use")(RunSeen({name: np.array(values) for name, values in columns.items()}, {})), 2)
    0.3
    """

    def measure(run: RunSeen) -> float:
        arm, size, values = (run.at(name, run.years) for name in ("arm", "size", column))
        treated, control = (values[arm == side].sum() / size[arm == side].sum() for side in (1, 0))
        return float(treated - control)

    return measure
