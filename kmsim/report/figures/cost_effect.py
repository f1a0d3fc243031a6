"""What does it cost? Cash a pupil against doing it well, with the frontier."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.report import frames
from kmsim.report.figures.paper import WIDTH, about, axes_at, foot, heading, mean_and_range, nothing, sheet
from kmsim.report.figures.placing import lead_end, place_names
from kmsim.report.figures.telling import chosen, known_cells, listed
from kmsim.report.frames import Comparison, shown, shown_year
from kmsim.report.style import FONT, RC, Style, plain_name, short_name, styles, width_of

SIDE_BY_SIDE = 6  # policies: with more, names need the whole width, so that the two charts stand one above the other


@frames.once
def table(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """Cost and effect by policy: policy, panel, cost, cost_low, cost_high, effect, effect_low, effect_high, outcome, frontier.

    panel "funding_end" has doing it well when all funding had ended, "end" (unless that is the same year) still doing it well
    three years on; cost in GBP a pupil by that moment. frontier: no other policy costs as little or less and reaches as much or more, on means, and it does reach something.
    """
    practice = chosen(c, practice)
    rows = []
    panels = [("funding_end", "doing_it_well"), ("end", "sustained")]
    if frames.moment_year(c, "funding_end") == frames.moment_year(c, "end"):
        panels.pop()
    for panel, outcome in panels:
        for policy in c.policies:
            cost = frames.cell(c, practice, policy, "cost_per_pupil_gbp", panel)
            effect = frames.cell(c, practice, policy, outcome, panel)
            if not effect.known and outcome == "sustained" and not known_cells(c, practice, "sustained", "end"):
                outcome, effect = "doing_it_well", frames.cell(c, practice, policy, "doing_it_well", panel)
            rows.append((policy, panel, cost.mean, cost.low, cost.high, effect.mean, effect.low, effect.high, outcome))
    kept = ["policy", "panel", "cost", "cost_low", "cost_high", "effect", "effect_low", "effect_high", "outcome"]
    frame = pd.DataFrame(rows, columns=kept)
    frame["frontier"] = np.concatenate([_on_frontier(part) for _, part in frame.groupby("panel", sort=False)])
    return frame


def words(c: Comparison, practice: str | None = None) -> str:
    """Which policies stand on the frontier at each moment, and which of them are told from the next by their ranges."""
    practice = chosen(c, practice)
    frame = table(c, practice)
    parts = []
    for panel, part in frame.groupby("panel", sort=False):
        when = _when(str(panel), part.outcome.iloc[0], shown_year(frames.moment_year(c, str(panel))))
        edge = part[part.frontier].sort_values("cost", kind="stable")
        if edge.empty:
            parts.append(f"{when}, no policy reaches anything: there is no frontier.")
            continue
        steps = [
            f"{plain_name(r.policy)} ({shown('cost_per_pupil_gbp', r.cost)} a pupil, {shown(r.outcome, r.effect)})"
            for r in edge.itertuples()
        ]
        if len(steps) > 4:
            steps = [steps[0], f"{len(steps) - 2} others", steps[-1]]
        text = f"{when}, by the means, the frontier runs through {listed(steps)}"
        pairs = list(zip(edge.itertuples(), list(edge.itertuples())[1:], strict=False))
        near = [(a.policy, b.policy) for a, b in pairs if not _sure(c, practice, str(panel), a, b)]
        if few := frames.few(c):
            text += f"; {few[:1].lower()}{few[1:]} too few to tell whether a step up is more than chance"
        elif not pairs:
            text += ": by the means no other reaches as much for as little"
        elif len(near) == 1:
            a, b = map(plain_name, near[0])
            text += (
                f"; the costs or the effects of {a} and {b} cannot be told apart, so the step between them is not sure"
            )
        elif near:
            text += f"; on {len(near)} of its {len(pairs)} steps up the costs or the effects cannot be told apart, so these are not sure"
        else:
            text += "; at every step up both costs and effects can be told apart"
        parts.append(text + ".")
    return " ".join(parts)


def _sure(c: Comparison, practice: str, panel: str, a: Any, b: Any) -> bool:
    """Whether a step up is: the effects' ranges are clear of each other, and the costs can be told apart seed by seed."""
    one, other = (frames.cell(c, practice, r.policy, r.outcome, panel) for r in (a, b))
    return not one.overlaps(other) and _costs_apart(c, practice, panel, a.policy, b.policy)


def _costs_apart(c: Comparison, practice: str, panel: str, one: str, other: str) -> bool:
    """Whether two costs a pupil differ in the whole 90% range of their difference seed by seed, and beyond what chance alone does."""
    cost = frames.by_seed(c, practice, "cost_per_pupil_gbp", panel)
    _, low, high, _ = frames.spans((cost[one] - cost[other]).to_numpy(float))
    lucky = [frames.cell(c, practice, p, "cost_per_pupil_gbp", panel).luck for p in (one, other)]
    by_luck = all(lucky) and lucky[0][0] <= lucky[1][1] and lucky[1][0] <= lucky[0][1]  # type: ignore[index]
    return bool(low > 0 or high < 0) and not by_luck


def draw(c: Comparison, practice: str | None = None) -> Figure:
    """Cost a pupil against doing it well when funding ended and three years on, with ranges both ways and the frontier."""
    practice = chosen(c, practice)
    frame, look = table(c, practice), styles(c.policies)
    panels = list(frame.groupby("panel", sort=False))
    stacked = len(c.policies) > SIDE_BY_SIDE
    across, up = (WIDTH - 1.0, 4.2) if stacked or len(panels) == 1 else ((WIDTH - 1.55) / 2, 4.2)
    height = 2.45 + up + (up + 0.95) * (stacked and len(panels) == 2)
    top = np.nanmax([frame.effect_high.max(), frame.effect.max(), 0.01]) * 100
    with mpl.rc_context(RC):
        fig = sheet(height)
        for i, (panel, part) in enumerate(panels):
            right, down = (0, i) if stacked else (i, 0)
            ax = axes_at(fig, 0.85 + right * (across + 0.55), height - 1.1 - up - down * (up + 0.95), across, up)
            year = shown_year(frames.moment_year(c, panel))
            ax.set_title(_when(str(panel), part.outcome.iloc[0], year), fontsize=FONT, pad=8)
            ax.set_xlabel(f"Cash by year {year}, £ a pupil")
            if not right:
                ax.set_ylabel("Teachers doing it well, %")
            known = part[part.cost.notna() & part.effect.notna()]
            costs = np.nanmax([known.cost_high.max(), known.cost.max(), 0.01]) if len(known) else 1.0
            ax.set_ylim(-0.14 * top, 1.12 * top)
            ax.set_xlim(-0.05 * costs, 1.12 * costs)
            ax.yaxis.set_major_locator(MaxNLocator(6, steps=(1, 2, 5, 10)))
            ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}" if y >= 0 else ""))
            if known.empty:
                nothing(ax)
            _frontier(ax, known)
            _cross_points(ax, known, look)
            _point_labels(ax, known, look)
        heading(fig, "Cost against effect", about(c, practice))
        foot(
            fig,
            f"{mean_and_range(c, 'Mark', 'Bars')} Grey line: the frontier (no policy reaches more for as little). "
            "Cash only. Illustrative model, not a forecast.",
        )
    return fig


def _on_frontier(part: pd.DataFrame) -> np.ndarray:
    """Which policies reach something, and no other costs as little or less and reaches as much or more."""
    cost, effect = part.cost.to_numpy(float), part.effect.to_numpy(float)
    as_good = (cost <= cost[:, None]) & (effect >= effect[:, None])
    better = as_good & ((cost < cost[:, None]) | (effect > effect[:, None]))
    return np.isfinite(cost) & (effect.round(4) > 0) & ~better.any(1)


def _edge(known: pd.DataFrame, end: float) -> tuple[list[float], list[float]]:
    """The frontier's corners, from its cheapest policy to the right end of the axes: costs and percentages."""
    edge = known[known.frontier].sort_values("cost", kind="stable")
    costs, effects = [*edge.cost, end], [*(100 * edge.effect)]
    return [x for x in costs for _ in (0, 1)][1:-1], [y for y in effects for _ in (0, 1)]


def _frontier(ax: Axes, known: pd.DataFrame) -> None:
    if known.frontier.any():
        x, y = _edge(known, ax.get_xlim()[1])
        ax.plot(x, y, color="#9aa5b1", linewidth=5, alpha=0.45, zorder=1, solid_capstyle="butt")


def _cross_points(ax: Axes, known: pd.DataFrame, look: dict[str, Style]) -> None:
    for r in known.itertuples():
        s = look[r.policy]
        ax.plot([r.cost_low, r.cost_high], [100 * r.effect] * 2, color=s.colour, linewidth=1.6, zorder=3)
        ax.plot([r.cost] * 2, [100 * r.effect_low, 100 * r.effect_high], color=s.colour, linewidth=1.6, zorder=3)
        ax.plot(
            [r.cost],
            [100 * r.effect],
            color=s.colour,
            marker=s.marker,
            markersize=9,
            markeredgecolor="white",
            linestyle="none",
            zorder=4,
        )


def _point_labels(ax: Axes, known: pd.DataFrame, look: dict[str, Style]) -> None:
    """A name near each point, where it covers no other name, mark or bar, led to its point."""
    if known.empty:
        return
    ax.set_autoscale_on(False)
    fig: Any = ax.figure
    inches, box = fig.get_size_inches(), ax.get_position()
    size = np.array([box.width * inches[0] * 72, box.height * inches[1] * 72])
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    corner, scale = np.array([x0, y0]), np.array([x1 - x0, y1 - y0]) / size
    rows = list(known.sort_values("effect", ascending=False, kind="stable").itertuples())
    points = (np.array([[r.cost, 100 * r.effect] for r in rows]) - corner) / scale
    low = (np.array([[r.cost_low, 100 * r.effect_low] for r in rows]) - corner) / scale
    high = (np.array([[r.cost_high, 100 * r.effect_high] for r in rows]) - corner) / scale
    bars = [
        np.column_stack([low[:, 0], points[:, 1] - 1, high[:, 0], points[:, 1] + 1]),
        np.column_stack([points[:, 0] - 1, low[:, 1], points[:, 0] + 1, high[:, 1]]),
    ]
    edge = (np.array(_edge(known, x1)).T - corner) / scale if known.frontier.any() else np.zeros((0, 2))
    steps = np.hstack([np.minimum(edge[:-1], edge[1:]) - 3, np.maximum(edge[:-1], edge[1:]) + 3])
    marks = np.vstack([np.hstack([points - 6, points + 6]), *bars, steps])
    names = [short_name(r.policy) for r in rows]
    for r, name, point, (left, bottom, right, top) in zip(
        rows, names, points, place_names(points, [width_of(n) for n in names], marks, size), strict=True
    ):
        s = look[r.policy]
        end = lead_end(np.array([[left, bottom, right, top]]), point)[0]
        if np.hypot(*(end - point)) > 12:
            ax.plot(
                *np.column_stack([corner + end * scale, corner + point * scale]),
                color=s.colour,
                linewidth=1,
                zorder=2.5,
            )
        beside = (
            "right" if right < point[0] else "left" if left > point[0] else "center"
        )  # towards its point, whatever the font
        x, y = (
            corner
            + np.array([{"right": right, "left": left, "center": (left + right) / 2}[beside], (bottom + top) / 2])
            * scale
        )
        ax.text(x, y, name, color=s.text, ha=beside, va="center", zorder=6)


def _when(panel: str, outcome: str, year: str) -> str:
    """The moment of a panel, as a title or the start of a sentence."""
    if panel == "funding_end":
        return f"When all funding had ended (year {year})"
    return "Three years after each policy's funding ended" if outcome == "sustained" else f"At the end (year {year})"
