"""The oracle: the whole model again, one Mesa agent for each post, school and cluster, in plain Python."""

from __future__ import annotations

import math
import time

import mesa

from kmsim import rng as draws
from kmsim.system.built import PHASES, System
from tests.oracle import clusters, people
from tests.oracle import policy as policies
from tests.oracle.arithmetic import single
from tests.oracle.schools import School

PURPOSES = (
    "AWARE", "STAGE", "ATTEND", "SIGHT", "SIGNUP", "WITHDRAW", "ASSIGN", "TURNOVER", "NEW_FRESH", "NEW_EXPERIENCE",
    "NEW_OPENNESS", "NEW_APTITUDE", "NEW_STAGE", "HEAD_CLIMATE", "NEW_HEARD",
)  # fmt: skip
PRACTICE_NUMBERS = ("effect", "complexity", "scripting", "observability")


class OracleModel(mesa.Model):
    """One run. Read teachers, schools, clusters, ledger, staff_hours, spent and committed after each step."""

    def __init__(
        self,
        system: System,
        policy: dict,
        practices: list[dict],
        parameters: dict[str, float],
        seed: int,
        years: float,
        funded_years: float,
        ticks_per_year: int,
        taper: float = 0.0,
        budget: float | None = None,
        time_draws: bool = False,
    ):
        super().__init__(rng=seed)
        self.seed = seed
        self.years = years
        self.funded_years = funded_years
        self.ticks_per_year = ticks_per_year
        self.dt = 1.0 / ticks_per_year
        self.funded_ticks = math.floor(funded_years * ticks_per_year + 0.5)
        self.taper = taper
        self.budget = budget
        self.tick = 0
        self.parameters = {name: single(value) for name, value in parameters.items()}
        self.practices = [{name: single(one.get(name, 0.0)) for name in PRACTICE_NUMBERS} for one in practices]
        self.thinned = single(system.thinned)
        # draws
        self.time_draws = time_draws
        self.draw_seconds = 0.0
        self.draw_count = 0
        self._purposes = {name: int(getattr(draws, name)) for name in PURPOSES}
        # money
        self.ledger: dict[str, float] = dict.fromkeys(policies.CATEGORIES, 0.0)
        self.staff_hours = 0.0
        self.committed = 0.0
        self.assigned_done = False
        # agents
        self.schools: list = []
        self.teachers: list = []
        self.clusters: list[list] = [[] for _ in self.practices]
        self._people = system.n_posts
        self._settle(system)
        self.policy = policies.Policy(self, policy, system.labels)
        self.policy.choose_hubs()
        self.reached = policies.commit_reach(self)

    # -- building from the handed system --------------------------------------------------------------------------

    def _settle(self, system: System) -> None:
        rows, posts = system.schools, system.posts
        for s in range(system.n_schools):
            phase = int(rows["phase"][s])
            self.schools.append(
                School(
                    self,
                    s,
                    phase=phase,
                    is_secondary=PHASES[phase] == "secondary",
                    fsm_rank=single(rows["fsm_rank"][s]),
                    x=single(rows["x"][s]),
                    y=single(rows["y"][s]),
                    region=int(rows["region"][s]),
                    la=int(rows["la"][s]),
                    trust=int(rows["trust"][s]),
                    federation=int(rows["federation"][s]),
                    hilbert=int(rows["hilbert"][s]),
                    climate=single(rows["climate"][s]),
                )
            )
        for school in self.schools:
            school.neighbours = [self.schools[int(n)] for n in rows["neighbours"][school.index] if n >= 0]
        for i in range(system.n_posts):
            school = self.schools[int(posts["school"][i])]
            teacher = people.Teacher(
                self,
                i,
                school,
                role=int(posts["role"][i]),
                experience=int(posts["experience"][i]),
                openness=single(posts["openness"][i]),
                aptitude=single(posts["aptitude"][i]),
                base_workload=single(posts["base_workload"][i]),
            )
            school.teachers.append(teacher)
            self.teachers.append(teacher)
        for teacher in self.teachers:
            first, after = int(system.tie_start[teacher.index]), int(system.tie_start[teacher.index + 1])
            teacher.contacts = [self.teachers[int(other)] for other in system.tie_to[first:after]]

    # -- draws: all of them pass through here ---------------------------------------------------------------------

    def draw(self, purpose: str, k: int, slot: int, tick: int) -> float:
        began = time.perf_counter() if self.time_draws else 0.0
        value = float(draws.uniform(self.seed, self._purposes[purpose], k, slot, tick))
        if self.time_draws:
            self.draw_seconds += time.perf_counter() - began
        self.draw_count += 1
        return value

    def _transformed(self, transform, purpose: str, k: int, slot: int, tick: int):
        value = self.draw(purpose, k, slot, tick)
        began = time.perf_counter() if self.time_draws else 0.0
        result = transform(value)
        if self.time_draws:
            self.draw_seconds += time.perf_counter() - began
        return result

    def drawn_normal(self, purpose: str, k: int, slot: int, tick: int) -> float:
        return float(self._transformed(draws.normal, purpose, k, slot, tick))

    def drawn_experience(self, purpose: str, k: int, slot: int, tick: int) -> int:
        return int(self._transformed(draws.experience, purpose, k, slot, tick))

    def drawn_climate(self, purpose: str, k: int, slot: int, tick: int) -> float:
        return float(self._transformed(draws.climate_quantile, purpose, k, slot, tick))

    # -- small services -------------------------------------------------------------------------------------------

    @property
    def year(self) -> int:
        return self.tick // self.ticks_per_year

    @property
    def is_first_tick(self) -> bool:
        return self.tick % self.ticks_per_year == 0

    @property
    def is_last_tick(self) -> bool:
        return self.tick % self.ticks_per_year == self.ticks_per_year - 1

    @property
    def spent(self) -> float:
        return sum(self.ledger.values())

    def book(self, category: str, amount: float) -> None:
        self.ledger[category] += amount

    def next_person(self) -> int:
        """A number for someone who was not in the system before."""
        self._people += 1
        return self._people - 1

    def drag_of_size(self, cluster) -> float:
        """kappa: what the size of a hierarchy leaves of its clusters' vitality."""
        plan, p = self.policy.cluster_plan, self.parameters
        if not plan.hierarchy:
            return 1.0
        schools = policies.fellows_signed_up(self, cluster.schools[0], cluster.k)
        return math.exp(-max(0.0, schools - p["hierarchy_free"]) / p["hierarchy_scale"])

    # -- the schedule of a tick -----------------------------------------------------------------------------------

    def step(self) -> None:
        if self.is_first_tick:
            self.open_year()
        clusters.meet(self)
        policies.pay(self)
        self.let_teachers_act()
        if self.is_last_tick:
            self.turn_over()
        self.move_schools()
        self.tick += 1

    def open_year(self) -> None:
        """Step 1: the year's noise, the levers, the recruitment round and new clusters."""
        year = self.year
        for teacher in self.teachers:
            for k in range(len(self.practices)):
                teacher.attending_noise[k] = self.drawn_normal("ATTEND", k, teacher.index, year)
                teacher.sight_noise[k] = self.drawn_normal("SIGHT", k, teacher.index, year)
        for school in self.schools:
            school.offer = self.policy.offer_to(school, year)
            is_reached = school.index in self.reached
            school.broadcast = self.policy.reach("broadcast", school, year) if is_reached else 0.0
            school.mandate = self.policy.reach("mandate", school, year) if is_reached else 0.0
        if policies.recruitment_round(self):
            for k in range(len(self.practices)):
                clusters.form_clusters(self, k)

    def let_teachers_act(self) -> None:
        """Step 3: all look first, then all act."""
        for teacher in self.teachers:
            for k in range(len(self.practices)):
                teacher.look_and_choose(k)
        for teacher in self.teachers:
            for k in range(len(self.practices)):
                teacher.act(k)

    def turn_over(self) -> None:
        """Step 4: people leave, move and arrive; heads change."""
        year = self.year
        for school in self.schools:  # newcomers who taught before have heard of it as often as those they join
            school.heard = [
                sum(t.stage[k] != people.UNAWARE for t in school.teachers) / len(school.teachers)
                for k in range(len(self.practices))
            ]
        leavers, movers = people.who_leaves_and_who_moves(self.teachers, year)
        leaving = {post.index for post in leavers}
        for teacher in self.teachers:
            if teacher.index not in leaving:
                people.age_by_a_year(teacher)
        people.exchange_movers(movers)
        for post in leavers:
            people.bring_in_newcomer(post, year)
        for school in self.schools:
            if school.teachers[0].index in leaving:
                school.change_head(year)
            else:
                school.head_tenure += 1

    def move_schools(self) -> None:
        """Step 5: priority, withdrawal, routine, climate and attainment, each line for all schools in turn."""
        for k in range(len(self.practices)):
            for school in self.schools:
                school.move_priority(k)
            withdrawing = [s for s in self.schools if s.signed_up[k] and s.wants_to_withdraw(k)]
            for school in withdrawing:
                school.withdraw(k)
            clusters.end_clusters_of_one(self, k)
            for school in self.schools:
                school.build_routine(k)
        for k in range(len(self.practices)):
            best = {cluster: max(s.climate for s in cluster.schools) for cluster in self.clusters[k]}
            for school in self.schools:
                school.learn_climate(k, best.get(school.cluster[k], 0.0))
        for k in range(len(self.practices)):
            for school in self.schools:
                school.teach_pupils(k)
