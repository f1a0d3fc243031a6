"""Who is left behind? The gap in doing it well between the most and the least disadvantaged schools."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.report import frames
from kmsim.report.figures.marks import STEPS, mean_lines, range_mark, row_names, signed_tick, year_axis
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, mean_and_range, nothing, sheet
from kmsim.report.figures.telling import chosen, known_cells, listed
from kmsim.report.frames import ENOUGH, Comparison, shown_cell, shown_year
from kmsim.report.style import FONT, INK, MUTED, RC, Style, plain_name, styles


def table(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """The gap by policy and tick: policy, outcome, year, mean, low, high, n; shares, negative where the disadvantaged have less."""
    return frames.bands(c, chosen(c, practice), "gap")


def words(c: Comparison, practice: str | None = None) -> str:
    """Which policies have the whole range of the gap on one side of nought when funding ended, and with how many it reaches nought."""
    practice = chosen(c, practice)
    cells = {p: x for p, x in known_cells(c, practice, "gap", "funding_end").items() if not frames.untold(x)}
    if not cells:
        what = "seeds" if frames.seeds(c) < ENOUGH else "runs of luck"
        return f"Too few {what} to tell a gap between the most and the least disadvantaged schools from none."
    for_them = [p for p, x in cells.items() if x.side() > 0]
    against = [p for p, x in cells.items() if x.side() < 0]
    year = shown_year(frames.moment_year(c, "funding_end"))
    parts = []
    for group, what in ((for_them, "ahead"), (against, "behind")):
        if group:
            told = [f"{plain_name(p)} {shown_cell('gap', cells[p])}" for p in group]
            parts.append(f"the most disadvantaged fifth of schools is {what} with {listed(told)}")
    rest = len(cells) - len(for_them) - len(against)
    if rest:
        whom = "any policy" if rest == len(cells) else f"the other {rest}"
        over = any(x.luck for x in cells.values())
        which = "the range, or that of chance alone," if over else "the range"
        parts.append(f"with {whom} a gap cannot be told from none: {which} reaches nought")
    return f"When all funding had ended (year {year}), " + "; ".join(parts) + "."


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """The gap in doing it well between the most and the least disadvantaged fifth of schools: by year, and at both moments."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    height = max(5.5, 2.3 + 0.5 * len(c.policies))
    with mpl.rc_context(RC):
        fig = sheet(height)
        left, names = 4.4, 2.3
        right = WIDTH - 0.95 - left - names - 0.25
        ax = axes_at(fig, 0.95, 1.4, left, height - 2.55)
        mean_lines(ax, frame, look, 100)
        year_axis(ax, c, frame, named=False)
        ax.set_title("Gap by year, percentage points", fontsize=FONT, pad=8)
        if not frame["mean"].notna().any():
            nothing(ax)
        ax.axhline(0, color=INK, linewidth=1)
        ax.yaxis.set_major_formatter(FuncFormatter(signed_tick))
        low, high = ax.get_ylim()
        reach = max(abs(low), abs(high), 1.0)
        ax.set_ylim(min(low - 0.06 * (high - low), -0.25 * reach), max(high + 0.1 * (high - low), 0.25 * reach))
        ax.text(0.015, 0.985, "disadvantaged schools have more", transform=ax.transAxes, color=MUTED, va="top")
        ax.text(0.015, 0.015, "disadvantaged schools have less", transform=ax.transAxes, color=MUTED, va="bottom")
        _at_moments(axes_at(fig, 0.95 + left + names, 1.4, right, height - 2.55), c, practice, look)
        heading(fig, "Gap between the most and the least disadvantaged fifth of schools", about(c, practice))
        foot(
            fig,
            f"Doing it well in the most less the least disadvantaged fifth. {mean_and_range(c, 'Line and mark', 'Band and bar')} "
            "Illustrative model, not a forecast.",
        )
    return fig


def _at_moments(ax: Axes, c: Comparison, practice: str, look: dict[str, Style]) -> None:
    """The gap of each policy when all funding had ended (hollow) and at the end (full); once if that is the same year."""
    n, ended, last = len(c.policies), *(frames.moment_year(c, moment) for moment in ("funding_end", "end"))
    marks = [("end", 0.0, True)] if ended == last else [("funding_end", 0.16, False), ("end", -0.16, True)]
    for i, policy in enumerate(c.policies):
        found = {moment: frames.cell(c, practice, policy, "gap", moment) for moment, _, _ in marks}
        for moment, lift, filled in marks:
            range_mark(ax, found[moment], n - 1 - i + lift, look[policy], 100, filled)
        if not any(cell.known for cell in found.values()):
            ax.text(0.03, n - 1 - i, "n/a", transform=ax.get_yaxis_transform(), va="center", color=look[policy].text)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_ylim(-0.6, n - 0.4)
    ax.set_yticks(range(n))
    row_names(ax, c.policies, look)
    ax.xaxis.set_major_formatter(FuncFormatter(signed_tick))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=STEPS, min_n_ticks=3))
    ax.set_xlabel("percentage points")
    years = f"Hollow: year {shown_year(ended)}, full: year {shown_year(last)}"
    ax.set_title(f"Year {shown_year(last)}" if ended == last else years, fontsize=FONT, pad=8)
