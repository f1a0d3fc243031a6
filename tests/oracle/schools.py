"""Schools: their head's backing, membership, routine, climate and pupils' attainment."""

from __future__ import annotations

from dataclasses import dataclass

import mesa

from tests.oracle.arithmetic import approach, chance, clip, mean, relax
from tests.oracle.people import USING, Teacher


@dataclass
class Conditions:
    """What a school offers its teachers for one practice in one tick, as the network step leaves it."""

    fund: float = 0.0
    vitality: float = 0.0
    priority: float = 0.0
    planned_hours: float = 0.0
    coaching_hours: float = 0.0
    own_hours: float = 0.0
    hours: float = 0.0
    feedback: float = 0.0
    quality: float = 0.0
    mean_attendance: float = 0.0
    external: float = 0.0
    school_fidelity: float = 0.0
    cluster_fidelity: float = 0.0
    cluster_ownership: float = 0.0
    cluster_visible: float = 0.0
    tie: bool = False  # whether a pull on its expertise could be seen on either side


def funding_after(model, ticks: int) -> float:
    """The funding of a school so many ticks after it joined."""
    if ticks < model.funded_ticks:
        return 1.0
    if model.taper <= 0.0:
        return 0.0
    return max(0.0, 1.0 - (ticks * model.dt - model.funded_years) / model.taper)


class School(mesa.Agent):
    """A school and all its states by practice."""

    def __init__(self, model, index, *, phase, is_secondary, fsm_rank, x, y, region, la, trust, federation, hilbert,
                 climate):  # fmt: skip
        super().__init__(model)
        self.index = index
        self.phase = phase
        self.is_secondary = is_secondary
        self.fsm_rank = fsm_rank
        self.x = x
        self.y = y
        self.region = region
        self.la = la
        self.trust = trust
        self.federation = federation
        self.hilbert = hilbert
        self.climate = climate
        self.head_tenure = 0
        self.neighbours: list[School] = []
        self.teachers: list[Teacher] = []
        # what the policy would give it this year, and what reaches every school
        self.offer: dict[str, float] = {}
        self.broadcast = 0.0
        self.mandate = 0.0
        self.heard: list[float] = []  # share of its teachers who had heard of each practice as this year's leavers left
        # by practice
        many = range(len(model.practices))
        self.priority = [model.parameters["pr_unsigned"] * climate for _ in many]
        self.signed_up = [False for _ in many]
        self.joined_at: list[int | None] = [None for _ in many]
        self.ever_joined = [False for _ in many]
        self.routine = [0.0 for _ in many]
        self.expertise = [0.0 for _ in many]
        self.scripting = [0.0 for _ in many]
        self.attainment = [0.0 for _ in many]
        self.attainment_disadvantaged = [0.0 for _ in many]
        self.cluster = [None for _ in many]
        self.conditions = [Conditions() for _ in many]
        self.withdraw_decision: list[tuple | None] = [None for _ in many]
        self.signup_key: list[float | None] = [None for _ in many]

    @property
    def size(self) -> int:
        return len(self.teachers)

    # -- what it is given -----------------------------------------------------------------------------------------

    def feature(self, k: int, name: str) -> float:
        """A quantity of the policy that holds for members only."""
        return self.offer[name] if self.signed_up[k] else 0.0

    def newness(self, k: int) -> float:
        """nu: how much of the practice is new here, against the reference."""
        reference = self.model.parameters["novelty_reference"]
        return (self.offer["novelty"] if self.signed_up[k] else reference) / reference

    def carry(self, k: int) -> float:
        return min(1.0, self.newness(k))

    def funding(self, k: int) -> float:
        """1 for the funded years from joining, then falling in a straight line over the taper."""
        if not self.signed_up[k]:
            return 0.0
        return funding_after(self.model, self.model.tick - self.joined_at[k])

    def colleagues_in(self, kind: str) -> int:
        """Which region, authority, trust or federation it belongs to; -1 for none."""
        return {"region": self.region, "la": self.la, "trust": self.trust, "federation": self.federation}[kind]

    def turnover_multiplier(self) -> float:
        return 1.0 + self.model.parameters["turnover_fsm"] * (self.fsm_rank - 0.5)

    def day_of_cover(self) -> float:
        return self.model.parameters["cover_secondary" if self.is_secondary else "cover_primary"]

    # -- joining --------------------------------------------------------------------------------------------------

    def backing_when_funded(self) -> float:
        p = self.model.parameters
        return p["pr_floor"] + p["pr_climate"] * self.climate

    def scripting_if_joined(self, k: int) -> float:
        return max(self.scripting[k], self.offer["materials"], self.model.practices[k]["scripting"])

    def join(self, k: int) -> None:
        self.signed_up[k] = True
        self.ever_joined[k] = True
        self.joined_at[k] = self.model.tick
        self.priority[k] = max(self.priority[k], self.backing_when_funded())
        self.scripting[k] = self.scripting_if_joined(k)

    # -- step 5 ---------------------------------------------------------------------------------------------------

    def move_priority(self, k: int) -> None:
        p, fund = self.model.parameters, self.conditions[k].fund
        by_climate = p["pr_unsigned"] * self.climate
        if self.signed_up[k]:
            owned_use = mean([t.ownership[k] if t.in_use(k) else 0.0 for t in self.teachers])
            alone = by_climate + p["pr_owned"] * min(1.0, p["pr_use"] * owned_use)
            target = fund * self.backing_when_funded() + (1.0 - fund) * alone
        else:
            target = by_climate
        self.priority[k] = approach(self.priority[k], target, p["pr_rate"], self.model.dt)

    def wants_to_withdraw(self, k: int) -> bool:
        p, conditions = self.model.parameters, self.conditions[k]
        alive = conditions.fund > 0.0 or conditions.vitality > p["v_alive"]
        threshold = chance(p["withdraw_live"] if alive else p["withdraw_dead"], self.model.dt)
        draw = self.model.draw("WITHDRAW", k, self.index, self.model.tick)
        self.withdraw_decision[k] = (draw, [threshold])
        return draw < threshold

    def withdraw(self, k: int) -> None:
        self.signed_up[k] = False
        self.joined_at[k] = None
        if self.cluster[k] is not None:
            self.cluster[k].lose(self)

    def build_routine(self, k: int) -> None:
        p = self.model.parameters
        deep_use = mean([t.fidelity[k] if t.stage[k] == USING else 0.0 for t in self.teachers])
        capacity = max(self.feature(k, "capacity_building"), p["script_routine"] * self.scripting[k])
        inflow = p["r_gain"] * capacity * deep_use
        if p["r_loss"] > 0.0:
            self.routine[k] = clip(approach(self.routine[k], inflow / p["r_loss"], p["r_loss"], self.model.dt))
        else:
            self.routine[k] = clip(self.routine[k] + inflow * self.model.dt)

    def learn_climate(self, k: int, best_in_cluster: float) -> None:
        if self.cluster[k] is not None:
            pull = self.model.parameters["climate_gain"] * self.conditions[k].vitality
            self.climate = relax(self.climate, [(pull, best_in_cluster)], 0.0, self.model.dt)

    def teach_pupils(self, k: int) -> None:
        p = self.model.parameters
        depth_in_use = mean([t.fidelity[k] if t.in_use(k) else 0.0 for t in self.teachers])
        target = p["effect_ratio"] * self.model.practices[k]["effect"] * self.newness(k) * depth_in_use
        self.attainment[k] = approach(self.attainment[k], target, 1.0 / p["delay"], self.model.dt)
        self.attainment_disadvantaged[k] = self.attainment[k] * (
            1.0 + p["d_target"] * self.feature(k, "targeting") + p["d_community"] * self.feature(k, "community")
        )

    # -- a new head -----------------------------------------------------------------------------------------------

    def change_head(self, year: int) -> None:
        p, model = self.model.parameters, self.model
        for k in range(len(model.practices)):
            self.priority[k] *= p["head_reset"]
        drawn = model.drawn_climate("HEAD_CLIMATE", 0, self.index, year)
        self.climate = p["head_climate"] * self.climate + (1.0 - p["head_climate"]) * drawn
        self.head_tenure = 0
