"""kmsim.Model as Mesa's users drive it: every public member works, differs as docs/mesa.md says, or is refused in one line."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import warnings
from pathlib import Path

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.agent import AgentSet

from kmsim.agents import Cluster, Network, School, Teacher
from kmsim.errors import BadValue, KmsimError, Refused, RunOver
from kmsim.model import Model
from tests.test_model import bits

PAGE = Path(__file__).parent.parent / "docs" / "mesa.md"
STATUSES = {"works", "differs", "refused"}
NEWER = hasattr(mesa.Model, "run_for")  # Mesa 3.5: events and time
SETTINGS = {"system": "village", "policy": "national_mandate", "years": 2, "funded_years": 1}
TICKS = 12


def make(kind: type[Model] = Model, **settings) -> Model:
    return kind(**(SETTINGS | settings))


def batch(kind=Model, parameters=None, **settings):
    """What mesa.batch_run gives; Mesa 3.5 warns of `iterations`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return mesa.batch_run(kind, parameters=SETTINGS | (parameters or {}), display_progress=False, **settings)


def seed_of(model):
    return model.given.seed


SEED_AND_TICK = {"model_reporters": [{"seed": seed_of, "tick": "tick", "bits": bits}]}


# -- the page ------------------------------------------------------------------
def rows() -> dict[str, dict[str, tuple[str, str]]]:
    """Class -> member -> status and remark, as the page has them."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            table = found.setdefault(line[4:], {})
        if line.startswith("| `"):
            member, status, remark = (cell.strip() for cell in line.strip("|").split("|"))
            table[member.strip("`")] = status, remark
    return found


def members() -> dict[str, set[str]]:
    """Class -> its public members, of the class and of an object of it, on the Mesa that is installed."""

    class Plain(mesa.Model):
        pass

    model = Plain()
    agent = mesa.Agent(model)
    agents = AgentSet([agent], random=model.random)
    made = {
        "Model": (mesa.Model, model),
        "Agent": (mesa.Agent, agent),
        "AgentSet": (AgentSet, agents),
        "GroupBy": (sys.modules[AgentSet.__module__].GroupBy, agents.groupby("unique_id")),
        "DataCollector": (mesa.DataCollector, mesa.DataCollector()),
    }
    return {
        name: {m for m in {*dir(kind), *getattr(one, "__dict__", {})} if not m.startswith("_")}
        for name, (kind, one) in made.items()
    }


def test_the_page_names_every_public_member_of_mesa():
    listed, there = rows(), members()
    assert set(listed) == set(there)
    for kind, names in there.items():
        assert names - set(listed[kind]) == set(), f"members of {kind} that docs/mesa.md does not name"
        for name, (status, remark) in listed[kind].items():
            assert status in STATUSES, name
            assert name in names or remark.startswith("3.5") or name == "to_list", f"{kind} has no {name}"


class Visitor(mesa.Agent):
    pass


REFUSED = {
    ("Model", "register_agent"): lambda model: Visitor(model),
    ("Model", "deregister_agent"): lambda model: model.deregister_agent(model.agents[0]),
    ("Model", "remove_all_agents"): lambda model: model.remove_all_agents(),
    ("Model", "reset_randomizer"): lambda model: model.reset_randomizer(),
    ("Model", "reset_rng"): lambda model: model.reset_rng(5),
    ("Agent", "create_agents"): lambda model: Teacher.create_agents(model, 0),
    ("Agent", "from_dataframe"): lambda model: Teacher.from_dataframe(model, pd.DataFrame()),
    ("Agent", "remove"): lambda model: model.agents[0].remove(),
}


def test_what_the_page_calls_refused_is_refused_in_one_line_and_changes_nothing():
    listed = {
        (kind, name) for kind, table in rows().items() for name, (status, _) in table.items() if status == "refused"
    }
    assert listed == set(REFUSED)
    model = make()
    before = bits(model)
    for act in REFUSED.values():
        with pytest.raises(Refused) as caught:
            act(model)
        assert "\n" not in str(caught.value)
    assert bits(model) == before
    assert model not in getattr(mesa.Agent, "_ids", {})
    assert bits(model.run()) == bits(make().run())


def test_what_the_page_says_works_is_there():
    model = make()
    ours = {
        "Model": model,
        "Agent": model.agents[0],
        "AgentSet": model.agents,
        "GroupBy": model.agents_by_type[School].groupby("phase"),
        "DataCollector": model.datacollector,
    }
    there = members()
    for kind, table in rows().items():
        for name in table.keys() & there[kind]:
            assert hasattr(ours[kind], name), f"{kind}.{name}"


# -- ways to run ---------------------------------------------------------------
class Counting(Model):
    """A subclass with its own attributes and step."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.own_steps = 0
        self.seen = []

    def step(self):
        super().step()
        self.own_steps += 1
        self.seen.append(self.random.random())


class Plain(Model):
    """A subclass that changes nothing."""


def by_hand(model):
    while model.running:
        model.step()


WAYS = {
    "run_model": lambda model: model.run_model(),
    "while running": by_hand,
    "steps": lambda model: [model.step() for _ in range(model.ticks)],
    "steps, then run": lambda model: ([model.step() for _ in range(5)], model.run()),
}


@pytest.fixture(scope="module")
def alone() -> str:
    return bits(make().run())


@pytest.mark.parametrize("kind", [Model, Plain, Counting])
@pytest.mark.parametrize("way", ["run", *WAYS])
def test_every_way_to_run_gives_the_same_bits_and_counts_alike(kind, way, alone):
    model = make(kind)
    assert (model.running, model.steps, model.tick) == (True, 0, 0)
    WAYS.get(way, lambda model: model.run())(model)
    assert bits(model) == alone
    assert (model.running, model.steps, model.tick) == (False, TICKS, TICKS)
    if NEWER:
        assert model.time == TICKS
    if kind is Counting:
        assert model.own_steps == TICKS


def test_a_step_after_the_last_tick_is_refused_and_not_counted():
    for kind in (Model, Counting):
        model = make(kind).run()
        state = bits(model)
        for _ in range(2):
            with pytest.raises(RunOver, match="years="):
                model.step()
        assert (bits(model), model.steps, model.tick, model.running) == (state, TICKS, TICKS, False)
        assert model.run() is model
        assert model.run_model() is None
    assert issubclass(RunOver, RuntimeError)


def test_run_calls_a_step_that_is_put_in_its_place_for_one_model():
    model, calls = make(), []
    plain = model.step
    model.step = lambda: (calls.append(model.tick), plain())
    model.run()
    assert calls == list(range(TICKS))


def test_a_subclass_may_stop_early_and_go_on():
    class Stopping(Model):
        def step(self):
            super().step()
            self.running = self.running and self.tick != 5

    model = make(Stopping).run()
    assert (model.tick, model.running) == (5, False)
    assert model.run().tick == 5
    model.running = True
    assert bits(model.run()) == bits(make().run())
    assert batch(Stopping, SEED_AND_TICK)[-1]["tick"] == 5


def test_a_subclass_may_step_several_ticks_at_once(alone):
    class Yearly(Model):
        def step(self):
            for _ in range(6):
                super().step()

    model = make(Yearly).run()
    assert (bits(model), model.steps, model.running) == (alone, 2, False)


def test_run_refuses_a_step_that_does_not_go_on():
    class Idle(Model):
        def step(self):
            pass

    with pytest.raises(KmsimError, match=r"Idle.step\(\).*super\(\).step\(\)"):
        make(Idle).run()


def test_counting_steps_keeps_a_run_compiled(monkeypatch):
    """A plain run asks for many ticks at once; one whose every tick matters for one each time."""
    spans = []
    advance = Model._advance
    monkeypatch.setattr(Model, "_advance", lambda self, until: (spans.append(until - self.tick), advance(self, until)))
    make(years=10).run()
    assert max(spans) > 6
    spans.clear()
    make(Counting).run()
    make(agent_reporters={"stage": "stage"}).run()
    assert set(spans) == {1}


# -- batch_run -----------------------------------------------------------------
def test_batch_run_ends_with_the_end_of_the_run(alone):
    (row,) = batch(parameters=SEED_AND_TICK)
    assert (row["tick"], row["bits"]) == (TICKS, alone)


@pytest.mark.parametrize("kind", [Model, Plain, Counting])
def test_iterations_have_seeds_of_their_own(kind):
    found = batch(kind, SEED_AND_TICK, iterations=3)
    assert [(row["iteration"], row["seed"]) for row in found] == [(0, 1), (1, 2), (2, 3)]
    assert [row["bits"] for row in found] == [bits(make(seed=seed).run()) for seed in (1, 2, 3)]


def test_iterations_of_a_function_that_makes_the_model_have_seeds_of_their_own():
    def factory(**settings):
        return Model(**{name: value for name, value in settings.items() if name != "rng"})

    assert [row["seed"] for row in batch(factory, SEED_AND_TICK, iterations=2)] == [1, 2]


def test_a_model_that_another_makes_keeps_its_seed():
    class Compared(Model):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.other = Model(**(SETTINGS | {"seed": self.given.seed}))

        def step(self):
            super().step()
            assert Model(**(SETTINGS | {"seed": 7})).given.seed == 7

    reporters = {"model_reporters": [{"seeds": lambda model: (model.given.seed, model.other.given.seed)}]}
    assert [row["seeds"] for row in batch(Compared, reporters, iterations=2, max_steps=1)] == [(1, 1), (2, 2)]


def test_iterations_of_one_seed_are_refused():
    class Fixed(Model):
        def __init__(self, **settings):
            super().__init__(**(settings | {"seed": 7, "rng": None}))

    with pytest.raises(KmsimError, match="iterations"):
        batch(Fixed, iterations=2)
    if not NEWER:  # Mesa 3.5 passes over a seed among the parameters
        with pytest.raises(KmsimError, match="iterations"):
            batch(parameters={"seed": 3}, iterations=2)


def test_seeds_may_be_given_as_mesa_takes_them():
    given = ({}, {"rng": [5, 6]}) if NEWER else ({"seed": [5, 6]}, {})
    found = batch(parameters=SEED_AND_TICK | given[0], **given[1])
    assert [row["seed"] for row in found] == [5, 6]
    assert [row["bits"] for row in found] == [bits(make(seed=seed).run()) for seed in (5, 6)]


def test_batch_run_in_two_processes_gives_the_same_rows():
    parameters = {
        "policy": ["coaching", "guidance_only"],
        "model_reporters": [{"tick": "tick"}],
        "agent_reporters": [{"x": "stage"}],
    }
    one, two = (batch(parameters=parameters, number_processes=n, iterations=2) for n in (1, 2))
    for found in (one, two):
        for row in found:
            del row["model_reporters"], row["agent_reporters"]
        found.sort(key=lambda row: (row["RunId"], row["Step"], row["AgentID"]))
    assert one == two
    assert {(row["policy"], row["iteration"], row["tick"]) for row in one} == {
        (policy, i, TICKS) for policy in parameters["policy"] for i in (0, 1)
    }


@pytest.mark.parametrize("period", [1, 5])
def test_batch_run_collects_every_so_many_ticks(period):
    parameters = {
        "model_reporters": [{"tick": "tick", "aware": lambda m: int(m.tables[School]["aware"].sum())}],
        "agenttype_reporters": [{School: {"well": "aware"}}],
        "agent_reporters": [{"aware_here": [aware_of, []]}],
    }
    found = batch(parameters=parameters, data_collection_period=period)
    ticks = list(dict.fromkeys(row["tick"] for row in found))
    expected = list(range(0, TICKS + 1, period)) if NEWER else [t + 1 for t in range(0, TICKS, period)]
    assert ticks == (expected if NEWER or expected[-1] == TICKS else [*expected, TICKS])
    for tick in ticks:  # what agents report is of the same tick as what the model does
        at = [row for row in found if row["tick"] == tick]
        assert sum(row.get("aware_here") or 0 for row in at) == at[0]["aware"]


def aware_of(agent):
    return agent.aware if isinstance(agent, School) else None


def test_batch_run_stops_at_max_steps():
    (row,) = batch(parameters=SEED_AND_TICK, max_steps=4)
    assert row["tick"] in (4, 5)  # Mesa 3.3 counts to max_steps and one more


def test_reporters_that_are_no_mapping_are_refused():
    with pytest.raises(BadValue, match=r"model_reporters=.*list"):
        batch(parameters={"model_reporters": {"tick": "tick"}})


# -- seeds ---------------------------------------------------------------------
def test_rng_is_another_name_for_the_seed():
    assert bits(make(rng=5).run()) == bits(make(seed=5).run())
    assert make(rng=np.int64(5)).given.seed == 5
    for wrong in ({"rng": np.random.default_rng(1)}, {"rng": 5, "seed": 6}, {"seed": None}, {"rng": "5"}):
        with pytest.raises(KmsimError) as caught:
            make(**wrong)
        assert "\n" not in str(caught.value)


def test_mesas_generators_follow_the_seed_and_never_change_the_run(alone):
    assert make(seed=4).random.random() == make(seed=4).random.random() != make(seed=5).random.random()
    assert make(seed=4).rng.random() == make(seed=4).rng.random()
    model = make()
    while model.running:
        model.agents.shuffle_do(lambda agent: agent.random.random())
        model.rng.random()
        model.step()
    assert bits(model) == alone


def test_a_scenario_of_mesas_is_refused():
    with pytest.raises(BadValue, match="scenario"):
        make(scenario=object())


# -- agents and sets -----------------------------------------------------------
def test_mesas_own_set_of_our_agents_keeps_them():
    model = make()
    agents = AgentSet(model.agents_by_type[Teacher].select(lambda t: t.role == 3), random=model.random)
    gc.collect()
    assert len(agents) == 5
    assert agents.set("stage", 2).agg("stage", [min, max]) == [2, 2]
    agents.shuffle_do(lambda teacher: setattr(teacher, "fidelity", 0.5))
    assert model.tables[Teacher]["fidelity"].sum() == 2.5
    assert sorted(agents.groupby("school").count().values()) == [1] * 5
    assert len(agents.select(lambda t: t.school < 2)) == 2
    agents.discard(agents[0] if not NEWER else agents.to_list()[0])
    assert len(agents) == 4
    assert model.agents_by_type[Teacher][0] not in agents
    again, its_model = pickle.loads(pickle.dumps((agents, model)))
    gc.collect()
    assert len(again) == 4
    assert next(iter(again)).model is its_model
    assert bits(its_model) == bits(model)


def test_a_view_that_nobody_holds_is_not_kept():
    model = make()
    for agent in model.agents:
        agent.unique_id  # noqa: B018
    assert all(not table._kept for table in model.tables.values())


def test_agents_that_are_not_ours_leave_no_trace():
    model = make()
    with pytest.raises(Refused):
        Visitor.create_agents(model, 2)
    assert model not in getattr(mesa.Agent, "_ids", {})
    assert set(model.agent_types) == {Teacher, School, Cluster, Network}


def test_the_names_that_mesa_sets_cannot_be_set():
    model = make()
    agent = model.agents[0]
    for name in ("unique_id", "model", "pos"):
        with pytest.raises(AttributeError, match=name):
            setattr(agent, name, 1)
    with pytest.raises(AttributeError):
        model.agents = []


def test_agents_do_nothing_by_themselves(alone):
    model = make()
    while model.running:
        model.agents.shuffle_do("step").do("advance")
        model.step()
    assert bits(model) == alone


# -- setting states ------------------------------------------------------------
POSTS = [0, 3, 40]


def one_by_one(model):
    for row in POSTS:
        teacher = model.tables[Teacher].view(row)
        teacher.stage, teacher.fidelity, teacher.ownership = 3, 0.75, 0.5


def as_a_set(model):
    chosen = model.tables[Teacher].views(POSTS)
    chosen.set("stage", 3).set("fidelity", 0.75).set("ownership", 0.5)


def as_mesas_set(model):
    AgentSet(list(model.tables[Teacher].views(POSTS)), random=model.random).set("stage", 3).set("fidelity", 0.75).set(
        "ownership", 0.5
    )


def in_arrays(model):
    table = model.tables[Teacher]
    table["stage"][0, POSTS], table["fidelity"][0, POSTS], table["ownership"][0, POSTS] = 3, 0.75, 0.5


def in_arrays_kept(model):
    columns = model.tables[Teacher].columns
    columns["stage"][0, POSTS], columns["fidelity"][0, POSTS], columns["ownership"][0, POSTS] = 3, 0.75, 0.5


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize("way", [one_by_one, as_a_set, as_mesas_set, in_arrays, in_arrays_kept])
def test_states_that_are_set_enter_the_next_tick(at, way):
    """check=True compares every count with the posts after every tick."""
    model, untouched, expected = (make(check=True) for _ in range(3))
    for each in (model, untouched, expected):
        for _ in range(at):
            each.step()
    for each, set_states in ((model, way), (expected, one_by_one)):
        set_states(each)
        stage, fidelity = each.tables[Teacher].peek("stage"), each.tables[Teacher].peek("fidelity")
        well = each.outcome_arrays(["doing_it_well"])["doing_it_well"][0, -1]
        assert well == ((stage == 3) & (fidelity >= 0.6)).mean()
        assert each.tables[School].view(0).well >= 1
    model.step()
    untouched.step()
    expected.step()
    assert bits(model) == bits(expected) != bits(untouched)
    assert bits(model.run()) == bits(expected.run())


def test_an_array_that_is_kept_may_be_written_to_at_any_tick():
    model = make(check=True)
    stage = model.tables[Teacher]["stage"]
    while model.running:
        stage[0, model.tick] = 2
        model.step()
    assert model.steps == TICKS


@pytest.mark.parametrize("kind", [Teacher, School, Cluster, Network])
def test_every_column_that_can_be_set_counts_and_every_other_is_refused(kind):
    """Set in one agent at the second year's third tick, and still there or felt after the next: nothing is overwritten."""
    start = make(policy="codesigned_networks", budget=None, **{"parameters.rate_invite": 0.45})
    for _ in range(9):
        start.step()
    frozen = pickle.dumps(start)
    expected = bits(pickle.loads(frozen).run())
    for name, column in kind.fields().items():
        model = pickle.loads(frozen)
        agent = model.tables[kind].view(0)
        values = model.tables[kind].peek(name)
        if column.fixed:
            before = bits(model)
            for act in (
                lambda a=agent, n=name: setattr(a, n, 0),
                lambda m=model, n=name: m.tables[kind].views().set(n, 0),
                lambda m=model, n=name: m.tables[kind].__setitem__(n, 0),
            ):
                with pytest.raises(AttributeError, match=f"{kind.__name__}.{name} cannot be set: it ") as caught:
                    act()
                assert "\n" not in str(caught.value)
            assert bits(model) == before
            continue
        assert column.within is not None, f"{kind.__name__}.{name} has no range"
        least, most = column.within
        for wrong in (least - 1, most + 1, float("nan")):
            with pytest.raises(ValueError, match=f"{kind.__name__}.{name}="):
                setattr(agent, name, wrong)
        new = next(v for v in (1, 0) if v != values.reshape(-1)[0])
        setattr(agent, name, new)
        assert bits(model.run()) != expected, f"{kind.__name__}.{name} is set and nothing comes of it"


def test_a_set_of_several_classes_is_written_to_as_a_whole_or_not_at_all():
    model = make()
    before = bits(model)
    both = model.agents_by_type[School] | model.agents_by_type[Cluster]
    with pytest.raises(AttributeError, match="Cluster.climate cannot be set"):
        both.set("climate", 0.5)
    assert bits(model) == before


# -- copies --------------------------------------------------------------------
COPIES = {"pickle": lambda model: pickle.loads(pickle.dumps(model)), "deepcopy": copy.deepcopy, "copy": copy.copy}


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kind", [Model, Counting])
@pytest.mark.parametrize("at", [0, 7, TICKS])
def test_a_copy_goes_on_by_itself(copied, kind, at, alone):
    model = make(kind)
    for _ in range(at):
        model.step()
    other = COPIES[copied](model)
    state = bits(model)
    other.tables[Teacher].view(0).openness = 7
    assert bits(model) == state
    other = COPIES[copied](model)
    assert (other.tick, other.steps, other.running) == (model.tick, model.steps, model.running)
    assert all(view.model is other for view in (other.agents[0], other.agents_by_type[School][0]))
    assert bits(other.run()) == alone
    assert bits(model) == state
    assert bits(model.run()) == alone
    assert other.steps == model.steps == TICKS
    if kind is Counting:
        assert other.own_steps == TICKS
        assert other.seen == model.seen
    if copied != "pickle":
        assert other.system is model.system


# -- data collectors -----------------------------------------------------------
def count_of(what, model_of_it):
    return f"{what}{model_of_it}"


def stage_times(agent, factor):
    return agent.stage * factor if isinstance(agent, Teacher) else None


def test_all_kinds_of_reporters_are_collected(alone):
    model = make(
        model_reporters={
            "tick": "tick",
            "posts": lambda m: len(m.agents_by_type[Teacher]),
            "said": [count_of, ["a", 1]],
        },
        agent_reporters={"stage": "stage", "twice": [stage_times, [2]], "id": lambda agent: agent.unique_id},
        agenttype_reporters={School: {"well": "well"}},
        tables={"ends": ["tick", "running"]},
    ).run()
    assert bits(model) == alone
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["tick"].tolist() == list(range(TICKS + 1))
    assert set(frame["posts"]) == {model.system.n_posts}
    assert set(frame["said"]) == {"a1"}
    agents = model.datacollector.get_agent_vars_dataframe().reset_index()
    assert (agents["id"] == agents["AgentID"]).all()
    teachers = agents.dropna(subset="stage")
    assert (teachers["twice"] == 2 * teachers["stage"]).all()
    schools = model.datacollector.get_agenttype_vars_dataframe(School).reset_index()
    assert schools.groupby("Step")["well"].sum().loc[TICKS] == model.tables[School]["well"].sum()
    model.datacollector.add_table_row("ends", {"tick": model.tick, "running": model.running})
    assert model.datacollector.get_table_dataframe("ends").to_dict("list") == {"tick": [TICKS], "running": [False]}


def test_a_subclass_may_report_its_own_attributes():
    class Reporting(Model):
        def __init__(self, **settings):
            super().__init__(model_reporters={"mine": "mine", "tick": "tick"}, **settings)
            self.mine = 5
            self.agents_by_type[Teacher].set("stage", 1)

        def step(self):
            self.mine += 1
            super().step()

    frame = make(Reporting).run().datacollector.get_model_vars_dataframe()
    assert frame["tick"].tolist() == list(range(TICKS + 1))
    assert frame["mine"].tolist() == list(range(5, 5 + TICKS + 1))


def test_a_subclass_may_have_mesas_own_collector(alone):
    class Own(Model):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.datacollector = mesa.DataCollector({"tick": "tick"}, {"stage": lambda a: getattr(a, "stage", None)})

        def step(self):
            super().step()
            self.datacollector.collect(self)

    model = make(Own).run()
    assert bits(model) == alone
    assert model.datacollector.get_model_vars_dataframe()["tick"].tolist() == list(range(1, TICKS + 1))
    assert len(model.datacollector.get_agent_vars_dataframe()) == TICKS * len(model.agents)


# -- Mesa 3.5: time and events -------------------------------------------------
newer = pytest.mark.skipif(not NEWER, reason="Mesa 3.5 has events, 3.3 has none")


@newer
def test_time_may_be_run_for_and_until(alone):
    model = make()
    model.run_for(5)
    assert (model.tick, model.steps, model.time) == (5, 5, 5)
    model.run_until(7.5)
    assert (model.tick, model.time) == (7, 7.5)
    model.step()
    assert (model.tick, model.time) == (8, 8.5)
    assert bits(model.run()) == alone
    assert (model.steps, model.running) == (TICKS, False)


@newer
@pytest.mark.parametrize("act", [lambda m: m.run_for(10), lambda m: m.run_until(13)])
def test_time_beyond_the_last_tick_is_refused_before_anything_is_done(act):
    model = make()
    for _ in range(3):
        model.step()
    state = bits(model)
    with pytest.raises(RunOver, match="9 of its 12 ticks"):
        act(model)
    assert (bits(model), model.tick, model.steps, model.time) == (state, 3, 3, 3)
    assert model.run().steps == TICKS


class Eventful(Model):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.at: list[int] = []

    def note(self):
        self.at.append(self.tick)


@newer
def test_events_happen_under_run(alone):
    from mesa.time import Schedule

    model = make(Eventful)
    model.schedule_event(model.note, at=4.5)
    model.schedule_recurring(model.note, Schedule(interval=5))
    model.run()
    assert model.at == [4, 5, 10]
    assert bits(model) == alone
    other = pickle.loads(pickle.dumps(make(Eventful)))
    other.schedule_event(other.note, after=2)
    assert bits(other.run()) == alone
    assert other.at == [2]


@newer
def test_those_who_observe_time_see_every_tick():
    seen = []

    def handler(signal):
        seen.append(model.tick)

    model = make()
    model.observe("time", "change" if "change" in map(str, type(model).observables["time"]) else _any(model), handler)
    model.run()
    assert len(set(seen)) >= TICKS


def _any(model):
    return next(iter(model.observables["time"]))


@newer
def test_datasets_of_agents_work_and_those_that_change_the_class_are_refused():
    model = make()
    data = model.data_registry.track_agents(model.agents_by_type[School], "schools", ["aware"])
    assert [row["aware"] for row in data.data] == model.agents_by_type[School].get("aware")
    with pytest.raises(Refused, match="track_agents"):
        model.data_registry.track_agents_numpy(Teacher, "teachers", ["stage"])
