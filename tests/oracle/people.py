"""Teachers: a post and whoever holds it, with a function for each rule of a teacher's half-term."""

from __future__ import annotations

import math

import mesa

from tests.oracle.arithmetic import chance, clip, logistic, mean, near_tie, relax

UNAWARE, AWARE, TRYING, USING, LAPSED = range(5)
TEACHER, MIDDLE, SENIOR, HEAD = range(4)
KNOWS_SOONER = {TEACHER: "k_teacher", MIDDLE: "k_middle", SENIOR: "k_senior", HEAD: "k_head"}
LONGEST_CAREER = 250


class Teacher(mesa.Agent):
    """A post (school, role, base workload, contacts) and its holder (experience, openness, aptitude, states)."""

    def __init__(self, model, index, school, role, experience, openness, aptitude, base_workload):
        super().__init__(model)
        self.index = index
        self.school = school
        self.role = role
        self.base_workload = base_workload
        self.contacts: list[Teacher] = []
        # who holds the post
        self.person = index
        self.experience = experience
        self.openness = openness
        self.aptitude = aptitude
        # by practice
        many = range(len(model.practices))
        self.stage = [UNAWARE for _ in many]
        self.knowledge = [0.0 for _ in many]
        self.fidelity = [0.0 for _ in many]
        self.ownership = [0.0 for _ in many]
        # lasting noise of the year, and this tick's attendance
        self.attending_noise = [0.0 for _ in many]
        self.sight_noise = [0.0 for _ in many]
        self.attendance = [0.0 for _ in many]
        # what was decided in the last tick: (draw, [thresholds]), None if there was nothing to decide
        self.decisions: list[dict] = [{"aware": None, "stage": None} for _ in many]
        self.turnover_decision: tuple[float, list[float]] | None = None
        self._next: list[tuple | None] = [None for _ in many]

    # -- what others see ------------------------------------------------------------------------------------------

    def in_use(self, k: int) -> bool:
        return self.stage[k] in (TRYING, USING)

    def is_well(self, k: int) -> bool:
        return self.stage[k] == USING and self.fidelity[k] >= self.model.parameters["q_well"]

    def is_champion(self, k: int) -> bool:
        p = self.model.parameters
        return self.stage[k] == USING and self.fidelity[k] > p["q_champion"] and self.ownership[k] > p["o_champion"]

    def visible_use(self, k: int) -> float:
        """What colleagues gain from the sight: all of it from one who does it well, part from another user."""
        if self.is_well(k):
            return 1.0
        return self.model.parameters["half_user"] if self.in_use(k) else 0.0

    def resync(self, k: int, stage: int, knowledge=None, fidelity=None, ownership=None) -> None:
        """Put the holder into a given state; what is left out stays."""
        self.stage[k] = stage
        if knowledge is not None:
            self.knowledge[k] = knowledge
        if fidelity is not None:
            self.fidelity[k] = fidelity
        if ownership is not None:
            self.ownership[k] = ownership

    # -- attending ------------------------------------------------------------------------------------------------

    def attend(self, k: int, priority: float) -> None:
        """The share of the hours on offer that this teacher takes up."""
        p = self.model.parameters
        self.attendance[k] = clip(
            p["att_base"]
            + p["att_priority"] * priority
            + p["att_mandate"] * self.school.mandate
            - p["att_workload"] * (self.base_workload - 0.5)
            + p["att_noise"] * self.attending_noise[k]
        )

    # -- one tick: everything read as it stands when the step begins ----------------------------------------------

    def workload(self) -> float:
        trying = sum(1 for stage in self.stage if stage == TRYING)
        return clip(self.base_workload + self.model.parameters["w_trying"] * trying)

    def share_of_contacts(self, test) -> float:
        return mean([1.0 if test(other) else 0.0 for other in self.contacts])

    def reinforcement(self, k: int) -> float:
        """Complex contagion: how many users one can watch, against the number that gives half."""
        p, conditions = self.model.parameters, self.school.conditions[k]
        observability = self.model.practices[k]["observability"]
        seen = sum(other.visible_use(k) for other in self.contacts)
        n = (p["see_floor"] + observability) * seen + conditions.vitality * conditions.cluster_visible
        return n * n / (p["theta"] * p["theta"] + n * n)

    def support(self, k: int) -> float:
        """The best of what holds practice up: the cluster, colleagues, routine, a script; and the community."""
        p, school, conditions = self.model.parameters, self.school, self.school.conditions[k]
        colleagues = self.share_of_contacts(lambda other: other.in_use(k)) * conditions.school_fidelity
        best = max(
            conditions.vitality * school.expertise[k] * school.carry(k),
            colleagues,
            p["s_routine"] * school.routine[k],
            p["script_weight"] * school.scripting[k],
        )
        return clip(p["s_support"] * best + p["s_community"] * school.feature(k, "community") * conditions.vitality)

    def awareness_rate(self, k: int) -> float:
        p = self.model.parameters
        aware_share = self.share_of_contacts(lambda other: other.stage[k] != UNAWARE)
        return (
            p["p_aware"] * p[KNOWS_SOONER[self.role]]
            + p["broadcast"] * self.school.broadcast
            + p["q_aware"] * aware_share
            + p["aware_cpd"] * self.attendance[k] * self.school.conditions[k].hours
        )

    def becomes_aware(self, k: int) -> bool:
        threshold = chance(self.awareness_rate(k), self.model.dt)
        draw = self.model.draw("AWARE", k, self.index, self.model.tick)
        self.decisions[k]["aware"] = (draw, [threshold])
        return draw < threshold

    def reachable_fidelity(self, k: int) -> float:
        p, school = self.model.parameters, self.school
        help_at_hand = max(school.carry(k) * school.expertise[k], p["script_weight"] * school.scripting[k])
        ceiling = p["q_unaided"] + p["q_range"] * help_at_hand + p["q_aptitude"] * self.aptitude
        return clip(ceiling, p["q_least"], 1.0)

    def note_tie(self, k: int, value: float, pulls: list[tuple[float, float]]) -> None:
        """Remember a pull whose target single precision may see on the value's other side."""
        self.decisions[k]["tie"] |= near_tie(value, pulls)

    def learned_knowledge(self, k: int) -> float:
        p, conditions = self.model.parameters, self.school.conditions[k]
        taught = p["a_u"] * self.attendance[k] * conditions.hours * conditions.quality
        loss = 0.0 if self.in_use(k) else p["u_loss"]
        pulls = [(taught, 1.0), (p["u_use"], p["u_floor"])]
        self.note_tie(k, self.knowledge[k], pulls)
        return relax(self.knowledge[k], pulls, loss, self.model.dt)

    def learned_fidelity(self, k: int, support: float) -> float:
        p, conditions = self.model.parameters, self.school.conditions[k]
        rehearsed = p["a_q"] * self.attendance[k] * conditions.hours * conditions.quality * conditions.feedback
        by_doing = p["q_doing"] * support if self.in_use(k) else 0.0
        pulls = [
            (rehearsed + by_doing, self.reachable_fidelity(k)),
            (p["peer_school"] * p["peer_learn"], conditions.school_fidelity),
            (p["peer_learn"] * conditions.vitality * self.school.carry(k), conditions.cluster_fidelity),
        ]
        self.note_tie(k, self.fidelity[k], pulls)
        return relax(self.fidelity[k], pulls, p["phi_q"] * (1.0 - support), self.model.dt)

    def grown_ownership(self, k: int) -> float:
        p, school, conditions = self.model.parameters, self.school, self.school.conditions[k]
        shared_goals = school.feature(k, "ownership")
        taking_part = 0.0
        if conditions.hours > 0.0:
            rigid = 1.0 - p["script_rigid"] * school.scripting[k]
            taking_part = p["o_part"] * self.attendance[k] * conditions.vitality * shared_goals * rigid
        success = 0.0
        if self.in_use(k):
            led = p["o_lead"] + (1.0 - p["o_lead"]) * shared_goals
            together = p["o_together"] + (1.0 - p["o_together"]) * conditions.vitality
            success = p["o_success"] * self.fidelity[k] * led * together
        pulls = [
            (taking_part + success, 1.0),
            (p["o_peers"] * conditions.vitality, conditions.cluster_ownership),
        ]
        self.note_tie(k, self.ownership[k], pulls)
        return relax(self.ownership[k], pulls, p["o_mandate"] * school.mandate + p["o_fade"], self.model.dt)

    def trying_rate(self, k: int, knowledge, fidelity, ownership, reinforcement, workload) -> float:
        p, school, practice = self.model.parameters, self.school, self.model.practices[k]
        complexity = practice["complexity"] * school.newness(k) * (1.0 - p["script_simple"] * school.scripting[k])
        willing = logistic(
            p["b0"]
            + p["b_reinforcement"] * reinforcement
            + p["b_priority"] * school.conditions[k].priority
            + p["b_mandate"] * school.mandate
            + p["b_ownership"] * ownership
            - 2.0 * p["b_workload"] * (workload - 0.5)
            - complexity * (1.0 - fidelity)
            + p["b_openness"] * self.openness
        )
        rate = p["r_try"] * knowledge * willing
        return rate * p["retry"] if self.stage[k] == LAPSED else rate

    def benefit_seen(self, k: int, fidelity: float) -> float:
        """One's own pupils' gain, seen through noise that lasts a year."""
        p, school, practice = self.model.parameters, self.school, self.model.practices[k]
        gain = p["see_gain"] * practice["observability"] * fidelity * school.newness(k) * practice["effect"]
        gain = gain / p["effect_reference"] * (1.0 + p["seen_community"] * school.feature(k, "community"))
        return clip(gain + p["seen_noise"] * self.sight_noise[k], 0.0, p["seen_max"])

    def letting_go(self, k: int, fidelity, ownership, reinforcement, workload) -> float:
        """The factor on every rate of lapsing or dropping."""
        p = self.model.parameters
        exponent = (
            -p["c_ownership"] * ownership
            - p["c_reinforcement"] * reinforcement
            - p["c_benefit"] * self.benefit_seen(k, fidelity)
            - p["c_priority"] * self.school.conditions[k].priority
            + p["c_workload"] * (workload - 0.5)
        )
        return math.exp(exponent) * (1.0 - p["mandate_hold"] * self.school.mandate)

    def taking_up_rate(self, fidelity: float, support: float) -> float:
        """From trying to using."""
        p = self.model.parameters
        half_way = fidelity / (fidelity + p["q_half"]) if fidelity > 0.0 else 0.0
        return p["r_use"] * half_way * (p["support_floor"] + (1.0 - p["support_floor"]) * support)

    def decide(self, k: int, stage, knowledge, fidelity, ownership, support) -> int:
        """The one change of stage that a tick allows, after the mean states of the tick."""
        p, dt = self.model.parameters, self.model.dt
        draw = self.model.draw("STAGE", k, self.index, self.model.tick)
        reinforcement, workload = self.reinforcement(k), self.workload()
        if stage in (AWARE, LAPSED):
            rate = self.trying_rate(k, knowledge, fidelity, ownership, reinforcement, workload)
            thresholds = [chance(rate, dt)]
            result = TRYING if draw < thresholds[0] else stage
        elif stage == TRYING:
            up = self.taking_up_rate(fidelity, support)
            down = p["r_lapse"] * self.letting_go(k, fidelity, ownership, reinforcement, workload)
            either = chance(up + down, dt)
            first = either * up / (up + down) if up + down > 0.0 else 0.0
            thresholds = [first, either]
            result = USING if draw < first else LAPSED if draw < either else TRYING
        else:
            rate = p["r_drop"] * self.letting_go(k, fidelity, ownership, reinforcement, workload)
            thresholds = [chance(rate, dt)]
            result = LAPSED if draw < thresholds[0] else USING
        self.decisions[k]["stage"] = (draw, thresholds)
        return result

    def look_and_choose(self, k: int) -> None:
        """Work out this tick's new state and keep it back until everyone has done so."""
        self.decisions[k] = {"aware": None, "stage": None, "tie": False}
        self._next[k] = None
        stage = self.stage[k]
        if stage == UNAWARE:
            if not self.becomes_aware(k):
                return
            stage = AWARE
        support = self.support(k)
        knowledge = self.learned_knowledge(k)
        fidelity = self.learned_fidelity(k, support)
        ownership = self.grown_ownership(k)
        stage = self.decide(
            k,
            stage,
            (self.knowledge[k] + knowledge) / 2.0,
            (self.fidelity[k] + fidelity) / 2.0,
            (self.ownership[k] + ownership) / 2.0,
            support,
        )
        self._next[k] = (stage, knowledge, fidelity, ownership)

    def act(self, k: int) -> None:
        """Take on the state that was kept back."""
        if self._next[k] is not None:
            self.stage[k], self.knowledge[k], self.fidelity[k], self.ownership[k] = self._next[k]
            self._next[k] = None


# -- the end of the school year -----------------------------------------------------------------------------------


def leaving_probability(teacher: Teacher) -> float:
    """A year's probability of leaving teaching, by experience; a head's of leaving headship."""
    p = teacher.model.parameters
    if teacher is teacher.school.teachers[0]:
        share = p["head_leave_secondary"] if teacher.school.is_secondary else p["head_leave_primary"]
    else:
        years = teacher.experience
        bands = [(30, "leave_30"), (10, "leave_10"), (6, "leave_6"), (4, "leave_4"), (2, "leave_2"), (0, "leave_0")]
        share = next(p[name] for least, name in bands if years >= least)
    return share * teacher.school.turnover_multiplier()


def moving_probability(teacher: Teacher) -> float:
    if teacher is teacher.school.teachers[0]:
        return 0.0
    return teacher.model.parameters["move"] * teacher.school.turnover_multiplier()


def who_leaves_and_who_moves(teachers: list[Teacher], year: int) -> tuple[list[Teacher], list[tuple[float, Teacher]]]:
    leavers, movers = [], []
    for teacher in teachers:
        draw = teacher.model.draw("TURNOVER", 0, teacher.index, year)
        leave = leaving_probability(teacher)
        move = moving_probability(teacher)
        teacher.turnover_decision = (draw, [leave, leave + move])
        if draw < leave:
            leavers.append(teacher)
        elif draw < leave + move:
            movers.append((draw, teacher))
    return leavers, movers


def age_by_a_year(teacher: Teacher) -> None:
    teacher.experience = min(teacher.experience + 1, LONGEST_CAREER)


def person_of(teacher: Teacher) -> dict:
    """All that goes along when the holder of a post moves; ownership does not travel whole."""
    keep = teacher.model.parameters["o_keep"]
    return {
        "person": teacher.person,
        "experience": teacher.experience,
        "openness": teacher.openness,
        "aptitude": teacher.aptitude,
        "stage": list(teacher.stage),
        "knowledge": list(teacher.knowledge),
        "fidelity": list(teacher.fidelity),
        "ownership": [keep * o for o in teacher.ownership],
    }


def exchange_movers(movers: list[tuple[float, Teacher]]) -> None:
    """Within a region and phase each mover, in order of draw, takes the next one's post; the last takes the first's."""
    markets: dict[tuple[int, int], list[tuple[float, Teacher]]] = {}
    for draw, teacher in movers:
        markets.setdefault((teacher.school.region, teacher.school.phase), []).append((draw, teacher))
    for market in markets.values():
        posts = [teacher for _, teacher in sorted(market, key=lambda pair: (pair[0], pair[1].index))]
        people = [person_of(post) for post in posts]
        for place, person in enumerate(people):
            for name, value in person.items():
                setattr(posts[(place + 1) % len(posts)], name, value)


def bring_in_newcomer(post: Teacher, year: int) -> None:
    """Someone new takes the post, and starts from what the school does as a matter of routine."""
    model, p, school = post.model, post.model.parameters, post.school
    post.person = model.next_person()
    fresh = model.draw("NEW_FRESH", 0, post.index, year) < p["newcomer_fresh"]
    post.experience = 0 if fresh else model.drawn_experience("NEW_EXPERIENCE", 0, post.index, year)
    post.openness = model.drawn_normal("NEW_OPENNESS", 0, post.index, year)
    post.aptitude = model.drawn_normal("NEW_APTITUDE", 0, post.index, year)
    for k in range(len(model.practices)):
        routine = school.routine[k]
        if model.draw("NEW_STAGE", k, post.index, year) < routine:
            post.stage[k] = TRYING
        elif routine > p["routine_known"] or (
            post.experience > 0 and model.draw("NEW_HEARD", k, post.index, year) < school.heard[k]
        ):
            post.stage[k] = AWARE
        else:
            post.stage[k] = UNAWARE
        post.knowledge[k] = p["new_u"] * routine
        post.fidelity[k] = p["new_q"] * routine
        post.ownership[k] = 0.0
