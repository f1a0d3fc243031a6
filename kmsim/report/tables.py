"""The tables of a comparison's report: under each figure the numbers that it shows, and what each outcome is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kmsim.lab.uncertainty import amount
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.report import frames
from kmsim.report.figures import four_dimensions
from kmsim.report.frames import Comparison, k_of_n, shown, shown_cell, shown_range, shown_year
from kmsim.report.style import plain_name


@dataclass(frozen=True)
class Table:
    """A table of a page: a caption, heads of columns (the first is the rows' own) and rows; the first cell names its row.

    A cell is a text, or several that stand under each other.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def tables(c: Comparison, practice: str, name: str, frame: pd.DataFrame) -> list[Table]:
    """The tables under a figure. name: the figure's, as in `figures.FIGURES`; frame: what it draws."""
    if name in ("fan_chart", "gap"):
        outcome = "doing_it_well" if name == "fan_chart" else "gap"
        return [_by_year(c, frame, outcome, f"{OUTCOMES[outcome].label} by year: mean and 90% range")]
    if name == "four_dimensions":
        made = []
        for outcome, title, axis, _ in four_dimensions.DIMENSIONS:
            what = axis.removesuffix(", %").format(year=shown_year(frames.moment_year(c, "funding_end")))
            made.append(_by_year(c, frame[frame.outcome == outcome], outcome, f"{title} ({what}): mean and 90% range"))
        return made
    if name == "ranking":
        return _ranking_tables(frame)
    if name == "cost_effect":
        return [_cost_table(c, frame), *_ledger(c)]
    return _paired_tables(c, practice)


def _by_year(c: Comparison, frame: pd.DataFrame, outcome: str, caption: str) -> Table:
    """Whole years down, policies across."""
    frame = frame[np.isclose(frame.year.astype(float) % 1, 0)] if len(frame) else frame
    cells = {
        (r.policy, r.year): frames.Cell(r.low if r.n == 0 else r.average, r.low, r.high, int(r.n))
        for r in frame.rename(columns={"mean": "average"}).itertuples()
    }
    years = sorted({year for _, year in cells})
    rows = [[shown_year(y), *(_lines(outcome, cells.get((p, y), frames.NOTHING)) for p in c.policies)] for y in years]
    return Table(
        caption + (", percentage points" if outcome == "gap" else ""),
        ["Year", *(plain_name(p) for p in c.policies)],
        rows,
    )


def _lines(outcome: str, found: frames.Cell) -> tuple[str, ...]:
    """Mean and range, under each other."""
    mean = shown(outcome, found.mean).removesuffix(" points")
    return (mean, brief_range(outcome, found)) if found.known else (mean,)


def _ranking_tables(frame: pd.DataFrame) -> list[Table]:
    """An outcome each: the mean, what calibrated parameters and what chance alone do to it, how often a policy is best, and what choosing it costs on average, against the best of each draw."""
    made = []
    for outcome, part in frame.groupby("outcome", sort=False):
        name = str(outcome)
        rows = [
            [
                plain_name(r.policy),
                shown(name, r.mean).removesuffix(" points"),
                shown_range(name, r.low, r.high),
                shown_range(name, r.chance_low, r.chance_high),
                k_of_n(r.best, r.draws) if r.draws else "n/a",
                amount(name, r.regret),
            ]
            for r in part.rename(columns={"mean": "average"}).assign(mean=part["mean"]).itertuples()
        ]
        heads = [
            "Policy",
            "Mean",
            "90% range over calibrated parameters",
            "90% range of chance alone",
            "Best in draws",
            "What choosing it costs on average",
        ]
        made.append(
            Table(
                f"{OUTCOMES[name].label}: what is sure of it. Last: how far it falls short of the best of each draw",
                heads,
                rows,
            )
        )
    return made


def _cost_table(c: Comparison, frame: pd.DataFrame) -> Table:
    rows = []
    for r in frame.itertuples():
        when = (
            "When all funding had ended"
            if r.panel == "funding_end"
            else "Three years after funding"
            if r.outcome == "sustained"
            else "At the end"
        )
        seeds = frames.seeds(c)
        cost = frames.Cell(r.cost, r.cost_low, r.cost_high, seeds)
        effect = frames.Cell(r.effect, r.effect_low, r.effect_high, seeds)
        rows.append(
            [
                plain_name(r.policy),
                when,
                shown_cell("cost_per_pupil_gbp", cost),
                shown_cell(r.outcome, effect),
                "yes" if r.frontier else "no",
            ]
        )
    return Table(
        "Cost and effect: mean and 90% range",
        ["Policy", "Moment", "Cash a pupil", "Doing it well", "On the frontier (by means)"],
        rows,
    )


def _ledger(c: Comparison) -> list[Table]:
    """What the money went on, where the manifest has it: means over seeds, categories that any policy pays for."""
    ledger = c.manifest.get("ledger_gbp")
    if not isinstance(ledger, Mapping) or not ledger:
        return []
    used = [
        k
        for k in dict.fromkeys(k for lines in ledger.values() for k in lines)
        if any(lines.get(k, 0) > 0 for lines in ledger.values())
    ]
    if not used:
        return []
    rows = [[plain_name(p), *(f"£{float(ledger[p].get(k, 0)):,.0f}" for k in used)] for p in c.policies if p in ledger]
    return [Table("What the money went on, mean over seeds", ["Policy", *(plain_name(k) for k in used)], rows)]


def _paired_tables(c: Comparison, practice: str) -> list[Table]:
    """Differences to business as usual and to the best, at the scorecard's moments, with the seeds in which each is ahead."""
    made = []
    there = [o for o in SCORECARD if frames.has(c, o)]
    for role, against in (("baseline", "business as usual"), ("best", "the best mean on each outcome")):
        rows, policies = [], [p for p in c.policies if role == "best" or p != frames.BASELINE]
        for outcome in there:
            part = frames.of_practice(c.paired, practice, outcome) if len(c.paired) else c.paired
            if not len(part):
                continue
            part = part[(part.role == role) & (part.moment == SCORECARD[outcome])]
            if part.empty:
                continue
            found = {row.policy: row for row in part.itertuples()}
            rival = part.against.iloc[0]
            cells = [("best",) if p == rival else _paired_cell(found.get(p), outcome) for p in policies]
            rows.append([OUTCOMES[outcome].label, *cells])
        if rows:
            made.append(
                Table(
                    f"Difference to {against}: mean, 90% range, seeds in which the policy is ahead (k of n)",
                    ["Outcome", *(plain_name(p) for p in policies)],
                    rows,
                )
            )
    return made


def _paired_cell(row: Any, outcome: str) -> tuple[str, ...]:
    """Mean, range and seeds ahead, from a row of the paired frame; a dash if there is none."""
    if row is None:
        return ("–",)
    if not np.isfinite(row.difference):
        return ("n/a",)
    mean = frames.shown_difference(outcome, row.difference)
    if row.n < 2:
        return mean, "one seed"
    if row.low == row.high == row.difference == 0:
        return mean, f"equal in all {int(row.n)}"
    return (
        mean,
        frames.shown_difference_range(outcome, row.low, row.high).removesuffix(" points").replace("£", ""),
        k_of_n(row.ahead, row.n),
    )


def outcomes_table(c: Comparison) -> Table:
    """What each outcome that was kept is."""
    rows = [[o.label, o.meaning, o.formula, o.unit, o.source] for o in OUTCOMES.values() if frames.has(c, o.name)]
    return Table("What each outcome is", ["Outcome", "What it means", "Formula", "Unit", "Source"], rows)


def brief_range(outcome: str, found: frames.Cell) -> str:
    """A range as it stands under its mean in a table; "" where there is no value.

    >>> brief_range("doing_it_well", frames.Cell(0.12, 0.11, 0.135, 20)), brief_range("depth", frames.Cell(1, 1, 1, 1))
    ('11.0 to 13.5%', 'one seed')
    >>> brief_range("depth", frames.Cell(0.5, 0.5, 0.5, 9)), brief_range("spread_schools", frames.Cell(0.006, 0.005, 0.005, 32))
    ('same in all', '0.5% in nearly all')
    """
    if not found.known:
        return ""
    if found.n < 2:
        return "one seed"
    if found.low == found.high:
        same = np.isclose(found.mean, found.low, rtol=1e-9, atol=0)
        return "same in all" if same else frames.nearly_all(outcome, found)
    return shown_range(outcome, found.low, found.high).removesuffix(" points").replace("£", "")
