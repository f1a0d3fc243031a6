"""Is it better than business as usual? Differences with the same seeds, and the seeds in which each policy is ahead."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.report import frames
from kmsim.report.figures.marks import STEPS, range_mark, row_names, signed_tick
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, mean_and_range, nothing, sheet
from kmsim.report.figures.telling import chosen, listed
from kmsim.report.frames import ENOUGH, Comparison, k_of_n, shown_year
from kmsim.report.style import FONT, INK, RC, Style, plain_name, styles

FOREST = ("doing_it_well", "sustained", "gap", "months_disadvantaged")
NO_BASELINE = "Business as usual was not run, so there is nothing to compare with."


@frames.once
def table(c: Comparison, practice: str | None = None, outcomes: Sequence[str] = FOREST) -> pd.DataFrame:
    """Differences to business as usual with the same seeds: policy, outcome, moment, year, difference, low, high, ahead, n, and over a
    posterior chance_low and chance_high.

    Each outcome at the moment at which the scorecard reads it. Empty if business as usual was not run.
    """
    practice = chosen(c, practice)
    kept = ["policy", "outcome", "moment", "year", "difference", "low", "high", "ahead", "n"]
    kept += [name for name in ("chance_low", "chance_high") if name in c.paired]
    parts = []
    for outcome in outcomes:
        rows = frames.of_practice(c.paired, practice, outcome) if len(c.paired) else c.paired
        if len(rows):
            rows = rows[
                (rows.role == "baseline")
                & (rows.moment == SCORECARD.get(outcome, "end"))
                & (rows.policy != rows.against)
            ]
            order = {p: i for i, p in enumerate(c.policies)}
            parts.append(
                rows[rows.policy.isin(order)].sort_values("policy", key=lambda s: s.map(order), kind="stable")[kept]
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=kept)


def words(c: Comparison, practice: str | None = None) -> str:
    """For each outcome, which policies differ from business as usual by their range, with the seeds in which each is ahead."""
    frame = table(c, practice)
    if frame.empty:
        return NO_BASELINE
    sides: dict[str, list[str]] = {"better": [], "worse": []}
    for outcome, part in frame.groupby("outcome", sort=False):
        part = part[part.difference.notna() & (part.n >= ENOUGH)]
        sense = -1 if OUTCOMES[outcome].better == "less" else 1
        found = np.array([sense * x.side() for x in _cells(c, part)], int)
        for side, group in (("better", part[found > 0]), ("worse", part[found < 0])):
            if len(group):
                group = group.sort_values("difference", ascending=side == "worse", kind="stable")
                named = [f"{plain_name(r.policy)} ({k_of_n(r.ahead, r.n)})" for r in group.itertuples()]
                told = listed(named if len(named) <= 4 else [*named[:3], f"{len(named) - 3} more"])
                sides[side].append(f"{_brief(outcome).lower()}: {told}")
    if few := frames.few(c):
        return f"{few} too few: no difference to business as usual can be told from chance."
    over = frames.decision(c) is not None
    if not any(sides.values()):
        why = (
            "the 90% range of each difference, or that of chance alone,"
            if over
            else "every 90% range of the differences"
        )
        return f"No policy can be told from business as usual on any of these: {why} reaches nought."
    whole = "by the whole 90% range, and by that of chance alone" if over else "by the whole 90% range"
    parts = [
        f"{side.capitalize()} than business as usual {whole}, with the seeds in which each is ahead: {'; '.join(told)}."
        for side, told in sides.items()
        if told
    ]
    return " ".join([*parts, "Nothing else can be told from it."])


def _cells(c: Comparison, rows: pd.DataFrame) -> list[frames.Cell]:
    """Rows of differences as cells, with what chance alone does to them."""
    each = zip(rows.difference, rows.low, rows.high, rows.n, rows.year, frames.lucks(c, rows), strict=True)
    return [frames.Cell(*row) for row in each]


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """Each policy's difference to business as usual on the same seeds: mean, 90% range, and the seeds in which it is ahead."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    there = set(frame.policy)
    rows = [p for p in c.policies if p in there]
    if not rows:
        return _no_baseline(c, practice)
    up = max(1.6, 0.36 * len(rows) + 0.35)
    height = 2 * up + 3.35
    with mpl.rc_context(RC):
        fig = sheet(height)
        names, counts = 2.4, 1.05
        across = (WIDTH - names - 2 * counts - 0.3) / 2
        for i, outcome in enumerate(FOREST):
            ax = axes_at(fig, names + (i % 2) * (across + counts + 0.15), 1.3 + (1 - i // 2) * (up + 0.9), across, up)
            part = frame[frame.outcome == outcome].set_index("policy")
            year = shown_year(frames.moment_year(c, SCORECARD[outcome]))
            when = "3 years after funding" if outcome == "sustained" else f"year {year}"
            ax.set_title(f"{_brief(outcome)}, {when}", fontsize=FONT, pad=8)
            _forest(ax, part, rows, look, outcome, names=i % 2 == 0)
        heading(fig, "Difference to business as usual, same seeds", about(c, practice))
        foot(
            fig,
            f"{mean_and_range(c, 'Mark', 'Bar')} "
            "Right of each bar: seeds in which the policy is ahead. Illustrative model, not a forecast.",
        )
    return fig


def _no_baseline(c: Comparison, practice: str) -> Figure:
    with mpl.rc_context(RC):
        fig = sheet(2.2)
        ax = axes_at(fig, 0.15, 0.6, WIDTH - 0.3, 0.7)
        ax.set_axis_off()
        nothing(ax, NO_BASELINE)
        heading(fig, "Difference to business as usual, same seeds", about(c, practice))
        foot(fig, f"{c.label[:1].upper()}{c.label[1:]}. Illustrative model, not a forecast.")
    return fig


def _forest(ax: Axes, part: pd.DataFrame, rows: list[str], look: dict[str, Style], outcome: str, names: bool) -> None:
    percent = outcome in OUTCOMES and OUTCOMES[outcome].percent
    scale, n = (100.0 if percent else 1.0), len(rows)
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.set_ylim(-0.6, max(n, 1) - 0.4)
    ax.set_yticks(range(n))
    if names and n:
        row_names(ax, rows, look)
    else:
        ax.set_yticklabels([])
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", visible=False)
    counts = _counts(part, rows)
    empty = set(counts.values()) <= {"n/a"}
    for i, policy in enumerate(rows):
        y = n - 1 - i
        if counts[policy] != "n/a":
            row = part.loc[policy]
            range_mark(ax, frames.Cell(row.difference, row.low, row.high, int(row.n)), y, look[policy], scale)
        if not empty:
            ax.text(
                1.03,
                y,
                counts[policy],
                transform=ax.get_yaxis_transform(),
                va="center",
                ha="left",
                color=look[policy].text,
            )
    if empty:
        nothing(ax, "n/a: the run is too short" if outcome == "sustained" else "n/a")
        ax.set_xticks([])
        return
    low, high = float(np.nanmin([part.low.min(), 0])) * scale, float(np.nanmax([part.high.max(), 0])) * scale
    room = max(high - low, 0.5 if percent else 0.05)
    ax.set_xlim(low - 0.06 * room, max(high, low + room) + 0.06 * room)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS, min_n_ticks=3))
    ax.xaxis.set_major_formatter(FuncFormatter(signed_tick))
    ax.set_xlabel("percentage points" if percent else OUTCOMES[outcome].unit)
    ax.xaxis.labelpad = 3


def _counts(part: pd.DataFrame, rows: list[str]) -> dict[str, str]:
    """In how many seeds each policy is ahead, as text; n/a where it has no value."""
    told = dict.fromkeys(rows, "n/a")
    for row in part.itertuples():
        if np.isfinite(row.difference):
            same = row.low == row.high == row.difference == 0
            told[row.Index] = "equal in all" if same else k_of_n(row.ahead, row.n)
    return told


def _brief(outcome: str) -> str:
    return {
        "doing_it_well": "Doing it well",
        "sustained": "Still doing it well",
        "gap": "Gap",
        "months_disadvantaged": "Disadvantaged pupils' months",
    }.get(outcome, OUTCOMES[outcome].label)
