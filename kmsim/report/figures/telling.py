"""What the sentences under figures are made of: known cells, the highest, those it cannot be told apart from, lists."""

from __future__ import annotations

from collections.abc import Sequence

from kmsim.report import frames
from kmsim.report.frames import Comparison, shown_cell
from kmsim.report.style import plain_name
from kmsim.report.words import not_apart


def chosen(c: Comparison, practice: str | None) -> str:
    """The practice named, or the first that was run."""
    return frames.practices(c)[0] if practice is None else practice


def known_cells(c: Comparison, practice: str, outcome: str, moment: str) -> dict[str, frames.Cell]:
    """By policy, in order: the cells of an outcome that have a value."""
    cells = {p: frames.cell(c, practice, p, outcome, moment) for p in c.policies}
    return {p: x for p, x in cells.items() if x.known}


def highest(cells: dict[str, frames.Cell]) -> str | None:
    """The policy with the highest mean; None if no cell has a value."""
    known = {p: x for p, x in cells.items() if x.known}
    return max(known, key=lambda p: known[p].mean) if known else None


def others(cells: dict[str, frames.Cell], top: str, outcome: str) -> str:
    """What to add on those whose ranges overlap the highest one's, the nearest first."""
    if few := frames.untold(cells[top]):
        return "" if len(cells) == 1 else f"; {few}"
    near = sorted(
        (p for p, x in cells.items() if p != top and x.known and x.overlaps(cells[top])), key=lambda p: -cells[p].mean
    )
    told = [f"{plain_name(p)}, {shown_cell(outcome, cells[p])}" for p in near[: 3 if len(near) <= 3 else 2]]
    if len(near) > 3:
        told.append(f"{len(near) - 2} more")
    return f"; it {not_apart(cells[top])} {listed(told)}" if told else ""


def listed(items: Sequence[str]) -> str:
    """Items as a sentence lists them.

    >>> listed(["a", "b", "c"]), listed([])
    ('a, b and c', 'none')
    """
    items = list(items)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"
