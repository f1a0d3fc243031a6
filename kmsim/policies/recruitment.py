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
    """What recruiting remembers between rounds: the money committed. One for each run."""

    def __init__(self, plan: Plan, world: World, practice_scripting: list[float]):
        self.plan, self.w = plan, world
        self.recruit = plan.policy.recruits or Recruit()
        self.practice_scripting = np.array(practice_scripting, np.float32)
        self.eligible = plan.eligible
        # Who decides for each school: the first school of its trust, or itself.
        self.slots = np.arange(len(plan.eligible))
        if self.recruit.unit == "trust":
            _, first, trust = np.unique(plan.system.schools["trust"], return_index=True, return_inverse=True)
            self.slots = first[trust]
        # How well each school is invited.
        self.invited = (self.recruit.invitation * plan.hub_reach()).astype(np.float32)
        self.committed = plan.wide_cost
        self.rounds = set(plan.policy.rounds())

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
    def _invite(self, year: int) -> list[np.ndarray] | None:
        """Who joins, by practice; None if the money does not reach for a round."""
        plan, signed = self.plan, self.w.uptake["signed_up"] > 0
        members = np.count_nonzero(signed, axis=1).astype(np.float64)
        wanted = np.full(len(members), plan.coverage(year) * np.count_nonzero(self.eligible))
        asked = ~signed & (self.eligible & plan.regions_open(year))
        asked[members >= wanted] = False
        practice, row = np.nonzero(asked)
        if len(row) == 0:
            return [row for _ in members]
        invited = sum(float(np.sum(self.invited[who], dtype=np.float64)) for who in asked)
        cost = 0.0 if plan.policy.preset else plan.p["c_invitation"] * invited
        left = np.inf if plan.budget is None else plan.budget - self.committed - cost
        planned = plan.planned[row]
        if planned.min() > left:
            return None
        self.committed += cost
        self.w.money.ledger[RECRUITMENT] += cost
        key = self._keys(practice, row, year)
        willing = np.flatnonzero(key < 1)
        willing = willing[np.argsort(key[willing], kind="stable")]  # of one time: by practice, then by row
        taken, spent = _admit(planned[willing], practice[willing], members, wanted, left)
        self.committed += spent
        chosen = willing[taken]
        return [row[chosen[practice[chosen] == k]] for k in range(len(members))]

    def _keys(self, practice: np.ndarray, row: np.ndarray, year: int) -> np.ndarray:
        """When each candidate would sign up, in years: below 1, it does. A trust's schools share one key."""
        s, w, offer = self.plan.system.schools, self.w, self.plan.at(year).quantities
        return _times_to_sign(
            practice,
            row,
            self.slots,
            w.uptake["signed_up"],
            s["neighbours"],
            w.schools["climate"],
            s["fsm_rank"],
            offer["mandate"],
            self.invited,
            offer["incentive"],
            offer["scripting"],
            self.practice_scripting,
            offer["targeting"],
            F(self.recruit.existing),
            F(self.recruit.ask),
            w.clock.seed,
            year,
            w.p,
        )

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
        offered = np.maximum(layout.quantities["scripting"][rows], self.practice_scripting[k])
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
        order = pool[np.lexsort((self.plan.system.schools["hilbert"][pool], group[pool]))]
        first = k * (len(w.clusters) // len(w.formed))  # each practice has as many rows
        row = first + w.formed[k]
        if lever.pair:
            for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
                row = self._pair(k, members, row)
        else:
            size = lever.network_size if lever.network_size <= 7 else 5
            row = _cut(order, group, size, u["cluster"], row)
        w.formed[k] = row - first

    def _pair(self, k: int, members: np.ndarray, row: int) -> int:
        """Pair the strongest with the weakest, and so on; clusters are numbered from `row` on. Returns the next number."""
        climate, u = self.w.schools["climate"], self.w.uptake[k]
        order = members[np.lexsort((members, -climate[members]))]
        for i in range(len(order) // 2):
            strong, weak = order[i], order[len(order) - 1 - i]
            u["expertise"][strong] = max(u["expertise"][strong], self.plan.p["pair_expertise"])
            u["cluster"][[strong, weak]] = row + i
        return row + len(order) // 2


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
def _times_to_sign(
    practice,
    row,
    slot,
    signed,
    neighbours,
    climate,
    fsm_rank,
    mandate,
    invited,
    incentive,
    scripting,
    practice_scripting,
    targeting,
    existing,
    ask,
    seed,
    year,
    p,
):
    """When each candidate would sign up, in years. Schools of one slot decide together, at their mean rate."""
    rates = np.zeros(signed.shape)  # of a slot: the sum over its candidates
    sharing = np.zeros(signed.shape, np.int64)
    for c in range(len(row)):
        k, i = practice[c], row[c]
        near = count = 0
        for j in neighbours[i]:
            if j >= 0:
                near += 1
                count += signed[k, j] > 0
        rates[k, slot[i]] += signup_rate(
            mandate[i],
            invited[i],
            climate[i],
            F(count) / F(near) if near > 0 else F(0),
            existing,
            incentive[i],
            max(scripting[i], practice_scripting[k]),
            ask,
            targeting[i],
            fsm_rank[i],
            p[0],
        )
        sharing[k, slot[i]] += 1
    times = np.full(len(row), np.inf)
    for c in range(len(row)):
        k, i = practice[c], slot[row[c]]
        rate = rates[k, i] / sharing[k, i]
        if rate > 0:
            times[c] = -np.log1p(-np.float64(rng.uniform(seed, rng.SIGNUP, k, i, year))) / rate
    return times


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
