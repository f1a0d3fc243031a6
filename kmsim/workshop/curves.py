"""Curves with their bands, the sentence that sets policies against each other, the table and the budget bar: all from runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report import frames
from kmsim.report.frames import shown, shown_year
from kmsim.report.style import plain_name
from kmsim.workshop import numbers
from kmsim.workshop.axes import axis
from kmsim.workshop.results import Found
from kmsim.workshop.runs import NAMES, TICKS_PER_TERM
from kmsim.workshop.setup import TICKS_PER_YEAR, Setup

# What can be drawn, with its title on the page.
CURVES = {
    "doing_it_well": "Teachers doing it well",
    "gap": "Gap: the poorest less the richest fifth of schools",
    "well_most": "Doing it well in the poorest fifth of schools",
    "well_least": "Doing it well in the richest fifth of schools",
    "spread_teachers": "Teachers trying or using it",
    "spread_schools": "Schools in which a quarter of teachers use it",
    "depth": "How well it is done by those who do it",
    "ownership": "Owned by teachers",
    "months": "Months of progress, all pupils",
    "months_disadvantaged": "Months of progress, disadvantaged pupils",
    "cost_per_pupil_gbp": "Cash paid for each pupil",
}
MOST_CURVES = 4
# The table's rows: outcome, what it is called and read at the end of the run.
ROWS = {
    "doing_it_well": "Doing it well",
    "sustained": "Still there 3 years after funding",
    "spread_schools": "Schools where a quarter use it",
    "depth": "How well it is done (0 to 1)",
    "ownership": "Owned by teachers (0 to 1)",
    "gap": "Gap: poorest less richest fifth of schools",
    "months": "Months of progress, all pupils",
    "months_disadvantaged": "Months of progress, disadvantaged pupils",
    "cost_per_pupil_gbp": "Cash a pupil",
    "staff_hours": "Teachers' own hours",
}
# What heads are told an outcome is; the field's own words are in the codebook.
MEANINGS = {
    "doing_it_well": "teachers who use it and do it well",
    "spread_teachers": "teachers who are trying it or using it",
    "spread_schools": "schools in which at least a quarter of teachers are trying it or using it",
    "depth": "how well it is done, from 0 to 1, by those who do it",
    "sustained": "teachers doing it well three years after the money ended",
    "ownership": "how far those who do it feel it is their own, from 0 to 1",
    "gap": "teachers doing it well in the poorest fifth of schools less those in the richest fifth, in points",
    "well_most": "teachers doing it well in the fifth of schools with most free school meals",
    "well_least": "teachers doing it well in the fifth of schools with fewest free school meals",
    "months": "what pupils gain, in months of progress",
    "months_disadvantaged": "what disadvantaged pupils gain, in months of progress",
    "cost_per_pupil_gbp": "cash paid, for each pupil of all these schools",
    "staff_hours": "hours that teachers give without cover",
}


@dataclass(frozen=True)
class Band:
    """One outcome of one policy over the terms: mean and 90% range, and over how many runs."""

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most of it; 0 and 0 where there is nothing."""
        good = np.concatenate([self.low, self.high, self.middle])
        good = good[np.isfinite(good)]
        return (float(good.min()), float(good.max())) if len(good) else (0.0, 0.0)

    def cell(self, at: int) -> frames.Cell:
        """Its value at one term."""
        if self.n[at] == 0:
            return frames.NOTHING
        return frames.Cell(float(self.middle[at]), float(self.low[at]), float(self.high[at]), int(self.n[at]))


def band(found: Found, outcome: str) -> Band:
    """Over the runs of a policy, at the end of each term."""
    return Band(*frames.spans(found.of(outcome)[:, ::TICKS_PER_TERM]))


def meaning(outcome: str) -> str:
    """What an outcome is, in a head's words.

    >>> meaning("doing_it_well")
    'teachers who use it and do it well'
    """
    return MEANINGS.get(outcome) or OUTCOMES[outcome].meaning


def years(setup: Setup) -> list[float]:
    """The years at the ends of terms, the start first."""
    return [round(tick / TICKS_PER_YEAR, 4) for tick in range(0, setup.years * TICKS_PER_YEAR + 1, TICKS_PER_TERM)]


def floats(values: np.ndarray) -> list[float | None]:
    """Numbers for drawing; none where there is no value."""
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values.tolist()]


def drawn(
    setup: Setup, runs: Sequence[Found], outcomes: Sequence[str], held: dict[str, tuple[float, float]]
) -> dict[str, Any]:
    """Curves of every policy, their axes and a summary of each figure in words."""
    bands = {outcome: [band(found, outcome) for found in runs] for outcome in outcomes}
    year = years(setup)
    axes = {"year": axis(0, setup.years, lambda v: f"{v:.3g}")}
    for outcome in outcomes:
        ends = [b.ends for b in bands[outcome]]
        low, high = min(e[0] for e in ends), max(e[1] for e in ends)
        axes[outcome] = axis(low, high, lambda v, o=outcome: numbers.tick(o, v), held.get(outcome))  # type: ignore[misc]
    policies = [
        {
            "id": found.arm.id,
            "label": found.arm.label,
            "changed": bool(found.arm.levers),
            "curves": {outcome: _curve(outcome, bands[outcome][i], year) for outcome in outcomes},
        }
        for i, found in enumerate(runs)
    ]
    summaries = {outcome: _summary(setup, runs, outcome, bands[outcome]) for outcome in outcomes}
    return {"years": year, "axes": axes, "policies": policies, "summaries": summaries}


def _curve(outcome: str, b: Band, year: Sequence[float]) -> dict[str, Any]:
    end = b.cell(-1)
    return {
        "low": floats(b.low), "middle": floats(b.middle), "high": floats(b.high),
        "end": numbers.shown(outcome, end.mean),
        "end_range": numbers.shown_range(outcome, end.low, end.high) if end.n > 1 else "one run, no range" if end.n else "",
        "texts": [f"Year {shown_year(at)}: {numbers.level(outcome, b.cell(i))}" for i, at in enumerate(year)],
    }  # fmt: skip


def _summary(setup: Setup, runs: Sequence[Found], outcome: str, bands: Sequence[Band]) -> str:
    ends = [f"{found.arm.named} {numbers.level(outcome, b.cell(-1))}" for found, b in zip(runs, bands, strict=True)]
    peaks = []
    for found, b in zip(runs, bands, strict=True):
        if np.isfinite(b.middle).any():
            at = int(np.nanargmax(b.middle))
            peaks.append(
                f"{found.arm.id} is highest in year {shown_year(years(setup)[at])}, at {shown(outcome, b.middle[at])}"
            )
    return f"{CURVES[outcome]} in year {setup.years}: {'; '.join(ends)}. {'; '.join(peaks)}.".replace(" .", "")


def _year(frame: int) -> str:
    return f"year {(frame - 1) // 3 + 1}" if frame else "the first term"


def compared(setup: Setup, runs: Sequence[Found]) -> dict[str, Any]:
    """The sentence under the curves, and whether its first difference leaves out 0. It claims no more than the runs show."""
    if len(runs) == 1:
        found = runs[0]
        told = numbers.level("doing_it_well", numbers.cell(found.of("doing_it_well")[:, -1]))
        return {
            "sentence": f"{found.arm.named}: {told} of teachers are doing it well in year {setup.years}.",
            "clear": False,
        }
    first = runs[0]
    sentences: list[str] = []
    clear: list[bool] = []
    for other in runs[1:]:
        ahead, behind = _ordered(first, other)
        gaps = [numbers.difference(name, ahead.of(name)[:, -1], behind.of(name)[:, -1]) for name in numbers.SAID]
        clear += [gap.clear for gap in gaps]
        parts = [numbers.sentence(gap, ahead.arm.id, behind.arm.id, brief=len(runs) > 2) for gap in gaps]
        sentences += [part[:1].upper() + part[1:] + "." for part in parts]
    return {"sentence": f"Year {setup.years}, same runs: " + " ".join(sentences), "clear": clear[0]}


def _ordered(a: Found, b: Found) -> tuple[Found, Found]:
    """The one with more teachers doing it well first, so that all that is said of the two is said in one direction."""
    gap = numbers.difference("doing_it_well", a.of("doing_it_well")[:, -1], b.of("doing_it_well")[:, -1])
    return (b, a) if gap.cell.mean < 0 else (a, b)


def tabled(setup: Setup, runs: Sequence[Found]) -> dict[str, Any]:
    """The numbers at the end of the run: a row an outcome, a column a policy, and A less B."""
    pair = len(runs) > 1
    at = [NAMES.index(outcome) for outcome in ROWS]
    last = [found.last[:, at] for found in runs]
    levels = [numbers.cells(values) for values in last]
    apart = numbers.cells(last[0] - last[1]) if pair else []
    rows = []
    for i, (outcome, label) in enumerate(ROWS.items()):
        texts = [numbers.level(outcome, column[i]) for column in levels]
        texts += [numbers.change(outcome, apart[i])] if pair else []
        when = "" if outcome == "sustained" else f", year {setup.years}"
        rows.append({"id": outcome, "label": label + when, "meaning": meaning(outcome), "cells": texts})
    columns = [found.arm.named for found in runs] + (["A less B, same runs"] if pair else [])
    return {"columns": columns, "rows": rows}


def budget(setup: Setup, runs: Sequence[Found], total: float | None) -> dict[str, Any]:
    """The budget bar: what each policy spends of the fixed total, and on what; means over runs."""
    shown_total = shown("cost_gbp", total) if total else "no budget"
    policies = []
    for found in runs:
        spent = float(np.mean(found.of("cost_gbp")[:, -1]))
        parts = {name: float(np.mean([run.ledger[name] for run in found.runs])) for name in found.runs[0].ledger}
        whole = total or spent or 1.0
        policies.append(
            {
                "id": found.arm.id,
                "share": round(spent / whole, 4),
                "spent": shown("cost_gbp", spent),
                "unspent": shown("unspent_gbp", whole - spent),
                "text": f"{found.arm.named} spends {shown('cost_gbp', spent)} of {shown_total}",
                "buys": _bought(found, spent),
                "parts": [
                    {"id": k, "label": plain_name(k), "share": round(v / whole, 4), "text": shown("cost_gbp", v)}
                    for k, v in sorted(parts.items(), key=lambda item: -item[1])
                    if v > 0
                ],
            }
        )
    sentence = f"The budget is {shown_total} for each policy, £{setup.budget:g} a pupil; no run spends more."
    return {"total": shown_total, "sentence": sentence, "policies": policies}


def _bought(found: Found, spent: float) -> str:
    """What the money buys, in schools; means over runs."""
    schools = float(np.mean([run.joined.sum() for run in found.runs]))
    if schools < 0.5 or not spent:
        return "no school joins a programme"
    whole = len(found.runs[0].joined)
    return f"{schools:.0f} of {whole:,} schools join, about {_thousands(spent / schools)} each"


def _thousands(pounds: float) -> str:
    """Pounds as people say them.

    >>> _thousands(26628), _thousands(640)
    ('£27,000', '£640')
    """
    return f"£{pounds:,.0f}" if pounds < 1000 else f"£{round(pounds, -3):,.0f}"
