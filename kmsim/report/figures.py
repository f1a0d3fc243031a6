"""The figures of a comparison, each with the table under it and a sentence in words computed from the same numbers.

`fan_chart`, `dimensions`, `cost_effect`, `gap` and `paired_differences` return a matplotlib Figure; `table_*` the frame
that it draws and `words_*` what it shows in a sentence or two (the alternative text). No pyplot, no state: the same
comparison gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.report import frames
from kmsim.report.frames import ENOUGH, Comparison, k_of_n, shown, shown_cell, shown_year
from kmsim.report.style import BAND, FONT, INK, MUTED, RC, Style, plain_name, short_name, styles, width_of

WIDTH = 10.4  # inches: 12 point text is then 16 pixels on a page 1,000 pixels wide
DPI = 150
STEPS = (1, 2, 2.5, 5, 10)
FOREST = ("doing_it_well", "sustained", "gap", "months_disadvantaged")
FONTS = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

# The four dimensions of scale: outcome, title, what the axis shows, the values' scale.
DIMENSIONS = (
    ("spread_teachers", "Spread", "teachers trying or using it, %", 100.0),
    ("depth", "Depth", "quality of use where it is used, 0 to 1", 1.0),
    ("lasting", "Sustainability", "% kept since funding ended", 100.0),
    ("ownership", "Shift in ownership", "how far it is their own, 0 to 1", 1.0),
)


# -- fan chart ---------------------------------------------------------------
def table_fan_chart(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """Doing it well by policy and tick: policy, outcome, year, mean, low, high, n. The first practice if none is named."""
    return frames.bands(c, _practice(c, practice), "doing_it_well")


def words_fan_chart(c: Comparison, practice: str | None = None) -> str:
    """What the fan chart shows: who is highest when funding ended and at the end, with ranges, and how many stay under 1%."""
    practice = _practice(c, practice)
    parts = []
    for moment, when in (("funding_end", "When funding ended"), ("end", "At the end")):
        cells = _cells(c, practice, "doing_it_well", moment)
        top = _highest(cells)
        if top is None:
            continue
        year = shown_year(frames.moment_year(c, moment))
        if cells[top].mean < 0.01:
            parts.append(f"{when} (year {year}) no policy has 1% of teachers doing it well.")
            continue
        parts.append(
            f"{when} (year {year}) {plain_name(top)} has the highest mean, {shown_cell('doing_it_well', cells[top])}"
            + _others(cells, top, "doing_it_well")
            + "."
        )
    return " ".join(parts) or "No values to show."


def fan_chart(c: Comparison, practice: str | None = None) -> Figure:
    """Teachers doing it well by year: a mean line and a 90% band for each policy, named at its end, the funded years shaded."""
    practice = _practice(c, practice)
    table, look = table_fan_chart(c, practice), styles(c.policies)
    with mpl.rc_context(RC):
        fig = _figure(6.4)
        ax = _axes(fig, 0.85, 1.05, WIDTH - 0.85 - 3.1, 6.4 - 1.9)
        _lines(ax, table, look, 100)
        _years(ax, c, table)
        ax.set_ylabel("Teachers doing it well, %")
        ends = table[table["mean"].notna()].groupby("policy", sort=False).last()
        labels = [
            (
                p,
                float(ends.loc[p, "mean"]) * 100,
                f"{short_name(p)}  {shown('doing_it_well', float(ends.loc[p, 'mean']))}",
            )
            for p in c.policies
            if p in ends.index
        ]
        _end_labels(ax, labels, look, float(table.year.max()) if len(table) else 1.0)
        _title(fig, "Teachers doing it well, year by year", _about(c, practice))
        _foot(fig, f"{_drawn(c, 'Line', 'Band')} Illustrative model, not a forecast.")
    return fig


# -- four dimensions ---------------------------------------------------------
def table_dimensions(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """The four dimensions by policy and tick: policy, outcome, year, mean, low, high, n.

    outcome "lasting" is doing it well as a ratio to its value when funding ended; NaN where that was under 1%.
    """
    practice = _practice(c, practice)
    parts = [
        frames.lasting(c, practice) if outcome == "lasting" else frames.bands(c, practice, outcome)
        for outcome, *_ in DIMENSIONS
    ]
    return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)


def words_dimensions(c: Comparison, practice: str | None = None) -> str:
    """Which policy has the highest mean on each dimension when funding ended (for lasting: at the end), with ranges."""
    practice = _practice(c, practice)
    parts = []
    for outcome, title, _, _ in DIMENSIONS:
        if outcome == "lasting":
            cells, name, year = lasting_cells(c, practice), "sustained_ratio", frames.moment_year(c, "end")
        else:
            cells, name, year = (
                _cells(c, practice, outcome, "funding_end"),
                outcome,
                frames.moment_year(c, "funding_end"),
            )
        if outcome in ("depth", "ownership"):
            used = _cells(c, practice, "spread_teachers", "funding_end")
            cells = {p: x for p, x in cells.items() if p not in used or used[p].mean >= 0.01}
        top = _highest(cells)
        if top is None:
            parts.append(f"{title}: n/a.")
            continue
        parts.append(
            f"{title} (year {shown_year(year)}): highest mean {plain_name(top)}, {shown_cell(name, cells[top])}"
            + _others(cells, top, name)
            + "."
        )
    return " ".join(parts)


def lasting_cells(c: Comparison, practice: str) -> dict[str, frames.Cell]:
    """Doing it well at the end as a ratio to its value when funding ended, a cell for each policy that has one."""
    table = frames.lasting(c, practice)
    table = table[table.year == table.year.max()] if len(table) else table
    rows = table[table["mean"].notna()][["policy", "mean", "low", "high", "n", "year"]].itertuples(
        index=False, name=None
    )
    return {
        p: frames.Cell(float(mean), float(low), float(high), int(n), float(year))
        for p, mean, low, high, n, year in rows
    }


def dimensions(c: Comparison, practice: str | None = None) -> Figure:
    """Spread, depth, sustainability and ownership by year, as four small charts with one key to the policies."""
    practice = _practice(c, practice)
    table, look = table_dimensions(c, practice), styles(c.policies)
    rows = -(-len(c.policies) // 4)
    height = 8.8 + 0.28 * rows
    with mpl.rc_context(RC):
        fig = _figure(height)
        across, up = (WIDTH - 0.85 - 0.2 - 0.8) / 2, (height - 3.35 - 0.28 * rows) / 2
        for i, (outcome, title, axis, scale) in enumerate(DIMENSIONS):
            left = 0.85 + (i % 2) * (across + 0.8)
            bottom = 1.2 + (1 - i // 2) * (up + 0.95)
            ax = _axes(fig, left, bottom, across, up)
            part = table[table.outcome == outcome]
            missing = [p for p in c.policies if not part[part.policy == p]["mean"].notna().any()]
            _lines(ax, part, look, scale)
            _years(ax, c, table, named=False)
            if outcome == "lasting" and c.funding_end < table.year.max():
                ax.set_xlim(c.funding_end, table.year.max())
            if not part["mean"].notna().any():
                ax.text(0.5, 0.5, "n/a", transform=ax.transAxes, ha="center", va="center", color=MUTED)
                ax.set_yticks([])
            elif outcome == "lasting":
                ax.axhline(100, color=MUTED, linewidth=1)
                if missing:
                    note = f"{len(missing)} policies not shown: under 1% of\nteachers doing it well when funding ended"
                    ax.text(0.03, 0.04, note, transform=ax.transAxes, color=MUTED, va="bottom", linespacing=1.3)
            ax.set_title(f"{title}: {axis}", fontsize=FONT, pad=8)
        _key(fig, c.policies, look, height - 0.98)
        _title(fig, "The four dimensions of scale", _about(c, practice))
        _foot(fig, f"{_drawn(c, 'Line', 'Band')} Grey: funded years. Illustrative model, not a forecast.")
    return fig


# -- cost against effect -------------------------------------------------------
def table_cost_effect(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """Cost and effect by policy: policy, panel, cost, cost_low, cost_high, effect, effect_low, effect_high, outcome, frontier.

    panel "funding_end" has doing it well when funding ended, "end" still doing it well three years on; cost in GBP a pupil by
    that moment. frontier: no other policy costs as little or less and reaches as much or more, on means, and it does reach something.
    """
    practice = _practice(c, practice)
    rows = []
    for panel, outcome in (("funding_end", "doing_it_well"), ("end", "sustained")):
        for policy in c.policies:
            cost = frames.cell(c, practice, policy, "cost_per_pupil_gbp", panel)
            effect = frames.cell(c, practice, policy, outcome, panel)
            if not effect.known and outcome == "sustained" and not _any_known(c, practice, "sustained"):
                outcome, effect = "doing_it_well", frames.cell(c, practice, policy, "doing_it_well", panel)
            rows.append((policy, panel, cost.mean, cost.low, cost.high, effect.mean, effect.low, effect.high, outcome))
    kept = ["policy", "panel", "cost", "cost_low", "cost_high", "effect", "effect_low", "effect_high", "outcome"]
    table = pd.DataFrame(rows, columns=kept)
    table["frontier"] = [_on_frontier(table[table.panel == r.panel], r) for r in table.itertuples()]
    return table


def words_cost_effect(c: Comparison, practice: str | None = None) -> str:
    """Which policies stand on the frontier at each moment, and which of them are told from the next by their ranges."""
    table = table_cost_effect(c, practice)
    parts = []
    for panel, part in table.groupby("panel", sort=False):
        when = "When funding ended" if panel == "funding_end" else _later(part.outcome.iloc[0])
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
        text = f"{when}, by the means, the frontier runs through {_listed(steps)}"
        pairs = list(zip(edge.itertuples(), list(edge.itertuples())[1:], strict=False))
        near = [(a, b) for a, b in pairs if a.effect_low <= b.effect_high and b.effect_low <= a.effect_high]
        if frames.seeds(c) < ENOUGH:
            text += "; so few seeds cannot tell whether a step up is more than chance"
        elif not pairs:
            text += ": no other policy reaches as much for as little"
        elif len(near) == 1:
            text += f"; the ranges of {plain_name(near[0][0].policy)} and {plain_name(near[0][1].policy)} overlap, so the step between them is not sure"
        elif near:
            text += f"; on {len(near)} of its {len(pairs)} steps up the ranges overlap, so these are not sure"
        else:
            text += "; at every step up the ranges are clear of each other"
        parts.append(text + ".")
    return " ".join(parts)


def cost_effect(c: Comparison, practice: str | None = None) -> Figure:
    """Cost a pupil against doing it well when funding ended and three years on, with ranges both ways and the frontier."""
    practice = _practice(c, practice)
    table, look = table_cost_effect(c, practice), styles(c.policies)
    height = 6.6
    with mpl.rc_context(RC):
        fig = _figure(height)
        across = (WIDTH - 0.85 - 0.15 - 0.55) / 2
        top = np.nanmax([table.effect_high.max(), table.effect.max(), 0.01]) * 100
        for i, (panel, part) in enumerate(table.groupby("panel", sort=False)):
            ax = _axes(fig, 0.85 + i * (across + 0.55), 1.25, across, height - 2.4)
            year = shown_year(frames.moment_year(c, panel))
            title = (
                f"When funding ended (year {year})" if panel == "funding_end" else _later(part.outcome.iloc[0], year)
            )
            ax.set_title(title, fontsize=FONT, pad=8)
            ax.set_xlabel(f"Cash by year {year}, £ a pupil")
            if i == 0:
                ax.set_ylabel("Teachers doing it well, %")
            known = part[part.cost.notna() & part.effect.notna()]
            costs = np.nanmax([known.cost_high.max(), known.cost.max(), 0.01]) if len(known) else 1.0
            ax.set_ylim(-0.05 * top, 1.12 * top)
            ax.set_xlim(-0.05 * costs, 1.08 * costs)
            if known.empty:
                ax.text(0.5, 0.5, "n/a", transform=ax.transAxes, ha="center", va="center", color=MUTED)
            _frontier(ax, known)
            _cross_points(ax, known, look)
            _point_labels(ax, known, look)
        _title(fig, "Cost against effect", _about(c, practice))
        _foot(
            fig,
            f"{_drawn(c, 'Mark', 'Bars')} Grey line: the frontier (no policy reaches more for as little). "
            "Cash only. Illustrative model, not a forecast.",
        )
    return fig


# -- gap -------------------------------------------------------------------
def table_gap(c: Comparison, practice: str | None = None) -> pd.DataFrame:
    """The gap by policy and tick: policy, outcome, year, mean, low, high, n; shares, negative where the disadvantaged have less."""
    return frames.bands(c, _practice(c, practice), "gap")


def words_gap(c: Comparison, practice: str | None = None) -> str:
    """Which policies have the whole range of the gap on one side of nought when funding ended, and with how many it reaches nought."""
    practice = _practice(c, practice)
    cells = {p: x for p, x in _cells(c, practice, "gap", "funding_end").items() if x.n >= ENOUGH}
    if not cells:
        return "Too few seeds to tell a gap between the most and the least disadvantaged schools from none."
    for_them = [p for p, x in cells.items() if x.low > 0]
    against = [p for p, x in cells.items() if x.high < 0]
    year = shown_year(frames.moment_year(c, "funding_end"))
    parts = []
    for group, what in ((for_them, "ahead"), (against, "behind")):
        if group:
            told = [f"{plain_name(p)} {shown_cell('gap', cells[p])}" for p in group]
            parts.append(f"the most disadvantaged fifth of schools is {what} with {_listed(told)}")
    rest = len(cells) - len(for_them) - len(against)
    if rest:
        whom = "any policy" if rest == len(cells) else f"the other {rest}"
        parts.append(f"with {whom} a gap cannot be told from none: the range reaches nought")
    return f"When funding ended (year {year}), " + "; ".join(parts) + "."


def gap(c: Comparison, practice: str | None = None) -> Figure:
    """The gap in doing it well between the most and the least disadvantaged fifth of schools: by year, and at both moments."""
    practice = _practice(c, practice)
    table, look = table_gap(c, practice), styles(c.policies)
    height = max(5.4, 2.2 + 0.5 * len(c.policies))
    with mpl.rc_context(RC):
        fig = _figure(height)
        left, names = 4.4, 2.3
        right = WIDTH - 0.95 - left - names - 0.25
        ax = _axes(fig, 0.95, 1.25, left, height - 2.4)
        _lines(ax, table, look, 100)
        _years(ax, c, table, named=False)
        ax.set_title("Gap by year, percentage points", fontsize=FONT, pad=8)
        if not table["mean"].notna().any():
            ax.text(0.5, 0.5, "n/a", transform=ax.transAxes, ha="center", va="center", color=MUTED)
        ax.axhline(0, color=INK, linewidth=1)
        ax.yaxis.set_major_formatter(FuncFormatter(_signed_tick))
        low, high = ax.get_ylim()
        reach = max(abs(low), abs(high), 1.0)
        ax.set_ylim(min(low - 0.06 * (high - low), -0.25 * reach), max(high + 0.1 * (high - low), 0.25 * reach))
        ax.text(0.015, 0.985, "disadvantaged schools have more", transform=ax.transAxes, color=MUTED, va="top")
        ax.text(0.015, 0.015, "disadvantaged schools have less", transform=ax.transAxes, color=MUTED, va="bottom")
        at = {m: shown_year(frames.moment_year(c, m)) for m in ("funding_end", "end")}
        side = _axes(fig, 0.95 + left + names, 1.25, right, height - 2.4)
        n = len(c.policies)
        for i, policy in enumerate(c.policies):
            for moment, lift, filled in (("funding_end", 0.16, False), ("end", -0.16, True)):
                found = frames.cell(c, practice, policy, "gap", moment)
                _range_mark(side, found, n - 1 - i + lift, look[policy], 100, filled)
        side.axvline(0, color=INK, linewidth=1)
        side.set_ylim(-0.6, n - 0.4)
        side.set_yticks(range(n))
        _row_names(side, c.policies, look)
        side.xaxis.set_major_formatter(FuncFormatter(_signed_tick))
        side.xaxis.set_major_locator(MaxNLocator(4, steps=STEPS))
        side.set_xlabel("percentage points")
        side.set_title(f"Hollow: year {at['funding_end']}, full: year {at['end']}", fontsize=FONT, pad=8)
        _title(fig, "Gap between the most and the least disadvantaged fifth of schools", _about(c, practice))
        _foot(
            fig,
            f"Doing it well in the most less the least disadvantaged fifth. {_drawn(c, 'Line and mark', 'Band and bar')} "
            "Illustrative model, not a forecast.",
        )
    return fig


# -- paired differences ----------------------------------------------------------
def table_paired_differences(
    c: Comparison, practice: str | None = None, outcomes: Sequence[str] = FOREST
) -> pd.DataFrame:
    """Differences to business as usual with the same seeds: policy, outcome, moment, year, difference, low, high, ahead, n.

    Each outcome at the moment at which the scorecard reads it. Empty if business as usual was not run.
    """
    practice = _practice(c, practice)
    kept = ["policy", "outcome", "moment", "year", "difference", "low", "high", "ahead", "n"]
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


def words_paired_differences(c: Comparison, practice: str | None = None) -> str:
    """For each outcome, which policies differ from business as usual by their range, with the seeds in which each is ahead."""
    table = table_paired_differences(c, practice)
    if table.empty:
        return "Business as usual was not run, so there is nothing to compare with."
    sides: dict[str, list[str]] = {"better": [], "worse": []}
    for outcome, part in table.groupby("outcome", sort=False):
        part = part[part.difference.notna() & (part.n >= ENOUGH)]
        sense = -1 if OUTCOMES[outcome].better == "less" else 1
        for side, group in (
            ("better", part[(part.low > 0) if sense > 0 else (part.high < 0)]),
            ("worse", part[(part.high < 0) if sense > 0 else (part.low > 0)]),
        ):
            if len(group):
                group = group.sort_values("difference", ascending=side == "worse", kind="stable")
                named = [f"{plain_name(r.policy)} ({k_of_n(r.ahead, r.n)})" for r in group.itertuples()]
                told = _listed(named if len(named) <= 4 else [*named[:3], f"{len(named) - 3} more"])
                sides[side].append(f"{_brief(outcome).lower()}: {told}")
    if not (table.n >= ENOUGH).any():
        return "Too few seeds: no difference to business as usual can be told from chance."
    if not any(sides.values()):
        return "No policy can be told from business as usual on any of these: every 90% range of the differences reaches nought."
    parts = [
        f"{side.capitalize()} than business as usual by the whole 90% range, with the seeds in which each is ahead: {'; '.join(told)}."
        for side, told in sides.items()
        if told
    ]
    return " ".join([*parts, "All others cannot be told from it."])


def paired_differences(c: Comparison, practice: str | None = None) -> Figure:
    """Each policy's difference to business as usual on the same seeds: mean, 90% range, and the seeds in which it is ahead."""
    practice = _practice(c, practice)
    table, look = table_paired_differences(c, practice), styles(c.policies)
    rows = [p for p in c.policies if p in set(table.policy)]
    up = max(1.6, 0.36 * len(rows) + 0.35)
    height = 2 * up + 3.35
    with mpl.rc_context(RC):
        fig = _figure(height)
        names, counts = 2.4, 1.05
        across = (WIDTH - names - 2 * counts - 0.3) / 2
        for i, outcome in enumerate(FOREST):
            ax = _axes(fig, names + (i % 2) * (across + counts + 0.15), 1.3 + (1 - i // 2) * (up + 0.9), across, up)
            part = table[table.outcome == outcome].set_index("policy")
            year = shown_year(frames.moment_year(c, SCORECARD[outcome]))
            when = "3 years after funding" if outcome == "sustained" else f"year {year}"
            ax.set_title(f"{_brief(outcome)}, {when}", fontsize=FONT, pad=8)
            _forest(ax, part, rows, look, outcome, names=i % 2 == 0)
        _title(fig, "Difference to business as usual, same seeds", _about(c, practice))
        _foot(
            fig,
            f"{_drawn(c, 'Mark', 'Bar')} "
            "Right of each bar: seeds in which the policy is ahead. Illustrative model, not a forecast.",
        )
    return fig


# -- saving ------------------------------------------------------------------
FIGURES: dict[str, tuple[Callable[..., Figure], Callable[..., pd.DataFrame], Callable[..., str]]] = {
    "fan_chart": (fan_chart, table_fan_chart, words_fan_chart),
    "four_dimensions": (dimensions, table_dimensions, words_dimensions),
    "paired_differences": (paired_differences, table_paired_differences, words_paired_differences),
    "cost_effect": (cost_effect, table_cost_effect, words_cost_effect),
    "gap": (gap, table_gap, words_gap),
}


@dataclass(frozen=True)
class Drawing:
    """One figure drawn, and its SVG before it is told where it will stand. Made by `draw_all`; ids start with `stem`."""

    stem: str
    figure: Figure
    size: str
    body: str
    words: str

    def svg(self, alt: str, standalone: bool = False) -> str:
        """The SVG, text as text. alt: what it shows, for those who do not see it; standalone: with what a file needs."""
        text = f'<svg viewBox="{self.size}" role="img" aria-label="{_escaped(alt)}">{self.body}'
        if standalone:
            width, height = self.size.split()[2:]
            space = f'xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
            text = '<?xml version="1.0" encoding="utf-8"?>\n' + text.replace("<svg ", f"<svg {space} ", 1)
        return text.strip() + "\n"


Drawn = dict[tuple[str, str], Drawing]


def draw_all(c: Comparison) -> Drawn:
    """Every figure of every practice, drawn once: give it to `save_all`, `render` and `write` to spare them the work.

    Returns (figure's name, practice) -> Drawing; the second and later practices have their number in `stem`.
    """
    drawn = {}
    for i, practice in enumerate(frames.practices(c)):
        for name, (draw, _, words) in FIGURES.items():
            stem = name if i == 0 else f"{name}_{i + 1}"
            drawn[name, practice] = drawing(draw(c, practice), stem, words(c, practice))
    return drawn


def save_all(c: Comparison, folder: str | Path, drawn: Drawn | None = None) -> list[Path]:
    """Write every figure as PNG (150 dpi) and SVG into a folder, made if it is not there. Returns the paths in order.

    With several practices the second and later have their number in the name: `gap_2.png`. drawn: from `draw_all`, if it
    is there already. Raises OSError if it cannot write.

    >>> save_all(comparison, "figures")  # doctest: +SKIP
    [PosixPath('figures/fan_chart.png'), PosixPath('figures/fan_chart.svg'), ...]
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for one in (drawn or draw_all(c)).values():
        png, svg = folder / f"{one.stem}.png", folder / f"{one.stem}.svg"
        png.write_bytes(to_png(one.figure))
        svg.write_text(one.svg(one.words, standalone=True), encoding="utf-8", newline="\n")
        written += [png, svg]
    return written


def to_png(fig: Figure) -> bytes:
    """A figure as PNG at 150 dpi, with nothing in it that changes from day to day."""
    buffer = io.BytesIO()
    with mpl.rc_context(RC):
        fig.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def drawing(fig: Figure, stem: str, words: str) -> Drawing:
    """A figure with its SVG, whose ids start with its name so that several stand in one page; no date, no outside address."""
    buffer = io.StringIO()
    with mpl.rc_context(RC):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{stem}-\1"', text)
    text = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{stem}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{stem}-\1)", text)
    text = re.sub(r"(font: [^;\"]*?)'DejaVu Sans'(?:, sans-serif)?", rf"\1{FONTS}", text)
    text = re.sub(r"font-family: *'DejaVu Sans'", f"font-family: {FONTS}", text)
    head, body = re.match(r"<svg([^>]*)>(.*)", text, flags=re.S).groups()  # type: ignore[union-attr]
    size = re.search(r'viewBox="([^"]+)"', head).group(1)  # type: ignore[union-attr]
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _rounded, tag.group()), body)
    return Drawing(stem, fig, size, body, words)


def _rounded(number: re.Match[str]) -> str:
    """Two places are a hundredth of a point; fewer bytes, and the same on every machine."""
    text = f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _escaped(text: str) -> str:
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, code)
    return text


# -- drawing: parts ------------------------------------------------------------
def _figure(height: float) -> Figure:
    fig = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(fig)
    return fig


def _axes(fig: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in inches."""
    across, up = fig.get_size_inches()
    return fig.add_axes((left / across, bottom / up, width / across, height / up))


def _title(fig: Figure, title: str, about: str) -> None:
    up = fig.get_size_inches()[1]
    fig.text(0.15 / WIDTH, 1 - 0.12 / up, title, fontsize=FONT + 4, fontweight="bold", va="top", ha="left")
    fig.text(0.15 / WIDTH, 1 - 0.45 / up, about, fontsize=FONT, color=MUTED, va="top", ha="left")


def _foot(fig: Figure, text: str) -> None:
    up = fig.get_size_inches()[1]
    fig.text(
        0.15 / WIDTH, 0.1 / up, fill(text, 116), fontsize=FONT, color=MUTED, va="bottom", ha="left", linespacing=1.25
    )


def _about(c: Comparison, practice: str) -> str:
    text = f"{frames.place(c)}, {c.counts.get('schools', 0):,} schools; {plain_name(practice).lower()}"
    return text if len(text) <= 90 else text[:89] + "…"


def _drawn(c: Comparison, middle: str, span: str) -> str:
    """What is drawn: the mean and the range, with the label that every range carries."""
    n = frames.seeds(c)
    if n == 1:
        return f"{middle}: one seed, so there is no range ({c.label})."
    return f"{middle}: mean of {n} seeds. {span}: 90% of them ({c.label})."


def _lines(ax: Axes, table: pd.DataFrame, look: dict[str, Style], scale: float) -> None:
    """A mean line and a 90% band for each policy; a mark at every second year."""
    parts = [(p, part) for p, part in table.groupby("policy", sort=False) if part["mean"].notna().any()]
    faint = min(1.0, 8 / max(len(parts), 1))
    for i, (policy, part) in enumerate(parts):
        s, x = look[policy], part.year.to_numpy(float)
        low, high = part.low.to_numpy(float) * scale, part.high.to_numpy(float) * scale
        ax.fill_between(x, low, high, color=s.colour, alpha=0.15 * faint, linewidth=0, zorder=2)
        for edge in (low, high):
            ax.plot(x, edge, color=s.colour, alpha=0.45 * faint, linewidth=0.7, zorder=2)
        whole = np.flatnonzero(
            np.isclose(x % 1, 0) & (np.round(x).astype(int) % 2 == i % 2) & part["mean"].notna().to_numpy()
        )
        ax.plot(
            x, part["mean"].to_numpy(float) * scale, color=s.colour, linestyle=s.dash, marker=s.marker, markevery=list(whole),
            markeredgecolor="white", markeredgewidth=0.7, zorder=3, label=plain_name(policy), solid_capstyle="round",
        )  # fmt: skip
    tops = [part.high.max() for _, part in parts] + [part["mean"].max() for _, part in parts]
    bottoms = [part.low.min() for _, part in parts] + [part["mean"].min() for _, part in parts]
    top, bottom = (float(np.nanmax(tops)) * scale, float(np.nanmin(bottoms)) * scale) if parts else (1.0, 0.0)
    bottom = min(0.0, bottom)
    top = top if top - bottom > 1e-9 else bottom + (1.0 if scale == 1 else 5.0)
    ax.set_ylim(bottom - (0.02 if bottom == 0 else 0.08) * (top - bottom), top + 0.08 * (top - bottom))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=STEPS))
    ax.margins(x=0)


def _years(ax: Axes, c: Comparison, table: pd.DataFrame, named: bool = True) -> None:
    """The axis of years, and the funded years shaded."""
    end = float(table.year.max()) if len(table) else float(c.config.get("years", 1))
    ax.set_xlim(0, max(end, 1e-9))
    ax.axvspan(0, min(c.funding_end, end), color=BAND, zorder=0, linewidth=0)
    ax.xaxis.set_major_locator(MaxNLocator(10 if named else 6, integer=True))
    ax.set_xlabel("Years since the start" if named else "year")
    ax.xaxis.labelpad = 3
    if named and c.funding_end > 0.25 * end:
        ax.text(
            0.012 * end, 0.985, "funded years", transform=ax.get_xaxis_transform(), ha="left", va="top", color=MUTED
        )


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
    wide = end * 0.045
    for i, y in zip(order, places, strict=True):
        policy, value, text = labels[i]
        s = look[policy]
        ax.plot([end, end + wide * 0.75], [value, y], color=s.colour, linewidth=1, clip_on=False, zorder=4)
        ax.plot([end + wide * 1.05], [y], color=s.colour, marker=s.marker, clip_on=False, zorder=5, linestyle="none")
        ax.text(end + wide * 1.55, y, text, color=s.text, va="center", ha="left", clip_on=False)


def spread(values: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Places for labels of ascending values: at least `step` apart, within bounds where there is room, each as near as may be.

    >>> [float(v) for v in spread([0, 0, 0.1, 5], 1, 0, 6)]
    [0.0, 1.0, 2.0, 5.0]
    """
    blocks: list[list[float]] = []  # each: sum of wished-for starts, count
    for i, value in enumerate(values):
        blocks.append([value - i * step, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    starts = [total / count for total, count in blocks for _ in range(int(count))]
    last = max(low, high - (len(values) - 1) * step)
    return [min(max(start, low), last) + i * step for i, start in enumerate(starts)]


def _key(fig: Figure, policies: Sequence[str], look: dict[str, Style], top: float) -> None:
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


def _frontier(ax: Axes, known: pd.DataFrame) -> None:
    edge = known[known.frontier].sort_values("cost", kind="stable")
    if len(edge):
        x = [*edge.cost, ax.get_xlim()[1]]
        y = [*(100 * edge.effect), 100 * edge.effect.iloc[-1]]
        ax.step(x, y, where="post", color="#9aa5b1", linewidth=5, alpha=0.45, zorder=1, solid_capstyle="butt")


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
    marks = np.vstack([np.hstack([points - 6, points + 6]), *bars])
    names = [short_name(r.policy) for r in rows]
    for r, name, point, (left, bottom, right, top) in zip(
        rows, names, points, place_names(points, [width_of(n) for n in names], marks, size), strict=True
    ):
        s = look[r.policy]
        end = _lead_end(np.array([[left, bottom, right, top]]), point)[0]
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


def place_names(points: np.ndarray, widths: Sequence[float], marks: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boxes for names near points: off each other before all, then off marks, leads and other names' leads, then near.

    points (n, 2), widths (n), marks (m, 4) and size (2) in points of the axes; returns (n, 4): left, bottom, right, top.

    >>> place_names(np.array([[50.0, 50.0]]), [40.0], np.zeros((0, 4)), np.array([200.0, 100.0])).shape
    (1, 4)
    """
    n = len(points)
    choices = [_places(point, width, size) for point, width in zip(points, widths, strict=True)]
    ends = [_lead_end(boxes, point) for boxes, point in zip(choices, points, strict=True)]
    alone = [
        np.hypot(*(end - p).T) + 120 * _meet(boxes, marks, 1).sum(1)
        for boxes, end, p in zip(choices, ends, points, strict=True)
    ]
    chosen = [-1] * n
    for _ in range(4):  # again: a name may find a better place once the others stand
        before = list(chosen)
        for i in range(n):
            others = [j for j in range(n) if j != i and chosen[j] >= 0]
            bad = alone[i].copy()
            if others:
                boxes = np.array([choices[j][chosen[j]] for j in others])
                tips = np.array([ends[j][chosen[j]] for j in others])
                bad += 10_000 * _meet(choices[i], boxes, 3).sum(1)
                bad += 300 * _through(ends[i], points[i], boxes).sum(1)
                bad += 300 * np.array([_through(tips, points[others], box[None])[:, 0] for box in choices[i]]).sum(1)
                bad += 100 * _cross(ends[i], points[i], tips, points[others]).sum(1)
            chosen[i] = int(np.argmin(bad))
        if chosen == before:
            break
    return np.array([choices[i][chosen[i]] for i in range(n)])


def _places(point: np.ndarray, width: float, size: np.ndarray) -> np.ndarray:
    """Places for a name around its point, all inside the axes: (m, 4)."""
    far = np.array([11, 20, 30, 42, 56, 72, 90, 110, 135, 165, 200])
    turn = np.arange(24) * np.pi / 12
    way = np.column_stack([np.cos(turn), np.sin(turn)])
    ends = (point + far[:, None, None] * way).reshape(-1, 2)
    east = np.tile(way[:, 0], len(far))
    lefts = np.concatenate([np.where(east > 0, ends[:, 0], ends[:, 0] - width), ends[:, 0] - width / 2])
    middles = np.concatenate([ends[:, 1], ends[:, 1]])
    use = np.concatenate([np.full(len(ends), True), np.abs(east) < 0.3])
    boxes = np.column_stack([lefts, middles - FONT * 0.65, lefts + width, middles + FONT * 0.65])[use]
    inside = (boxes[:, 0] >= 2) & (boxes[:, 2] <= size[0] + 4) & (boxes[:, 1] >= 2) & (boxes[:, 3] <= size[1])
    fallback = np.array([[max(2, size[0] - width), 2.0, size[0], 2.0 + FONT * 1.3]])
    return boxes[inside] if inside.any() else fallback


def _lead_end(boxes: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Where a name's lead leaves its box: the middle of a side, or above or below the point."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    x = np.clip(point[0], boxes[:, 0] - 2, boxes[:, 2] + 2)
    over = (x > boxes[:, 0] - 2) & (x < boxes[:, 2] + 2)
    y = np.where(over, np.clip(point[1], boxes[:, 1], boxes[:, 3]), middle)
    return np.column_stack([x, y])


def _meet(a: np.ndarray, b: np.ndarray, gap: float) -> np.ndarray:
    """Which boxes of a (m, 4) meet which of b (k, 4): (m, k)."""
    a, b = a[:, None, :], b[None, :, :]
    return (
        (a[..., 0] < b[..., 2] + gap)
        & (b[..., 0] < a[..., 2] + gap)
        & (a[..., 1] < b[..., 3] + gap)
        & (b[..., 1] < a[..., 3] + gap)
    )


def _through(ends: np.ndarray, point: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which leads, from ends (m, 2) to a point, or a point each, go through which boxes (k, 4): (m, k)."""
    t = np.linspace(0, 0.9, 15)[:, None, None]
    along = ends + (point - ends) * t
    x, y = along[..., 0][..., None], along[..., 1][..., None]
    return ((x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])).any(0)


def _cross(ends: np.ndarray, point: np.ndarray, tips: np.ndarray, bases: np.ndarray) -> np.ndarray:
    """Which leads, from ends (m, 2) to a point, cross which other leads, from tips (k, 2) to bases (k, 2): (m, k)."""

    def side(a, b, c):
        return np.sign(
            (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
        )

    a, b = ends[:, None, :], np.broadcast_to(point, ends.shape)[:, None, :]
    p, q = tips[None], bases[None]
    return (side(a, b, p) * side(a, b, q) < 0) & (side(p, q, a) * side(p, q, b) < 0)


def _range_mark(ax: Axes, found: frames.Cell, y: float, s: Style, scale: float, filled: bool = True) -> None:
    if not found.known:
        return
    ax.plot(
        [found.low * scale, found.high * scale], [y, y], color=s.colour, linewidth=2.2, solid_capstyle="round", zorder=2
    )
    ax.plot(
        [found.mean * scale], [y], marker=s.marker, color=s.colour, markerfacecolor=s.colour if filled else "white",
        markeredgewidth=1.4, markersize=8, linestyle="none", zorder=3,
    )  # fmt: skip


def _row_names(ax: Axes, policies: Sequence[str], look: dict[str, Style]) -> None:
    """Names of rows, the first on top, each in its policy's colour."""
    ax.set_yticklabels([short_name(p) for p in reversed(policies)])
    for tick, policy in zip(ax.get_yticklabels(), reversed(policies), strict=True):
        tick.set_color(look[policy].text)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)


def _forest(ax: Axes, part: pd.DataFrame, rows: list[str], look: dict[str, Style], outcome: str, names: bool) -> None:
    percent = outcome in OUTCOMES and OUTCOMES[outcome].percent
    scale, n = (100.0 if percent else 1.0), len(rows)
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.set_ylim(-0.6, max(n, 1) - 0.4)
    ax.set_yticks(range(n))
    if names and n:
        _row_names(ax, rows, look)
    else:
        ax.set_yticklabels([])
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", visible=False)
    drawn = False
    for i, policy in enumerate(rows):
        y = n - 1 - i
        row = part.loc[policy] if policy in part.index else None
        if row is None or not np.isfinite(row.difference):
            text = "n/a"
        else:
            drawn = True
            _range_mark(ax, frames.Cell(row.difference, row.low, row.high, int(row.n)), y, look[policy], scale)
            text = "equal in all" if row.low == row.high == row.difference == 0 else k_of_n(row.ahead, row.n)
        ax.text(1.03, y, text, transform=ax.get_yaxis_transform(), va="center", ha="left", color=look[policy].text)
    if not drawn:
        ax.text(0.5, 0.5, "nothing to compare", transform=ax.transAxes, ha="center", va="center", color=MUTED)
        ax.set_xticks([])
        return
    low, high = float(np.nanmin([part.low.min(), 0])) * scale, float(np.nanmax([part.high.max(), 0])) * scale
    room = max(high - low, 0.5 if percent else 0.05)
    ax.set_xlim(low - 0.06 * room, max(high, low + room) + 0.06 * room)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
    ax.xaxis.set_major_formatter(FuncFormatter(_signed_tick))
    ax.set_xlabel("percentage points" if percent else OUTCOMES[outcome].unit)
    ax.xaxis.labelpad = 3


def _signed_tick(value: float, _: int = 0) -> str:
    text = f"{abs(value):.6g}"
    return "0" if float(text) < 1e-9 else ("+" if value > 0 else "−") + text


# -- helpers -----------------------------------------------------------------
def _practice(c: Comparison, practice: str | None) -> str:
    return frames.practices(c)[0] if practice is None else practice


def _cells(c: Comparison, practice: str, outcome: str, moment: str) -> dict[str, frames.Cell]:
    cells = {p: frames.cell(c, practice, p, outcome, moment) for p in c.policies}
    return {p: x for p, x in cells.items() if x.known}


def _any_known(c: Comparison, practice: str, outcome: str) -> bool:
    return bool(_cells(c, practice, outcome, "end"))


def _highest(cells: dict[str, frames.Cell]) -> str | None:
    known = {p: x for p, x in cells.items() if x.known}
    return max(known, key=lambda p: known[p].mean) if known else None


def _others(cells: dict[str, frames.Cell], top: str, outcome: str) -> str:
    """What to add on those whose ranges overlap the highest one's, the nearest first."""
    if cells[top].n < ENOUGH:
        return "" if len(cells) == 1 else f"; {frames.too_few(cells[top].n)}"
    near = sorted(
        (p for p, x in cells.items() if p != top and x.known and x.overlaps(cells[top])), key=lambda p: -cells[p].mean
    )
    told = [f"{plain_name(p)}, {shown_cell(outcome, cells[p])}" for p in near[: 3 if len(near) <= 3 else 2]]
    if len(near) > 3:
        told.append(f"{len(near) - 2} more")
    return f"; it cannot be told apart from {_listed(told)}" if told else ""


def _listed(items: Sequence[str]) -> str:
    items = list(items)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else "none"


def _on_frontier(part: pd.DataFrame, r) -> bool:
    if not (np.isfinite(r.cost) and np.isfinite(r.effect)) or round(r.effect, 4) <= 0:
        return False
    others = part[part.policy != r.policy]
    as_good = (
        (others.cost <= r.cost) & (others.effect >= r.effect) & ((others.cost < r.cost) | (others.effect > r.effect))
    )
    return not bool(as_good.any())


def _later(outcome: str, year: str = "") -> str:
    if outcome == "sustained":
        return "Three years after funding ended"
    return f"At the end (year {year})" if year else "At the end"


def _brief(outcome: str) -> str:
    return {
        "doing_it_well": "Doing it well",
        "sustained": "Still doing it well",
        "gap": "Gap",
        "months_disadvantaged": "Disadvantaged pupils' months",
    }.get(outcome, OUTCOMES[outcome].label)


def texts(fig: Figure) -> list[Text]:
    """Every text of a figure that is seen and not empty, tick labels within their axes among them: what a test of overlaps looks at."""
    beyond = set()
    for ax in fig.axes:
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            low, high = min(limits), max(limits)
            slack = 1e-6 * (high - low)
            for tick in axis.get_major_ticks():
                if not low - slack <= tick.get_loc() <= high + slack:
                    beyond |= {id(tick.label1), id(tick.label2)}
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in beyond]
