"""Targeting and equity: what steering to disadvantaged schools does to gaps, to everyone, and by how much money there is."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from kmsim.report.frames import shown_cell, shown_difference, shown_difference_range
from kmsim.report.style import FONT, INK, RC, plain_name, styles
from kmsim.studies import drawing
from kmsim.studies.page import Said, row, table
from kmsim.studies.running import Found, Values
from kmsim.studies.telling import (
    UNTOLD,
    Difference,
    by_sign,
    cell,
    difference,
    difference_cell,
    difference_words,
    lead_words,
    listed,
)

ARM = "networks"
USUAL = "codesigned_networks"
# Outcome -> title, what a value is multiplied by in the figure, and the moment at which it is read.
READ = {
    "gap": ("Doing it well, most less\nleast disadvantaged fifth\nof schools, points", 100, "funding_end"),
    "attainment_disadvantaged_sd": ("Disadvantaged pupils'\ngain, thousandths\nof an SD", 1000, "end"),
    "attainment_sd": ("All pupils' gain,\nthousandths of an SD", 1000, "end"),
}
HEADS = {"gap": "Between schools", "attainment_disadvantaged_sd": "Disadvantaged pupils", "attainment_sd": "All pupils"}
WORDS = {
    "gap": "the gap in doing it well between the most and the least disadvantaged fifth of schools",
    "attainment_disadvantaged_sd": "disadvantaged pupils' gain",
    "attainment_sd": "all pupils' gain",
    "attainment_gap_sd": "the attainment gap narrowed",
}


def tell(found: Found) -> Said:
    """What full targeting changes at each budget, what of it is who is reached, and how other programmes fare."""
    v = found["targeting"]
    budgets = v.choices("budget_per_pupil")
    finding = [_effect(v, outcome, budgets) for outcome in ("gap", "attainment_disadvantaged_sd", "attainment_sd")]
    finding += [_bonus(found["bonus"]), *_programmes(found["programmes"])]
    return Said(finding, _changes(v, found["programmes"]), [_levels(v), _beside(found["programmes"])])


def at(v: Values, outcome: str, targeting: float, budget: float) -> np.ndarray:
    """An outcome at a degree of targeting and a budget, a value a seed."""
    moment = READ.get(outcome, ("", 0, "end"))[2]
    return v.at(outcome, ARM, moment, targeting=targeting, budget_per_pupil=budget)


def signed(v: Values, targeting: float, budget: float) -> np.ndarray:
    """Share of schools that are members when funding ends, a value a seed."""
    return v.at("signed_up", ARM, "funding_end", targeting=targeting, budget_per_pupil=budget)


def effect(v: Values, outcome: str, budget: float) -> Difference:
    """Full targeting less none, at a budget."""
    degrees = v.choices("targeting")
    return difference(at(v, outcome, degrees[-1], budget), at(v, outcome, degrees[0], budget))


def _milli(d: Difference) -> str:
    """A difference of gains in thousandths of an SD: what can be told here is too small for three places."""
    mean, low, high = (1000 * value for value in (d.mean, d.low, d.high))
    told = f"{mean:+.1f} thousandths of an SD ({low:+.1f} to {high:+.1f})".replace("-", "−")
    return told if d.told else f"no difference that the runs can tell ({told})"


def _worded(outcome: str, d: Difference) -> str:
    return _milli(d) if outcome.endswith("_sd") and d.n >= 5 else difference_words(outcome, d)


def _effect(v: Values, outcome: str, budgets: list[float]) -> str:
    told = [f"{_worded(outcome, effect(v, outcome, budget))} at £{budget:g}" for budget in budgets]
    return f"**{HEADS[outcome]}.** What full targeting changes in {WORDS[outcome]}, by budget for each pupil: {'; '.join(told)}."


def _bonus(v: Values) -> str:
    """What is left of disadvantaged pupils' gain when targeting gives none directly, and only chooses whom to reach."""
    name = v.part.scale["parameters"][0]
    degrees = v.choices("targeting")
    gains = []
    for scenario in sorted({given[f"parameters.{name}"] for given in v.scenarios}, reverse=True):
        one, other = (
            v.at("attainment_disadvantaged_sd", ARM, **{name: scenario, "targeting": degree})
            for degree in (degrees[-1], degrees[0])
        )
        gains.append((scenario, difference(one, other)))
    (usual, whole), (_, without) = gains[0], gains[-1]
    said = (
        f"**Reach or assumption?** That targeted pupils gain up to {100 * usual:.0f}% more is judged ({name}). With it full targeting changes disadvantaged "
        f"pupils' gain by {_worded('attainment_disadvantaged_sd', whole)}, without it by {_worded('attainment_disadvantaged_sd', without)}"
    )
    if whole.sign > 0 and without.sign > 0:
        said += f": {100 * without.mean / whole.mean:.0f}% of it comes of who is reached"
    elif whole.sign > 0:
        said += ": none of it that the runs can tell comes of who is reached"
    return said + "."


def _programmes(v: Values) -> list[str]:
    gap = {arm: difference(v.at("gap", arm, "funding_end")) for arm in v.arms}
    signs = {arm: d.sign for arm, d in gap.items()}
    told = by_sign(signs, {1: "more do it well in the most disadvantaged fifth under", -1: "fewer under"})
    gain = {arm: v.at("attainment_disadvantaged_sd", arm) for arm in v.arms}
    return [
        f"**Other programmes, same budget.** Against the least disadvantaged fifth of schools, when funding ends, {told}.",
        f"**Most to disadvantaged pupils** (gain, SD): {lead_words('attainment_disadvantaged_sd', gain)}",
    ]


def _changes(v: Values, programmes: Values) -> list[str]:
    """Where the money decides, and what a harder rule than targeting does."""
    budgets = v.choices("budget_per_pupil")
    effects = {f"£{budget:g}": effect(v, "gap", budget) for budget in budgets}
    told = [name for name, d in effects.items() if d.sign > 0]
    largest = max(effects, key=lambda name: effects[name].mean)
    none = v.choices("targeting")[0]
    joined = [f"{shown_cell('signed_up', cell(signed(v, none, budget)))} at £{budget:g}" for budget in budgets]
    said = [
        f"Money. Full targeting moves the gap toward disadvantaged schools beyond chance at {listed(told) if told else 'no budget'} a pupil, by "
        f"the means most at {largest}. Without targeting {listed(joined)} of all schools are members when funding ends.",
    ]
    only = next((arm for arm in programmes.arms if "levers" in (programmes.part.arms[arm] or {})), None)
    if only:
        parts = [
            f"{_worded(outcome, difference(programmes.at(outcome, only, moment), programmes.at(outcome, USUAL, moment)))} in {WORDS[outcome]}"
            for outcome, (_, _, moment) in READ.items()
        ]
        said.append(
            f"A rule instead of a nudge. Co-designed networks that are open to the {only}, less open ones: {'; '.join(parts)}."
        )
    return said


Rows = tuple[str, list[str], list[list[str]]]


def _levels(v: Values) -> Rows:
    rows = [
        [
            f"£{budget:g}",
            f"{degree:g}",
            *(_level(outcome, at(v, outcome, degree, budget)) for outcome in (*READ, "cost_per_pupil_gbp")),
        ]
        for budget in v.choices("budget_per_pupil")
        for degree in v.choices("targeting")
    ]
    heads = [
        "Budget a pupil",
        "Targeting",
        "Gap in doing it well, points",
        "Disadvantaged pupils, SD",
        "All pupils, SD",
        "Cash a pupil",
    ]
    return "Co-designed networks by budget and degree of targeting: mean and 90% range", heads, rows


def _level(outcome: str, values: np.ndarray) -> str:
    found = cell(values)
    if outcome == "gap":
        return f"{shown_difference(outcome, found.mean)} ({shown_difference_range(outcome, found.low, found.high)})".replace(
            " points", ""
        )
    if outcome.endswith("_sd"):
        mean, low, high = (
            f"{round(value, 4) + 0.0:.4f}".replace("-", "−") for value in (found.mean, found.low, found.high)
        )
        return f"{mean} ({low} to {high})"
    return shown_cell(outcome, found)


def _beside(v: Values) -> Rows:
    rows = []
    for arm in v.arms:
        gap = difference(v.at("gap", arm, "funding_end"))
        rest = [
            _level(outcome, v.at(outcome, arm))
            for outcome in ("attainment_disadvantaged_sd", "attainment_sd", "attainment_gap_sd", "cost_per_pupil_gbp")
        ]
        rows.append([plain_name(arm), difference_cell("gap", gap), *rest])
    heads = [
        "Programme",
        "Gap in doing it well, points",
        "Disadvantaged pupils, SD",
        "All pupils, SD",
        "Attainment gap narrowed, SD",
        "Cash a pupil",
    ]
    return f"Programmes at the same budget: mean and 90% range. {UNTOLD}", heads, rows


def numbers(found: Found) -> pd.DataFrame:
    """Every cell of figure and tables: what, arm, budget_per_pupil, targeting, outcome, mean, low, high, n."""
    v, p = found["targeting"], found["programmes"]
    rows = [
        row(
            cell(at(v, outcome, degree, budget)),
            outcome,
            what="targeting",
            arm=USUAL,
            budget_per_pupil=budget,
            targeting=degree,
        )
        for budget in v.choices("budget_per_pupil")
        for degree in v.choices("targeting")
        for outcome in (*READ, "attainment_gap_sd", "cost_per_pupil_gbp")
    ]
    rows += [
        row(cell(p.at(outcome, arm, moment)), outcome, what="programme", arm=arm)
        for arm in p.arms
        for outcome, (_, _, moment) in READ.items()
    ]
    return table(rows)


def draw(found: Found) -> Figure:
    """Gap and gains by degree of targeting, a line a budget."""
    v = found["targeting"]
    degrees, budgets = v.choices("targeting"), v.choices("budget_per_pupil")
    arms = [f"£{budget:g}" for budget in budgets]
    look = styles(arms)
    with mpl.rc_context(RC):
        fig = drawing.page(found, 5.45)
        for i, (outcome, (title, scale, _)) in enumerate(READ.items()):
            ax = drawing.axes_at(fig, 0.6 + 3.4 * i, 1.3, 1.8, 2.75)
            drawn = [
                drawing.Line(arm, degrees, [cell(at(v, outcome, degree, budget)) for degree in degrees], f"{arm}/pupil")
                for arm, budget in zip(arms, budgets, strict=True)
            ]
            ax.set_xlim(degrees[0], degrees[-1])
            ax.xaxis.set_major_locator(FixedLocator(degrees))
            ax.xaxis.set_major_formatter(FuncFormatter(drawing.plain_tick))
            ax.set_xlabel("Targeting (0 none, 1 full)")
            ax.set_title(title, fontsize=FONT, pad=8)
            if outcome == "gap":
                ax.axhline(0, color=INK, linewidth=1, zorder=1)
            drawing.limits(ax, drawn, scale)
            drawing.lines(ax, drawn, look, scale)
    return fig
