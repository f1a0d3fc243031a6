"""A policy laid out over a system: what each school is offered in each year, and what that would cost.

Two levers on one quantity: the largest wins. Layouts change only in years in which a lever starts or stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from kmsim import rng
from kmsim.errors import unknown
from kmsim.phases.money import CATEGORIES, COORDINATION
from kmsim.phases.networks import funding_in_all
from kmsim.policies.eligibility import named
from kmsim.policies.levers import MEMBER, WIDE, Lever
from kmsim.policies.policy import Policy
from kmsim.system.built import System


@dataclass
class Layout:
    """What a year offers: quantity -> value by school, and the money of it, GBP a school-year by category.

    cover_hours: the teacher-hours a year for which cover is bought at most, by school.

    >>> from kmsim.model import Model
    >>> layout = Model(system="village", policy="coaching").plan.at(0)
    >>> sorted(name for name, values in layout.quantities.items() if values.any())
    ['capacity_building', 'coaching', 'collaboration', 'cpd', 'external_expertise', 'focus', 'novelty', 'ownership', 'targeting']
    """

    quantities: dict[str, np.ndarray]
    lines: np.ndarray
    wide: np.ndarray
    once: np.ndarray
    cover_hours: np.ndarray


def _category(lever: Lever, name: str) -> int:
    if name not in CATEGORIES:
        raise unknown(f"lever {lever.key}", name, CATEGORIES, "a category of cost")
    return CATEGORIES.index(name)


def _largest(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """The largest value in each place; the array itself if there is but one."""
    return reduce(np.maximum, arrays)


class Plan:
    """A policy over a system: its layouts by year, its groups, its hubs, and what a school's membership would cost.

    p: parameter values. funded_years, years: of the run. budget: GBP or None. clock: for its seed (the order in which
    wide levers reach schools that a small budget cannot all reach) and for how long funding lasts in ticks.

    >>> from kmsim.model import Model
    >>> plan = Model(system="village", policy="coaching", years=5).plan
    >>> plan.eligible.tolist(), bool((plan.planned > 0).all())
    ([True, True, True, True, True], True)
    """

    def __init__(
        self,
        policy: Policy,
        system: System,
        p: dict[str, float],
        clock: np.record,
        funded_years: float,
        budget: float | None,
        years: int,
        practices: int = 1,
    ):
        self.policy, self.system, self.p = policy, system, p
        self.clock, self.funded_years, self.budget, self.practices = clock, funded_years, budget, practices
        masks = {
            eligible: eligible.mask(system) for eligible in dict.fromkeys(lever.eligible for lever in policy.levers)
        }
        self.masks = [masks[lever.eligible] for lever in policy.levers]
        self.eligible = self._eligible()
        self.day_rate = np.where(system.schools["phase"] == 1, p["cover_secondary"], p["cover_primary"])
        clusters = policy.clusters
        self.group = system.schools[clusters.within] if clusters else system.schools["region"]
        self._layouts = self._all_layouts(years)
        self.regions_open(years)  # an unknown region is found out before anything runs
        self._limit_wide()
        self.planned = self._planned()

    # -- years -----------------------------------------------------------
    def _window(self, lever: Lever) -> tuple[float, float]:
        default = self.funded_years if lever.is_wide else float("inf")
        return lever.start, lever.stop if lever.stop is not None else default

    def _all_layouts(self, years: int) -> list[Layout]:
        """One layout a year; years that offer the same share theirs."""
        made: dict[tuple[bool, ...], Layout] = {}
        windows = [self._window(lever) for lever in self.policy.levers]
        out = []
        for year in range(years):
            active = tuple([start <= year < stop for start, stop in windows])
            if active not in made:
                made[active] = self._lay_out(active)
            out.append(made[active])
        return out

    def _lay_out(self, active: tuple[bool, ...]) -> Layout:
        n = self.system.n_schools
        quantities = {name: np.zeros(n, np.float32) for name in (*WIDE, *MEMBER)}
        quantities["novelty"][:] = -1  # no lever sets it yet
        money = {kind: np.zeros((len(CATEGORIES), n)) for kind in ("lines", "wide", "once")}
        for lever, mask, on in zip(self.policy.levers, self.masks, active, strict=True):
            if not on:
                continue
            for name, value in lever.sets().items():
                if name not in quantities:
                    raise unknown(f"lever {lever.key}", name, quantities, "a quantity that levers set")
                np.maximum(quantities[name], np.float32(value), out=quantities[name], where=mask)
            for category, gbp in lever.costs_per_post(self.p).items():
                line = money["lines"][_category(lever, category)]
                np.add(line, gbp * self.system.schools["size"], out=line, where=mask)
            yearly = "wide" if lever.is_wide else "lines"
            for kind, costs in ((yearly, lever.costs(self.p)), ("once", lever.once(self.p))):
                for category, gbp in costs.items():
                    if not (self.policy.preset and category == "central"):
                        line = money[kind][_category(lever, category)]
                        np.add(line, gbp, out=line, where=mask)
        q = quantities["novelty"]
        q[q < 0] = np.float32(self.p["novelty_reference"])
        return Layout(quantities, cover_hours=self._cover_hours(quantities), **money)

    def _cover_hours(self, q: dict[str, np.ndarray]) -> np.ndarray:
        p, s = self.p, self.system.schools
        hours = p["h_cpd"] * q["cpd"] * (1 + p["h_target"] * q["targeting"] * (s["fsm_rank"] - 0.5))
        return p["cover_share"] * hours * p["planned_attendance"] * s["size"]

    @property
    def _distinct(self) -> list[Layout]:
        """The layouts, each once, in the order of their first years."""
        return [*{id(layout): layout for layout in self._layouts}.values()]

    def at(self, year: int) -> Layout:
        """The layout of a year (years beyond the run's: the last).

        >>> from kmsim.model import Model
        >>> plan = Model(system="village", policy="coaching").plan
        >>> plan.at(0) is plan.at(99)
        True
        """
        return self._layouts[min(year, len(self._layouts) - 1)]

    # -- money -----------------------------------------------------------
    def _limit_wide(self) -> None:
        """Where broadcast and mandate cost more than the budget they reach only the schools it affords."""
        self.wide_cost = 0.0
        if not any(lever.is_wide for lever in self.policy.levers):
            return
        yearly = {id(layout): layout.wide.sum(axis=0) for layout in self._distinct}
        cost = self.practices * sum(yearly[id(layout)] for layout in self._layouts)
        self.wide_cost = float(np.sum(cost))
        if self.budget is None or self.wide_cost <= self.budget:
            return
        order = np.argsort([rng.uniform(self.clock.seed, rng.ASSIGN, 0, s, 0) for s in range(len(cost))], kind="stable")
        reached = np.zeros(len(cost), bool)
        reached[order[np.cumsum(cost[order]) <= self.budget]] = True
        for layout in self._distinct:
            layout.wide[:, ~reached] = 0
            for name in WIDE:
                layout.quantities[name][~reached] = 0
        self.wide_cost = float(np.sum(cost[reached]))

    def _planned(self) -> np.ndarray:
        """GBP that a school's whole funded period costs at most: (S,)."""
        span, layouts = funding_in_all(self.clock), self._distinct
        lines = _largest(layout.lines for layout in layouts)
        if self.policy.clusters and self.policy.clusters.hierarchy:
            eligible = self.eligible & (self.group >= 0)
            sizes = np.bincount(self.group[eligible], minlength=self.group.max() + 2)
            schools = np.where(self.group >= 0, sizes[self.group], 0)
            lines = lines.copy()
            lines[COORDINATION] *= 1 + np.maximum(0, schools - self.p["hierarchy_free"]) / self.p["cost_scale"]
        cover = _largest(layout.cover_hours for layout in layouts) / self.p["hours_a_day"] * self.day_rate
        once = _largest(layout.once for layout in layouts)
        return span * (lines.sum(axis=0) + cover) + once.sum(axis=0)

    # -- who -------------------------------------------------------------
    def _eligible(self) -> np.ndarray:
        """The schools that may sign up: bool (S,)."""
        recruit = self.policy.recruits
        if recruit is None:
            return np.zeros(self.system.n_schools, bool)
        mask = self.masks[self.policy.levers.index(recruit)].copy()
        if recruit.unit == "trust":
            mask &= self.system.schools["trust"] >= 0
        return mask

    def coverage(self, year: int) -> float:
        """The share of eligible schools wanted by this year; under a budget it is what the money buys.

        >>> from kmsim.model import Model
        >>> plan = Model(system="village", policy="test_bed_then_scale").plan
        >>> [plan.coverage(year) for year in range(5)]
        [0.03, 0.03, 0.3, 0.3, 1.0]
        """
        phase_in = self.policy.phased
        if phase_in is not None:
            return max((f["coverage"] for f in phase_in.phases if f["year"] <= year), default=0.0)
        recruit = self.policy.recruits
        if recruit is None:
            return 0.0
        return recruit.coverage if self.budget is None or recruit.assigned else 1.0

    def regions_open(self, year: int) -> np.ndarray:
        """The schools in regions that a phase has begun in: bool (S,).

        >>> from kmsim.model import Model
        >>> phased = {"phase_in": {"phases": [{"year": 2, "coverage": 0.5}]}}
        >>> plan = Model(system="village", policy={"levers": [{"recruit": {}}, phased]}).plan
        >>> [bool(plan.regions_open(year).all()) for year in (0, 2)]
        [False, True]
        """
        phase_in = self.policy.phased
        if phase_in is None:
            return np.ones(self.system.n_schools, bool)
        begun = [f for f in phase_in.phases if f["year"] <= year]
        if not begun:
            return np.zeros(self.system.n_schools, bool)
        if any(not f["regions"] for f in begun):
            return np.ones(self.system.n_schools, bool)
        return named(self.system, "region", tuple(r for f in begun for r in f["regions"]))

    def hub_reach(self) -> np.ndarray:
        """How far an invitation reaches each school from its nearest hub: (S,) in [0, 1]; 1 without hubs.

        In a thinned system hubs are as many for each school and so further apart: reach grows with their distances.

        >>> from kmsim.model import Model
        >>> plan = Model(system="village", policy="hub_and_spoke").plan
        >>> (plan.hub_reach() == 1).tolist()
        [False, True, False, False, False]
        """
        recruit, s = self.policy.recruits, self.system.schools
        eligible = np.flatnonzero(self.eligible)
        if recruit is None or not recruit.hubs or len(eligible) == 0:
            return np.ones(self.system.n_schools, np.float32)
        n_hubs = max(1, int(len(eligible) / self.p["schools_per_hub"] + 0.5))
        hubs = eligible[np.argsort(-s["climate"][eligible], kind="stable")[:n_hubs]]
        nearest = np.full(self.system.n_schools, np.inf)
        for hub in hubs:
            nearest = np.minimum(nearest, np.hypot(s["x"] - s["x"][hub], s["y"] - s["y"][hub]))
        apart = np.sqrt(self.system.thinned)
        return np.exp(-nearest / (apart * self.p["hub_reach_km"])).astype(np.float32)
