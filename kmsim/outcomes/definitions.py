"""The outcomes: each stands here once, with its formula, unit and source; tables, codebook and report are made from this.

A formula takes the totals of one practice over the ticks of a run (`Totals`) and returns one value a tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kmsim.outcomes.totals import INDEX

# EEF months of progress: (SD, months) at the middle of each band; interpolated between (F-table of the evidence, from memory).
MONTHS = (
    (0.0, 0.0),
    (0.07, 1.0),
    (0.14, 2.0),
    (0.225, 3.0),
    (0.31, 4.0),
    (0.40, 5.0),
    (0.49, 6.0),
    (0.57, 7.0),
    (0.66, 8.0),
)


def months(sd):
    """Months of progress for an effect in SD, linear between the middles of the EEF's bands, to 0.1; the sign is kept.

    >>> float(months(0.14)), float(months(-0.07))
    (2.0, -1.0)
    """
    points = np.array(MONTHS)
    return np.round(np.sign(sd) * np.interp(np.abs(sd), points[:, 0], points[:, 1]), 1)


class Totals:
    """The totals of one practice over a run: `totals.in_use` is an array over ticks; sizes of the system beside them.

    >>> sizes = dict(posts=100, schools=5, posts_most=20, posts_least=20, pupils=900.0, disadvantaged=200.0)
    >>> run = dict(ticks_per_year=6, funding_end=3.0, budget=None, staff_hour_gbp=40.0)
    >>> OUTCOMES["aware"].value(Totals(np.full((2, len(INDEX)), 25.0), **sizes, **run))
    array([0.25, 0.25])
    """

    def __init__(
        self,
        table: np.ndarray,
        posts: int,
        schools: int,
        posts_most: int,
        posts_least: int,
        pupils: float,
        disadvantaged: float,
        ticks_per_year: int,
        funding_end: float,
        budget: float | None,
        staff_hour_gbp: float,
    ):
        self.table = table
        self.posts, self.schools = posts, schools
        self.posts_most, self.posts_least = posts_most, posts_least
        self.pupils, self.disadvantaged = pupils, disadvantaged
        self.ticks_per_year, self.funding_end = ticks_per_year, funding_end
        self.budget, self.staff_hour_gbp = budget, staff_hour_gbp

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_") or name not in INDEX:
            raise AttributeError(name)
        return self.table[:, INDEX[name]]

    def from_funding_end(self, values: np.ndarray, years: float) -> np.ndarray:
        """The value so many years after funding ended, from that tick on; NaN before it (and all along if it never comes).

        >>> run = dict(ticks_per_year=1, funding_end=1.0, budget=None, staff_hour_gbp=40.0)
        >>> totals = Totals(np.zeros((4, len(INDEX))), 100, 5, 20, 20, 900.0, 200.0, **run)
        >>> totals.from_funding_end(np.array([1.0, 2.0, 3.0, 4.0]), 1)
        array([nan, nan,  3.,  3.])
        """
        tick = round((self.funding_end + years) * self.ticks_per_year)
        out = np.full(len(values), np.nan)
        if tick < len(values):
            out[tick:] = values[tick]
        return out


@dataclass(frozen=True)
class Outcome:
    """One outcome: its name in code and files, its label in tables, what it is, and how it is made of totals.

    >>> OUTCOMES["doing_it_well"].unit, OUTCOMES["doing_it_well"].better
    ('share', 'more')
    """

    name: str
    label: str
    meaning: str
    formula: str
    unit: str
    better: Literal["more", "less", "none"]
    source: str
    value: Callable[[Totals], np.ndarray]
    shared: bool = False  # one value for all practices together
    percent: bool = False

    def show(self, value: float) -> str:
        """A value as people read it.

        >>> OUTCOMES["doing_it_well"].show(0.123), OUTCOMES["cost_gbp"].show(2.5e6), OUTCOMES["depth"].show(np.nan)
        ('12.3%', '£2.50m', 'n/a')
        """
        return "n/a" if not np.isfinite(value) else _tidy(self._text(value))

    def show_change(self, value: float) -> str:
        """A difference of two values as people read it, with its sign: of shares, in percentage points.

        >>> OUTCOMES["doing_it_well"].show_change(0.05), OUTCOMES["months"].show_change(-0.3)
        ('+5.0 pts', '-0.3')
        """
        if not np.isfinite(value):
            return "n/a"
        text = _tidy(f"{100 * value:.1f} pts" if self.percent else self._text(value))
        return text if text.startswith("-") or text == _tidy(f"-{text}") else f"+{text}"

    def _text(self, value: float) -> str:
        if self.percent:
            return f"{100 * value:.1f}%"
        if self.unit.startswith("GBP"):
            return ("-" if value < 0 else "") + self._pounds(abs(value))
        if self.unit == "hours":
            return f"{value:,.0f}"
        return f"{value:.3f}" if self.unit == "SD" else f"{value:.2f}" if self.unit != "months" else f"{value:.1f}"

    def _pounds(self, value: float) -> str:
        if self.unit != "GBP":
            return f"£{value:,.2f}"
        return f"£{value / 1e6:,.2f}m" if value >= 1e5 else f"£{value:,.0f}"


def _tidy(text: str) -> str:
    """No minus before a nought."""
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text


def _ratio(top: np.ndarray, bottom) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=np.asarray(bottom) > 0)


def _sustained_ratio(t: Totals) -> np.ndarray:
    share = _ratio(t.well_members, t.posts_members)
    start = t.from_funding_end(share, 0)
    ratio = t.from_funding_end(share, 3) / np.where(start >= 0.01, start, np.nan)
    return ratio


def _table(*rows: Outcome) -> dict[str, Outcome]:
    return {row.name: row for row in rows}


OUTCOMES: dict[str, Outcome] = _table(
    Outcome(
        "spread_teachers", "Spread: teachers", "share of teachers who are trying or using the practice",
        "posts in use / all posts", "share", "more", "Coburn 2003", lambda t: t.in_use / t.posts, percent=True,
    ),
    Outcome(
        "spread_schools", "Spread: schools", "share of schools in which at least a quarter of teachers are trying or using it",
        "schools with in use >= 25% of posts / all schools", "share", "more", "Coburn 2003",
        lambda t: t.spread_schools / t.schools, percent=True,
    ),
    Outcome(
        "doing_it_well", "Doing it well", "share of teachers who use the practice with fidelity of at least 0.6",
        "posts USING with q >= 0.6 / all posts", "share", "more", "F38, F51", lambda t: t.well / t.posts, percent=True,
    ),
    Outcome(
        "depth", "Depth", "mean fidelity (quality of use, 0 to 1) of the teachers who are trying or using it",
        "mean q over posts in use", "0-1", "more", "Coburn 2003; F38", lambda t: _ratio(t.q_users, t.in_use),
    ),
    Outcome(
        "sustained", "Still doing it well 3 years on", "doing it well three years after funding ended",
        "posts USING with q >= 0.6, 3 years after funding ended / all posts", "share", "more", "Coburn 2003; F51, F55",
        lambda t: t.from_funding_end(t.well / t.posts, 3), percent=True,
    ),
    Outcome(
        "sustained_ratio", "Share sustained", "of what member schools did well when funding ended, what is left three years on",
        "ever-members' well posts 3 years after funding ended / when it ended (n/a below 1%)", "ratio", "more",
        "Coburn 2003; F51, F55", _sustained_ratio,
    ),
    Outcome(
        "ownership", "Ownership", "how far the practice is their own, for the teachers who are trying or using it (0 to 1)",
        "mean o over posts in use", "0-1", "more", "Coburn 2003 (shift in ownership); F02", lambda t: _ratio(t.o_users, t.in_use),
    ),
    Outcome(
        "gap", "Gap: most less least disadvantaged", "doing it well in the most less the least disadvantaged fifth of schools",
        "well share of posts, top fifth of free-meals rank less bottom fifth", "share", "more", "F04, F78",
        lambda t: _ratio(t.well_most, t.posts_most) - _ratio(t.well_least, t.posts_least), percent=True,
    ),
    Outcome(
        "months", "Months of progress: all", "pupils' mean gain in the EEF's months of progress",
        "attainment_sd through the EEF conversion table", "months", "more", "EEF conversion table (from memory)",
        lambda t: months(t.gain_all / t.pupils),
    ),
    Outcome(
        "months_disadvantaged", "Months: disadvantaged", "disadvantaged pupils' mean gain in months of progress",
        "attainment_disadvantaged_sd through the EEF conversion table", "months", "more", "EEF conversion table (from memory)",
        lambda t: months(t.gain_disadvantaged / t.disadvantaged),
    ),
    Outcome(
        "attainment_sd", "Attainment: all", "pupils' mean gain", "sum of pupils x (A + fsm (A_d - A)) / pupils", "SD", "more",
        "P23, P24, P46", lambda t: t.gain_all / t.pupils,
    ),
    Outcome(
        "attainment_disadvantaged_sd", "Attainment: disadvantaged", "disadvantaged pupils' mean gain",
        "sum of pupils x fsm x A_d / disadvantaged pupils", "SD", "more", "F04, F78", lambda t: t.gain_disadvantaged / t.disadvantaged,
    ),
    Outcome(
        "attainment_gap_sd", "Attainment gap narrowed by", "disadvantaged pupils' mean gain less the others'",
        "mean A_d over disadvantaged pupils less mean A over the others", "SD", "more", "F04",
        lambda t: t.gain_disadvantaged / t.disadvantaged - t.gain_others / (t.pupils - t.disadvantaged),
    ),
    Outcome(
        "cost_gbp", "Total cost", "cash paid so far, all categories, 2023/24 prices", "sum of the ledger", "GBP", "less",
        "F84-F90", lambda t: t.cost, shared=True,
    ),
    Outcome(
        "cost_per_pupil_gbp", "Cost per pupil", "cash for each pupil of the system", "cost_gbp / all pupils", "GBP/pupil", "less",
        "F90", lambda t: t.cost / t.pupils, shared=True,
    ),
    Outcome(
        "unspent_gbp", "Unspent", "what of the budget is not spent", "budget - cost_gbp", "GBP", "none", "INTERFACE",
        lambda t: (np.nan if t.budget is None else t.budget) - t.cost, shared=True,
    ),
    Outcome(
        "staff_hours", "Staff hours", "teachers' own time: hours attended but not covered, and own facilitators' hours",
        "hours so far", "hours", "less", "F85, F89", lambda t: t.staff_hours, shared=True,
    ),
    Outcome(
        "staff_gbp", "Staff hours, valued", "what teachers' own time would cost if it were paid for; no part of the total cost",
        "staff_hours x c_staff_hour", "GBP", "less", "F89", lambda t: t.staff_hours * t.staff_hour_gbp, shared=True,
    ),
    Outcome(
        "aware", "Aware", "share of teachers who have heard of the practice", "posts not UNAWARE / all posts", "share", "more",
        "F40-F42", lambda t: t.aware / t.posts, percent=True,
    ),
    Outcome(
        "signed_up", "Signed up", "share of schools that are formal members", "schools signed up / all schools", "share", "more",
        "F52, F53", lambda t: t.signed_up / t.schools, percent=True,
    ),
    Outcome(
        "self_led", "Self-led clusters", "share of once-funded clusters with vitality above 0.3",
        "clusters once funded with v > 0.3 / clusters once funded", "share", "more", "F02",
        lambda t: _ratio(t.clusters_alive, t.clusters_funded), percent=True,
    ),
    Outcome(
        "cluster_vitality", "Cluster vitality", "how alive clusters are (0 to 1)", "mean v over clusters", "0-1", "more", "F02, F03",
        lambda t: _ratio(t.vitality, t.clusters),
    ),
    Outcome(
        "facilitators", "Own facilitators", "own facilitators of a cluster", "mean F over clusters", "people", "more", "F02",
        lambda t: _ratio(t.facilitators, t.clusters),
    ),
)  # fmt: skip

# The outcomes of the scorecard, and the moment each is read at: when funding ended, three years on, or the end of the run.
SCORECARD: dict[str, str] = {
    "spread_teachers": "funding_end",
    "spread_schools": "funding_end",
    "doing_it_well": "funding_end",
    "depth": "funding_end",
    "sustained": "end",
    "ownership": "funding_end",
    "gap": "funding_end",
    "months": "end",
    "months_disadvantaged": "end",
    "cost_gbp": "end",
    "cost_per_pupil_gbp": "end",
}
