"""Does it take hold, and does it stay? Teachers doing it well by year, a line and a band for each policy."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kmsim.report import frames
from kmsim.report.figures.marks import mean_lines, year_axis
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, mean_and_range, sheet
from kmsim.report.figures.placing import spread
from kmsim.report.figures.telling import chosen, highest, known_cells, others
from kmsim.report.frames import Comparison, shown, shown_cell, shown_year
from kmsim.report.style import FONT, RC, Style, plain_name, short_name, styles, width_of

LEAD = 0.045  # of the axes' width: the lead from a line's end to its name


def table(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """Doing it well by policy and tick: policy, outcome, year, mean, low, high, n. The first practice if none is named."""
    return frames.bands(c, chosen(c, practice), "doing_it_well")


def words(c: Comparison, practice: str | None = None) -> str:
    """What the fan chart shows: who is highest when funding ended and at the end, with ranges, and how many stay under 1%."""
    practice = chosen(c, practice)
    parts = []
    for moment, when in (("funding_end", "When all funding had ended"), ("end", "At the end")):
        cells = known_cells(c, practice, "doing_it_well", moment)
        top = highest(cells)
        if top is None:
            continue
        year = shown_year(frames.moment_year(c, moment))
        if cells[top].mean < 0.01:
            parts.append(f"{when} (year {year}) no policy has 1% of teachers doing it well.")
            continue
        parts.append(
            f"{when} (year {year}) {plain_name(top)} has the highest mean, {shown_cell('doing_it_well', cells[top])}"
            + others(cells, top, "doing_it_well")
            + "."
        )
    return " ".join(parts) or "No values to show."


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """Teachers doing it well by year: a mean line and a 90% band for each policy, named at its end, the funded years shaded."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    with mpl.rc_context(RC):
        fig = sheet(6.4)
        ends = frame[frame["mean"].notna()].groupby("policy", sort=False)["mean"].last()
        labels = [
            (p, ends[p] * 100, f"{short_name(p)}  {shown('doing_it_well', ends[p])}") for p in c.policies if p in ends
        ]
        names = max((width_of(text) for _, _, text in labels), default=0.0) / 72
        ax = axes_at(fig, 0.85, 1.15, (WIDTH - 0.95 - names) / (1 + LEAD * 1.7), 6.4 - 2.0)
        mean_lines(ax, frame, look, 100)
        year_axis(ax, c, frame)
        ax.set_ylabel("Teachers doing it well, %")
        _end_labels(ax, labels, look, float(frame.year.max()) if len(frame) else 1.0)
        heading(fig, "Teachers doing it well, year by year", about(c, practice))
        foot(fig, f"{mean_and_range(c, 'Line', 'Band')} Illustrative model, not a forecast.")
    return fig


def _end_labels(ax: Axes, labels: list[tuple[str, float, str]], look: dict[str, Style], end: float) -> None:
    """Names right of the lines' ends, moved apart where they would overlap, each led back to its line."""
    if not labels:
        return
    low, high = ax.get_ylim()
    fig: Any = ax.figure
    tall = ax.get_position().height * fig.get_size_inches()[1] * 72
    step = (FONT * 1.5) / tall * (high - low)
    order = sorted(range(len(labels)), key=lambda i: (labels[i][1], -i))
    places = spread(
        [labels[i][1] for i in order], step, low + step / 2, max(high - step / 2, low + step * (len(labels) - 0.5))
    )
    wide = end * LEAD
    for i, y in zip(order, places, strict=True):
        policy, value, text = labels[i]
        s = look[policy]
        ax.plot([end, end + wide * 0.75], [value, y], color=s.colour, linewidth=1, clip_on=False, zorder=4)
        ax.plot([end + wide * 1.05], [y], color=s.colour, marker=s.marker, clip_on=False, zorder=5, linestyle="none")
        ax.text(end + wide * 1.55, y, text, color=s.text, va="center", ha="left", clip_on=False)
