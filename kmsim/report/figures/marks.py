"""What several figures draw alike: lines with bands over years, marks with ranges, names of rows, and the key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kmsim.report import frames
from kmsim.report.figures.paper import WIDTH
from kmsim.report.frames import Comparison
from kmsim.report.style import BAND, MUTED, Style, plain_name, short_name

STEPS = (1, 2, 2.5, 5, 10)


def mean_lines(ax: Axes, table: pd.DataFrame, look: dict[str, Style], scale: float) -> None:
    """A mean line and a 90% band for each policy; a mark at every second year."""
    parts = [(p, part) for p, part in table.groupby("policy", sort=False) if part["mean"].notna().any()]
    faint = min(1.0, 8 / max(len(parts), 1))
    for i, (policy, part) in enumerate(parts):
        s, x = look[policy], part.year.to_numpy(float)
        low, high = part.low.to_numpy(float) * scale, part.high.to_numpy(float) * scale
        face, edge = to_rgba(s.colour, 0.15 * faint), to_rgba(s.colour, 0.45 * faint)
        ax.fill_between(x, low, high, facecolor=face, edgecolor=edge, linewidth=0.7, zorder=2)
        whole = np.flatnonzero(
            np.isclose(x % 1, 0) & (np.round(x).astype(int) % 2 == i % 2) & part["mean"].notna().to_numpy()
        )
        ax.plot(
            x, part["mean"].to_numpy(float) * scale, color=s.colour, linestyle=s.dash, marker=s.marker, markevery=list(whole),
            markeredgecolor="white", markeredgewidth=0.7, zorder=3, label=plain_name(policy), solid_capstyle="round", clip_on=False,
        )  # fmt: skip
    tops = [part.high.max() for _, part in parts] + [part["mean"].max() for _, part in parts]
    bottoms = [part.low.min() for _, part in parts] + [part["mean"].min() for _, part in parts]
    top, bottom = (float(np.nanmax(tops)) * scale, float(np.nanmin(bottoms)) * scale) if parts else (1.0, 0.0)
    bottom = min(0.0, bottom)
    top = top if top - bottom > 1e-9 else bottom + (1.0 if scale == 1 else 5.0)
    ax.set_ylim(bottom - (0.02 if bottom == 0 else 0.08) * (top - bottom), top + 0.08 * (top - bottom))
    ax.yaxis.set_major_locator(MaxNLocator(7, steps=STEPS))
    ax.margins(x=0)


def year_axis(ax: Axes, c: Comparison, table: pd.DataFrame, named: bool = True) -> None:
    """The axis of years, and the funded years shaded."""
    end = float(table.year.max()) if len(table) else float(c.config.get("years", 1))
    ax.set_xlim(0, max(end, 1e-9))
    ax.axvspan(0, min(c.funding_end, end), color=BAND, zorder=0, linewidth=0)
    ax.xaxis.set_major_locator(MaxNLocator(10 if named else 6, integer=True))
    ax.set_xlabel("Years since the start" if named else "Year")
    ax.xaxis.labelpad = 3
    if named and c.funding_end > 0.25 * end:
        ax.text(
            0.012 * end, 0.985, "funded years", transform=ax.get_xaxis_transform(), ha="left", va="top", color=MUTED
        )


def key_to_lines(fig: Figure, policies: Sequence[str], look: dict[str, Style], top: float) -> None:
    """The key to lines: four names a row, from `top` inches down."""
    up = fig.get_size_inches()[1]
    rows = -(-len(policies) // 4)
    for i, policy in enumerate(policies):
        row, column = i % rows, i // rows
        x, y = 0.15 + column * 2.56, top - row * 0.28
        s = look[policy]
        xs = [x / WIDTH, (x + 0.21) / WIDTH, (x + 0.42) / WIDTH]
        fig.add_artist(
            Line2D(
                xs,
                [y / up] * 3,
                color=s.colour,
                linestyle=s.dash,
                marker=s.marker,
                markevery=[1],
                markeredgecolor="white",
                markeredgewidth=0.7,
            )
        )
        fig.text((x + 0.5) / WIDTH, y / up, short_name(policy), color=s.text, va="center", ha="left")


def range_mark(ax: Axes, found: frames.Cell, y: float, s: Style, scale: float, filled: bool = True) -> None:
    """A mean with its range on a row; hollow if not filled, nothing if there is no value."""
    if not found.known:
        return
    ax.plot(
        [found.low * scale, found.high * scale], [y, y], color=s.colour, linewidth=2.2, solid_capstyle="round", zorder=2
    )
    ax.plot(
        [found.mean * scale], [y], marker=s.marker, color=s.colour, markerfacecolor=s.colour if filled else "white",
        markeredgewidth=1.4, markersize=8, linestyle="none", zorder=3,
    )  # fmt: skip


def row_names(ax: Axes, policies: Sequence[str], look: dict[str, Style]) -> None:
    """Names of rows, the first on top, each in its policy's colour."""
    ax.set_yticklabels([short_name(p) for p in reversed(policies)])
    for tick, policy in zip(ax.get_yticklabels(), reversed(policies), strict=True):
        tick.set_color(look[policy].text)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)


def signed_tick(value: float, _: int = 0) -> str:
    """A tick of an axis of differences, with its sign; nought has none."""
    text = f"{abs(value):.6g}"
    return "0" if float(text) < 1e-9 else ("+" if value > 0 else "−") + text
