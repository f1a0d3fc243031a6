"""Numbers as people in a room read them: a mean with its range, a difference with its range, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report import frames
from kmsim.report.frames import ENOUGH, Cell, k_of_n, shown_difference, shown_difference_range

POINTS = ("gap",)
LIKE = {"well_most": "doing_it_well", "well_least": "doing_it_well"}  # the two halves of the gap are told as this is


def cell(values: np.ndarray) -> Cell:
    """Mean and 90% range over runs, of those that have a value.

    >>> cell(np.array([1.0, 3.0])).mean
    2.0
    """
    return cells(values[:, None])[0]


def cells(values: np.ndarray) -> list[Cell]:
    """The same for each column of (runs, things).

    >>> cells(np.array([[1.0, np.nan], [3.0, np.nan]]))[1].n
    0
    """
    columns = zip(*(column.tolist() for column in frames.spans(values)), strict=True)
    return [Cell(*column) if column[3] else frames.NOTHING for column in columns]


def level(outcome: str, found: Cell) -> str:
    """A mean with its range: 12.3% (11.0 to 13.5%)."""
    return frames.shown_cell(LIKE.get(outcome, outcome), found).replace("seed", "run")


def shown(outcome: str, value: float) -> str:
    """A value alone."""
    return frames.shown(LIKE.get(outcome, outcome), value)


def shown_range(outcome: str, low: float, high: float) -> str:
    """A range alone."""
    return frames.shown_range(LIKE.get(outcome, outcome), low, high)


def change(outcome: str, found: Cell) -> str:
    """A difference with its range: +1.0 points (−0.5 to +2.5)."""
    if not found.known:
        return "n/a"
    text = shown_difference(outcome, found.mean)
    if found.n < 2:
        return f"{text} (one run, no range)"
    return f"{text} ({shown_difference_range(outcome, found.low, found.high).removesuffix(' points')})"


def shown_change(outcome: str, value: float) -> str:
    """A difference alone, with its sign."""
    return shown_difference(outcome, value)


def tick(outcome: str, value: float) -> str:
    """A number on an axis, no longer than it must be."""
    one = OUTCOMES[LIKE.get(outcome, outcome)]
    if outcome in POINTS:
        return "0" if abs(value) < 1e-9 else f"{100 * value:+.3g}".replace("-", "−")
    if one.percent:
        return f"{100 * value:.3g}%"
    if one.unit.startswith("GBP"):
        return f"£{value:,.0f}"
    return f"{value:.3g}"


@dataclass(frozen=True)
class Difference:
    """One policy less another on the same seeds: cell, in how many runs it is above, and what may be said."""

    outcome: str
    cell: Cell
    above: int
    below: int

    @property
    def clear(self) -> bool:
        """Whether the 90% range, as it is shown, leaves out 0, over enough runs to say so."""
        if not self.cell.known or self.cell.n < ENOUGH:
            return False
        ends = [shown_difference(self.outcome, end) for end in (self.cell.low, self.cell.high)]
        return all(end.startswith("+") for end in ends) or all(end.startswith("−") for end in ends)


def difference(outcome: str, a: np.ndarray, b: np.ndarray) -> Difference:
    """Paired over runs: values of a and b with the same seeds."""
    d = a - b
    return Difference(outcome, cell(d), int(np.sum(d > 0)), int(np.sum(d < 0)))


# What is said of a clear difference, and what it is on where there is none.
SAID = {
    "doing_it_well": ("{ahead} has {by} more teachers doing it well than {behind}", "teachers doing it well"),
    "gap": ("the gap is {by} better for the poorest schools with {ahead} than with {behind}", "the gap"),
}


def sentence(found: Difference, a: str, b: str, brief: bool = False) -> str:
    """What the runs say of a against b, and no more: told apart only where the range leaves out 0. No full stop.

    found: of an outcome in SAID. brief: without the range of what cannot be told apart.
    """
    n, (clear, thing) = found.cell.n, SAID[found.outcome]
    if not found.cell.known:
        return f"nothing can be said of {thing}"
    if found.cell.low == found.cell.high == 0:
        return f"{a} and {b} are the same on {thing} in every run"
    if n < ENOUGH:
        return f"{n} {'run is' if n == 1 else 'runs are'} too few to tell {a} from {b} on {thing}"
    if not found.clear:
        spread = shown_difference_range(found.outcome, found.cell.low, found.cell.high)
        range_ = "" if brief else f" ({a} less {b}, 90% of runs: {spread})"
        return f"on {thing} the runs cannot tell {a} from {b}{range_}"
    ahead, behind, k = (a, b, found.above) if found.cell.mean > 0 else (b, a, found.below)
    by = shown_difference(found.outcome, abs(found.cell.mean)).removeprefix("+")
    low, high = sorted(abs(end) for end in (found.cell.low, found.cell.high))
    within = shown_difference_range(found.outcome, low, high).replace("+", "").removesuffix(" points")
    return f"{clear.format(ahead=ahead, behind=behind, by=by)} (90% of runs: {within}; ahead in {k_of_n(k, n)})"


def ahead(found: Difference, a: str, b: str) -> str:
    """Who is ahead by how much, in a few words: B ahead by 7.1 points (4.6 to 9.5)."""
    if not found.cell.known or found.cell.mean == 0:
        return "no difference"
    first, sign = (a, 1) if found.cell.mean > 0 else (b, -1)
    low, high = sorted((sign * found.cell.low, sign * found.cell.high))
    by = shown_difference(found.outcome, abs(found.cell.mean)).removeprefix("+")
    within = shown_difference_range(found.outcome, low, high).removesuffix(" points")
    return f"{first} ahead by {by} ({within.replace('+', '') if low >= 0 else within})"
