"""How sure is the ranking? Means with what calibrated parameters and what chance alone do to them, and in how many draws each policy is best."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kmsim.lab.uncertainty import sentence
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.report import frames
from kmsim.report.figures.marks import STEPS, row_names
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, nothing, sheet
from kmsim.report.figures.telling import chosen
from kmsim.report.frames import Comparison, k_of_n, shown_year
from kmsim.report.style import FONT, RC, Style, plain_name, styles

PANELS = ("doing_it_well", "sustained", "gap", "months_disadvantaged")


def table(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """By outcome and policy: policy, outcome, year, mean, low, high (over draws), chance_low, chance_high, best, draws, regret."""
    practice, sure = chosen(c, practice), frames.decision(c)
    columns = [
        "policy",
        "outcome",
        "year",
        "mean",
        "low",
        "high",
        "chance_low",
        "chance_high",
        "best",
        "draws",
        "regret",
    ]
    if sure is None:
        return pd.DataFrame(columns=columns)
    parts = []
    for outcome in PANELS:
        levels = frames.of_practice(c.summary, practice, outcome)
        levels = levels[levels.moment == SCORECARD[outcome]]
        rows = frames.of_practice(sure, practice, outcome)[["policy", "best", "draws", "regret"]]
        if len(levels):
            parts.append(levels.merge(rows, on="policy", how="left").fillna({"best": 0, "draws": 0}))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return frame[columns].astype({"best": int, "draws": int})


def words(c: Comparison, practice: str | None = None) -> str:
    """For each outcome that is drawn: how stable the ranking is, who is best in how many draws, and what choosing it costs."""
    practice, sure = chosen(c, practice), frames.decision(c)
    told = []
    for outcome in PANELS:
        part = sure[sure.outcome == outcome] if sure is not None else pd.DataFrame()
        part = frames.of_practice(part, practice, outcome) if len(part) else part
        if len(part):
            told.append(f"{OUTCOMES[outcome].label}: {_lowered(sentence(part, plain_name))}")
    return " ".join(told) or "No outcome tells the policies apart."


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """Four outcomes: each policy's mean, a thin line over draws of parameters, a thick one of chance alone, and where it is best."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    rows = list(c.policies)
    up = max(1.6, 0.36 * len(rows) + 0.35)
    with mpl.rc_context(RC):
        fig = sheet(2 * up + 3.55)
        names, counts = 2.4, 1.05
        across = (WIDTH - names - 2 * counts - 0.3) / 2
        for i, outcome in enumerate(PANELS):
            ax = axes_at(fig, names + (i % 2) * (across + counts + 0.15), 1.5 + (1 - i // 2) * (up + 0.9), across, up)
            part = frame[frame.outcome == outcome].set_index("policy")
            when = "3 years after funding" if outcome == "sustained" else f"year {_year(c, outcome)}"
            ax.set_title(
                f"{OUTCOMES[outcome].label if outcome != 'sustained' else 'Still doing it well'}, {when}",
                fontsize=FONT,
                pad=8,
            )
            _panel(ax, part, rows, look, outcome, named=i % 2 == 0)
        heading(fig, "How sure is the ranking?", about(c, practice))
        draws, each = frames.seeds(c), len(c.manifest.get("seeds", ()))
        foot(
            fig,
            f"Mark: mean. Thin line: 90% of {draws} draws of the calibrated parameters, each the mean of {each} seeds. Thick line: 90% of what "
            "seeds alone do at one set of parameters. Right: draws in which the policy is best. Illustrative model, not a forecast.",
        )
    return fig


def _panel(ax: Axes, part: pd.DataFrame, rows: list[str], look: dict[str, Style], outcome: str, named: bool) -> None:
    percent = OUTCOMES[outcome].percent or outcome == "gap"
    scale, n = (100.0 if percent else 1.0), len(rows)
    ax.set_ylim(-0.6, n - 0.4)
    ax.set_yticks(range(n))
    if named:
        row_names(ax, rows, look)
    else:
        ax.set_yticklabels([])
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", visible=False)
    part = part[np.isfinite(part["mean"].to_numpy(float))]
    if not len(part):
        nothing(ax, "n/a: the run is too short" if outcome == "sustained" else "n/a")
        ax.set_xticks([])
        return
    for i, policy in enumerate(rows):
        if policy not in part.index:
            continue
        row, y, s = part.loc[policy], n - 1 - i, look[policy]
        ax.plot(
            [row.low * scale, row.high * scale], [y, y], color=s.colour, linewidth=1.4, solid_capstyle="butt", zorder=2
        )
        ends = [row.chance_low * scale, row.chance_high * scale]
        ax.plot(ends, [y, y], color=s.colour, linewidth=6, alpha=0.55, solid_capstyle="butt", zorder=3)
        ax.plot([row["mean"] * scale], [y], color=s.colour, marker=s.marker, linestyle="none", zorder=4)
        told = k_of_n(row.best, row.draws) if row.draws else "–"
        ax.text(1.03, y, told, transform=ax.get_yaxis_transform(), va="center", ha="left", color=s.text)
    low, high = (
        float(f(part[[a, b]].to_numpy(float))) * scale
        for f, a, b in ((np.nanmin, "low", "chance_low"), (np.nanmax, "high", "chance_high"))
    )
    room = max(high - low, 0.5 if percent else 0.05)
    ax.set_xlim(low - 0.06 * room, max(high, low + room) + 0.06 * room)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS, min_n_ticks=3))
    ax.set_xlabel("percentage points" if outcome == "gap" else "% of teachers" if percent else OUTCOMES[outcome].unit)
    ax.xaxis.labelpad = 3


def _year(c: Comparison, outcome: str) -> str:
    return shown_year(frames.moment_year(c, SCORECARD[outcome]))


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
