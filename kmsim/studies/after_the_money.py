"""After the money: what is left of doing it well by years since funding ended, and what keeps it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from kmsim.report.frames import shown_cell
from kmsim.report.style import BAND, FONT, INK, MUTED, RC, plain_name, styles
from kmsim.studies import drawing
from kmsim.studies.page import Said, row, table
from kmsim.studies.running import Found, Values
from kmsim.studies.telling import (
    FLOOR,
    UNTOLD,
    Difference,
    by_sign,
    cell,
    difference,
    difference_cell,
    difference_words,
    lead_words,
    listed,
    percent,
    ranked,
)

WELL = "doing_it_well"
LATER = (3, 6)  # years after funding at which is told what is left
FULL, WITHOUT = "codesigned_networks", ("without ownership", "without facilitators", "without both")
USUAL = 3  # funded years, where nothing else is said


def tell(found: Found) -> Said:
    """What is left and what keeps it: features, years of money, a taper, people."""
    money, people = found["money"], found["people"]
    finding = [
        *(_lasting(money, years) for years in LATER),
        *_features(money),
        _years(money),
        _taper(money),
        _people(people),
    ]
    return Said(finding, _changes(found), [_left(money), _against(money, people)])


def after(v: Values, arm: str, years: float, outcome: str = WELL, **where: Any) -> np.ndarray:
    """An outcome so many years after all funding ended, a value a seed. Raises IndexError beyond the run."""
    where = _usual(v) | where
    end = v.year("funding_end", v.scenario(**where))
    return v.path(outcome, arm, **where)[:, round((end + years) * v.ticks_per_year)]


def ratio(v: Values, arm: str, years: float, **where: Any) -> np.ndarray:
    """What is left of doing it well so many years after funding ended, of what there was then; NaN where that was under 1%."""
    start = after(v, arm, 0, **where)
    return after(v, arm, years, **where) / np.where(start >= FLOOR, start, np.nan)


def _usual(v: Values) -> dict[str, Any]:
    """The scenario that is meant where none is named: three funded years, no taper, turnover as it is."""
    return {"funded_years": USUAL} | ({"taper": 0} if "taper" in v.part.vary else {})


def _left(v: Values) -> tuple[str, list[str], list[list[str]]]:
    rows = []
    for arm in v.arms:
        levels = [shown_cell(WELL, cell(after(v, arm, years))) for years in (0, *LATER)]
        rows.append([plain_name(arm), *levels, *(percent(cell(ratio(v, arm, years))) for years in LATER)])
    heads = [
        "Programme",
        "When funding ends",
        *(f"{y} years on" for y in LATER),
        *(f"Left of it {y} years on" for y in LATER),
    ]
    return f"Teachers doing it well, {USUAL} years funded (n/a: there was under {100 * FLOOR:g}% to keep)", heads, rows


def _against(v: Values, people: Values) -> tuple[str, list[str], list[list[str]]]:
    rows = [
        [
            plain_name(arm),
            *(
                difference_cell(WELL, d)
                for d in (turnover_cost(people, arm), year_less(people, arm), taper_worth(v, arm))
            ),
        ]
        for arm in v.arms
        if _has_any(people, arm)
    ]
    by = people.part.scale["by"][-1]
    heads = [
        "Programme",
        f"People leave {by:g} times as often",
        "A year's money less",
        f"Money fades over {v.choices('taper')[-1]} more years",
    ]
    return (
        "What changes in doing it well, points (3 years after the money; fading: at the same moment with and without). "
        f"{UNTOLD}",
        heads,
        rows,
    )


def _lasting(v: Values, years: int) -> str:
    return f"**Most {years} years on:** {lead_words(WELL, {arm: after(v, arm, years) for arm in v.arms})}"


def _features(v: Values) -> list[str]:
    """What ownership, facilitators and both are worth later, and whether one stands in for the other."""
    if not all(arm in v.arms for arm in WITHOUT):
        return []
    at = LATER[-1]
    lost = {arm: difference(after(v, arm, at), after(v, FULL, at)) for arm in WITHOUT}
    told = [f"{plain_name(arm).lower()}: {difference_words(WELL, lost[arm])}" for arm in WITHOUT]
    first, second, both = ((after(v, FULL, at) - after(v, arm, at)) for arm in WITHOUT)
    over = difference(first + second, both)
    shares = sorted(cell(100 * one / both).mean for one in (first, second)) if (both > 0).all() else []
    joint = {
        1: "The two need each other: "
        + (
            f"losing one costs {shares[0]:.0f} and {shares[1]:.0f}% of what losing both costs"
            if shares
            else "one alone keeps little"
        ),
        -1: "The two stand in for each other: one alone keeps much of what both keep",
        0: "The runs cannot tell whether the two need each other",
    }[over.sign]
    return [f"**What keeps it.** What co-designed networks lose, {at} years on - {'; '.join(told)}. {joint}."]


def _years(v: Values) -> str:
    years = v.choices("funded_years")
    told = [f"{shown_cell(WELL, cell(after(v, FULL, 3, funded_years=y)))} after {y}" for y in years]
    pound = {
        str(y): after(v, FULL, 3, funded_years=y) / v.at("cost_per_pupil_gbp", FULL, funded_years=y, taper=0)
        for y in years
    }
    best = max(pound, key=lambda y: pound[y].mean())
    rest = [y for y in pound if y != best and not difference(pound[best], pound[y]).told]
    sure = (
        f"seed by seed the runs cannot tell that from {listed(rest)}"
        if rest
        else "seed by seed it is more than after any other"
    )
    return (
        f"**More years.** Co-designed networks' teachers doing it well three years after the money: {listed(told)} funded years. For "
        f"what it costs most is left after {best} ({sure})."
    )


def _has_any(v: Values, arm: str) -> bool:
    return bool(after(v, arm, 0).mean() >= FLOOR)


def taper_worth(v: Values, arm: str) -> Difference:
    """What further years of fading money change in doing it well, at the same moment: three years after the last of them."""
    fade = v.choices("taper")[-1]
    return difference(after(v, arm, 3, taper=fade), after(v, arm, 3 + fade, taper=0))


def turnover_cost(v: Values, arm: str) -> Difference:
    """What more turnover changes in doing it well three years after the money."""
    return difference(after(v, arm, 3, **_doubled(v)), after(v, arm, 3))


def year_less(v: Values, arm: str) -> Difference:
    """What a year's money less changes in doing it well three years after the money."""
    return difference(after(v, arm, 3, funded_years=USUAL - 1), after(v, arm, 3))


def _taper(v: Values) -> str:
    fade = v.choices("taper")[-1]
    signs = {arm: taper_worth(v, arm).sign for arm in v.arms if _has_any(v, arm)}
    costs = difference(*(v.at("cost_per_pupil_gbp", FULL, funded_years=USUAL, taper=t) for t in (fade, 0)))
    told = by_sign(signs, {1: "more do it well under", -1: "fewer do it well under"})
    return (
        f"**Fading instead of stopping.** If money fades over {fade} more years, at the same moment {told}. For co-designed networks "
        f"it adds {difference_words(WELL, taper_worth(v, FULL))} and costs {difference_words('cost_per_pupil_gbp', costs)} a pupil."
    )


def _doubled(v: Values) -> dict[str, Any]:
    """The parameters that are scaled, as the last set of scenarios has them."""
    last = v.scenarios[-1]
    return {name: last[f"parameters.{name}"] for name in v.part.scale["parameters"]}


def _people(v: Values) -> str:
    """Turnover against a year's money less (F54): which costs more, seed by seed."""
    signs = {}
    for arm in (arm for arm in v.arms if _has_any(v, arm)):
        people = after(v, arm, 3, **_doubled(v))
        signs[arm] = difference(people, after(v, arm, 3, funded_years=USUAL - 1)).sign
    by = v.part.scale["by"][-1]
    told = by_sign(signs, {-1: "it costs more under", 1: "it costs less under"})
    return f"**People or money?** Teachers and heads leaving {by:g} times as often, against a year's money less, three years on: {told}."


def _changes(found: Found) -> list[str]:
    v, people = found["money"], found["people"]
    early, late = (ranked({arm: after(v, arm, years) for arm in v.arms})[0] for years in (0, LATER[-1]))
    said = [
        "When one looks. By the means, "
        + (
            f"{plain_name(early)} has most doing it well when funding ends and {LATER[-1]} years on alike."
            if early == late
            else f"{plain_name(early)} has most doing it well when funding ends, {plain_name(late)} {LATER[-1]} years on."
        )
    ]
    doubled = _doubled(people)
    kept = {arm: cell(ratio(people, arm, LATER[-1], **doubled)) for arm in people.arms}
    known = [f"{plain_name(arm)} {percent(c)}" for arm, c in kept.items() if c.known]
    if known:
        said.append(
            f"Staff that does not stay. With turnover doubled, of what was there when funding ended is left {LATER[-1]} years on: {'; '.join(known)}."
        )
    return said


def numbers(found: Found) -> pd.DataFrame:
    """Every cell of the figure: arm, funded_years, taper, years_after, outcome, mean, low, high, n."""
    v = found["money"]
    rows = [
        row(cell(after(v, arm, years)), WELL, arm=arm, funded_years=USUAL, taper=0, years_after=years)
        for arm in v.arms
        for years in range(-USUAL, LATER[-1] + 1)
    ]
    rows += [
        row(cell(after(v, arm, 3, funded_years=funded)), WELL, arm=arm, funded_years=funded, taper=0, years_after=3)
        for arm in v.arms
        for funded in v.choices("funded_years")
    ]
    return table(rows).drop_duplicates(ignore_index=True)


def draw(found: Found) -> Figure:
    """Doing it well by year with three funded years, a line an arm; and three years after the money by how long it lasted."""
    v = found["money"]
    look = styles(v.arms)
    with mpl.rc_context(RC):
        fig = drawing.page(found, 5.9)
        left = drawing.axes_at(fig, 0.6, 1.35, 4.2, 3.45)
        end = USUAL + LATER[-1]
        ticks = np.arange(round(end * v.ticks_per_year) + 1)
        drawn = [
            drawing.Line(
                arm, [*(ticks / v.ticks_per_year)], [cell(v.path(WELL, arm, **_usual(v))[:, tick]) for tick in ticks]
            )
            for arm in v.arms
        ]
        left.set_xlim(0, end)
        left.axvspan(0, USUAL, color=BAND, zorder=0, linewidth=0)
        left.text(0.1, 0.985, "funded years", transform=left.get_xaxis_transform(), va="top", color=MUTED)
        left.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        left.set_xlabel("Years since the start")
        left.set_title(f"Teachers doing it well, %, {USUAL} years funded", fontsize=FONT, pad=8)
        drawing.limits(left, drawn, 100)
        drawing.lines(left, drawn, look, 100, marks=False)
        right = drawing.axes_at(fig, 7.5, 1.35, 2.65, 3.45)
        years = v.choices("funded_years")
        bars = [drawing.Line(arm, years, [cell(after(v, arm, 3, funded_years=y)) for y in years]) for arm in v.arms]
        right.set_xlim(years[0], years[-1])
        right.xaxis.set_major_locator(FixedLocator(years))
        right.set_xlabel("Years funded")
        right.set_title("... and three years after the\nmoney, by years funded", fontsize=FONT, pad=8)
        right.axhline(0, color=INK, linewidth=0.5, zorder=1)
        drawing.limits(right, bars, 100)
        drawing.lines(right, bars, look, 100, named=False)
    return fig
