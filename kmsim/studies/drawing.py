"""What the studies' figures are drawn with: a grid of marks with ranges, rows shared; and lines over what was varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.report.figures.paper import WIDTH, axes_at, foot, heading, sheet
from kmsim.report.figures.placing import spread
from kmsim.report.frames import Cell
from kmsim.report.style import FONT, INK, MUTED, Style, plain_name, short_name, styles, width_of
from kmsim.studies.running import Found

STEPS = (1, 2, 2.5, 5, 10)
HAIR = 0.75  # inches: the heading's room at the top
BELOW = 0.75  # inches: the foot's


@dataclass(frozen=True)
class Column:
    """A column of a grid: its title, arm -> cell, what values are multiplied by, whether nought is a line to compare with, and whether a bar goes from there to the mean."""

    title: str
    cells: Mapping[str, Cell]
    scale: float = 1.0
    zero: bool = False
    stem: bool = False


def grid(
    fig: Figure,
    rows: Sequence[str],
    columns: Sequence[Column],
    box: tuple[float, float, float, float],
    label: str = "",
    same: bool = False,
) -> list[Axes]:
    """Marks with ranges: a row an arm, the names at the left, a column an outcome. box: left, bottom, width, height in inches.

    label: what all columns are in, under them. same: one scale for all columns.
    """
    left, bottom, width, height = box
    names = max(width_of(short_name(row)) for row in rows) / 72 + 0.15
    gap = 0.16
    each = (width - names - gap * (len(columns) - 1)) / len(columns)
    look, made = styles(rows), []
    for i, column in enumerate(columns):
        ax = axes_at(fig, left + names + i * (each + gap), bottom, each, height)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_yticks(range(len(rows)))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", visible=False)
        for y in range(0, len(rows), 2):
            ax.axhspan(y - 0.5, y + 0.5, color="#f3f5f8", zorder=0, linewidth=0)
        ax.set_yticklabels([short_name(row) for row in reversed(rows)] if i == 0 else [])
        if i == 0:
            for name, row in zip(ax.get_yticklabels(), reversed(rows), strict=True):
                name.set_color(look[row].text)
        if column.zero:
            ax.axvline(0, color=INK, linewidth=1, zorder=1)
        for y, row in enumerate(reversed(rows)):
            mark(ax, column.cells.get(row), y, look[row], column.scale, column.stem)
        _across(ax, columns if same else [column], 3 if each > 0.95 else 2)
        ax.set_title(fill(column.title, max(6, int(each * 72 / (FONT * 0.58)))), fontsize=FONT, pad=6, linespacing=1.1)
        made.append(ax)
    if label:
        across, up = fig.get_size_inches()
        told = fill(label, int((width - names) * 72 / (FONT * 0.6)))
        middle = (left + names + (width - names) / 2) / across
        fig.text(middle, (bottom - 0.32) / up, told, color=MUTED, ha="center", va="top", linespacing=1.2)
    return made


def mark(ax: Axes, found: Cell | None, y: float, s: Style, scale: float, stem: bool = False) -> None:
    """A mean with its range on a row; a dash where there is no value. stem: a broad bar from nought instead of a mark."""
    if found is None or not found.known:
        ax.text(0.5, y, "n/a", transform=ax.get_yaxis_transform(), ha="center", va="center", color=MUTED)
        return
    if stem:
        ax.barh(y, found.mean * scale, height=0.55, color=s.colour, alpha=0.5, linewidth=0, zorder=1.5)
    ax.plot([found.low * scale, found.high * scale], [y, y], color=s.text, linewidth=2.2, zorder=2)
    if stem:
        return
    look: Any = {"markersize": 7, "markeredgecolor": "white", "markeredgewidth": 0.6}
    ax.plot([found.mean * scale], [y], marker=s.marker, color=s.colour, zorder=3, **look)


def _across(ax: Axes, columns: Sequence[Column], steps: int) -> None:
    """Limits that hold nought and every range of these columns, and few ticks."""
    known = [(found, column.scale) for column in columns for found in column.cells.values() if found.known]
    low = min([0.0, *(found.low * scale for found, scale in known)])
    high = max([0.0, *(found.high * scale for found, scale in known)])
    room = max(high - low, 1e-6)
    ax.set_xlim(low - 0.07 * room, high + 0.09 * room)
    ax.xaxis.set_major_locator(MaxNLocator(steps, steps=STEPS, min_n_ticks=2))
    ax.xaxis.set_major_formatter(FuncFormatter(plain_tick))


def plain_tick(value: float, _: int = 0) -> str:
    """A tick with a true minus and no more digits than it needs.

    >>> plain_tick(-0.5), plain_tick(20.0)
    ('−0.5', '20')
    """
    text = f"{abs(value):,.6g}"
    return "0" if float(text.replace(",", "")) < 1e-9 else ("−" if value < 0 else "") + text


@dataclass(frozen=True)
class Line:
    """A line of a chart: the arm it is of, what was varied, and a cell for each; named at its end if it has a name."""

    arm: str
    x: Sequence[float]
    cells: Sequence[Cell]
    name: str | None = None


def lines(
    ax: Axes, drawn: Sequence[Line], look: Mapping[str, Style], scale: float, named: bool = True, marks: bool = True
) -> None:
    """Means joined by lines, with bands of ranges; each line's name at its right end, none over another. Keeps what x-axis there is."""
    ends: list[tuple[float, Line]] = []
    for line in drawn:
        s = look[line.arm]
        x = np.array(line.x, float)
        mean, low, high = (np.array([getattr(c, part) for c in line.cells]) * scale for part in ("mean", "low", "high"))
        ax.fill_between(x, low, high, facecolor=s.colour, alpha=0.13, linewidth=0, zorder=2)
        ax.plot(x, mean, color=s.colour, linestyle=s.dash, marker=s.marker if marks else None, markersize=7, markeredgecolor="white", markeredgewidth=0.7, zorder=3, clip_on=False)  # fmt: skip
        if np.isfinite(mean).any():
            ends.append((float(mean[np.isfinite(mean)][-1]), line))
    ax.margins(x=0)
    if named and ends:
        names_at_ends(ax, ends, look)


def names_at_ends(ax: Axes, ends: Sequence[tuple[float, Line]], look: Mapping[str, Style]) -> None:
    """The names of lines beside the right end of the axes, led to where each ends. Call it when limits are set."""
    ax.autoscale(False)
    fig: Any = ax.figure
    tall = ax.get_position().height * fig.get_size_inches()[1] * 72
    low, high = ax.get_ylim()
    points = tall / (high - low)
    ends = sorted(ends, key=lambda end: end[0])
    places = spread([(y - low) * points for y, _ in ends], FONT * 1.3, FONT * 0.6, tall - FONT * 0.6)
    for (y, line), place in zip(ends, places, strict=True):
        s, at = look[line.arm], low + place / points
        ax.plot([1.01, 1.045], [y, at], color=s.colour, linewidth=1, transform=ax.get_yaxis_transform(), clip_on=False)
        name = line.name or short_name(line.arm, 170)
        ax.text(1.055, at, name, transform=ax.get_yaxis_transform(), color=s.text, ha="left", va="center")


def limits(ax: Axes, drawn: Sequence[Line], scale: float, floor: float | None = 0.0) -> None:
    """Limits that hold every range, from nought if nothing lies below it."""
    every = np.array([[c.low, c.high, c.mean] for line in drawn for c in line.cells if c.known]) * scale
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    low = min(low, floor) if floor is not None else low
    room = max(high - low, 1e-6)
    ax.set_ylim(low - (0.02 if low == 0 else 0.06) * room, high + 0.06 * room)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=STEPS))
    ax.yaxis.set_major_formatter(FuncFormatter(plain_tick))


def page(found: Found, height: float, marks: tuple[str, str] = ("Mark or line", "Bar or band")) -> Figure:
    """A sheet with the study's title, where its first part was run, and what means and ranges are drawn as."""
    fig = sheet(height)
    first = next(iter(found.parts.values()))
    counts = first.counts()
    where = place(first.plan.settings["system"])
    heading(fig, found.study.title, f"{where}, {counts['schools']:,} schools, {counts['posts']:,} teachers")
    means = f"{marks[0]}: mean of {first.seeds} seeds. {marks[1]}: 90% of them ({found.label})."
    foot(fig, f"{means} Illustrative model, not a forecast.")
    return fig


def place(system: Mapping[str, Any]) -> str:
    """Where the schools are, as readers know it.

    >>> place({"source": "synthetic", "region": "London"})
    'Invented schools like those of London'
    """
    if system.get("source") == "synthetic":
        return f"Invented schools like those of {_joined(system.get('region') or 'England')}"
    named = _joined(system.get("la") or system.get("name", ""))
    return str(named)[:1].upper() + str(named)[1:]


def _joined(names: Any) -> str:
    return names if isinstance(names, str) else ", ".join(map(str, names))


__all__ = [
    "BELOW",
    "HAIR",
    "WIDTH",
    "Column",
    "Line",
    "axes_at",
    "grid",
    "limits",
    "lines",
    "mark",
    "page",
    "place",
    "plain_name",
    "plain_tick",
]
