"""Teacher, School, Cluster, Network: what each has. The schema of the whole program, columns with type, unit and meaning.

A row is a post, not a person: people come, move and leave, rows stay where they are. Columns marked per practice hold
one value for each practice of the run.
"""

from __future__ import annotations

import numpy as np

from kmsim.columns import Column, ViewAgent, ViewSet
from kmsim.names import PHASES, ROLES, STAGES

F4, I4, U1 = np.float32, np.int32, np.uint8


class Teacher(ViewAgent):
    """A post and who holds it. In use is TRYING or USING; doing it well is USING with fidelity of at least .6.

    >>> from kmsim import Model
    >>> head = Model(system="village", policy="coaching").tables[Teacher].view(0)
    >>> head.role_name, head.stage_name, head.at.name
    ('head', 'unaware', 'Millbrook Primary')
    """

    school = Column(I4, doc="row of the school")
    role = Column(U1, doc="0 teacher, 1 middle leader, 2 senior leader, 3 head; stays with the post")
    department = Column(np.int16, doc="department or year team, within the school")
    experience = Column(U1, unit="years", doc="years of teaching")
    openness = Column(F4, unit="SD", doc="openness to change; goes with the person")
    aptitude = Column(F4, unit="SD", doc="how far above or below others' this person's reachable fidelity lies")
    base_workload = Column(F4, unit="share", doc="workload of the post before any new practice")
    earliness = Column(F4, 1.0, unit="ratio", doc="how much sooner this role hears of things")
    tie_share = Column(F4, unit="share", doc="1/number of out-ties")
    stage = Column(U1, per_practice=True, doc="0 unaware, 1 aware, 2 trying, 3 using, 4 lapsed")
    knowledge = Column(F4, unit="share", per_practice=True, doc="knowledge of the practice")
    fidelity = Column(F4, unit="share", per_practice=True, doc="quality of use: depth")
    ownership = Column(F4, unit="share", per_practice=True, doc="how far the practice is the teacher's own")
    contacts = Column(np.uint32, per_practice=True, doc="of the out-ties: aware + 256 in use + 65536 doing it well")
    attendance_noise = Column(F4, unit="SD", per_practice=True, doc="this year's inclination to attend CPD")
    sight_noise = Column(F4, unit="SD", per_practice=True, doc="this year's noise in the benefit seen")

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

    urn = Column(I4, doc="unique reference number")
    phase = Column(U1, doc="0 primary, 1 secondary, 2 special, 3 nursery, 4 PRU")
    pupils = Column(I4, unit="pupils", doc="pupils on roll")
    fsm = Column(F4, unit="share", doc="share of pupils eligible for free school meals")
    fsm_rank = Column(F4, unit="share", doc="rank of fsm within the phase: 0 least, 1 most")
    region = Column(I4, doc="index of the region")
    la = Column(I4, doc="index of the authority")
    trust = Column(I4, -1, doc="index of the trust, -1 for none")
    x = Column(F4, unit="km", doc="east")
    y = Column(F4, unit="km", doc="north")
    size = Column(I4, unit="posts", doc="teaching posts")
    first_post = Column(I4, doc="row of the first post: the head's")
    climate = Column(F4, unit="share", doc="leadership for learning, collaborative culture")
    head_tenure = Column(I4, unit="years", doc="years since the head changed")
    cpd_budget = Column(
        np.float64,
        unit="GBP",
        doc="cash spent on this school so far; no school has a budget of its own to keep to (P11's limit is not modelled)",
    )
    day_rate = Column(np.float64, unit="GBP/day", doc="a day of cover")
    group = Column(I4, -1, doc="what clusters are pooled by, -1 for none")
    move_group = Column(I4, doc="region and phase, within which people move")
    priority = Column(F4, unit="share", per_practice=True, doc="the head's backing")
    signed_up = Column(U1, per_practice=True, doc="1 if a formal member")
    ever_member = Column(U1, per_practice=True, doc="1 if it ever signed up")
    joined = Column(I4, -1, unit="tick", per_practice=True, doc="when it last signed up, -1 for never")
    cluster = Column(I4, -1, per_practice=True, doc="row of its cluster, -1 for none")
    expertise = Column(F4, unit="share", per_practice=True, doc="outside knowledge taken in")
    routine = Column(F4, unit="share", per_practice=True, doc="what stays when people leave")
    scripting = Column(F4, unit="share", per_practice=True, doc="script and materials in the school")
    attainment = Column(F4, unit="SD", per_practice=True, doc="what pupils gain")
    fund = Column(F4, unit="share", per_practice=True, doc="funding in force")
    hours = Column(F4, unit="hours/year", per_practice=True, doc="CPD hours offered to a teacher (cpd_hours)")
    paid_hours = Column(F4, unit="hours/year", per_practice=True, doc="... of which the policy's CPD")
    own_hours = Column(F4, unit="hours/year", per_practice=True, doc="... of which given by own facilitators")
    attendance = Column(F4, unit="share", per_practice=True, doc="mean share of hours attended")
    expert = Column(F4, unit="share", per_practice=True, doc="quality of the experts who come")
    quality = Column(F4, unit="share", per_practice=True, doc="quality of CPD")
    rehearsal = Column(F4, unit="share", per_practice=True, doc="share of CPD that is rehearsal with feedback")
    force = Column(F4, unit="share", per_practice=True, doc="priority in force")
    aware = Column(I4, unit="posts", per_practice=True, doc="posts not unaware")
    trying = Column(I4, unit="posts", per_practice=True, doc="posts trying")
    in_use = Column(I4, unit="posts", per_practice=True, doc="posts trying or using")
    well = Column(I4, unit="posts", per_practice=True, doc="posts doing it well")
    champions = Column(I4, unit="posts", per_practice=True, doc="posts that could become facilitators")
    q_users = Column(F4, unit="posts", per_practice=True, doc="sum of fidelity over posts in use")
    o_users = Column(F4, unit="posts", per_practice=True, doc="sum of ownership over posts in use")
    q_deep = Column(F4, unit="posts", per_practice=True, doc="sum of fidelity over posts using")

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

    practice_number = Column(I4, doc="the practice it meets for, counted from 0")
    members = Column(I4, unit="schools", doc="schools that meet")
    posts = Column(I4, unit="posts", doc="their posts")
    vitality = Column(F4, unit="share", doc="how alive it is")
    facilitators = Column(F4, unit="people", doc="own trained facilitators")
    funded_once = Column(U1, doc="1 if it ever had money")
    need = Column(F4, unit="share", doc="mean fsm_rank of members")
    fund = Column(F4, unit="share", doc="mean funding of members")
    expertise = Column(F4, unit="share", doc="mean expertise of members")
    fidelity = Column(F4, unit="share", doc="mean fidelity of posts in use")
    ownership = Column(F4, unit="share", doc="mean ownership of posts in use")
    visible = Column(F4, unit="share", doc="mean over posts of what colleagues see")
    climate = Column(F4, unit="share", doc="best climate of members")

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

    cpd = Column(F4, unit="share", doc="CPD as the means of transfer")
    novelty = Column(F4, 0.7, unit="share", doc="share of the practice that members do not do already")
    external_expertise = Column(F4, unit="share", doc="use of external expertise")
    capacity_building = Column(F4, unit="share", doc="building its own facilitators")
    collaboration = Column(F4, unit="share", doc="collaboration between schools")
    focus = Column(F4, unit="share", doc="how specific its focus is")
    ownership = Column(F4, unit="share", doc="members set the goals")
    targeting = Column(F4, unit="share", doc="steering to disadvantaged schools and pupils")
    community = Column(F4, unit="share", doc="parents, business and community")
    cluster_size = Column(I4, 5, unit="schools", doc="schools to a cluster")

    @property
    def clusters(self) -> ViewSet:
        """The clusters in being."""
        return self.some(Cluster, self.model.tables[Cluster]["members"] > 0)
