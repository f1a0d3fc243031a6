"""Clusters: the few schools that really meet, how they form, live and end, and what they bring to their schools."""

from __future__ import annotations

import math

import mesa

from tests.oracle.arithmetic import approach, clip, mean, near_tie, nearly_equal_runs, relax
from tests.oracle.schools import Conditions, School


class Cluster(mesa.Agent):
    """Some schools that meet over one practice."""

    def __init__(self, model, k: int, schools: list[School]):
        super().__init__(model)
        self.k = k
        self.schools = list(schools)
        self.vitality = 0.0
        self.facilitators = 0.0
        for school in self.schools:
            school.cluster[k] = self

    def posts(self) -> list:
        return [teacher for school in self.schools for teacher in school.teachers]

    def lose(self, school: School) -> None:
        self.schools.remove(school)
        school.cluster[self.k] = None

    def end(self) -> None:
        for school in list(self.schools):
            self.lose(school)
        self.vitality = 0.0
        self.facilitators = 0.0
        self.remove()

    def fund(self) -> float:
        return mean([school.funding(self.k) for school in self.schools])

    def collaboration(self) -> float:
        return mean([school.feature(self.k, "collaboration") for school in self.schools])

    def capacity(self) -> float:
        return mean([school.feature(self.k, "capacity_building") for school in self.schools])

    def owned_use(self) -> float:
        """Mean ownership of those who use it, discounted where few do."""
        posts = self.posts()
        users = [post.ownership[self.k] for post in posts if post.in_use(self.k)]
        share = len(users) / len(posts)
        return mean(users) * min(1.0, self.model.parameters["own_share"] * share)

    def move_vitality(self) -> None:
        """Money keeps it meeting; after the money, ownership together with own facilitators."""
        p, fund, owned = self.model.parameters, self.fund(), self.owned_use()
        staffed = min(1.0, self.facilitators / p["f_needed"])
        alone = min(1.0, p["own_gain"] * owned / (owned + p["own_half"]) * staffed)
        target = self.model.drag_of_size(self) * self.collaboration() * (fund + (1.0 - fund) * alone)
        self.vitality = approach(self.vitality, target, 1.0 / p["tau_v"], self.model.dt)

    def move_facilitators(self) -> None:
        p = self.model.parameters
        champions = min(p["champions_max"], sum(1.0 for post in self.posts() if post.is_champion(self.k)))
        inflow = p["f_gain"] * self.capacity() * self.vitality * champions
        if p["f_loss"] > 0.0:
            moved = approach(self.facilitators, inflow / p["f_loss"], p["f_loss"], self.model.dt)
        else:
            moved = self.facilitators + inflow * self.model.dt
        self.facilitators = min(p["f_max"], moved)


# -- forming ------------------------------------------------------------------------------------------------------


def form_clusters(model, k: int) -> None:
    """Put the members that have no cluster yet into new ones."""
    plan = model.policy.cluster_plan
    if plan is None:
        return
    unplaced: dict[int, list[School]] = {}
    for school in model.schools:
        group = school.colleagues_in(plan.within)
        if school.signed_up[k] and school.cluster[k] is None and group >= 0:
            unplaced.setdefault(group, []).append(school)
    for group in sorted(unplaced):
        if plan.pair:
            form_pairs(model, k, unplaced[group])
        else:
            form_runs(model, k, unplaced[group], plan.meeting_size)


def form_runs(model, k: int, members: list[School], meeting_size: int) -> None:
    """Cut the members, in order along the curve through the map, into runs of about the size that meets."""
    in_order = sorted(members, key=lambda school: (school.hilbert, school.index))
    runs = max(1, math.floor(len(in_order) / meeting_size + 0.5))
    least = 2 if meeting_size == 2 else 3
    for run in nearly_equal_runs(in_order, runs):
        if len(run) >= least:
            model.clusters[k].append(Cluster(model, k, run))


def form_pairs(model, k: int, members: list[School]) -> None:
    """Highest climate with lowest, and so inward; the stronger brings its expertise, the odd one stays out."""
    in_order = sorted(members, key=lambda school: (-school.climate, school.index))
    for place in range(len(in_order) // 2):
        stronger, weaker = in_order[place], in_order[-1 - place]
        stronger.expertise[k] = max(stronger.expertise[k], model.parameters["pair_expertise"])
        model.clusters[k].append(Cluster(model, k, [stronger, weaker]))


def end_clusters_of_one(model, k: int) -> None:
    for cluster in list(model.clusters[k]):
        if len(cluster.schools) < 2:
            model.clusters[k].remove(cluster)
            cluster.end()


# -- step 2, line by line -----------------------------------------------------------------------------------------


def meet(model) -> None:
    """Step 2 for every practice: clusters live, hours and expertise reach the schools."""
    for k in range(len(model.practices)):
        for cluster in model.clusters[k]:
            cluster.move_vitality()
            cluster.move_facilitators()
        for school in model.schools:
            school.conditions[k] = Conditions(fund=school.funding(k))
            if school.cluster[k] is not None:
                school.conditions[k].vitality = school.cluster[k].vitality
            allot_hours(school, k)
    for school in model.schools:
        cap_hours(school)
        put_priorities_in_force(school)
        for k in range(len(model.practices)):
            take_attendance(school, k)
    pool = pool_quality(model)
    for k in range(len(model.practices)):
        for school in model.schools:
            bring_external_expertise(school, k, pool)
        move_expertise(model, k)
        for school in model.schools:
            set_quality(school, k)
        take_census(model, k)


def relative_need(school: School, k: int) -> float:
    """How far above its cluster's mean rank of free meals the school stands."""
    if school.cluster[k] is None:
        return 0.0
    return school.fsm_rank - mean([member.fsm_rank for member in school.cluster[k].schools])


def allot_hours(school: School, k: int) -> None:
    p, conditions = school.model.parameters, school.conditions[k]
    tilt = 1.0 + p["h_target"] * school.feature(k, "targeting") * relative_need(school, k)
    plan = p["h_cpd"] * school.feature(k, "cpd") * tilt
    own = 0.0
    cluster = school.cluster[k]
    if cluster is not None:
        given = p["h_facilitator"] * cluster.facilitators * cluster.vitality * p["f_reach"]
        own = min(plan, given / len(cluster.posts()))
    coaching = school.feature(k, "coaching")
    conditions.planned_hours = conditions.fund * plan
    conditions.coaching_hours = conditions.fund * coaching
    conditions.own_hours = (1.0 - conditions.fund) * own
    coached = conditions.fund if coaching > 0.0 else 0.0
    conditions.feedback = max(p["c_floor"] + p["c_vitality"] * conditions.vitality, coached)


def cap_hours(school: School) -> None:
    """No teacher can have more hours than there are, over all practices."""
    for conditions in school.conditions:
        conditions.hours = conditions.planned_hours + conditions.coaching_hours + conditions.own_hours
    total = sum(conditions.hours for conditions in school.conditions)
    most = school.model.parameters["h_max"]
    if total > most:
        for conditions in school.conditions:
            for part in ("hours", "planned_hours", "coaching_hours", "own_hours"):
                setattr(conditions, part, getattr(conditions, part) * most / total)


def put_priorities_in_force(school: School) -> None:
    room, total = school.model.parameters["priority_room"], sum(school.priority)
    for k, conditions in enumerate(school.conditions):
        conditions.priority = school.priority[k] * room / total if total > room else school.priority[k]


def take_attendance(school: School, k: int) -> None:
    conditions = school.conditions[k]
    for teacher in school.teachers:
        teacher.attend(k, conditions.priority)
    conditions.mean_attendance = mean([teacher.attendance[k] for teacher in school.teachers])


def expert_days(school: School, k: int) -> float:
    """Expert days a year, fully funded; a cascade needs few."""
    p = school.model.parameters
    days = p["expert_days"] * school.feature(k, "external_expertise")
    return days * p["cascade_days"] if school.feature(k, "tiers") > 0.0 else days


def pool_quality(model) -> float:
    """The more experts are drawn on, the worse their mean."""
    p = model.parameters
    full_time = 0.0
    for school in model.schools:
        for k, conditions in enumerate(school.conditions):
            days = expert_days(school, k) / p["expert_year"]
            coaches = school.feature(k, "coaching") * school.size / p["coach_year"]
            full_time += conditions.fund * (days + coaches)
    full_time *= model.thinned
    return clip(1.0 - p["pool_slope"] * math.log2(max(1.0, full_time / p["pool_free"])), p["pool_floor"], 1.0)


def bring_external_expertise(school: School, k: int, pool: float) -> None:
    conditions = school.conditions[k]
    kept = school.model.parameters["tier_keep"] ** school.feature(k, "tiers")
    conditions.external = conditions.fund * school.feature(k, "external_expertise") * pool * kept


def move_expertise(model, k: int) -> None:
    """Outside knowledge is taken in with the hours, spreads in the cluster and fades."""
    p = model.parameters
    before = {cluster: mean([s.expertise[k] for s in cluster.schools]) for cluster in model.clusters[k]}
    for school in model.schools:
        conditions, cluster = school.conditions[k], school.cluster[k]
        taken_in = p["e_gain"] * conditions.mean_attendance * conditions.hours
        pulls = [(taken_in, school.carry(k) * conditions.external)]
        staffed = 0.0
        if cluster is not None:
            pulls.append((conditions.vitality, before[cluster]))
            staffed = min(1.0, cluster.facilitators / p["f_needed"])
        loss = p["e_loss"] * (1.0 - p["e_hold"] * staffed)
        conditions.tie = near_tie(school.expertise[k], pulls)
        school.expertise[k] = relax(school.expertise[k], pulls, loss, model.dt)


def set_quality(school: School, k: int) -> None:
    p, conditions, carry = school.model.parameters, school.conditions[k], school.carry(k)
    knowing = max(carry * conditions.external, carry * school.expertise[k], p["script_weight"] * school.scripting[k])
    expert = p["peer"] + (1.0 - p["peer"]) * knowing
    conditions.quality = expert * (p["focus_floor"] + (1.0 - p["focus_floor"]) * school.feature(k, "focus"))


def take_census(model, k: int) -> None:
    """Means over users and posts that teachers look at in step 3, as the posts stand before it."""
    for school in model.schools:
        users = [teacher for teacher in school.teachers if teacher.in_use(k)]
        school.conditions[k].school_fidelity = mean([user.fidelity[k] for user in users])
    for cluster in model.clusters[k]:
        posts = cluster.posts()
        users = [post for post in posts if post.in_use(k)]
        fidelity = mean([user.fidelity[k] for user in users])
        ownership = mean([user.ownership[k] for user in users])
        visible = mean([post.visible_use(k) for post in posts])
        for school in cluster.schools:
            school.conditions[k].cluster_fidelity = fidelity
            school.conditions[k].cluster_ownership = ownership
            school.conditions[k].cluster_visible = visible
