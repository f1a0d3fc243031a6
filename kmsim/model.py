"""Model: a Mesa model of teachers, schools and networks; the schedule of a tick as a printable list of phases.

One compiled entry runs whole ticks; `PHASES` is the list of what it runs, in order, and a test holds the two together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from kmsim.agents import Cluster, Network, School, Teacher
from kmsim.beginning import FIELD, Beginning, beginning, school_rows
from kmsim.columns import DataCollector, Table, ViewModel
from kmsim.columns.batch import batch_run_of
from kmsim.errors import BadValue, KmsimError, Refused, RunOver, unknown
from kmsim.jit import as_records, borrowing
from kmsim.names import PHASES as SCHOOL_PHASES
from kmsim.outcomes.definitions import OUTCOMES, Totals
from kmsim.outcomes.totals import TOTALS, totals_of
from kmsim.parameters import defaults, records
from kmsim.phases.census import census, contacts_afresh
from kmsim.phases.checks import check_all
from kmsim.phases.money import CATEGORIES, money
from kmsim.phases.networks import networks
from kmsim.phases.schools import schools
from kmsim.phases.teachers import hear_by_role, teachers
from kmsim.phases.turnover import turnover, yearly_noise
from kmsim.phases.world import OFFER, Posts, World, clock, money_of, offer_of, practices_of, rows_of, scratch_of
from kmsim.policies.plan import Layout, Plan
from kmsim.policies.recruitment import Recruitment
from kmsim.scenario import Scenario, read_scenario
from kmsim.system.build import build
from kmsim.system.built import System

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd


@dataclass(frozen=True)
class Phase:
    """One line of the schedule: when it runs, what it reads and what it writes.

    >>> [phase.name for phase in PHASES if phase.when == "last tick of a year"]
    ['turnover']
    """

    name: str
    when: str
    reads: str
    writes: str
    run: Callable[..., Any]


COUNTED = ("stage", "fidelity", "ownership")  # of teachers: what schools and contacts are counted from

# The schedule of MODEL section 3. Recruiting runs before the compiled ticks of a year.
PHASES: tuple[Phase, ...] = (
    Phase(
        "policy",
        "first tick of a year",
        "levers, climate, neighbours, budget",
        "offer, signed_up, cluster, ledger",
        Recruitment,
    ),
    Phase("noise", "first tick of a year", "-", "attendance_noise, sight_noise", yearly_noise),
    Phase(
        "networks", "every tick", "census, offer, fund", "vitality, facilitators, hours, expertise, quality", networks
    ),
    Phase("money", "every tick", "fund, hours, attendance, offer", "ledger, staff_hours", money),
    Phase(
        "teachers",
        "every tick",
        "last tick's census and contacts",
        "stage, knowledge, fidelity, ownership, census",
        teachers,
    ),
    Phase(
        "turnover",
        "last tick of a year",
        "experience, routine, fsm_rank, last census (who is aware)",
        "who holds which post, climate, priority, census",
        turnover,
    ),
    Phase(
        "schools", "every tick", "census, fund, vitality", "priority, signed_up, routine, climate, attainment", schools
    ),
    Phase("outcomes", "every tick", "census, clusters, ledger", "totals", totals_of),
)


@borrowing
def run_ticks(w, first, last, fifth, totals):
    """Ticks first to last - 1, the policy standing still: the compiled entry. totals[t + 1] is the state after tick t."""
    for tick in range(first, last):
        if tick % w.clock.ticks_per_year == 0:
            yearly_noise(w, tick // w.clock.ticks_per_year)
        networks(w, tick)
        money(w, tick)
        teachers(w, tick)
        if (tick + 1) % w.clock.ticks_per_year == 0:
            turnover(w, tick // w.clock.ticks_per_year)
            census(w)
        schools(w, tick)
        totals_of(w, fifth, totals[tick + 1])


def empty_world() -> World:
    """A world with nobody in it, of the types of every world: what phases are compiled for before there is a system."""
    teachers, nobody = Table(Teacher, 0), np.zeros(0, np.int32)
    schools, uptake = school_rows(1, 0)
    return World(
        posts=Posts._make((*(teachers[name] for name in Posts._fields[:-2]), nobody, nobody)),
        schools=schools,
        uptake=uptake,
        clusters=rows_of(Cluster.fields(), 0),
        formed=np.zeros(1, np.int64),
        offer=offer_of(0),
        practices=practices_of([]),
        money=money_of(0, len(CATEGORIES)),
        scratch=scratch_of(0, 0, 1, 1),
        clock=clock(0, 1, 0, 0, 1, False),
        p=as_records(records(defaults())),
    )


class Model(ViewModel):
    """A run of one policy on one system, as a Mesa model. Settings are the command line's keys; the same give the same bits.

    system, policy, practice, network: names, YAML paths or mappings; practice may be a list. years, funded_years: school
    years. Overrides are dotted keys (`**{"system.la": "Hackney"}`), `budget` (GBP, "auto" or None), `taper`, `check`
    (verify conservation after every tick) and `timed` (keep the time each phase takes, at some cost in speed).
    rng is Mesa's other name for the seed. The four reporters and tables are those of Mesa's DataCollector; what they report
    is collected before the first tick and after every tick. docs/mesa.md says what works as on other Mesa models.

    Raises KmsimError (UnknownName, BadValue) for settings that cannot be used. Source: MODEL sections 2 to 5.

    >>> model = Model(system="village", policy="coaching", seed=1, years=2, funded_years=1)
    >>> model.run().tick
    12
    """

    def __init__(
        self,
        system: str | Mapping[str, Any] | System = "london",
        policy: Any = "codesigned_networks",
        seed: int | None = 1,
        practice: Any = "formative_assessment",
        network: Any = None,
        years: int = 10,
        funded_years: float = 3,
        ticks_per_year: int = 6,
        *,
        rng: int | None = None,
        scenario: Scenario | None = None,
        model_reporters: Mapping[str, Any] | None = None,
        agent_reporters: Mapping[str, Any] | None = None,
        agenttype_reporters: Mapping[type, Mapping[str, Any]] | None = None,
        tables: Mapping[str, list[str]] | None = None,
        check: bool = False,
        timed: bool = False,
        **overrides: Any,
    ):
        built = system if isinstance(system, System) else None
        reports = {
            "model_reporters": model_reporters,
            "agent_reporters": agent_reporters,
            "agenttype_reporters": agenttype_reporters,
            "tables": tables,
        }
        for key, value in reports.items():
            if value is not None and not isinstance(value, Mapping):
                raise BadValue(
                    key, value, "a mapping (in batch_run: inside a list, for Mesa tries each item of a mapping)"
                )
        if scenario is None:
            named: Any = "village" if built is not None else system
            scenario = read_scenario(
                named,
                policy,
                self._seed_of(seed, rng),
                practice,
                network,
                years,
                funded_years,
                ticks_per_year,
                **overrides,
            )
        elif not isinstance(scenario, Scenario):
            raise BadValue("scenario", scenario, "one of kmsim's own; settings are given by their keys")
        super().__init__(practices=[p.name for p in scenario.practices], rng=scenario.seed)
        self.given = scenario
        self.system = built if built is not None else build(scenario.system)
        self.policy = scenario.funded_policy()
        self.parameters = scenario.parameters
        self._rules = as_records(records(self.parameters))
        self.tick = 0
        self.check, self.timed = check, timed
        self.phases = PhaseTable()
        self._fill_tables()
        self._join()
        self._describe_network()
        self.datacollector = DataCollector(**{name: dict(value or {}) for name, value in reports.items()})
        self._collects = bool(model_reporters or agent_reporters or agenttype_reporters)
        self._collected = False
        if type(self).__init__ is Model.__init__:  # else what the subclass reports may not be there yet
            self._collect_start()

    # -- making ------------------------------------------------------------
    def _seed_of(self, seed: Any, rng: Any) -> Any:
        """The seed that is meant by Mesa's two names for it; in a batch of Mesa's, one for each iteration."""
        if rng is not None:
            if seed not in (None, 1):
                raise BadValue("rng", rng, f"nothing beside seed={seed}: both name the seed")
            if not isinstance(rng, int | np.integer):
                raise BadValue("rng", rng, "a whole number: the seed of the run")
            seed = rng
        batch = batch_run_of(self)
        if batch is None or batch.own_seed:
            return seed
        if batch.iteration > 0 and (batch.seeded or seed not in (None, 1)):
            raise KmsimError(
                f"iterations: each would be the same run of seed={seed}; leave the seed out, or give iterations=1 and "
                "parameters={'seed': range(1, 11)}"
            )
        return seed if batch.iteration == 0 and seed is not None else 1 + batch.iteration

    def _collect_start(self) -> None:
        """Collect what reporters say of the state before the first tick, once."""
        if self._collects and not self._collected:
            self.datacollector.collect(self)
        self._collected = True

    @property
    def ticks(self) -> int:
        """How many ticks the run has in all.

        >>> Model(system="village", years=2, funded_years=1, ticks_per_year=12).ticks
        24
        """
        return self.given.years * self.given.ticks_per_year

    @property
    def budget(self) -> float | None:
        """The total budget in GBP, or None for the policy's own cost.

        >>> Model(system="village", budget=5e5).budget, Model(system="village", budget=None).budget
        (500000.0, None)
        """
        return self.given.budget_gbp(self._beginning.sizes["pupils"])

    @property
    def _beginning(self) -> Beginning:
        return beginning(self.system)

    def _fill_tables(self) -> None:
        """The columns of every agent: the system's first, then what policy and parameters make of them."""
        s, p = self.system.schools, self.parameters
        practices, n_schools = len(self.practice_names), self.system.n_schools
        room = (n_schools // 2 + 1) * max(1, len(self.policy.rounds()))
        self._make_rows(practices * room)
        schools = self.add_table(School, n_schools, adopt=self._school_columns())
        clusters = self.policy.clusters
        schools.fill("group", s[clusters.within] if clusters else s["region"])
        secondary = s["phase"] == SCHOOL_PHASES.index("secondary")
        schools.fill("day_rate", np.where(secondary, p["cover_secondary"], p["cover_primary"]))
        schools.fill("priority", np.float32(p["pr_unsigned"]) * s["climate"])
        given = {name: values.copy() for name, values in self._beginning.teachers.items()}
        teachers = self.add_table(Teacher, self.system.n_posts, adopt=given)
        hear_by_role(teachers.peek("role"), self._rules, teachers.peek("earliness"))
        table = self.add_table(
            Cluster, practices * room, adopt={name: self._clusters[name] for name in Cluster.fields()}
        )
        table.fill("practice_number", np.repeat(np.arange(practices), room))

    def _make_rows(self, n_clusters: int) -> None:
        """The records in which schools and clusters stand; the tables' columns are their fields."""
        begun = self._beginning
        self._schools = begun.schools.copy()
        self._uptake = np.repeat(begun.uptake, len(self.practice_names), axis=0)
        self._clusters = np.repeat(begun.cluster, n_clusters)

    def _school_columns(self) -> dict[str, np.ndarray]:
        return {
            name: self._uptake[name] if column.per_practice else self._schools[FIELD.get(name, name)]
            for name, column in School.fields().items()
        }

    def _join(self) -> None:
        """Everything that holds on to the tables' arrays: the world that phases see, the plan, recruiting, the totals."""
        scenario, system = self.given, self.system
        n, n_schools, practices = system.n_posts, system.n_schools, len(scenario.practices)
        columns = self.tables[Teacher].peek_all()
        clusters = self.policy.clusters
        when = clock(
            scenario.seed,
            scenario.ticks_per_year,
            scenario.funded_years,
            scenario.taper,
            system.thinned,
            clusters is not None and clusters.hierarchy,
        )
        self.plan = Plan(
            self.policy, system, self.parameters, when, scenario.funded_years, self.budget, scenario.years, practices
        )
        self.world = World(
            posts=Posts._make((*(columns[name] for name in Posts._fields[:-2]), *system.followers)),
            schools=self._schools,
            uptake=self._uptake,
            clusters=self._clusters,
            formed=np.zeros(practices, np.int64),
            offer=offer_of(n_schools),
            practices=practices_of(scenario.practices),
            money=money_of(n_schools, len(CATEGORIES)),
            scratch=scratch_of(n, n_schools, practices, int(self._schools["group"].max()) + 1),
            clock=when,
            p=self._rules,
        )
        self.recruitment = Recruitment(self.plan, self.world, [p.scripting for p in scenario.practices])
        self.totals = np.zeros((self.ticks + 1, practices, len(TOTALS)))
        self._laid_out: Layout | None = None  # years that offer the same share a layout
        self._lay_out(0)
        if self.tick == 0:
            census(self.world)
            self._record(0)

    def _describe_network(self) -> None:
        offer = self.plan.at(0).quantities
        clusters = self.policy.clusters
        if self.policy.recruits is not None:
            features = {name: offer[name].max(keepdims=True) for name in Network.fields() if name in offer}
            self.add_table(Network, 1, features, cluster_size=clusters.network_size if clusters else 1)

    # -- running -----------------------------------------------------------
    def step(self) -> None:
        """One tick: every phase of `model.phases` that is due, in order.

        >>> model = Model(system="village", policy="coaching")
        >>> model.step()
        >>> model.tick, round(float(model.outcomes.year.max()), 2)
        (1, 0.17)
        """
        self._check_room(1)
        self._advance(self.tick + 1)

    def run(self) -> Self:
        """On to the end, from wherever the run stands, or until `running` is False. Returns the model itself.

        A subclass's own `step()` is called for every tick; else many ticks are run in one call. The bits are the same.
        Raises KmsimError if a subclass's step does not call `super().step()`.

        >>> model = Model(system="village", policy="coaching", years=3)
        >>> model.step()
        >>> model.run().tick, model.running, model.steps
        (18, False, 18)
        """
        one_by_one = self._collects or self.check or self.timed or self.every_step_matters(Model.step)
        while self.running and self.tick < self.ticks:
            before = self.tick
            if one_by_one:
                self.step()
                if self.tick == before and self.running:
                    raise KmsimError(
                        f"{type(self).__name__}.step() left the run at tick {before}: call super().step() in it"
                    )
            else:
                self._advance(self._next_opening())
                self.count_steps(self.tick - before)
        return self

    def run_model(self) -> None:
        """As `run`: Mesa's name for it.

        >>> model = Model(system="village", policy="coaching", years=1, funded_years=1)
        >>> model.run_model()
        >>> model.tick
        6
        """
        self.run()

    def may_step(self, steps: int = 1) -> bool:
        """True while there are that many ticks left. Raises RunOver if there are not.

        >>> Model(system="village", years=1, funded_years=1).run().may_step()
        Traceback (most recent call last):
        kmsim.errors.RunOver: the run is over: 6 ticks; make a longer one with years=
        """
        self._check_room(1 if self.every_step_matters(Model.step) else steps)
        return True

    def begin_step(self) -> None:
        """Before the first step, what reporters say of the start is collected, if that is still to be done."""
        if not self._collected:
            self.settle()
            self._collect_start()

    def _check_room(self, ticks: int) -> None:
        left = self.ticks - self.tick
        if left <= 0:
            raise RunOver(f"the run is over: {self.ticks} ticks; make a longer one with years=")
        if ticks > left:
            raise RunOver(
                f"{ticks} steps: the run has {left} of its {self.ticks} ticks left; make a longer one with years="
            )

    def reset_rng(self, rng: Any = None) -> NoReturn:
        """Always Refused: a run's draws are numbered by seed, tick and teacher, and no generator is there to reset.

        >>> Model(system="village").reset_rng(5)
        Traceback (most recent call last):
        kmsim.errors.Refused: a run's draws come from its seed and cannot be reset; make a new model with seed=
        """
        raise Refused("a run's draws come from its seed and cannot be reset; make a new model with seed=")

    def reset_randomizer(self, seed: int | None = None) -> NoReturn:
        """Always Refused, as `reset_rng`. What `model.random` gives a subclass is reset by `model.random.seed(...)`."""
        self.reset_rng(seed)

    def _next_opening(self) -> int:
        """The tick before which the policy next does something: it holds a round or offers something else; or the end."""
        per_year = self.given.ticks_per_year
        for year in range(self.tick // per_year + 1, self.given.years):
            if year in self.recruitment.rounds or self.plan.at(year) is not self.plan.at(year - 1):
                return year * per_year
        return self.ticks

    def _advance(self, until: int) -> None:
        """Ticks up to `until`, none beyond the next year in which the policy does something."""
        per_year = self.given.ticks_per_year
        self.settle()
        self._collect_start()
        if self.tick % per_year == 0:
            self._open_year(self.tick // per_year)
        if self.timed:
            self._timed_tick()
        else:
            run_ticks(self.world, self.tick, until, self._beginning.fifth, self.totals)
        self.tick = until
        self.running = self.running and until < self.ticks
        if self.check:
            check_all(self)
        if self._collects:
            self.datacollector.collect(self)

    def settle(self) -> None:
        """Bring counts in line with what was set from outside since the last tick, in agents, sets or arrays.

        Called before a tick, before outcomes are read and before a copy is made.

        >>> model = Model(system="village", policy="coaching")
        >>> model.tables[Teacher].view(0).stage = 3
        >>> model.settle()
        >>> model.tables[School].view(0).in_use
        1
        """
        if self.tables[Teacher].changed(COUNTED):
            self.world.posts.contacts[:] = contacts_afresh(self.world, self.system.tie_start, self.system.tie_to)
            census(self.world)
            self._record(self.tick)

    def _open_year(self, year: int) -> None:
        start = time.perf_counter()
        self._lay_out(year)
        self.recruitment.open_round(year, self.tick)
        self.phases.add("policy", time.perf_counter() - start)

    def _lay_out(self, year: int) -> None:
        layout = self.plan.at(year)
        if layout is self._laid_out:
            return
        self._laid_out = layout
        for name in OFFER:
            self.world.offer[name] = layout.quantities[name]
        self.world.money.lines[:] = layout.lines.T
        self.world.money.wide[:] = layout.wide.T
        self.world.offer["cover_hours"] = layout.cover_hours

    def _timed_tick(self) -> None:
        """The same tick phase by phase, with a clock on each."""
        w, tick = self.world, self.tick
        year, of_year = divmod(tick, self.given.ticks_per_year)
        for phase in PHASES[1:]:
            start = time.perf_counter()
            if phase.name == "noise":
                if of_year == 0:
                    yearly_noise(w, year)
            elif phase.name == "turnover":
                if of_year == self.given.ticks_per_year - 1:
                    turnover(w, year)
                    census(w)
            elif phase.name == "outcomes":
                totals_of(w, self._beginning.fifth, self.totals[tick + 1])
            else:
                phase.run(w, tick)
            self.phases.add(phase.name, time.perf_counter() - start)

    def _record(self, row: int) -> None:
        totals_of(self.world, self._beginning.fifth, self.totals[row])

    # -- reading -----------------------------------------------------------
    @property
    def funding_end(self) -> float:
        """The year in which the last funding a policy can give ends; for one that recruits nobody, as if in three rounds.

        >>> Model(system="village", policy="coaching", funded_years=1, years=5).funding_end
        3.0
        """
        return self.given.funding_end

    def outcome_arrays(self, names: list[str] | None = None) -> dict[str, np.ndarray]:
        """Outcome -> values, (K, ticks so far + 1), for the outcomes named (all if none). Raises UnknownName.

        >>> model = Model(system="village", policy="coaching", years=3).run()
        >>> model.outcome_arrays(["aware"])["aware"].shape
        (1, 19)
        """
        self.settle()
        sizes: dict[str, Any] = self._beginning.sizes | {
            "ticks_per_year": self.given.ticks_per_year,
            "funding_end": self.funding_end,
            "budget": self.budget,
            "staff_hour_gbp": self.parameters["c_staff_hour"],
        }
        wanted = list(OUTCOMES) if names is None else names
        for name in wanted:
            if name not in OUTCOMES:
                raise unknown("outcomes", name, OUTCOMES, "an outcome")
        by_practice = [Totals(self.totals[: self.tick + 1, k], **sizes) for k in range(len(self.practice_names))]
        return {name: np.array([OUTCOMES[name].value(t) for t in by_practice]) for name in wanted}

    @property
    def outcomes(self) -> pd.DataFrame:
        """A tidy frame of every outcome so far: policy, seed, practice, tick, year, outcome, value.

        Outcomes that all practices share (cost, staff hours) stand once, under practice "all", when there are several.

        >>> outcomes = Model(system="village", policy="coaching", years=3).run().outcomes
        >>> list(outcomes.columns)
        ['policy', 'seed', 'practice', 'tick', 'year', 'outcome', 'value']
        """
        import pandas as pd

        ticks = np.arange(self.tick + 1)
        frames = []
        for name, values in self.outcome_arrays().items():
            shared = OUTCOMES[name].shared and len(self.practice_names) > 1
            for practice, row in zip(["all"] if shared else self.practice_names, values, strict=False):
                frames.append(pd.DataFrame({"practice": practice, "tick": ticks, "outcome": name, "value": row}))
        out = pd.concat(frames, ignore_index=True)
        out.insert(0, "policy", self.policy.name)
        out.insert(1, "seed", self.given.seed)
        out.insert(4, "year", out["tick"] / self.given.ticks_per_year)
        return out

    @property
    def ledger(self) -> dict[str, float]:
        """GBP booked so far by category.

        >>> model = Model(system="village", years=3).run()
        >>> round(sum(model.ledger.values())) == round(model.outcome_arrays(["cost_gbp"])["cost_gbp"][0, -1])
        True
        """
        return dict(zip(CATEGORIES, self.world.money.ledger.tolist(), strict=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results must know of the system: schools left out, values filled in."""
        return self.system.notes

    def advisers_of(self, post: int) -> np.ndarray:
        """The posts that this one turns to for advice.

        >>> model = Model(system="village")
        >>> post = model.tables[Teacher].view(0)
        >>> len(model.advisers_of(0)) == len(post.advisers), 0 in model.advisers_of(0)
        (True, False)
        """
        return self.system.tie_to[self.system.tie_start[post] : self.system.tie_start[post + 1]]

    # -- keeping -----------------------------------------------------------
    def __getstate__(self) -> dict[str, Any]:
        self.settle()
        state = self.__dict__.copy()
        kept = self.totals, self.world.formed, self.recruitment.committed, self.world.money
        state["_kept"] = kept
        for name in ("world", "plan", "recruitment", "totals", "_schools", "_uptake", "_clusters", "_laid_out"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        totals, formed, committed, money_kept = state.pop("_kept")
        self.__dict__.update(state)
        self._make_rows(self.tables[Cluster].n)
        self.tables[School].adopt(self._school_columns())
        self.tables[Cluster].adopt({name: self._clusters[name] for name in Cluster.fields()})
        self._join()
        self.totals = totals
        self.world.formed[:], self.recruitment.committed = formed, committed
        self.world.money.ledger[:] = money_kept.ledger
        self.world.money.staff_hours[:] = money_kept.staff_hours
        if self.tick:
            self._lay_out((self.tick - 1) // self.given.ticks_per_year)


class PhaseTable:
    """The schedule as a table to print: phase, when, what it reads and writes, and the time spent if the model is timed.

    >>> [line.split()[0] for line in str(PhaseTable()).splitlines()][:4]
    ['phase', 'policy', 'noise', 'networks']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {phase.name: 0.0 for phase in PHASES}

    def add(self, name: str, seconds: float) -> None:
        """Add to the time spent in a phase.

        >>> table = PhaseTable()
        >>> table.add("teachers", 0.5)
        >>> table.seconds["teachers"]
        0.5
        """
        self.seconds[name] += seconds

    def __iter__(self):
        return iter(PHASES)

    def __repr__(self) -> str:
        timed = any(self.seconds[phase.name] for phase in PHASES[1:])
        rows = [("phase", "when", "reads", "writes", "seconds")]
        rows += [(p.name, p.when, p.reads, p.writes, f"{self.seconds[p.name]:.3f}" if timed else "-") for p in PHASES]
        widths = [max(len(row[c]) for row in rows) for c in range(5)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )
