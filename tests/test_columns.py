"""Agents as rows of tables: everything Mesa offers on objects must work on views, and bulk work must make none."""

from __future__ import annotations

import copy
import inspect
import pickle
import random
import statistics
import subprocess
import sys
from collections import Counter

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.agent import AgentSet

from kmsim.columns import Column, DataCollector, Table, ViewAgent, ViewModel, ViewSet
from kmsim.errors import UnknownName

PRACTICES = ["feedback", "metacognition"]


class School(ViewAgent):
    name = Column("U12", doc="what it is called")
    first_post = Column(np.int32)
    posts = Column(np.int32)
    climate = Column(np.float32, 0.5, unit="[0, 1]")

    @property
    def teachers(self):
        return self.some(Teacher, range(self.first_post, self.first_post + self.posts))


class Teacher(ViewAgent):
    school_row = Column(np.int32)
    role = Column(np.uint8)
    uses = Column(bool, False, doc="uses it now", per_practice=True)
    fidelity = Column(np.float32, 0.0, doc="quality of use", unit="[0, 1]", per_practice=True)
    years = Column(np.float32, unit="years")

    @property
    def school(self):
        return self.one(School, self.school_row)

    @property
    def months(self):
        return 12 * self.years

    @months.setter
    def months(self, value):
        self.years = value / 12

    def learn(self, by=0.25):
        self.fidelity = min(1.0, self.fidelity + by)
        return self.unique_id

    def step(self):
        if self.random.random() < 0.5:
            self.learn(0.125)


class Lead(Teacher):
    reach = Column(np.int32, 3)


def share(model):
    return float(model.tables[Teacher]["uses"][0].mean())


def twice(agent, factor):
    return agent.years * factor


class Village(ViewModel):
    """Three schools with 2, 3 and 4 teachers (ids 1-3, then 4-12)."""

    tick = 0

    def __init__(self, rng=1, **reporters):
        super().__init__(practices=PRACTICES, rng=rng)
        sizes = np.array([2, 3, 4])
        self.add_table(School, 3, name=["Ash", "Beech", "Cedar"], posts=sizes, first_post=[0, 2, 5])
        t = self.add_table(Teacher, 9, school_row=np.repeat(np.arange(3), sizes), years=[5, 1, 9, 2, 2, 7, 30, 4, 2])
        t["role"] = [0, 2, 1, 0, 2, 1, 0, 2, 250]
        t["uses"][0] = [1, 0, 1, 1, 0, 0, 0, 0, 1]
        self.collector = DataCollector(**reporters)
        self.collector.collect(self)

    def step(self):
        t = self.tables[Teacher]
        t["uses"] |= self.rng.random((2, 9)) < 0.25
        self.agents_by_type[Teacher].shuffle_do("step")
        self.tick += 1
        self.collector.collect(self)


@pytest.fixture
def village():
    return Village()


@pytest.fixture
def teachers(village):
    return village.agents_by_type[Teacher]


@pytest.fixture
def no_views(monkeypatch):
    """Making a view is an error."""

    def refuse(*_):
        raise AssertionError("a view was made")

    return lambda: monkeypatch.setattr(Table, "view", refuse)


def ids(agents):
    return [agent.unique_id for agent in agents]


# Columns and tables.


def test_the_schema_comes_from_the_class():
    fields = Teacher.fields()
    assert list(fields) == ["school_row", "role", "uses", "fidelity", "years"]
    column = fields["fidelity"]
    assert (column.name, column.dtype, column.default, column.unit, column.doc) == (
        "fidelity", np.float32, 0.0, "[0, 1]", "quality of use")  # fmt: skip
    assert column.per_practice
    assert Teacher.fidelity is column
    assert "unit='years'" in repr(Teacher.years)
    assert list(Lead.fields()) == [*fields, "reach"]
    fields.clear()
    assert Teacher.fields()


def test_arrays_are_contiguous_and_never_replaced(village):
    table = village.tables[Teacher]
    assert {n: a.shape for n, a in table.columns.items()} == {
        "school_row": (9,), "role": (9,), "uses": (2, 9), "fidelity": (2, 9), "years": (9,)}  # fmt: skip
    before = {name: id(array) for name, array in table.columns.items()}
    table["fidelity"] = 0.5
    table["years"] = range(9)
    village.step()
    assert before == {name: id(array) for name, array in table.columns.items()}
    assert all(a.flags.c_contiguous for a in table.columns.values())
    assert [table[n].dtype for n in table.columns] == [np.int32, np.uint8, bool, np.float32, np.float32]
    assert len(table) == 9
    assert repr(table) == "<Table of 9 Teacher: school_row, role, uses, fidelity, years>"
    assert "years" in table
    assert "year" not in table
    with pytest.raises(TypeError):
        table.columns["years"] = np.zeros(9)


def test_a_table_tells_what_is_wrong(village):
    table = village.tables[Teacher]
    with pytest.raises(UnknownName, match="column=fidelty: not a column of Teacher; did you mean 'fidelity'"):
        table["fidelty"]
    with pytest.raises(UnknownName, match="did you mean 'years'"):
        table["yeers"] = 1
    with pytest.raises(IndexError, match="Teacher row 9: expected 0 to 8"):
        table.view(9)
    with pytest.raises(IndexError):
        table.view(-1)
    for rows in (range(5, 10), [3, 9], [True, False]):
        with pytest.raises(IndexError):
            table.views(rows)
    with pytest.raises(ValueError, match="has its table already"):
        village.add_table(Teacher, 2)
    with pytest.raises(TypeError, match="is in no model"):
        Table(Teacher, 2).view(0).model  # noqa: B018
    with pytest.raises(ValueError, match="expected n >= 0"):
        Table(Teacher, -1)


def test_an_adopted_array_is_the_column_itself():
    years, fidelity = np.zeros(4, dtype=np.float32), np.zeros((2, 4), dtype=np.float32)
    model = ViewModel(practices=PRACTICES, rng=1)
    table = model.add_table(Teacher, 4, adopt={"years": years, "fidelity": fidelity}, role=1)
    assert table["years"] is years
    table.view(2, 1).fidelity = 0.5
    assert fidelity[1, 2] == 0.5
    wrong = [np.zeros(4), np.zeros(3, dtype=np.float32), [0.0] * 4]
    for array in wrong:
        with pytest.raises(ValueError, match=r"adopt Teacher\.years: expected"):
            Table(Teacher, 4, adopt={"years": array})
    with pytest.raises(UnknownName, match="did you mean 'years'"):
        Table(Teacher, 4, adopt={"year": years})


# Views.


def test_a_view_reads_plain_scalars_and_writes_in_place(village, teachers):
    teacher = teachers[2]
    assert isinstance(teacher, mesa.Agent)
    values = [teacher.school_row, teacher.role, teacher.uses, teacher.years, teacher.school.name]
    assert [type(v) for v in values] == [int, int, bool, float, str]
    teacher.years = 11
    teacher.months += 12
    assert village.tables[Teacher]["years"][2] == 12
    assert teacher.school.name == "Beech"
    assert (teacher.unique_id, teacher.row, teacher.model, teacher.pos) == (6, 2, village, None)
    assert teacher.random is village.random
    assert teacher.rng is village.rng
    assert repr(teacher.school) == "<School 2: name='Beech' first_post=2 posts=3 climate=0.5>"


def test_two_practices(village, teachers):
    village.tables[Teacher]["fidelity"][1] = 0.75
    teacher = teachers[0]
    other = teacher.of("metacognition")
    assert (teacher.practice, other.practice) == tuple(PRACTICES)
    assert (teacher.fidelity, other.fidelity, other.years) == (0.0, 0.75, 5.0)
    other.fidelity = 0.25
    assert village.tables[Teacher]["fidelity"][:, 0].tolist() == [0.0, 0.25]
    assert other.school.teachers.get("fidelity") == [0.25, 0.75]
    assert teacher == other
    meta = teachers.of("metacognition")
    assert meta.select(lambda t: t.fidelity > 0.5).agg("fidelity", np.mean) == 0.75
    assert [t.practice for t in meta.shuffle()[:2]] == ["metacognition"] * 2
    with pytest.raises(UnknownName, match="did you mean 'metacognition'"):
        teacher.of("metacognitoin")
    with pytest.raises(UnknownName):
        teachers.of("x")
    with pytest.raises(ValueError, match="each once"):
        ViewModel(practices=["a", "a"])


def test_a_wrong_name_or_value_is_told(teachers):
    teacher = teachers[0]
    with pytest.raises(AttributeError, match="attribute=fidelty: not a column of Teacher; did you mean 'fidelity'"):
        teacher.fidelty = 1
    with pytest.raises(AttributeError):
        teacher.learn = None
    with pytest.raises(AttributeError):
        teacher.unique_id = 3
    with pytest.raises(AttributeError):
        teacher.fidelty  # noqa: B018
    with pytest.raises(ValueError, match=r"Teacher\.role=300: expected a whole number from 0 to 255 \(uint8\)"):
        teacher.role = 300
    with pytest.raises(ValueError, match=r"Teacher\.role=0\.5: expected a whole"):
        teacher.role = 0.5
    with pytest.raises(ValueError, match=r"Teacher\.uses=2: expected True or False"):
        teacher.uses = 2
    with pytest.raises(ValueError, match=r"Teacher\.years=old: expected a number"):
        teacher.years = "old"
    with pytest.raises(ValueError, match="a text of at most 12"):
        teacher.school.name = "A very long name"
    with pytest.raises(ValueError, match=r"Teacher\.role=-1"):
        teachers.set("role", [-1] * 9)
    assert teacher.role == 0
    teacher.uses = 1
    assert teacher.uses is True


def test_a_column_may_not_take_a_name_of_mesas():
    with pytest.raises(TypeError, match=r"Bad\.model"):
        type("Bad", (ViewAgent,), {"model": Column(int)})


def test_views_of_a_row_are_equal_and_hash_alike(village, teachers):
    assert teachers[3] == teachers[3]
    assert teachers[3] is not teachers[3]
    assert teachers[3] != teachers[4]
    assert teachers[0] != village.agents_by_type[School][0]
    assert teachers[3] != Village().agents_by_type[Teacher][3]
    assert teachers[3] != 3
    assert len({*teachers, *teachers}) == 9


def test_rows_are_neither_registered_nor_removed(village, teachers):
    with pytest.raises(TypeError, match="model.add_table"):
        Teacher(village)
    with pytest.raises(TypeError, match="model.add_table"):
        Teacher.create_agents(village, 2)
    with pytest.raises(TypeError, match="model.add_table"):
        mesa.Agent(village)
    for remove in (teachers[0].remove, lambda: village.deregister_agent(teachers[0]), village.remove_all_agents):
        with pytest.raises(TypeError, match="a row is a post that stays"):
            remove()
    with pytest.raises(AttributeError, match="Mesa's name"):
        village.agents = []
    assert len(village.agents) == 12


# The model's sets.


def test_the_model_is_a_mesa_model(village, teachers):
    assert isinstance(village, mesa.Model)
    assert isinstance(village.agents, AgentSet)
    assert village.agent_types == [School, Teacher] == list(village.agents_by_type)
    assert ids(village.agents) == list(range(1, 13))
    assert ids(teachers) == list(range(4, 13))
    assert repr(village.agents) == "<ViewSet of 3 School, 9 Teacher>"
    village.step()
    assert village.steps == 1
    assert len(ViewModel(rng=1).agents) == 0
    assert repr(ViewModel(rng=1).agents) == "<ViewSet of no agents>"


def test_a_school_has_its_teachers_side_by_side(village):
    school = village.agents_by_type[School][1]
    assert ids(school.teachers) == [6, 7, 8]
    assert isinstance(school.teachers._ids, range)
    for teacher in school.teachers:
        teacher.role = 7
    assert village.tables[Teacher]["role"].tolist() == [0, 2, 7, 7, 7, 1, 0, 2, 250]
    village.tables[School]["posts"][1] = 0
    assert list(school.teachers) == []


def test_rows_of_any_kind(village):
    table = village.tables[Teacher]
    assert ids(table.views([5, 1, 5])) == [9, 5]
    assert ids(table.views(table["uses"][0])) == [4, 6, 7, 12]
    assert ids(table.views(range(8, 0, -4))) == [12, 8]
    assert ids(table.views([])) == []
    with pytest.raises(TypeError):
        table.views([0.5])


def test_get(village, teachers):
    assert teachers.get("years") == [5.0, 1.0, 9.0, 2.0, 2.0, 7.0, 30.0, 4.0, 2.0]
    assert {type(v) for v in teachers.get("role")} == {int}
    assert teachers.get(["role", "uses"])[1] == [2, False]
    assert teachers.get([]) == [[]] * 9
    assert teachers.get("months")[0] == 60.0
    assert village.agents.get("unique_id") == list(range(1, 13))
    with pytest.raises(AttributeError, match="attribute=yaers: not a column of Teacher; did you mean 'years'"):
        teachers.get("yaers")
    with pytest.raises(AttributeError, match="School"):
        village.agents.get("years")
    assert village.agents.get("years", "default", -1)[:4] == [-1, -1, -1, 5.0]
    assert village.agents.get(["months", "posts"], handle_missing="default")[2:4] == [[None, 4], [60.0, None]]
    mixed = village.agents.sort("unique_id")
    assert mixed.get("years", "default")[-4:] == [5.0, None, None, None]
    with pytest.raises(ValueError, match="handle_missing=skip"):
        teachers.get("years", "skip")


def test_set(village, teachers):
    assert teachers.set("years", 3) is teachers
    assert set(teachers.get("years")) == {3.0}
    teachers.select(at_most=2).set("months", 24)
    assert teachers.get("years")[:3] == [2.0, 2.0, 3.0]
    ordered = teachers.sort("unique_id")
    ordered.set("years", np.arange(9))
    assert teachers.get("years") == [8.0, 7, 6, 5, 4, 3, 2, 1, 0]
    ordered.set("months", np.arange(9) * 12.0)
    assert teachers.get("years") == [8.0, 7, 6, 5, 4, 3, 2, 1, 0]
    with pytest.raises(ValueError, match="expected one value or 9"):
        teachers.set("years", [1, 2])
    with pytest.raises(AttributeError, match="did you mean 'years'"):
        teachers.set("yeers", 1)
    with pytest.raises(AttributeError):
        village.agents.set("years", 1)
    with pytest.raises(AttributeError):
        teachers.set("unique_id", 1)


def test_agg(teachers):
    assert teachers.agg("years", max) == 30.0
    assert teachers.agg("years", [min, np.mean, statistics.median]) == [1.0, np.mean(teachers.get("years")), 4.0]
    assert teachers.agg("role", [sum, np.sum]) == [258, 258]  # more than a uint8 holds
    assert type(teachers.agg("years", np.mean)) is float
    assert teachers.agg("role", lambda v: sum(v) / len(v) if v else 0) == 258 / 9  # Mesa hands over a list
    assert teachers.agg("role", Counter)[2] == 3
    assert teachers.agg("months", max) == 360.0
    assert teachers.agg("unique_id", np.max) == 12
    assert teachers.select(at_most=0).agg("years", sum) == 0


def test_where_and_array(village, teachers):
    assert ids(teachers.where(uses=True)) == [4, 6, 7, 12]
    assert ids(teachers.where(uses=True, school_row=1)) == [6, 7]
    assert ids(village.agents_by_type[School].where(name="Cedar")) == [3]
    assert teachers.where(years=99).where(uses=True).array("fidelity").dtype == np.float32
    array = teachers.array("fidelity")
    array[:] = 1
    assert teachers.agg("fidelity", max) == 0.0  # a copy
    assert village.agents.where(unique_id=5)[0] == teachers[1]
    with pytest.raises(AttributeError, match="did you mean 'uses'"):
        teachers.where(use=True)
    with pytest.raises(AttributeError):
        teachers.where(years=99).array("use")


def test_a_column_that_two_classes_have(village):
    village.add_table(Lead, 2, years=[50, 60])
    people = village.agents.select(lambda a: isinstance(a, Teacher))
    assert people.array("years")[-3:].tolist() == [2.0, 50.0, 60.0]
    assert people.agg("years", np.max) == 60.0
    assert ids(people.sort("years"))[:4] == [14, 13, 10, 6]
    assert people.shuffle().groupby("years").count()[2.0] == 3
    assert ids(people.where(years=50)) == [13]
    assert len(village.agents.select(agent_type=Teacher)) == 11
    assert village.agents[12].reach == 3


def test_select(village, teachers):
    assert ids(teachers.select(lambda t: t.years > 6)) == [6, 9, 10]
    assert ids(teachers.select(lambda t: t.years > 6, at_most=2)) == [6, 9]
    assert ids(teachers.select(at_most=0.5)) == [4, 5, 6, 7]
    assert len(teachers.select(at_most=1.0)) == 9
    assert len(teachers.select(at_most=1)) == 1
    assert len(teachers.select(at_most=2.5)) == 3
    assert len(teachers.select(at_most=-1)) == 0
    assert ids(village.agents.select(agent_type=School)) == [1, 2, 3]
    assert ids(village.agents.shuffle().select(agent_type=Teacher).sort("unique_id", ascending=True)) == ids(teachers)
    assert len(village.agents.select(agent_type=mesa.Agent)) == 12
    assert len(village.agents.select(agent_type=Lead)) == 0
    some = teachers.copy()
    assert some.select(lambda t: t.uses, inplace=True) is some
    assert len(some) == 4
    assert teachers.select() == teachers
    assert teachers.select() is not teachers
    assert teachers.select(inplace=True) is teachers


def test_sort_as_python_sorts(village, teachers):
    plain = list(teachers)
    for name in ("years", "role", "uses", "months", "school.name"):
        for ascending in (False, True):

            def key(agent, name=name):
                return agent.school.name if "." in name else getattr(agent, name)

            expected = ids(sorted(plain, key=key, reverse=not ascending))
            assert ids(teachers.sort(name, ascending)) == expected
            assert ids(teachers.sort(key, ascending=ascending)) == expected
    some = teachers.copy()
    assert some.sort("years", inplace=True) is some
    assert some[0].years == 30.0
    assert ids(village.agents.sort("unique_id", ascending=True)) == list(range(1, 13))


def test_shuffle_gives_the_order_of_plain_mesa(village, teachers):
    expected = list(range(4, 13))
    random.Random(1).shuffle(expected)
    assert ids(teachers.shuffle()) == expected
    some = village.agents.copy()
    assert some.shuffle(inplace=True) is some
    assert some == village.agents
    assert ids(some) != ids(village.agents)


def test_do_map_shuffle_do(village, teachers):
    assert teachers.do("learn", by=0.5) is teachers
    assert set(teachers.get("fidelity")) == {0.5}
    assert teachers.map("learn") == ids(teachers)
    assert teachers.map(twice, factor=2) == [2 * y for y in teachers.get("years")]
    seen = []
    assert teachers.shuffle_do(lambda t: seen.append(t.unique_id)) is teachers
    assert sorted(seen) == ids(teachers) != seen
    village.agents.do("step")
    with pytest.raises(AttributeError):
        teachers.do("lern")


def test_groupby(village, teachers):
    groups = teachers.groupby("school_row")
    assert isinstance(groups.groups[0], ViewSet)
    assert groups.count() == {0: 2, 1: 3, 2: 4}
    assert groups.agg("years", sum) == {0: 6.0, 1: 13.0, 2: 43.0}
    assert teachers.sort("unique_id").groupby("school_row").count() == {2: 4, 1: 3, 0: 2}
    assert list(teachers.groupby("role").count()) == [0, 2, 1, 250]  # in order of appearance, as in Mesa
    assert teachers.groupby(lambda t: t.school.name).count() == {"Ash": 2, "Beech": 3, "Cedar": 4}
    lists = teachers.groupby("school_row", result_type="list")
    assert ids(lists.groups[1]) == [6, 7, 8]
    assert isinstance(lists.groups[1], list)
    assert lists.agg("years", sum) == groups.agg("years", sum)
    groups.do("set", "years", 1)
    assert groups.map(len) == {0: 2, 1: 3, 2: 4}
    assert {type(k) for k, _ in teachers.groupby("uses")} == {bool}
    assert village.agents.groupby(type).count() == {School: 3, Teacher: 9}
    assert teachers.groupby("months").count() == {12.0: 9}
    assert len(teachers.select(at_most=0).groupby("role")) == 0
    with pytest.raises(AttributeError):
        teachers.groupby("yeers")
    with pytest.raises(ValueError, match="result_type=set"):
        teachers.groupby("role", "set")


def test_adding_to_and_taking_from_a_set_leaves_the_model(village, teachers):
    some = teachers.select(lambda t: t.uses)
    some.add(teachers[1])
    some.add(teachers[1])
    assert ids(some) == [4, 6, 7, 12, 5]
    some.add(village.agents[0])
    some.discard(teachers[0])
    some.discard(teachers[0])
    some.remove(teachers[2])
    assert ids(some) == [7, 12, 5, 1]
    assert some.get("years", "default") == [2.0, 2.0, 1.0, None]
    with pytest.raises(KeyError):
        some.remove(teachers[2])
    assert len(village.agents) == 12
    with pytest.raises(TypeError, match="of this set's model"):
        some.add(Village().agents[0])
    with pytest.raises(TypeError, match="of this set's model"):
        some.add("Ash")
    some |= teachers
    assert len(some) == 10
    assert ids(some._update([teachers[3], teachers[3], teachers[0]])) == [7, 4]  # Mesa's own name for it
    assert some.pop() == teachers[3]
    some.clear()
    assert not some


def test_a_set_is_a_set_and_a_sequence(village, teachers):
    users = teachers.where(uses=True)
    assert teachers[0] in users
    assert teachers[1] not in users
    assert village.agents[0] not in teachers
    assert Village().agents_by_type[Teacher][0] not in teachers
    assert 4 not in teachers
    assert users <= teachers
    assert users < teachers
    assert not users >= teachers
    assert ids(teachers - users) == [5, 8, 9, 10, 11]
    assert (teachers & users) == users
    assert len(village.agents_by_type[School] | users) == 7
    assert len(teachers ^ users) == 5
    assert users.isdisjoint(teachers - users)
    assert users.shuffle() == users
    assert users != teachers
    assert users[-1].unique_id == 12
    assert ids(users[1:3]) == [6, 7]
    assert ids(teachers[::-4]) == [12, 8, 4]
    assert ids(reversed(users)) == [12, 7, 6, 4]
    assert users.index(teachers[2]) == 1
    assert users.count(teachers[2]) == 1
    assert users.to_list() == list(users)
    assert len(users) == 4
    with pytest.raises(IndexError):
        users[4]


def test_copies_are_apart(teachers):
    users = teachers.where(uses=True)
    for other in (users.copy(), copy.copy(users)):
        other.discard(teachers[0])
        assert (len(other), len(users)) == (3, 4)


def test_no_mesa_method_that_reads_the_weak_references_is_left():
    """A guard for the next Mesa: what reads `_agents` there must be written anew here."""
    for base in AgentSet.__mro__:
        if not base.__module__.startswith("mesa"):
            continue
        for name, member in vars(base).items():
            if inspect.isfunction(member) and "_agents" in inspect.getsource(member):
                assert getattr(ViewSet, name) is not member, name


def test_bulk_work_makes_no_agent(village, teachers, no_views):
    users = teachers.where(uses=True)
    agents = village.agents
    collector = DataCollector(agent_reporters={"fidelity": "fidelity"}, agenttype_reporters={Teacher: {"y": "years"}})
    no_views()
    assert len(agents) == 12
    assert teachers.get(["years", "uses"])
    teachers.set("years", 1)
    teachers.shuffle().sort("years").groupby("school_row").agg("uses", np.mean)
    agents.shuffle().select(agent_type=Teacher, at_most=3).of("metacognition").array("fidelity")
    assert users.where(school_row=1).agg("years", [sum, len]) == [2.0, 2]
    assert users.copy() is not users
    assert repr(users)
    collector.collect(village)
    assert len(collector.get_agent_vars_dataframe()) == 12
    assert len(collector.get_agenttype_vars_dataframe(Teacher)) == 9
    pickle.loads(pickle.dumps(village))
    with pytest.raises(AssertionError, match="a view was made"):
        teachers[0]


# Pickling and going on.


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_a_copied_model_goes_on_identically(again):
    reporters = {
        "model_reporters": {"share": share, "tick": "tick"},
        "agent_reporters": {"fidelity": "fidelity", "twice": [twice_or_none, [2]]},
        "agenttype_reporters": {Teacher: {"uses": "uses"}},
    }
    model = Village(rng=3, **reporters)
    model.step()
    other = again(model)
    for _ in range(3):
        model.step()
        other.step()
    assert other.tick == model.tick == 4
    assert other.steps == model.steps
    for kind, table in model.tables.items():
        for name, array in table.columns.items():
            assert np.array_equal(array, other.tables[kind][name]), name
            assert not np.shares_memory(array, other.tables[kind][name])
    assert other.random.random() == model.random.random()
    for frame in ("get_model_vars_dataframe", "get_agent_vars_dataframe"):
        assert getattr(other.collector, frame)().equals(getattr(model.collector, frame)())


def twice_or_none(agent, factor):
    return agent.years * factor if isinstance(agent, Teacher) else None


def test_views_and_sets_that_a_model_holds_are_pickled_with_it(village, teachers):
    village.favourite = teachers[2]
    village.marks = {teachers[1]: "a", village.agents[0]: "b"}
    village.users = teachers.of("metacognition").where(school_row=1)
    village.arrays = [village.tables[Teacher]["years"]]
    other = pickle.loads(pickle.dumps(village))
    assert other.favourite.model is other
    assert other.favourite == other.agents_by_type[Teacher][2]
    assert other.favourite != village.favourite
    assert other.marks[other.agents[4]] == "a"
    assert other.arrays[0] is other.tables[Teacher]["years"]
    assert other.users[0].practice == "metacognition"
    other.users.set("fidelity", 1)
    assert village.tables[Teacher]["fidelity"].max() == 0
    view = pickle.loads(pickle.dumps(teachers[2].of("metacognition")))
    assert (view.unique_id, view.practice, len(view.model.agents)) == (6, "metacognition", 12)
    assert ids(pickle.loads(pickle.dumps(teachers.where(uses=True)))) == [4, 6, 7, 12]


# The DataCollector.


def test_the_frames_are_those_of_mesa(village):
    """The same reporters in Mesa's own collector, on a model whose steps go with its ticks."""
    reporters = {
        "model_reporters": {"share": share, "tick": "tick"},
        "agent_reporters": {"id": "unique_id", "twice": [twice_or_none, [2]]},
        "agenttype_reporters": {Teacher: {"uses": "uses", "role": "role", "months": "months"}, School: {"n": "name"}},
    }
    mesas = mesa.DataCollector(**reporters)
    model = Village(rng=5, **reporters)
    mesas.collect(model)
    for _ in range(2):
        model.step()
        mesas.collect(model)
    ours = model.collector
    assert ours.get_model_vars_dataframe().equals(mesas.get_model_vars_dataframe())
    pairs = [(ours.get_agent_vars_dataframe(), mesas.get_agent_vars_dataframe())]
    pairs += [
        (c := ours.get_agenttype_vars_dataframe(k), mesas.get_agenttype_vars_dataframe(k)) for k in (Teacher, School)
    ]
    for frame, expected in pairs:
        assert frame.index.names == ["Step", "AgentID"]
        pd.testing.assert_frame_equal(frame, expected, check_index_type=False)  # Mesa 3.5 has a float there
        assert frame.index.get_level_values("Step").dtype == np.int64
    assert len(c) == 9
    records = list(ours._agent_records.values())[1]
    assert list(records)[:1] == [(1, 1, 1, None)]
    assert len(records) == 12


def test_the_step_of_the_frames_is_the_models_tick(village):
    village.tick = 40  # a model that runs many ticks in one compiled call does not count Mesa's steps
    collector = DataCollector(model_reporters={"tick": "tick"}, agent_reporters={"years": "years"})
    collector.collect(village)
    village.tick = 41
    collector.collect(village)
    frame = collector.get_agent_vars_dataframe()
    assert sorted(set(frame.index.get_level_values("Step"))) == [40, 41]
    assert frame.loc[(41, 4), "years"] == 5.0
    assert np.isnan(frame.loc[(41, 1), "years"])  # schools have no years
    assert list(collector.get_model_vars_dataframe()["tick"]) == [40, 41]


def test_without_a_tick_the_step_is_mesas():
    model = ViewModel(rng=1)
    model.add_table(School, 1)
    collector = DataCollector(model_reporters={"steps": "steps"}, agenttype_reporters={School: {"posts": "posts"}})
    for _ in range(2):
        model.step()
        collector.collect(model)
    frame = collector.get_agenttype_vars_dataframe(School)
    assert frame.index.to_list() == [(1, 1), (2, 1)]
    assert frame.index.get_level_values("Step").dtype == np.int64


def test_records_are_of_their_time(village, teachers):
    collector = DataCollector(agent_reporters={"years": "years", "all": lambda a: village.tables[Teacher]["years"]})
    collector.collect(village)
    teachers.set("years", 0)
    frame = collector.get_agent_vars_dataframe()
    assert frame.loc[(0, 4), "years"] == 5.0
    assert frame.loc[(0, 4), "all"][0] == 5.0


def test_a_reporter_may_give_an_agent(village):
    collector = DataCollector(agenttype_reporters={Teacher: {"school": "school", "all": lambda t: t.school.teachers}})
    collector.collect(village)
    frame = collector.get_agenttype_vars_dataframe(Teacher)
    assert frame["school"].iloc[0] == village.agents[0]
    assert frame["school"].iloc[0].model is village


def test_a_wrong_reporter_is_told(village):
    with pytest.raises(AttributeError, match="did you mean 'years'"):
        DataCollector(agent_reporters={"y": "yeers"}).collect(village)
    with pytest.raises(ValueError, match="expected a class of agents"):
        DataCollector(agenttype_reporters={int: {"y": "years"}}).collect(village)
    with pytest.raises(AttributeError):
        DataCollector(model_reporters={"y": "yeers"}).collect(village)
    empty = DataCollector()
    with pytest.raises(UserWarning):
        empty.get_agent_vars_dataframe()
    with pytest.warns(UserWarning):
        assert empty.get_agenttype_vars_dataframe(Teacher).empty


def test_agent_types_may_be_base_classes_and_frames_may_be_empty(village):
    collector = DataCollector(agenttype_reporters={ViewAgent: {"id": "unique_id"}, Lead: {"reach": "reach"}})
    assert collector.get_agenttype_vars_dataframe(Lead).shape == (0, 1)
    collector.collect(village)
    assert len(collector.get_agenttype_vars_dataframe(ViewAgent)) == 12
    assert collector.get_agenttype_vars_dataframe(Lead).shape == (0, 1)


def test_mesa_s_tables_still_work(village):
    collector = DataCollector(tables={"heads": ["school", "tick"]})
    collector.add_table_row("heads", {"school": 1, "tick": 2})
    assert collector.get_table_dataframe("heads").to_dict("list") == {"school": [1], "tick": [2]}


# The package.


def test_the_model_does_not_touch_class_wide_counters(village):
    assert village not in getattr(mesa.Agent, "_ids", {})


def test_importing_kmsim_does_not_import_mesa():
    code = "import sys, kmsim; sys.exit('mesa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
