"""What can be said of runs, and when they cannot tell: ranges over seeds, differences seed by seed, and the words for both.

A difference is told only if its whole 90% range over seeds lies on one side of nought, over at least five seeds.

Example
-------
>>> difference(np.array([3.0, 3.1, 3.2, 3.0, 3.1]), np.zeros(5)).told
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report import frames
from kmsim.report.figures.telling import listed
from kmsim.report.frames import ENOUGH, Cell, k_of_n, shown_cell, shown_difference, shown_difference_range
from kmsim.report.style import plain_name

FLOOR = 0.01  # share of teachers doing it well below which nothing is ranked


def cell(values: np.ndarray) -> Cell:
    """The mean of some seeds' values with its 90% range, of those that are numbers; NaN and n=0 where none is.

    >>> cell(np.array([1.0, np.nan, 3.0])).mean
    2.0
    """
    good = values[np.isfinite(values)]
    if not len(good):
        return frames.NOTHING
    low, high = np.quantile(good, [frames.LOW, frames.HIGH])
    return Cell(float(good.mean()), float(low), float(high), len(good))


@dataclass(frozen=True)
class Difference:
    """One thing less another, seed by seed: mean, 90% range, seeds in which it is above nought, seeds in all."""

    mean: float
    low: float
    high: float
    above: int
    n: int

    @property
    def told(self) -> bool:
        """Whether the runs tell it from nought."""
        return self.n >= ENOUGH and (self.low > 0 or self.high < 0)

    @property
    def sign(self) -> int:
        """1 or -1 where it is told, else 0."""
        return 0 if not self.told else 1 if self.mean > 0 else -1


def difference(one: np.ndarray, other: np.ndarray | float = 0.0) -> Difference:
    """One less the other of the same seeds, of those in which both are numbers."""
    gap = one - other
    gap = gap[np.isfinite(gap)]
    found = cell(gap)
    return Difference(found.mean, found.low, found.high, int((gap > 0).sum()), len(gap))


def difference_words(outcome: str, d: Difference) -> str:
    """A difference with its range and the seeds it holds in; said to be untold where the runs cannot tell.

    >>> difference_words("doing_it_well", Difference(0.1, 0.05, 0.15, 9, 9))
    '+10.0 points (+5.0 to +15.0; more in 9 of 9 seeds)'
    """
    if not d.n:
        return "n/a"
    mean, span = shown_difference(outcome, d.mean), shown_difference_range(outcome, d.low, d.high)
    span = span.removesuffix(" points").replace("£", "")
    if d.n < ENOUGH:
        return f"{mean} ({d.n} {'seed is' if d.n == 1 else 'seeds are'} too few to tell)"
    if not d.told:
        return f"no difference that the runs can tell ({mean}; {span})"
    side = ("more", d.above) if d.mean > 0 else ("less", d.n - d.above)
    return f"{mean} ({span}; {side[0]} in {k_of_n(side[1], d.n)} seeds)"


def difference_cell(outcome: str, d: Difference) -> str:
    """A difference for a table: its mean, its range, and a question mark where the runs cannot tell it from nought.

    >>> difference_cell("doing_it_well", Difference(0.1, -0.05, 0.15, 8, 9))
    '+10.0 (−5.0 to +15.0)?'
    """
    if not d.n:
        return "n/a"
    text = f"{shown_difference(outcome, d.mean)} ({shown_difference_range(outcome, d.low, d.high)})"
    return text.replace(" points", "") + ("" if d.told else "?")


def percent(found: Cell) -> str:
    """A share with its range, in whole percent.

    >>> percent(Cell(-0.001, -0.004, 0.256, 9))
    '0% (0 to 26)'
    """
    if not found.known:
        return "n/a"
    mean, low, high = (f"{100 * value:.0f}".replace("-0", "0") if round(100 * value) == 0 else f"{100 * value:.0f}".replace("-", "−") for value in (found.mean, found.low, found.high))  # fmt: skip
    return f"{mean}% ({low} to {high})"


UNTOLD = "?: the runs cannot tell it from nought"


@dataclass(frozen=True)
class Lead:
    """The arm with the best mean of an outcome, those it is not told from, and the first that it is told from."""

    arm: str
    together: tuple[str, ...]
    after: str | None
    n: int


def lead(outcome: str, values: Mapping[str, np.ndarray]) -> Lead | None:
    """Who has the best mean, seed by seed against each other. None if no arm has a value. values: arm -> a value a seed."""
    sense = -1.0 if outcome in OUTCOMES and OUTCOMES[outcome].better == "less" else 1.0
    means = {arm: sense * float(np.nanmean(v)) for arm, v in values.items() if np.isfinite(v).any()}
    if not means:
        return None
    order = sorted(means, key=lambda arm: -means[arm])
    best = order[0]
    gaps = {arm: difference(values[best], values[arm]) for arm in order[1:]}
    together = tuple(arm for arm in order[1:] if not gaps[arm].told)
    after = next((arm for arm in order[1:] if gaps[arm].told), None)
    return Lead(best, together, after, int(np.isfinite(values[best]).sum()))


def lead_words(outcome: str, values: Mapping[str, np.ndarray]) -> str:
    """Who has most of an outcome, with range, and how sure that is."""
    found = lead(outcome, values)
    if found is None:
        return "no policy has a value."
    said = f"{plain_name(found.arm)}, {shown_cell(outcome, cell(values[found.arm]))}"
    if len(values) == 1:
        return f"{said}."
    if found.n < ENOUGH:
        return f"{said} on the mean; {frames.too_few(found.n)}."
    if found.together:
        near = [plain_name(arm) for arm in found.together]
        named = listed(near if len(near) <= 4 else [*near[:3], f"{len(near) - 3} more"])
        return f"{said}; seed by seed the runs cannot tell it from {named}."
    if found.after is None:
        return f"{said}."
    gap = difference(values[found.arm], values[found.after])
    told = f"; next is {plain_name(found.after)}, from which it differs by {difference_words(outcome, gap)}"
    return f"{said}{told}."


def ranked(values: Mapping[str, np.ndarray]) -> list[str]:
    """Arms by their means, the highest first; those without a value last, in their own order."""
    means = {arm: float(np.nanmean(v)) if np.isfinite(v).any() else -np.inf for arm, v in values.items()}
    return sorted(means, key=lambda arm: -means[arm])


def by_sign(signs: Mapping[str, int], words: Mapping[int, str]) -> str:
    """Which arms a difference is told for, by its sign, and for which the runs cannot tell; kinds without any are left out.

    >>> by_sign({"coaching": 1, "grassroots": 0}, {1: "more under", -1: "fewer under"})
    'more under Coaching; the runs cannot tell for Grassroots'
    """
    words = dict(words) | {0: "the runs cannot tell for"}
    parts = [(text, [plain_name(arm) for arm, its in signs.items() if its == sign]) for sign, text in words.items()]
    return "; ".join(f"{text} {listed(arms)}" for text, arms in parts if arms) or "nothing that could be compared"


def agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's correlation of two rankings of the same things; NaN where either does not vary.

    >>> agreement([1, 2, 3], [10, 20, 30])
    1.0
    """
    from scipy.stats import rankdata

    a, b = rankdata(one), rankdata(other)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return round(float(np.corrcoef(a, b)[0, 1]), 6)


__all__ = [
    "FLOOR",
    "UNTOLD",
    "Difference",
    "Lead",
    "agreement",
    "by_sign",
    "cell",
    "difference",
    "difference_cell",
    "difference_words",
    "lead",
    "lead_words",
    "listed",
    "percent",
    "ranked",
]
