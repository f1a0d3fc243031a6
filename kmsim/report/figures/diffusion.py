"""The figures of the diffusion study: adoption curves, the rules against each rival, and within-school ties."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.diffusion.communities import SETTINGS
from kmsim.diffusion.schools import MEANINGS, RANGES, within
from kmsim.diffusion.study import ALL, BETTER, MEASURES, WORSE, Study
from kmsim.report.figures.marks import STEPS
from kmsim.report.figures.paper import WIDTH, axes_at, foot, heading, sheet
from kmsim.report.style import BAND, FONT, INK, MUTED, RC

LOOKS: dict[str, tuple[str, Any, str]] = {  # colour, dash, marker
    "rules": ("#0072B2", "-", "o"),
    "no_network": ("#D55E00", (0, (4, 1.6)), "s"),
    "own_number": ("#009E73", (0, (5, 1.4, 1, 1.4)), "^"),
    "bass": ("#A67200", (0, (1, 1.3)), "D"),
    "threshold": ("#7A5195", (0, (2, 1.1)), "v"),
}
PHASE_NAMES = {"pru": "PRU"}
ROW = 0.3  # inches


def adoption_curves(study: Study) -> Figure:
    """The mean curve of held-out communities, as seen and as each model expected it, a panel an innovation."""
    names = list(study.curves.innovation.unique())
    across = (WIDTH - 1.05 - 0.35 * (len(names) - 1)) / len(names)
    with mpl.rc_context(RC):
        fig = sheet(5.6)
        for i, name in enumerate(names):
            ax = axes_at(fig, 0.85 + i * (across + 0.35), 1.25, across, 2.75)
            part = study.curves[study.curves.innovation == name]
            _curves_of(ax, part, study)
            ax.set_title(f"{name.capitalize()}: {SETTINGS[name].what}", fontsize=FONT, pad=8)
            ax.set_xlabel(SETTINGS[name].period.capitalize())
            ax.set_ylim(0, 100)
            ax.set_xlim(1, SETTINGS[name].periods)
            ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            if i == 0:
                ax.set_ylabel("Have adopted, %")
            else:
                ax.tick_params(labelleft=False)
        _key(fig, study, 4.85)
        heading(fig, "Adoption in communities that were not fitted", _about(study))
        foot(
            fig,
            "Means over communities. Each is forecast from its first period of adoption, which is given; every half of the "
            "communities by what was fitted to the other half.",
        )
    return fig


def curves_words(study: Study) -> str:
    """How far each model's mean curve is from what was seen, by innovation."""
    said = []
    for name, part in study.curves.groupby("innovation", sort=False):
        wide = part.pivot(index="period", columns="model", values="share")
        off = {model: float((wide[model] - wide["seen"]).abs().max()) for model in study.labels}
        near, far = min(off, key=off.__getitem__), max(off, key=off.__getitem__)
        said.append(
            f"{str(name).capitalize()}: at its worst the mean curve of “{study.labels[near]}” is off by {off[near]:.0%}, that of "
            f"“{study.labels[far]}” by {off[far]:.0%}."
        )
    return " ".join(said)


def rules_and_rivals(study: Study) -> Figure:
    """The rules less each rival, with 95% intervals over communities, a column a measure."""
    frame = study.differences()
    groups = list(frame.innovation.unique())
    rivals = [name for name in study.labels if name != "rules"]
    rows = len(groups) * (len(rivals) + 1)
    left, gap = 3.4, 0.24
    across = (WIDTH - left - 0.2 - gap * (len(MEASURES) - 1)) / len(MEASURES)
    up = rows * ROW
    with mpl.rc_context(RC):
        fig = sheet(up + 2.4)
        for i, measure in enumerate(MEASURES.values()):
            ax = axes_at(fig, left + i * (across + gap), 1.3, across, up)
            _differences_of(ax, frame[frame.measure == measure.name], groups, rivals)
            ax.set_title(measure.label.capitalize(), fontsize=FONT, pad=8)
            ax.set_ylim(rows - 0.4, -0.6)
            ax.set_yticks([])
            ax.grid(axis="y", visible=False)
        _row_names(fig, study, frame, groups, rivals, up)
        heading(
            fig, "The model's rules less each rival", "Held-out communities; right of the line the rules did better"
        )
        foot(
            fig,
            "Marks: mean over communities. Bars: 95%, communities drawn anew; hollow where the bar reaches the line or "
            "communities are too few. Log score in nats a person, curve error as a share of people, the others as a share of pairs. "
            "The threshold model gives no chances, so two columns lack it.",
        )
    return fig


def rivals_words(study: Study) -> str:
    """What can be told of the rules against their rivals, over all communities."""
    frame = study.differences()
    part = frame[frame.innovation == frame.innovation.iloc[-1]]
    sides = []
    for told in (BETTER, WORSE):
        for rival, own in part[part.verdict == told].groupby("rival", sort=False):
            sides.append(
                f"{told} than “{study.labels[str(rival)]}” by {' and '.join(MEASURES[m].label for m in own.measure)}"
            )
    where = "all communities" if part.innovation.iloc[0] == ALL else part.innovation.iloc[0]
    return (
        f"Over {where} the rules did {'; '.join(sides)}. Nothing else can be told apart."
        if sides
        else f"Over {where} nothing can be told apart."
    )


def school_ties_figure(schools: pd.DataFrame, place: str) -> Figure:
    """Density, out-degree and reciprocity of each school's own ties, by phase, over the ranges of real schools."""
    phases = [phase for phase, _ in sorted(schools.groupby("phase").size().items(), key=lambda item: -item[1])]
    left, gap, up = 1.2, 0.3, 0.62 * len(phases)
    across = (WIDTH - left - 0.3 - 2 * gap) / 3
    with mpl.rc_context(RC):
        fig = sheet(up + 2.5)
        for i, (name, (low, high)) in enumerate(RANGES.items()):
            ax = axes_at(fig, left + i * (across + gap), 1.3, across, up)
            ax.axvspan(low, high, color="#d5e6f3", zorder=0, linewidth=0)
            for row, phase in enumerate(phases):
                x = schools[schools.phase == phase][name].to_numpy(float)
                inside = (x >= low) & (x <= high)
                spot = row + 0.28 * np.sin(np.arange(len(x)) * 2.4) * (len(x) > 2)
                for these, colour, marker in ((inside, "#0072B2", "o"), (~inside, "#D55E00", "X")):
                    ax.plot(
                        x[these],
                        spot[these],
                        marker,
                        color=colour,
                        markersize=6,
                        markeredgecolor="white",
                        markeredgewidth=0.5,
                    )
            ax.set_title(f"{name.replace('_', '-').capitalize()}", fontsize=FONT, pad=8)
            ax.set_ylim(len(phases) - 0.45, -0.55)
            ax.set_xlim(0, 1.08 * max(high, float(schools[name].max())))
            ax.grid(axis="y", visible=False)
            ax.set_yticks(
                range(len(phases)),
                [PHASE_NAMES.get(p, p.capitalize()) for p in phases] if i == 0 else [""] * len(phases),
            )
            ax.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
            ax.set_xlabel(("Share of possible ties", "Ties a post", "Share of ties")[i])
        heading(fig, "Advice ties within schools, and real ones", f"{place}, {len(schools)} schools, as generated")
        foot(
            fig,
            "Marks: schools; crosses lie beyond the range. Shaded: from the least to the most of 15 real schools' advice networks. "
            "Density: " + MEANINGS["density"] + ".",
        )
    return fig


def ties_words(schools: pd.DataFrame) -> str:
    """What share of schools lies within each range."""
    frame = within(schools)
    every = frame[frame.phase == "all"]
    parts = [f"{r.statistic.replace('_', '-')} {r.within:.0%}" for r in every.itertuples()]
    return f"Schools within the ranges of real ones: {', '.join(parts)}."


def _curves_of(ax: Axes, part: pd.DataFrame, study: Study) -> None:
    for model in study.labels:
        own = part[part.model == model]
        colour, dash, _ = LOOKS[model]
        ax.plot(own.period, 100 * own.share, color=colour, linestyle=dash, zorder=3)
    seen = part[part.model == "seen"]
    ax.plot(
        seen.period,
        100 * seen.share,
        "o",
        color=INK,
        markersize=6,
        zorder=4,
        markeredgecolor="white",
        markeredgewidth=0.6,
        clip_on=False,
    )


def _key(fig: Figure, study: Study, up: float) -> None:
    """What is drawn how: three to a row."""
    handles = [Line2D([], [], color=INK, marker="o", linestyle="none", markersize=6, label="Seen")]
    for model, label in study.labels.items():
        colour, dash, _ = LOOKS[model]
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=label))
    fig.legend(
        handles=handles, loc="center left", bbox_to_anchor=(0.7 / WIDTH, up / fig.get_size_inches()[1] - 0.03), ncols=3, frameon=False,
        handlelength=2.6, columnspacing=2.0, borderpad=0, fontsize=FONT,
    )  # fmt: skip


def _differences_of(ax: Axes, part: pd.DataFrame, groups: list[str], rivals: list[str]) -> None:
    ax.axvline(0, color=MUTED, linewidth=1.2, zorder=1)
    for g, group in enumerate(groups):
        top = g * (len(rivals) + 1)
        if g % 2 == 0:
            ax.axhspan(top - 0.6, top + len(rivals) + 0.4, color=BAND, zorder=0, linewidth=0)
        for r, rival in enumerate(rivals):
            own = part[(part.innovation == group) & (part.rival == rival)]
            for one in own.itertuples():
                colour, _, marker = LOOKS[rival]
                sure = one.verdict in (BETTER, WORSE)
                y = top + 1 + r
                ax.plot([one.low, one.high], [y, y], color=colour, linewidth=1.8, zorder=3)
                ax.plot(
                    [one.difference], [y], marker, color=colour, markersize=7, zorder=4, markeredgewidth=1.5,
                    markerfacecolor=colour if sure else "white",
                )  # fmt: skip
    reach = 1.08 * max(float(np.nanmax(np.abs(part[["low", "high"]].to_numpy(float)))), 1e-3)
    ax.set_xlim(-reach, reach)
    inside = [tick for tick in MaxNLocator(4, steps=STEPS).tick_values(0, reach) if 0 < tick <= 0.75 * reach]
    ax.set_xticks([-inside[-1], 0, inside[-1]])  # away from the ends, where the next panel's begin
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}".replace("-", "−") if abs(x) > 1e-12 else "0"))


def _row_names(fig: Figure, study: Study, frame: pd.DataFrame, groups: list[str], rivals: list[str], up: float) -> None:
    inches = fig.get_size_inches()[1]

    rows = len(groups) * (len(rivals) + 1)

    def write(row: float, text: str, left: float, weight: str) -> None:
        y = 1.3 + up * (1 - (row + 0.6) / (rows + 0.2))  # the axes run from row -0.6 to rows - 0.4
        fig.text(left / WIDTH, y / inches, text, fontsize=FONT, fontweight=weight, color=INK, va="center", ha="left")

    for g, group in enumerate(groups):
        top = g * (len(rivals) + 1)
        n = int(frame[frame.innovation == group].communities.max())
        write(top, f"{group.capitalize()}, {n} communities", 0.15, "bold")
        for r, rival in enumerate(rivals):
            write(top + 1 + r, study.labels[rival], 0.3, "normal")


def _about(study: Study) -> str:
    own = study.communities[study.communities.model == "rules"]
    return f"{own.groupby(['innovation', 'community']).ngroups} communities, {int(own.people.sum()):,} people"
