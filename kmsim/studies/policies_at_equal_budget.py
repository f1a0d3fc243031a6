"""Policies at an equal budget: every shipped policy on the same schools and money, then with less and more, and other practices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kmsim.parameters import PARAMETERS
from kmsim.report import words
from kmsim.report.frames import ENOUGH, exact_months, shown_cell
from kmsim.report.style import RC, plain_name
from kmsim.studies import drawing
from kmsim.studies.page import Said, row, table
from kmsim.studies.running import Found, Values
from kmsim.studies.telling import FLOOR, agreement, cell, difference, lead, listed, ranked

LASTING = "sustained"
# Outcome -> the moment it is read at, and its title, multiplier and whether nought is marked in the figure.
READ = {
    "spread_teachers": ("funding_end", "Using it, %", 100, False),
    "doing_it_well": ("funding_end", "Doing it well, %", 100, False),
    "depth": ("funding_end", "Quality", 1, False),
    LASTING: ("end", "Still well later, %", 100, False),
    "ownership": ("funding_end", "Owner- ship", 1, False),
    "gap": ("funding_end", "Gap, points", 100, True),
    "months_disadvantaged": ("end", "Poorer pupils, months", 1, False),
    "cost_per_pupil_gbp": ("end", "Cash, £ a pupil", 1, False),
}
RANKED_ONLY_IF_USED = ("depth", "ownership", "gap")


def tell(found: Found) -> Said:
    """Who leads on what, as a comparison's report says it, who still does when it lasts, and what other money or practices change."""
    v = found["policies"]
    head = words.headline(v.comparison())
    finding = [f"**{_sentence_end(head.lead)}**"]
    finding += [f"**{f.question}.** {f.sentence} {f.beside}".strip() for f in head.findings]
    finding.append(_order(v))
    finding.append(_nothing(v))
    return Said(
        [text for text in finding if text],
        [_budget(found["budget"]), _practice(found["practice"])],
        [_levels(v), _elsewhere(found)],
    )


def values(v: Values, outcome: str, number: int = 0) -> Mapping[str, np.ndarray]:
    """An outcome of every arm in a scenario, a value a seed, at the moment at which the study reads it."""
    return {arm: v.at(outcome, arm, READ[outcome][0], number) for arm in v.arms}


def _sentence_end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _order(v: Values) -> str:
    """How much of the order by what lasts the runs can tell: pairs of policies told apart seed by seed."""
    lasting = {arm: x for arm, x in values(v, LASTING).items() if cell(x).mean >= FLOOR}
    arms = ranked(lasting)
    pairs = [(a, b) for i, a in enumerate(arms) for b in arms[i + 1 :]]
    told = [difference(lasting[a], lasting[b]).told for a, b in pairs]
    if not pairs:
        return ""
    steps = [plain_name(arm) for arm in arms]
    return (
        f"**The order by what lasts** runs {', '.join(steps)}; seed by seed the runs tell {sum(told)} of its {len(pairs)} pairs apart. "
        f"{len(v.arms) - len(arms)} other policies have under {100 * FLOOR:g}% left."
    )


def _nothing(v: Values) -> str:
    """Policies that reach many and leave nothing, or nothing at all."""
    use, lasting = values(v, "spread_teachers"), values(v, LASTING)
    wide = [arm for arm in v.arms if use[arm].mean() >= 0.1 and cell(lasting[arm]).mean < FLOOR]
    if not wide:
        return ""
    order = sorted(wide, key=lambda arm: -use[arm].mean())
    told = [f"{plain_name(arm)}, {shown_cell('spread_teachers', cell(use[arm]))}" for arm in order]
    return f"**Reach without depth.** Used by a tenth of teachers or more when funding ends, and well by under {100 * FLOOR:g}% three years on: {'; '.join(told)}."


def _scenarios(v: Values, key: str) -> list[tuple[Any, Mapping[str, np.ndarray]]]:
    return [(value, values(v, LASTING, v.scenario(**{key: value}))) for value in v.choices(key)]


def _agreements(v: Values, key: str, usual: Any) -> list[tuple[Any, float]]:
    """How far each scenario's order by what lasts agrees with the usual one's, among arms that have a value in all."""
    means = {value: {arm: cell(x).mean for arm, x in lasting.items()} for value, lasting in _scenarios(v, key)}
    arms = [arm for arm in v.arms if all(np.isfinite(row[arm]) for row in means.values())]
    base = [means[usual][arm] for arm in arms]
    return [(value, agreement(base, [row[arm] for arm in arms])) for value, row in means.items() if value != usual]


def _leaders(v: Values, key: str, named: Mapping[Any, str]) -> str:
    """Who has most left in each scenario, with those the runs cannot tell from it."""
    told = []
    for value, lasting in _scenarios(v, key):
        top = lead(LASTING, lasting)
        if top is None or not cell(lasting[top.arm]).mean >= FLOOR:
            told.append(f"{named[value]}, nobody: under {100 * FLOOR:g}% are left")
        elif top.n < ENOUGH:
            told.append(f"{named[value]}, {plain_name(top.arm)} on the mean of {top.n} seeds, too few to tell")
        else:
            beside = f" (not told from {listed([plain_name(arm) for arm in top.together])})" if top.together else ""
            told.append(f"{named[value]}, {plain_name(top.arm)}{beside}")
    return "; ".join(told)


def _budget(v: Values) -> str:
    usual = float(PARAMETERS["budget_per_pupil"].default)
    named = {value: f"with £{value:g} a pupil" for value in v.choices("budget_per_pupil")}
    near = [f"{rho:.2f} {named[value]}" for value, rho in _agreements(v, "budget_per_pupil", usual)]
    return (
        f"**Money.** Most still doing it well three years on: {_leaders(v, 'budget_per_pupil', named)}. Rank correlation of the whole order "
        f"with that at £{usual:g}: {listed(near)}."
    )


def _practice(v: Values) -> str:
    usual = v.choices("practice")[0]
    named = {value: f"for {_name(value)}" for value in v.choices("practice")}
    near = [f"{rho:.2f} {named[value]}" for value, rho in _agreements(v, "practice", usual)]
    return (
        f"**The practice.** Most still doing it well three years on: {_leaders(v, 'practice', named)}. Rank correlation of the whole order with "
        f"that for {_name(usual)}: {listed(near)}."
    )


def _name(practice: str) -> str:
    return plain_name(practice).lower()


def _levels(v: Values) -> tuple[str, list[str], list[list[str]]]:
    every = {outcome: values(v, outcome) for outcome in READ}
    rows = [
        [plain_name(arm), *(shown_cell(outcome, cell(every[outcome][arm])) for outcome in READ)]
        for arm in ranked(every[LASTING])
    ]
    titles = ["Policy", *(title.replace("- ", "") for _, title, *_ in READ.values())]
    return (
        "Every policy at the same budget, mean and 90% range: when funding ends, unless three years on or months (the end)",
        titles,
        rows,
    )


def _elsewhere(found: Found) -> tuple[str, list[str], list[list[str]]]:
    columns = {f"£{value:g} a pupil": lasting for value, lasting in _scenarios(found["budget"], "budget_per_pupil")}
    columns |= {plain_name(value): lasting for value, lasting in _scenarios(found["practice"], "practice")}
    first = next(iter(columns.values()))
    rows = [
        [plain_name(arm), *(shown_cell(LASTING, cell(lasting[arm])) for lasting in columns.values())]
        for arm in ranked(first)
    ]
    return "Still doing it well three years after funding, by budget and by practice", ["Policy", *columns], rows


def numbers(found: Found) -> pd.DataFrame:
    """Every cell of the figure, and what lasts under other budgets and practices: what, arm, outcome, mean, low, high, n."""
    v = found["policies"]
    rows = [row(cell(x), outcome, what="usual", arm=arm) for outcome in READ for arm, x in values(v, outcome).items()]
    for part, key in (("budget", "budget_per_pupil"), ("practice", "practice")):
        for value, lasting in _scenarios(found[part], key):
            rows += [row(cell(x), LASTING, what=f"{key} {value}", arm=arm) for arm, x in lasting.items()]
    return table(rows)


def _finely(v: Values, outcome: str, arm: str) -> np.ndarray:
    """An arm's values for the figure: months of progress unrounded, everything else as it is."""
    if outcome == "months_disadvantaged":
        return exact_months(v.at("attainment_disadvantaged_sd", arm, READ[outcome][0]))
    return v.at(outcome, arm, READ[outcome][0])


def draw(found: Found) -> Figure:
    """Every policy on eight outcomes, mean and range, those that last most on top."""
    v = found["policies"]
    every = {outcome: values(v, outcome) for outcome in READ}
    use = every["spread_teachers"]
    rows = ranked(every[LASTING])
    columns = []
    for outcome, (_, title, scale, zero) in READ.items():
        shown = [arm for arm in rows if outcome not in RANKED_ONLY_IF_USED or use[arm].mean() >= FLOOR]
        columns.append(drawing.Column(title, {arm: cell(_finely(v, outcome, arm)) for arm in shown}, scale, zero))
    with mpl.rc_context(RC):
        fig = drawing.page(found, 2.95 + 0.33 * len(rows))
        label = (
            "Quality and ownership are from 0 to 1. Later: three years after funding. "
            "Gap: doing it well in the most less the least disadvantaged fifth of schools"
        )
        drawing.grid(fig, rows, columns, (0.15, 1.45, drawing.WIDTH - 0.3, 0.33 * len(rows)), label)
    return fig
