"""Teacher, School, Cluster, Network: what each has. The schema of the whole program, columns with type, unit and meaning.

A row is a post, not a person: people come, move and leave, rows stay where they are. Columns marked per practice hold
one value for each practice of the run.
"""

from __future__ import annotations

import numpy as np

from kmsim.columns import Column, ViewAgent, ViewSet
from kmsim.names import PHASES, ROLES, STAGES

F4, I4, U1 = np.float32, np.int32, np.uint8
SHARE = (0.0, 1.0)
SD = (-20.0, 20.0)

# Why a column cannot be written: after "it".
_SYSTEM = "belongs to the system: give another system"
_TEACHERS = "is counted from teachers: set their stage, fidelity and ownership"
_TICK = "is computed anew every tick"
_POLICY = "is the policy's doing: give other levers"


class Teacher(ViewAgent):
    """A post and who holds it. In use is TRYING or USING; doing it well is USING with fidelity of at least .6.

    >>> from kmsim import Model
    >>> head = Model(system="village", policy="coaching").tables[Teacher].view(0)
    >>> head.role_name, head.stage_name, head.at.name
    ('head', 'unaware', 'Millbrook Primary')
    """

    school = Column(I4, doc="row of the school", fixed=_SYSTEM)
    role = Column(U1, doc="0 teacher, 1 middle leader, 2 senior leader, 3 head; stays with the post", fixed=_SYSTEM)
    department = Column(np.int16, doc="department or year team, within the school", fixed=_SYSTEM)
    experience = Column(U1, unit="years", doc="years of teaching", within=(0, 250))
    openness = Column(F4, unit="SD", doc="openness to change; goes with the person", within=SD)
    aptitude = Column(
        F4, unit="SD", doc="how far above or below others' this person's reachable fidelity lies", within=SD
    )
    base_workload = Column(F4, unit="share", doc="workload of the post before any new practice", within=SHARE)
    earliness = Column(F4, 1.0, unit="ratio", doc="how much sooner this role hears of things", within=(0.0, 100.0))
    tie_share = Column(F4, unit="share", doc="1/number of out-ties", fixed=_SYSTEM)
    stage = Column(U1, per_practice=True, doc="0 unaware, 1 aware, 2 trying, 3 using, 4 lapsed", within=(0, 4))
    knowledge = Column(F4, unit="share", per_practice=True, doc="knowledge of the practice", within=SHARE)
    fidelity = Column(F4, unit="share", per_practice=True, doc="quality of use: depth", within=SHARE)
    ownership = Column(
        F4, unit="share", per_practice=True, doc="how far the practice is the teacher's own", within=SHARE
    )
    contacts = Column(
        np.uint32, per_practice=True, doc="of the out-ties: aware + 256 in use + 65536 doing it well", fixed=_TEACHERS
    )
    attendance_noise = Column(F4, unit="SD", per_practice=True, doc="this year's inclination to attend CPD", within=SD)
    sight_noise = Column(F4, unit="SD", per_practice=True, doc="this year's noise in the benefit seen", within=SD)

    @property
    def at(self) -> School:
        """The school of this post."""
        return self.one(School, self.school)

    @property
    def stage_name(self) -> str:
        """The stage in words."""
        return STAGES[self.stage]

    @property
    def role_name(self) -> str:
        """The role in words."""
        return ROLES[self.role]

    @property
    def in_use(self) -> bool:
        """Whether this teacher is trying or using the practice."""
        return self.stage_name in ("trying", "using")

    @property
    def doing_it_well(self) -> bool:
        """Whether this teacher uses the practice with fidelity of at least .6.

        >>> from kmsim import Model
        >>> model = Model(system="village", years=4).run()
        >>> sum(model.tables[Teacher].views().get("doing_it_well")) == int(model.tables[School]["well"].sum())
        True
        """
        return self.stage_name == "using" and self.fidelity >= self.model.parameters["q_well"]

    @property
    def advisers(self) -> ViewSet:
        """The teachers this one turns to for advice: the out-ties.

        >>> from kmsim import Model
        >>> head = Model(system="village", policy="coaching").tables[Teacher].view(0)
        >>> head.advisers
        <ViewSet of 4 Teacher>
        """
        return self.some(Teacher, self.model.advisers_of(self.row))


class School(ViewAgent):
    """A school: what it is, what its head backs, and what its posts add up to.

    >>> from kmsim import Model
    >>> school = Model(system="village", policy="coaching").tables[School].view(0)
    >>> school.name, school.phase_name, len(school.teachers) == school.size
    ('Millbrook Primary', 'primary', True)
    """

    urn = Column(I4, doc="unique reference number", fixed=_SYSTEM)
    phase = Column(U1, doc="0 primary, 1 secondary, 2 special, 3 nursery, 4 PRU", fixed=_SYSTEM)
    pupils = Column(I4, unit="pupils", doc="pupils on roll", fixed=_SYSTEM)
    fsm = Column(F4, unit="share", doc="share of pupils eligible for free school meals", fixed=_SYSTEM)
    fsm_rank = Column(F4, unit="share", doc="rank of fsm within the phase: 0 least, 1 most", fixed=_SYSTEM)
    region = Column(I4, doc="index of the region", fixed=_SYSTEM)
    la = Column(I4, doc="index of the authority", fixed=_SYSTEM)
    trust = Column(I4, -1, doc="index of the trust, -1 for none", fixed=_SYSTEM)
    x = Column(F4, unit="km", doc="east", fixed=_SYSTEM)
    y = Column(F4, unit="km", doc="north", fixed=_SYSTEM)
    size = Column(I4, unit="posts", doc="teaching posts", fixed=_SYSTEM)
    first_post = Column(I4, doc="row of the first post: the head's", fixed=_SYSTEM)
    climate = Column(F4, unit="share", doc="leadership for learning, collaborative culture", within=SHARE)
    head_tenure = Column(I4, unit="years", doc="years since the head changed", within=(0, 100))
    cpd_budget = Column(
        np.float64,
        unit="GBP",
        doc="cash spent on this school so far; no school has a budget of its own to keep to (P11's limit is not modelled)",
        fixed=_POLICY,
    )
    day_rate = Column(np.float64, unit="GBP/day", doc="a day of cover", within=(0.0, 10_000.0))
    group = Column(I4, -1, doc="what clusters are pooled by, -1 for none", fixed=_SYSTEM)
    move_group = Column(I4, doc="region and phase, within which people move", fixed=_SYSTEM)
    priority = Column(F4, unit="share", per_practice=True, doc="the head's backing", within=SHARE)
    signed_up = Column(U1, per_practice=True, doc="1 if a formal member", fixed=_POLICY)
    ever_member = Column(U1, per_practice=True, doc="1 if it ever signed up", fixed=_POLICY)
    joined = Column(I4, -1, unit="tick", per_practice=True, doc="when it last signed up, -1 for never", fixed=_POLICY)
    cluster = Column(I4, -1, per_practice=True, doc="row of its cluster, -1 for none", fixed=_POLICY)
    expertise = Column(F4, unit="share", per_practice=True, doc="outside knowledge taken in", within=SHARE)
    routine = Column(F4, unit="share", per_practice=True, doc="what stays when people leave", within=SHARE)
    scripting = Column(F4, unit="share", per_practice=True, doc="script and materials in the school", within=SHARE)
    attainment = Column(F4, unit="SD", per_practice=True, doc="what pupils gain", within=(-10.0, 10.0))
    fund = Column(F4, unit="share", per_practice=True, doc="funding in force", fixed=_TICK)
    hours = Column(
        F4, unit="hours/year", per_practice=True, doc="CPD hours offered to a teacher (cpd_hours)", fixed=_TICK
    )
    paid_hours = Column(F4, unit="hours/year", per_practice=True, doc="... of which the policy's CPD", fixed=_TICK)
    own_hours = Column(
        F4, unit="hours/year", per_practice=True, doc="... of which given by own facilitators", fixed=_TICK
    )
    attendance = Column(F4, unit="share", per_practice=True, doc="mean share of hours attended", fixed=_TICK)
    expert = Column(F4, unit="share", per_practice=True, doc="quality of the experts who come", fixed=_TICK)
    quality = Column(F4, unit="share", per_practice=True, doc="quality of CPD", fixed=_TICK)
    rehearsal = Column(
        F4, unit="share", per_practice=True, doc="share of CPD that is rehearsal with feedback", fixed=_TICK
    )
    force = Column(F4, unit="share", per_practice=True, doc="priority in force", fixed=_TICK)
    aware = Column(I4, unit="posts", per_practice=True, doc="posts not unaware", fixed=_TEACHERS)
    trying = Column(I4, unit="posts", per_practice=True, doc="posts trying", fixed=_TEACHERS)
    in_use = Column(I4, unit="posts", per_practice=True, doc="posts trying or using", fixed=_TEACHERS)
    well = Column(I4, unit="posts", per_practice=True, doc="posts doing it well", fixed=_TEACHERS)
    champions = Column(I4, unit="posts", per_practice=True, doc="posts that could become facilitators", fixed=_TEACHERS)
    q_users = Column(F4, unit="posts", per_practice=True, doc="sum of fidelity over posts in use", fixed=_TEACHERS)
    o_users = Column(F4, unit="posts", per_practice=True, doc="sum of ownership over posts in use", fixed=_TEACHERS)
    q_deep = Column(F4, unit="posts", per_practice=True, doc="sum of fidelity over posts using", fixed=_TEACHERS)

    @property
    def name(self) -> str:
        """The school's name."""
        return str(self.model.system.schools["name"][self.row])

    @property
    def phase_name(self) -> str:
        """The phase in words."""
        return PHASES[self.phase]

    @property
    def teachers(self) -> ViewSet:
        """The posts of this school."""
        return self.some(Teacher, range(self.first_post, self.first_post + self.size))

    @property
    def meets_with(self) -> Cluster | None:
        """The cluster this school meets in, if any.

        >>> from kmsim import Model
        >>> policy = {"levers": [{"recruit": {"assigned": True, "coverage": 1.0}}, {"form_clusters": {}}]}
        >>> model = Model(system="village", policy=policy, years=1, funded_years=1).run()
        >>> [school.meets_with.members for school in model.tables[School].views()]
        [5, 5, 5, 5, 5]
        """
        return self.one(Cluster, self.cluster) if self.cluster >= 0 else None


class Cluster(ViewAgent):
    """Schools of one network that really meet. Rows are made before the run; one without members is not in being.

    >>> from kmsim import Model
    >>> policy = {"levers": [{"recruit": {"assigned": True, "coverage": 1.0}}, {"form_clusters": {}}]}
    >>> model = Model(system="village", policy=policy, years=1, funded_years=1).run()
    >>> [school.name for school in model.tables[Cluster].view(0).schools][:2]
    ['Millbrook Primary', "St Wilfrid's Primary"]
    """

    practice_number = Column(I4, doc="the practice it meets for, counted from 0", fixed=_POLICY)
    members = Column(I4, unit="schools", doc="schools that meet", fixed=_POLICY)
    posts = Column(I4, unit="posts", doc="their posts", fixed=_POLICY)
    vitality = Column(F4, unit="share", doc="how alive it is", within=SHARE)
    facilitators = Column(F4, unit="people", doc="own trained facilitators", within=(0.0, 1000.0))
    funded_once = Column(U1, doc="1 if it ever had money", fixed=_POLICY)
    need = Column(F4, unit="share", doc="mean fsm_rank of members", fixed=_TICK)
    fund = Column(F4, unit="share", doc="mean funding of members", fixed=_TICK)
    expertise = Column(F4, unit="share", doc="mean expertise of members", fixed=_TICK)
    fidelity = Column(F4, unit="share", doc="mean fidelity of posts in use", fixed=_TICK)
    ownership = Column(F4, unit="share", doc="mean ownership of posts in use", fixed=_TICK)
    visible = Column(F4, unit="share", doc="mean over posts of what colleagues see", fixed=_TICK)
    climate = Column(F4, unit="share", doc="best climate of members", fixed=_TICK)

    @property
    def schools(self) -> ViewSet:
        """The schools that meet in this cluster."""
        return self.some(School, np.flatnonzero(self.model.tables[School]["cluster"][self.practice_number] == self.row))


class Network(ViewAgent):
    """The network a policy builds: the review's seven features and three more, as its levers set them in the first year.

    >>> from kmsim import Model
    >>> network = Model(system="village", policy="codesigned_networks").tables[Network].view(0)
    >>> network.ownership, network.cluster_size
    (0.75, 5)
    """

    cpd = Column(F4, unit="share", doc="CPD as the means of transfer", fixed=_POLICY)
    novelty = Column(F4, 0.7, unit="share", doc="share of the practice that members do not do already", fixed=_POLICY)
    external_expertise = Column(F4, unit="share", doc="use of external expertise", fixed=_POLICY)
    capacity_building = Column(F4, unit="share", doc="building its own facilitators", fixed=_POLICY)
    collaboration = Column(F4, unit="share", doc="collaboration between schools", fixed=_POLICY)
    focus = Column(F4, unit="share", doc="how specific its focus is", fixed=_POLICY)
    ownership = Column(F4, unit="share", doc="members set the goals", fixed=_POLICY)
    targeting = Column(F4, unit="share", doc="steering to disadvantaged schools and pupils", fixed=_POLICY)
    community = Column(F4, unit="share", doc="parents, business and community", fixed=_POLICY)
    cluster_size = Column(I4, 5, unit="schools", doc="schools to a cluster", fixed=_POLICY)

    @property
    def clusters(self) -> ViewSet:
        """The clusters in being."""
        return self.some(Cluster, self.model.tables[Cluster]["members"] > 0)
