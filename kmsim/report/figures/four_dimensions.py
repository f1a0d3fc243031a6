"""How wide, how deep, how lasting, whose own? The four dimensions of scale as small charts."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from kmsim.report import frames
from kmsim.report.figures.marks import key_to_lines, mean_lines, year_axis
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, mean_and_range, nothing, sheet
from kmsim.report.figures.telling import chosen, highest, known_cells, others
from kmsim.report.frames import Comparison, shown_cell, shown_year
from kmsim.report.style import FONT, MUTED, RC, plain_name, styles

# Outcome, title, what the axis shows, the values' scale.
DIMENSIONS = (
    ("spread_teachers", "Spread", "teachers trying or using it, %", 100.0),
    ("depth", "Depth", "quality of use where it is used, 0 to 1", 1.0),
    ("lasting", "Sustainability", "doing it well, year {year} = 1", 1.0),
    ("ownership", "Shift in ownership", "how far it is their own, 0 to 1", 1.0),
)


@frames.once
def table(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """The four dimensions by policy and tick: policy, outcome, year, mean, low, high, n.

    outcome "lasting" is doing it well as a ratio to its value when all funding had ended; NaN where that was under 1%.
    """
    practice = chosen(c, practice)
    parts = [
        _lasting(c, practice) if outcome == "lasting" else frames.bands(c, practice, outcome)
        for outcome, *_ in DIMENSIONS
    ]
    return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)


def words(c: Comparison, practice: str | None = None) -> str:
    """Which policy has the highest mean on each dimension when all funding had ended (for lasting: at the end), with ranges."""
    practice = chosen(c, practice)
    parts = []
    for outcome, title, _, _ in DIMENSIONS:
        if outcome == "lasting":
            cells, name, year = lasting_cells(c, practice), outcome, frames.moment_year(c, "end")
        else:
            cells, name, year = (
                known_cells(c, practice, outcome, "funding_end"),
                outcome,
                frames.moment_year(c, "funding_end"),
            )
        if outcome in ("depth", "ownership"):
            used = known_cells(c, practice, "spread_teachers", "funding_end")
            cells = {p: x for p, x in cells.items() if p not in used or used[p].mean >= 0.01}
        top = highest(cells)
        if top is None:
            parts.append(f"{title}: n/a.")
            continue
        parts.append(
            f"{title} (year {shown_year(year)}): highest mean {plain_name(top)}, {shown_cell(name, cells[top])}"
            + others(cells, top, name)
            + "."
        )
    return " ".join(parts)


def lasting_cells(c: Comparison, practice: str) -> dict[str, frames.Cell]:
    """Doing it well at the end as a ratio to its value when all funding had ended, a cell for each policy that has one."""
    frame = _lasting(c, practice)
    frame = frame[frame.year == frame.year.max()] if len(frame) else frame
    rows = frame[frame["mean"].notna()][["policy", "mean", "low", "high", "n", "year"]].itertuples(
        index=False, name=None
    )
    return {
        p: frames.Cell(float(mean), float(low), float(high), int(n), float(year))
        for p, mean, low, high, n, year in rows
    }


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """Spread, depth, sustainability and ownership by year, as four small charts with one key to the policies."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    rows, ended = -(-len(c.policies) // 4), frames.moment_year(c, "funding_end")
    height = 9.0 + 0.28 * rows
    with mpl.rc_context(RC):
        fig = sheet(height)
        across, up = (WIDTH - 0.85 - 0.2 - 0.8) / 2, (height - 3.55 - 0.28 * rows) / 2
        for i, (outcome, title, axis, scale) in enumerate(DIMENSIONS):
            left = 0.85 + (i % 2) * (across + 0.8)
            bottom = 1.4 + (1 - i // 2) * (up + 0.95)
            ax = axes_at(fig, left, bottom, across, up)
            part = frame[frame.outcome == outcome]
            mean_lines(ax, part, look, scale)
            year_axis(ax, c, frame, named=False)
            if not part["mean"].notna().any():
                ends_with_funding = outcome == "lasting" and ended == frames.moment_year(c, "end")
                nothing(ax, "n/a: the run ends when funding does" if ends_with_funding else "n/a")
                ax.set_yticks([])
            elif outcome == "lasting":
                ax.set_xlim(ended, frame.year.max())
                ax.axhline(1, color=MUTED, linewidth=1)
            ax.set_title(f"{title}: {axis.format(year=shown_year(ended))}", fontsize=FONT, pad=8)
        key_to_lines(fig, c.policies, look, height - 0.98)
        heading(fig, "The four dimensions of scale", about(c, practice))
        foot(
            fig,
            f"{mean_and_range(c, 'Line', 'Band')} Grey: funded years. {_left_out(c, practice)}Illustrative model, not a forecast.",
        )
    return fig


def _lasting(c: Comparison, practice: str) -> pd.DataFrame:
    """As `frames.lasting`; no rows if the run ends when funding does, for then nothing can have lasted."""
    frame = frames.lasting(c, practice)
    return frame if frames.moment_year(c, "end") > frames.moment_year(c, "funding_end") else frame.iloc[:0]


def _left_out(c: Comparison, practice: str) -> str:
    """How many policies have no line under sustainability, and why; nothing if none has or all have one."""
    n = len(c.policies) - len(lasting_cells(c, practice))
    if n in (0, len(c.policies)):
        return ""
    year = shown_year(frames.moment_year(c, "funding_end"))
    who = "1 policy" if n == 1 else f"{n} policies"
    return f"Sustainability is not shown for {who} with under 1% of teachers doing it well in year {year}. "
