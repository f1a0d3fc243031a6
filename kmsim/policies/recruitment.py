"""Step 1: schools are invited, sign up as far as the money goes, and form clusters."""

from __future__ import annotations

import numpy as np

from kmsim import rng
from kmsim.jit import compiled
from kmsim.phases.money import CATEGORIES
from kmsim.phases.world import World
from kmsim.policies.levers import Recruit
from kmsim.policies.plan import Plan
from kmsim.rules.numbers import F
from kmsim.rules.schools import signup_rate

RECRUITMENT = CATEGORIES.index("recruitment")


class Recruitment:
    """What recruiting remembers between rounds: money committed, clusters made. One for each run."""

    def __init__(self, plan: Plan, world: World, practice_scripting: list[float]):
        self.plan, self.w = plan, world
        self.recruit = plan.policy.recruits or Recruit()
        self.practice_scripting = practice_scripting
        self.eligible = plan.eligible
        # How well each school is invited.
        self.invited = (self.recruit.invitation * plan.hub_reach()).astype(np.float32)
        self.committed = plan.wide_cost
        self.rounds = set(plan.policy.rounds())
        self.made = [0] * len(practice_scripting)  # cluster rows used, by practice

    def open_round(self, year: int, tick: int) -> None:
        """Hold this year's round, if the policy has one: invite, admit, join, form clusters."""
        if year not in self.rounds:
            return
        admitted = self._assign() if self.recruit.assigned else self._invite(year)
        if admitted is None:
            return
        layout = self.plan.at(year)
        for k, rows in enumerate(admitted):
            if len(rows):
                self._join(k, rows, tick, layout)
        for k in range(len(admitted)):
            self._form_clusters(k)

    # -- who signs up ------------------------------------------------------
    def _candidates(self, k: int, year: int) -> np.ndarray:
        return np.flatnonzero(self.eligible & self.plan.regions_open(year) & (self.w.uptake[k]["signed_up"] == 0))

    def _wanted(self, k: int, year: int) -> float:
        """How many members practice k may have by this year."""
        return self.plan.coverage(year) * np.count_nonzero(self.eligible)

    def _invite(self, year: int) -> list[np.ndarray] | None:
        """Who joins, by practice; None if the money does not reach for a round."""
        plan, w = self.plan, self.w
        members = np.array([np.count_nonzero(signed) for signed in w.uptake["signed_up"]], np.float64)
        wanted = np.array([self._wanted(k, year) for k in range(len(members))])
        keys, rows, of = [], [], []
        invited = 0.0
        for k in np.flatnonzero(members < wanted).tolist():
            candidates = self._candidates(k, year)
            if len(candidates) == 0:
                continue
            invited += float(np.sum(self.invited[candidates], dtype=np.float64))
            keys.append(self._keys(k, candidates, year))
            rows.append(candidates)
            of.append(np.full(len(candidates), k))
        if not rows:
            return [np.empty(0, np.int64) for _ in members]
        key, row, practice = np.concatenate(keys), np.concatenate(rows), np.concatenate(of)
        cost = 0.0 if plan.policy.preset else plan.p["c_invitation"] * invited
        left = np.inf if plan.budget is None else plan.budget - self.committed - cost
        if plan.planned[row].min() > left:
            return None
        self.committed += cost
        w.money.ledger[RECRUITMENT] += cost
        willing = np.flatnonzero(key < 1)
        order = willing[np.lexsort((row[willing], practice[willing], key[willing]))]
        taken, spent = _admit(plan.planned[row[order]], practice[order], members, wanted, left)
        self.committed += spent
        chosen = order[taken]
        return [row[chosen[practice[chosen] == k]] for k in range(len(wanted))]

    def _keys(self, k: int, candidates: np.ndarray, year: int) -> np.ndarray:
        """When each candidate would sign up, in years: below 1, it does. A trust's schools share one key."""
        recruit, s, w = self.recruit, self.plan.system.schools, self.w
        offer = self.plan.at(year).quantities
        slots = candidates
        if recruit.unit == "trust":
            trust = s["trust"]
            _, first = np.unique(trust, return_index=True)
            first_of = dict(zip(trust[first].tolist(), first.tolist(), strict=True))
            slots = np.array([first_of[t] for t in trust[candidates].tolist()])
        rate, draw = _rates_and_draws(
            candidates,
            slots,
            w.uptake["signed_up"][k],
            s["neighbours"],
            w.schools["climate"],
            s["fsm_rank"],
            offer["mandate"],
            self.invited,
            offer["incentive"],
            np.maximum(offer["scripting"], np.float32(self.practice_scripting[k])),
            offer["targeting"],
            F(recruit.existing),
            F(recruit.ask),
            w.clock.seed,
            k,
            year,
            w.p,
        )
        if recruit.unit == "trust":
            _, group = np.unique(slots, return_inverse=True)
            rate = (np.bincount(group, rate) / np.bincount(group))[group]
        with np.errstate(divide="ignore"):
            return np.where(rate > 0, -np.log1p(-draw) / rate, np.inf)

    def _assign(self) -> list[np.ndarray]:
        """The schools highest in climate (and chance), at once: for tests and for equal coverage without choice."""
        plan, w = self.plan, self.w
        out = []
        rows = np.flatnonzero(self.eligible)
        for k in range(len(self.practice_scripting)):
            if np.count_nonzero(w.uptake["signed_up"][k]):
                out.append(np.empty(0, np.int64))
                continue
            noise = np.array([rng.normal(rng.uniform(w.clock.seed, rng.ASSIGN, k, s, 0)) for s in rows])
            score = w.schools["climate"][rows] + plan.p["assign_noise"] * noise
            wanted = rows[np.argsort(-score, kind="stable")[: int(plan.coverage(0) * len(rows) + 0.5)]]
            left = np.inf if plan.budget is None else plan.budget - self.committed
            one = np.zeros(len(wanted), np.int64)
            taken, spent = _admit(plan.planned[wanted], one, np.zeros(1), np.full(1, np.inf), left)
            self.committed += spent
            out.append(wanted[taken])
        return out

    # -- joining -----------------------------------------------------------
    def _join(self, k: int, rows: np.ndarray, tick: int, layout) -> None:
        u, s, p = self.w.uptake[k], self.w.schools, self.plan.p
        u["signed_up"][rows] = 1
        u["ever_member"][rows] = 1
        u["joined"][rows] = tick
        floor = p["pr_floor"] + p["pr_climate"] * s["climate"][rows]
        u["priority"][rows] = np.maximum(u["priority"][rows], floor)
        offered = np.maximum(layout.quantities["scripting"][rows], np.float32(self.practice_scripting[k]))
        u["scripting"][rows] = np.maximum(u["scripting"][rows], offered)
        once = layout.once[:, rows]
        self.w.money.ledger[:] += once.sum(axis=1)
        s["cpd_budget"][rows] += once.sum(axis=0)

    # -- clusters ----------------------------------------------------------
    def _form_clusters(self, k: int) -> None:
        """Members without a cluster, pooled by group and cut in runs along the curve through their places, or paired."""
        lever = self.plan.policy.clusters
        if lever is None:
            return
        w, u = self.w, self.w.uptake[k]
        group = w.schools["la" if lever.pair else "group"]
        pool = np.flatnonzero((u["signed_up"] > 0) & (u["cluster"] < 0) & (group >= 0))
        order = pool[np.lexsort((pool, self.plan.system.schools["hilbert"][pool], group[pool]))]
        row = k * (len(w.clusters) // len(self.made))  # each practice has as many rows
        if lever.pair:
            for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
                self._pair(k, members, row)
        else:
            size = lever.network_size if lever.network_size <= 7 else 5
            self.made[k] = _cut(order, group, size, u["cluster"], row + self.made[k]) - row

    def _pair(self, k: int, members: np.ndarray, row: int) -> None:
        climate, u = self.w.schools["climate"], self.w.uptake[k]
        order = members[np.lexsort((members, -climate[members]))]
        for i in range(len(order) // 2):
            strong, weak = order[i], order[len(order) - 1 - i]
            u["expertise"][strong] = max(u["expertise"][strong], self.plan.p["pair_expertise"])
            u["cluster"][[strong, weak]] = row + self.made[k]
            self.made[k] += 1


@compiled
def _cut(order, group, size, cluster, row):
    """Cut each group's schools, in their order, into even runs of about `size`: clusters, numbered from `row` on.

    Two schools are no cluster unless that is the size asked for. Returns the next number.
    """
    least = 2 if size == 2 else 3
    first = 0
    while first < len(order):
        end = first
        while end < len(order) and group[order[end]] == group[order[first]]:
            end += 1
        runs = max(1, int((end - first) / size + 0.5))
        each, longer = divmod(end - first, runs)
        for run in range(runs):
            last = first + each + (run < longer)
            if last - first >= least:
                for place in range(first, last):
                    cluster[order[place]] = row
                row += 1
            first = last
    return row


@compiled
def _rates_and_draws(
    rows,
    slots,
    signed,
    neighbours,
    climate,
    fsm_rank,
    mandate,
    invited,
    incentive,
    scripting,
    targeting,
    existing,
    ask,
    seed,
    k,
    year,
    p,
):
    """Each candidate's rate of signing up and its draw."""
    rate = np.empty(len(rows), np.float64)
    draw = np.empty(len(rows), np.float64)
    for c in range(len(rows)):
        i = rows[c]
        near = count = 0
        for j in neighbours[i]:
            if j >= 0:
                near += 1
                count += signed[j] > 0
        nb = F(count) / F(near) if near > 0 else F(0)
        rate[c] = signup_rate(
            mandate[i],
            invited[i],
            climate[i],
            nb,
            existing,
            incentive[i],
            scripting[i],
            ask,
            targeting[i],
            fsm_rank[i],
            p[0],
        )
        draw[c] = rng.uniform(seed, rng.SIGNUP, k, slots[c], year)
    return rate, draw


@compiled
def _admit(planned, practice, members, wanted, left):
    """Take candidates in order while there are places and money; one that costs too much is passed over."""
    taken = np.zeros(len(planned), np.bool_)
    spent = 0.0
    for c in range(len(planned)):
        k = practice[c]
        if members[k] < wanted[k] and spent + planned[c] <= left:
            taken[c] = True
            members[k] += 1
            spent += planned[c]
    return taken, spent
