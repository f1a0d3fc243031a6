"""The model as a whole: the same bits however it is run, what one teacher can reach, several practices, and Mesa on top."""

from __future__ import annotations

import ast
import hashlib
import inspect
import itertools
import os
import pickle
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import mesa
import numpy as np
import pandas as pd
import pytest

from kmsim import configuration
from kmsim import model as engine
from kmsim.agents import Cluster, Network, School, Teacher
from kmsim.columns import ViewSet
from kmsim.errors import BadValue, KmsimError, UnknownName
from kmsim.model import PHASES, Model
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.phases import checks
from kmsim.phases.census import census, contacts_afresh
from kmsim.rules.adoption import USING
from kmsim.system.build import build
from kmsim.system.built import System

POLICIES = configuration.names("policy")
PRACTICES = ("formative_assessment", "metacognition", "scripted_language")


@pytest.fixture(scope="module")
def village() -> System:
    return build("village")


@pytest.fixture(scope="module")
def borough() -> System:
    return build("borough")


@pytest.fixture(scope="module")
def county() -> System:
    """A hundred invented schools."""
    return build("synthetic", {"n_schools": 100, "seed": 5})


def make(system, policy="codesigned_networks", seed=1, **settings) -> Model:
    return Model(system=system, policy=policy, seed=seed, **({"years": 4, "funded_years": 2} | settings))


def bits(model: Model) -> str:
    """A digest of everything a run holds: every column, every total so far, every pound."""
    digest = hashlib.sha256()
    for kind, table in model.tables.items():
        for name in kind.fields():
            digest.update(np.ascontiguousarray(table[name]).tobytes())
    digest.update(model.totals[: model.tick + 1].tobytes())
    digest.update(model.world.money.ledger.tobytes())
    digest.update(model.world.money.staff_hours.tobytes())
    return digest.hexdigest()


# -- the same bits -------------------------------------------------------------
def test_the_same_seed_gives_the_same_bits_and_another_does_not(borough):
    first, again, other = (make(borough, seed=seed).run() for seed in (7, 7, 8))
    assert bits(first) == bits(again)
    assert bits(first) != bits(other)


def test_the_same_settings_build_the_same_system_and_run():
    first, again = (make("borough", "targeted_networks", years=2).run() for _ in range(2))
    assert bits(first) == bits(again)


def test_the_order_in_which_policies_run_changes_nothing(village):
    names = ["national_mandate", "codesigned_networks", "coaching", "trust_led"]
    runs = [{name: bits(make(village, name).run()) for name in order} for order in (names, names[::-1])]
    assert runs[0] == runs[1]


def test_runs_beside_one_another_do_not_disturb_one_another(borough):
    """Stepped in turn, and in two threads at once."""
    alone = [bits(make(borough, seed=seed).run()) for seed in range(4)]
    side_by_side = [make(borough, seed=seed) for seed in range(4)]
    for _ in range(side_by_side[0].ticks):
        for model in side_by_side:
            model.step()
    assert [bits(model) for model in side_by_side] == alone
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda seed: bits(make(borough, seed=seed).run()), range(4))) == alone


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_gives_the_same_bits(village, threads):
    """Whatever number of threads Numba may use, and in a process that has run nothing else."""
    script = """
        from tests.test_model import bits, make
        print(bits(make("village", "codesigned_networks", 3).run()))
    """
    environment = os.environ | {"NUMBA_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == bits(make("village", "codesigned_networks", 3).run())


def test_code_just_compiled_and_the_same_from_the_cache_give_the_same_bits(tmp_path):
    script = """
        from tests.test_model import bits, make
        print(bits(make("village", "codesigned_networks", 3).run()))
    """
    environment = os.environ | {"KMSIM_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    compiled, cached = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    assert compiled == cached


@pytest.mark.parametrize(
    "policy", ["codesigned_networks", "national_mandate", "strong_weak_pairing", "test_bed_then_scale"]
)
@pytest.mark.parametrize("at", [0, 1, 5, 6, 7, 12, 17])
def test_a_pickled_run_goes_on_as_if_nothing_had_happened(village, policy, at):
    whole = make(village, policy)
    for _ in range(at):
        whole.step()
    copy = pickle.loads(pickle.dumps(whole))
    assert bits(copy) == bits(whole)
    assert copy.tick == at
    assert bits(copy.run()) == bits(whole.run())
    assert copy.ledger == whole.ledger
    assert copy.outcomes.equals(whole.outcomes)


def test_a_pickled_run_keeps_budget_practices_and_reporters(borough):
    settings = {"practice": list(PRACTICES[:2]), "budget": 200_000, "taper": 1}
    whole = make(borough, "codesigned_networks", 2, agent_reporters={"stage": "stage"}, **settings)
    for _ in range(9):
        whole.step()
    copy = pickle.loads(pickle.dumps(whole))
    assert bits(copy.run()) == bits(whole.run())
    left, right = (m.datacollector.get_agent_vars_dataframe() for m in (copy, whole))
    pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize("policy", ["codesigned_networks", "guidance_only", "trust_led"])
def test_steps_make_a_run(village, policy):
    run, stepped, both = (make(village, policy) for _ in range(3))
    run.run()
    for _ in range(stepped.ticks):
        stepped.step()
    for _ in range(7):
        both.step()
    both.run()
    assert bits(run) == bits(stepped) == bits(both)
    assert run.tick == run.ticks == 24
    assert bits(run.run()) == bits(stepped)
    with pytest.raises(RuntimeError, match="the run is over"):
        run.step()


@pytest.mark.parametrize("ticks_per_year", [6, 12, 39, 52])
def test_a_clock_on_each_phase_changes_nothing(village, ticks_per_year):
    plain = make(village, ticks_per_year=ticks_per_year).run()
    timed = make(village, ticks_per_year=ticks_per_year, timed=True).run()
    watched = make(village, ticks_per_year=ticks_per_year, check=True).run()
    assert bits(plain) == bits(timed) == bits(watched)
    assert all(timed.phases.seconds[phase.name] > 0 for phase in PHASES)
    assert sum(plain.phases.seconds[phase.name] for phase in PHASES[1:]) == 0


def test_collecting_changes_nothing(village):
    assert bits(make(village).run()) == bits(make(village, agent_reporters={"q": "fidelity"}).run())


# -- conservation --------------------------------------------------------------
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "settings", [{}, {"budget": None, "taper": 1.5}, {"budget": 60_000, "practice": list(PRACTICES[:2])}], ids=str
)
def test_nothing_is_made_or_lost(village, policy, settings):
    """Every phase of every tick: stages partition the posts, contacts and counts add up, money booked is money spent."""
    model = make(village, policy, check=True, years=6, **settings).run()
    assert model.tick == 36


@pytest.mark.parametrize("policy", ["codesigned_networks", "trust_led", "test_bed_then_scale", "strong_weak_pairing"])
def test_nothing_is_made_or_lost_in_a_borough(borough, policy):
    make(borough, policy, check=True, years=5, budget=None).run()


def test_the_checks_do_find_what_is_wrong(village):
    """Each of these breaks something that cannot be: the checks must say so."""

    def stage(w):
        w.posts.stage[0, 3] = 7

    def contacts(w):
        w.posts.contacts[0, 0] += 1

    def unit(w):
        w.posts.fidelity[0, 0] = 1.5

    def nan(w):
        w.posts.knowledge[0, 0] = np.nan

    def count(w):
        w.uptake["in_use"][0, 0] += 1

    def money(w):
        w.money.ledger[0] += 5

    def cluster(w):
        w.uptake["cluster"][0, 0] = 0 if w.uptake["cluster"][0, 0] < 0 else -1

    def member(w):
        w.uptake["signed_up"][0, np.flatnonzero(w.uptake["cluster"][0] >= 0)[0]] = 0

    for damage in (stage, contacts, unit, nan, count, money, cluster, member):
        model = make(village, "national_mandate").run()
        checks.check_all(model)
        damage(model.world)
        with pytest.raises(checks.ConservationError, match="tick 24: "):
            checks.check_all(model)


def test_people_are_neither_made_nor_lost(borough):
    """At a year's end posts stay; who leaves is replaced, who moves stands elsewhere, and nobody stands twice."""
    model = make(borough, "business_as_usual", years=3, funded_years=1)
    for _ in range(5):
        model.step()
    before = pickle.loads(pickle.dumps(model))
    model.step()
    kept = ("school", "role", "department", "base_workload", "earliness", "tie_share")
    for name in kept:
        assert np.array_equal(before.tables[Teacher][name], model.tables[Teacher][name])
    people = [
        list(zip(m.tables[Teacher]["openness"].tolist(), m.tables[Teacher]["aptitude"].tolist(), strict=True))
        for m in (before, model)
    ]
    stayed = sum(a == b for a, b in zip(*people, strict=True))
    still_here = len(set(people[0]) & set(people[1]))
    assert len(set(people[1])) == model.system.n_posts
    assert 0.8 < stayed / model.system.n_posts < 0.9
    assert 0.02 < (still_here - stayed) / model.system.n_posts < 0.14
    years = dict(zip(people[0], before.tables[Teacher]["experience"].tolist(), strict=True))
    for person, now in zip(people[1], model.tables[Teacher]["experience"].tolist(), strict=True):
        assert person not in years or now == years[person] + 1


# -- two worlds ----------------------------------------------------------------
def treat(model: Model, post: int) -> None:
    """One teacher does it perfectly from now on; what others count of that is brought in line."""
    w = model.world
    w.posts.stage[:, post] = USING
    w.posts.fidelity[:, post] = 1.0
    w.posts.knowledge[:, post] = 1.0
    w.posts.ownership[:, post] = 1.0
    w.posts.contacts[:] = contacts_afresh(w, model.system.tie_start, model.system.tie_to)
    census(w)


class Reach:
    """The posts and schools that a treated post may have changed, tick by tick: through ties, school, cluster and moves.

    It errs on the side of too many: a school once reached stays so, and whoever takes a reached post is reached.
    """

    def __init__(self, model: Model, post: int):
        self.system = model.system
        self.school_of = model.tables[Teacher]["school"]
        self.source = np.repeat(np.arange(self.system.n_posts), np.diff(self.system.tie_start))
        self.posts = np.zeros(self.system.n_posts, bool)
        self.posts[post] = True
        self.schools = np.zeros(self.system.n_schools, bool)
        self.schools[self.school_of[post]] = True

    def tick(self, model: Model) -> None:
        """After a tick of the untreated world."""
        for practice in range(len(model.practice_names)):
            cluster = model.tables[School]["cluster"][practice]
            touched = np.unique(cluster[self.schools & (cluster >= 0)])
            self.schools |= np.isin(cluster, touched)
        followers = self.source[self.posts[self.system.tie_to]]
        self.posts[followers] = True
        self.posts |= self.schools[self.school_of]
        self._settle()

    def moved(self, before: list, after: list) -> None:
        """At a year's end: people (told by who they are) take what they carry to another post."""
        was = {person: i for i, person in enumerate(before)}
        for post, person in enumerate(after):
            if person in was and self.posts[was[person]]:
                self.posts[post] = True
        self._settle()

    @property
    def watching(self) -> np.ndarray:
        """Posts that what they see of others may have changed, though they have not acted on it yet."""
        out = self.posts.copy()
        out[self.source[self.posts[self.system.tie_to]]] = True
        return out

    def _settle(self) -> None:
        self.schools[self.school_of[self.posts]] = True


def people(model: Model) -> list[tuple[float, float]]:
    table = model.tables[Teacher]
    return list(zip(table["openness"].tolist(), table["aptitude"].tolist(), strict=True))


def state_of(model: Model, kind: type, name: str) -> np.ndarray:
    values = np.ascontiguousarray(model.tables[kind][name])
    return values.reshape(-1, values.shape[-1])


@pytest.mark.parametrize("start", [0, 10])
@pytest.mark.parametrize("practice", ["formative_assessment", list(PRACTICES[:2])], ids=["one", "two"])
def test_two_worlds_agree_wherever_one_teacher_cannot_reach(start, practice):
    """One teacher treated, at the start or two ticks before a year ends: the rest of the country is bit for bit the same.

    Budget and funding are such that who signs up does not depend on teachers (all years funded).
    """
    system = build("synthetic", {"n_schools": 600, "seed": 2})
    world = make(system, "codesigned_networks", 4, years=4, funded_years=4, budget=None, practice=practice)
    for _ in range(start):
        world.step()
    treated = pickle.loads(pickle.dumps(world))
    members = np.flatnonzero(world.tables[School]["cluster"][0] >= 0) if start else [0]
    post = int(world.tables[School]["first_post"][members[len(members) // 2]]) + 2
    treat(treated, post)
    treat_nothing = pickle.loads(pickle.dumps(world))
    census(treat_nothing.world)
    assert bits(treat_nothing) == bits(world)

    reach, differ = Reach(world, post), False
    for _ in range(4):
        if world.tick % 6 == 5:
            before = people(world)
        world.step()
        treated.step()
        reach.tick(world)
        if world.tick % 6 == 0:
            reach.moved(before, people(world))
        assert people(world) == people(treated)
        for kind, mask in ((Teacher, reach.posts), (School, reach.schools)):
            for name in kind.fields():
                a, b = state_of(world, kind, name), state_of(treated, kind, name)
                reached = reach.watching if name == "contacts" else mask
                assert a[:, ~reached].tobytes() == b[:, ~reached].tobytes(), f"{name} at tick {world.tick}"
                differ |= a.tobytes() != b.tobytes()
    assert differ
    assert 0.05 < (~reach.posts).mean() < 0.999


def test_treating_nobody_changes_nothing_and_treating_somebody_changes_something(borough):
    world, treated = make(borough, years=2), make(borough, years=2)
    treat(treated, 50)
    assert bits(world) != bits(treated)
    world.run()
    treated.run()
    assert bits(world) != bits(treated)
    use = [m.outcome_arrays(["spread_teachers"])["spread_teachers"][0, -1] for m in (world, treated)]
    assert abs(use[0] - use[1]) < 0.05


# -- several practices ---------------------------------------------------------
def test_practices_compete_for_hours_and_priority(county):
    """No teacher has more than 40 hours, no school more than 1.5 of priority, however many practices there are."""
    model = make(county, "coaching", practice=list(PRACTICES), budget=None, years=3, funded_years=3)
    capped = scaled = 0
    for _ in range(model.ticks):
        model.step()
        hours, force = (model.world.uptake[name].sum(axis=0) for name in ("hours", "force"))
        assert hours.max() <= 40 * (1 + 1e-6)
        assert force.max() <= 1.5 * (1 + 1e-6)
        capped += int((hours > 39.999).sum())
        scaled += int((force > 1.4999).sum())
    assert capped > 0
    assert scaled > 0


def test_more_practices_mean_less_of_each(county):
    """The same practice, alone and beside two others, at equal funding for each; the same seeds."""
    gaps = []
    for seed in range(6):
        settings = {"budget": None, "years": 3, "funded_years": 3}
        alone = make(county, "coaching", seed, practice=PRACTICES[0], **settings).run()
        three = make(county, "coaching", seed, practice=list(PRACTICES), **settings).run()
        name = "spread_teachers"
        gaps.append(alone.outcome_arrays([name])[name][0, -1] - three.outcome_arrays([name])[name][0, -1])
    assert np.mean(gaps) > 2 * np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert np.mean(gaps) > 0.003


def test_trying_several_practices_is_a_heavier_load(county):
    """With no cap on hours or priority that binds, the load of trying is what is left of competition."""
    gaps = []
    for seed in range(6):
        settings = {
            "budget": None,
            "years": 3,
            "funded_years": 3,
            "practice": ["formative_assessment", "metacognition"],
        }
        light = make(county, "hub_and_spoke", seed, **settings, **{"parameters.w_trying": 0.0}).run()
        heavy = make(county, "hub_and_spoke", seed, **settings, **{"parameters.w_trying": 0.3}).run()
        gaps.append(light.world.uptake["in_use"].sum() - heavy.world.uptake["in_use"].sum())
    assert np.mean(gaps) > 0


def test_a_practice_alone_and_one_beside_a_dead_one_are_the_same(county):
    """The first practice of two draws as if it were alone; where the other takes no time and no priority it is alone."""
    alone = make(county, "guidance_only", 3, practice="metacognition").run()
    two = make(
        county, "guidance_only", 3, practice=["metacognition", "generic_enquiry"], **{"parameters.w_trying": 0.0}
    ).run()
    alone_light = make(county, "guidance_only", 3, practice="metacognition", **{"parameters.w_trying": 0.0}).run()
    assert bits(alone)
    for name in ("stage", "knowledge", "fidelity", "ownership"):
        assert np.array_equal(alone_light.tables[Teacher][name][0], two.tables[Teacher][name][0])


def test_practices_are_looked_at_one_by_one(village):
    model = make(village, "national_mandate", practice=list(PRACTICES)).run()
    teacher = model.agents_by_type[Teacher][10]
    assert teacher.practice == PRACTICES[0]
    assert teacher.of("metacognition").practice == "metacognition"
    assert teacher.of("metacognition").stage == model.tables[Teacher]["stage"][1, 10]
    with pytest.raises(UnknownName, match="did you mean 'metacognition'"):
        teacher.of("metacognitoin")
    frame = model.outcomes
    assert set(frame["practice"]) == {*PRACTICES, "all"}
    shared = set(frame.loc[frame["practice"] == "all", "outcome"])
    assert shared == {name for name, row in OUTCOMES.items() if row.shared}
    with pytest.raises(BadValue, match="each practice once"):
        make(village, practice=["metacognition", "metacognition"])
    with pytest.raises(BadValue, match="at least one"):
        make(village, practice=[])


# -- Mesa ----------------------------------------------------------------------
def test_it_is_a_mesa_model_of_teachers_schools_clusters_and_networks(village):
    model = make(village).run()
    assert isinstance(model, mesa.Model)
    assert set(model.agents_by_type) == {Teacher, School, Cluster, Network}
    assert len(model.agents_by_type[Teacher]) == village.n_posts
    assert len(model.agents_by_type[School]) == village.n_schools
    assert len(model.agents) == sum(len(agents) for agents in model.agents_by_type.values())
    assert isinstance(model.agents, ViewSet)
    teacher = model.agents_by_type[Teacher][20]
    assert isinstance(teacher, mesa.Agent)
    assert teacher.model is model
    assert teacher in teacher.at.teachers
    assert len(teacher.at.teachers) == teacher.at.size
    assert {colleague.at.unique_id for colleague in teacher.at.teachers} == {teacher.at.unique_id}
    advisers = [adviser.row for adviser in teacher.advisers]
    assert advisers == model.advisers_of(20).tolist()
    assert teacher.row not in advisers
    head = model.agents_by_type[School][0].teachers[0]
    assert head.role_name == "head"
    assert [school.phase_name for school in model.agents_by_type[School]] == ["primary"] * 4 + ["secondary"]
    assert model.agents_by_type[School][0].name == "Millbrook Primary"


def test_agent_sets_answer_as_mesas_do(borough):
    model = make(borough, years=3, budget=None).run()
    teachers = model.agents_by_type[Teacher]
    used = teachers.select(lambda t: t.in_use)
    well = teachers.select(lambda t: t.doing_it_well)
    arrays = model.outcome_arrays(["spread_teachers", "doing_it_well", "depth"])
    assert len(used) / len(teachers) == pytest.approx(arrays["spread_teachers"][0, -1])
    assert len(well) / len(teachers) == pytest.approx(arrays["doing_it_well"][0, -1])
    assert used.agg("fidelity", np.mean) == pytest.approx(arrays["depth"][0, -1], rel=1e-4)
    assert teachers.groupby("role_name").count()["head"] == borough.n_schools
    best = used.sort("fidelity", ascending=False)
    assert best[0].fidelity == max(used.get("fidelity"))
    assert len(teachers.shuffle()) == len(teachers)
    clusters = model.agents_by_type[Network][0].clusters
    assert len(clusters) == len([c for c in model.agents_by_type[Cluster] if c.members > 0]) > 0
    for cluster in clusters:
        assert len(cluster.schools) == cluster.members
        assert all(school.meets_with == cluster for school in cluster.schools)
        assert all(school.signed_up for school in cluster.schools)
    assert model.agents_by_type[Network][0].cpd == np.float32(0.7)


def test_a_view_writes_to_what_the_rules_read(village):
    model = make(village, "business_as_usual")
    teacher = model.agents_by_type[Teacher][30]
    teacher.stage = 3
    teacher.fidelity = 0.75
    assert model.world.posts.stage[0, 30] == 3
    assert model.world.posts.fidelity[0, 30] == 0.75
    assert teacher.doing_it_well
    assert teacher.stage_name == "using"
    school = model.agents_by_type[School][2]
    school.climate = 0.9
    assert model.world.schools["climate"][2] == np.float32(0.9)
    with pytest.raises(AttributeError, match="did you mean 'fidelity'"):
        teacher.fidelty = 1


def test_data_are_collected_as_mesa_does(village):
    model = make(
        village,
        years=2,
        model_reporters={"in_use": lambda m: int(m.world.uptake["in_use"].sum()), "tick": "tick"},
        agent_reporters={"stage": "stage", "fidelity": "fidelity"},
    ).run()
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["tick"].tolist() == list(range(13))
    use = model.outcome_arrays(["spread_teachers"])["spread_teachers"][0] * village.n_posts
    assert np.allclose(frame["in_use"], use)
    agents = model.datacollector.get_agent_vars_dataframe()
    assert agents.index.names == ["Step", "AgentID"]
    assert len(agents) == 13 * len(model.agents)
    last = agents.loc[12].loc[[teacher.unique_id for teacher in model.agents_by_type[Teacher]]]
    assert np.array_equal(last["stage"].astype(int), model.tables[Teacher]["stage"][0])
    assert np.array_equal(last["fidelity"].astype(np.float32), model.tables[Teacher]["fidelity"][0])


# -- outcomes ------------------------------------------------------------------
def test_outcomes_are_a_tidy_frame(village):
    model = make(village, "coaching", 5, years=3).run()
    frame = model.outcomes
    assert list(frame.columns) == ["policy", "seed", "practice", "tick", "year", "outcome", "value"]
    assert len(frame) == len(OUTCOMES) * 19
    assert set(frame["outcome"]) == set(OUTCOMES)
    assert set(frame["policy"]) == {"coaching"}
    assert set(frame["seed"]) == {5}
    assert set(frame["practice"]) == {"formative_assessment"}
    assert np.allclose(frame["year"], frame["tick"] / 6)
    assert frame["value"].dtype == np.float64
    assert not frame.duplicated(["practice", "tick", "outcome"]).any()
    at_start = frame[frame["tick"] == 0].set_index("outcome")["value"]
    assert at_start[["aware", "spread_teachers", "doing_it_well", "cost_gbp", "staff_hours"]].eq(0).all()


def test_outcomes_are_what_interface_says(borough):
    """Reckoned again from posts and schools, by INTERFACE.md and not by the totals."""
    model = make(borough, "targeted_networks", 3, years=7, funded_years=2, budget=None).run()
    got = {name: values[0, -1] for name, values in model.outcome_arrays().items()}
    t, s = model.tables[Teacher], model.tables[School]
    stage, q, o = t["stage"][0], t["fidelity"][0].astype(float), t["ownership"][0].astype(float)
    use, well = np.isin(stage, (2, 3)), (stage == 3) & (t["fidelity"][0] >= np.float32(0.6))
    by_school = np.bincount(t["school"], use) / s["size"]
    rank = model.system.schools["fsm_rank"][t["school"]]
    pupils, fsm, a = s["pupils"].astype(float), s["fsm"].astype(float), s["attainment"][0].astype(float)
    signed = s["signed_up"][0] > 0
    disadvantaged = a * (1 + signed * (0.5 * 0.9 + 0.25 * 0.5))
    once = model.tables[Cluster]["funded_once"] > 0
    alive = once & (model.tables[Cluster]["members"] > 0) & (model.tables[Cluster]["vitality"] > np.float32(0.3))
    being = model.tables[Cluster]["members"] > 0
    expected = {
        "aware": (stage > 0).mean(),
        "spread_teachers": use.mean(),
        "spread_schools": (by_school >= 0.25).mean(),
        "doing_it_well": well.mean(),
        "depth": q[use].mean(),
        "ownership": o[use].mean(),
        "signed_up": signed.mean(),
        "gap": well[rank >= 0.8].mean() - well[rank < 0.2].mean(),
        "attainment_sd": np.sum(pupils * (a + fsm * (disadvantaged - a))) / pupils.sum(),
        "attainment_disadvantaged_sd": np.sum(pupils * fsm * disadvantaged) / np.sum(pupils * fsm),
        "attainment_gap_sd": np.sum(pupils * fsm * disadvantaged) / np.sum(pupils * fsm)
        - np.sum(pupils * (1 - fsm) * a) / np.sum(pupils * (1 - fsm)),
        "cost_gbp": sum(model.ledger.values()),
        "cost_per_pupil_gbp": sum(model.ledger.values()) / pupils.sum(),
        "self_led": alive.sum() / once.sum(),
        "cluster_vitality": model.tables[Cluster]["vitality"][being].astype(float).mean(),
        "facilitators": model.tables[Cluster]["facilitators"][being].astype(float).mean(),
    }
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, rel=2e-5, abs=1e-7), name
    assert np.isnan(got["unspent_gbp"])


def test_what_is_sustained_is_read_three_years_after_funding_ended(borough):
    model = make(borough, "codesigned_networks", 3, years=9, funded_years=2, budget=None)
    assert model.funding_end == 4  # the last of three rounds is at year 2, its funding ends two years on
    model.run()
    arrays = {name: values[0] for name, values in model.outcome_arrays().items()}
    at = round((model.funding_end + 3) * 6)
    assert np.isnan(arrays["sustained"][:at]).all()
    assert (arrays["sustained"][at:] == arrays["doing_it_well"][at]).all()
    assert 0 < arrays["sustained_ratio"][-1] < 3
    short = make(borough, "codesigned_networks", 3, years=5, funded_years=2, budget=None).run()
    assert np.isnan(short.outcome_arrays(["sustained"])["sustained"]).all()


def test_the_scorecard_names_outcomes_and_unknown_ones_are_refused(village):
    assert set(SCORECARD) <= set(OUTCOMES)
    with pytest.raises(UnknownName, match="did you mean 'depth'"):
        make(village).outcome_arrays(["depht"])


def test_bookings_add_up(borough):
    model = make(borough, "hub_and_spoke", 3, budget=None).run()
    cost = model.outcome_arrays(["cost_gbp"])["cost_gbp"][0]
    assert np.all(np.diff(cost) >= 0)
    assert cost[-1] == pytest.approx(sum(model.ledger.values()))
    assert model.world.schools["cpd_budget"].sum() + model.ledger["recruitment"] == pytest.approx(cost[-1])


# -- the schedule --------------------------------------------------------------
def calls_in(function) -> list[str]:
    """The names that a function calls, in the order they stand in its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    return [node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id for node in calls]


def test_the_phases_that_are_printed_are_those_that_run():
    """PHASES against the source of the compiled entry: the same phases, in the same order, and nothing beside them."""
    runs = [name for name in calls_in(engine.run_ticks.py_func) if name != "range"]
    listed = [phase.run.py_func.__name__ for phase in PHASES[1:]]
    assert [name for name in runs if name != "census"] == listed
    assert runs[runs.index("turnover") + 1] == "census"  # posts have new holders: count again
    for phase in PHASES[1:]:
        assert getattr(engine, phase.run.py_func.__name__) is phase.run
    assert PHASES[0].run is engine.Recruitment
    opened = calls_in(Model._open_year)
    assert [name for name in opened if name in ("_lay_out", "open_round")] == [
        "_lay_out",
        "open_round",
    ]
    assert [phase.name for phase in PHASES] == [
        "policy",
        "noise",
        "networks",
        "money",
        "teachers",
        "turnover",
        "schools",
        "outcomes",
    ]


def test_the_phases_print_as_a_table(village):
    model = make(village, timed=True).run()
    lines = repr(model.phases).splitlines()
    assert lines[0].split() == ["phase", "when", "reads", "writes", "seconds"]
    assert [line.split()[0] for line in lines[1:]] == [phase.name for phase in model.phases]
    assert repr(make(village).phases).splitlines()[2].endswith("-")


def test_a_year_opens_once_and_ends_once(village):
    """Head tenure counts years, noise is drawn anew each year and only then."""
    model = make(village, "business_as_usual", years=3)
    noises = []
    for tick in range(18):
        model.step()
        noises.append(model.tables[Teacher]["attendance_noise"].tobytes())
        assert model.tables[School]["head_tenure"].max() <= (tick + 1) // 6
    assert [len(set(noises[i : i + 6])) for i in (0, 6, 12)] == [1, 1, 1]
    assert len(set(noises)) == 3


# -- the time step -------------------------------------------------------------
SHARES = (
    "aware",
    "spread_teachers",
    "spread_schools",
    "doing_it_well",
    "depth",
    "ownership",
    "signed_up",
    "cluster_vitality",
    "gap",
    "attainment_sd",
)


def over_seeds(system, ticks_per_year, years=(2, 3, 6, 10), seeds=range(12)) -> np.ndarray:
    """(seeds, outcomes, years)."""
    out = []
    for seed in seeds:
        settings = {"years": 10, "funded_years": 3, "budget": None, "ticks_per_year": ticks_per_year}
        arrays = make(system, "codesigned_networks", seed, **settings).run().outcome_arrays(list(SHARES))
        out.append([[arrays[name][0, year * ticks_per_year] for year in years] for name in SHARES])
    return np.array(out)


@pytest.fixture(scope="module")
def by_half_terms(county) -> np.ndarray:
    return over_seeds(county, 6)


@pytest.mark.parametrize("ticks_per_year", [12, *(pytest.param(n, marks=pytest.mark.long) for n in (39, 52))])
def test_a_smaller_time_step_changes_nothing_beyond_chance(county, by_half_terms, ticks_per_year):
    """Within the larger of .015 and three standard errors of the paired difference, at years 2, 3, 6 and 10."""
    gaps = over_seeds(county, ticks_per_year) - by_half_terms
    error = gaps.std(axis=0, ddof=1) / np.sqrt(len(gaps))
    beyond = np.abs(gaps.mean(axis=0)) - np.maximum(0.015, 3 * error)
    told = [
        f"{name} in year {year}: {gaps.mean(axis=0)[i, j]:+.4f} (SE {error[i, j]:.4f})"
        for (i, name), (j, year) in itertools.product(enumerate(SHARES), enumerate((2, 3, 6, 10)))
        if beyond[i, j] > 0
    ]
    assert not told, "; ".join(told)


# -- settings ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"policy": "codesigned_network"},
            "policy=codesigned_network: not a policy; did you mean 'codesigned_networks'?",
        ),
        ({"system": "londn"}, "did you mean 'london'"),
        ({"practice": "metacognitive"}, "did you mean 'metacognition'"),
        ({"network": "nlcc"}, "did you mean 'nlc'"),
        ({"years": 0}, "years=0: expected a whole number from 1 to 100"),
        ({"years": 2.5}, "years=2.5: expected a whole number"),
        ({"years": float("nan")}, "years=nan"),
        ({"years": 2, "funded_years": 3}, "funded_years=3: expected at most years, which is 2"),
        ({"ticks_per_year": 10}, "ticks_per_year=10: expected one of 6, 12, 39, 52"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 1.5}, "seed=1.5"),
        ({"seed": True}, "seed=True"),
        ({"budget": -5}, "budget=-5"),
        ({"budget": float("nan")}, "budget=nan"),
        ({"budget": "lots"}, "budget=lots"),
        ({"taper": -1}, "taper=-1"),
        ({"parameters.thetta": 2}, "did you mean 'theta'"),
        ({"parameters.theta": "two"}, "parameters.theta=two: expected a number"),
        ({"parameters.theta": float("nan")}, "parameters.theta=nan"),
        ({"parameters.theta": 900}, "parameters.theta=900: expected a number from 0 to 8"),
        ({"network.colaboration": 0.5}, "did you mean 'collaboration'"),
        ({"network.collaboration": 1.5}, "a number from 0 to 1"),
        ({"practice": 5}, "practice=5"),
        ({"network": 5}, "network=5"),
        ({"network": ["nlc"]}, "network=['nlc']"),
        ({"practice.effect": 5}, "practice.effect=5"),
        ({"practice.efect": 0.1}, "did you mean 'effect'"),
        ({"fundedyears": 3}, "did you mean 'funded_years'"),
        ({"sytem.la": "Camden"}, "did you mean 'system'"),
        ({"system": "borough", "system.la": "Camdn"}, "did you mean 'Camden'"),
        ({"policy": "guidance_only", "network.collaboration": 0.5}, "guidance_only has none"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_told_in_one_line(settings, message):
    with pytest.raises(KmsimError) as caught:
        Model(**({"system": "village"} | settings))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
