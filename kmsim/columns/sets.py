"""Sets of agents held as ids and not as objects: every method of Mesa's AgentSet, on columns where it can be."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from kmsim.columns.views import ViewAgent, can_set, no_column

if TYPE_CHECKING:
    from kmsim.columns.model import ViewModel
    from kmsim.columns.table import Table

GroupBy = sys.modules[AgentSet.__module__].GroupBy  # Mesa 3.5 moved both to another module

Ids = range | NDArray[np.int64]  # a range has step 1; an array is never written to, so copies may share it


class ViewSet(AgentSet):
    """An ordered set of agents of one model, held as their ids: a range where they stand side by side, else an array.

    It does all that Mesa's AgentSet does. Reading, setting and aggregating a column makes no agent; only functions of
    the caller (`select(f)`, `sort(f)`, `groupby(f)`, `map`, `do`) get views. `where`, `array` and `of` are additions.

    AttributeError, with the nearest column, for a name that is no attribute of the agents; TypeError for agents of
    another model. Sets come from a model, a table or another set; Mesa's constructor (agents, random) is not kept.

    >>> from kmsim.columns import Column, ViewModel
    >>> class Teacher(ViewAgent):
    ...     school = Column(np.int32)
    ...     years = Column(np.float32)
    >>> model = ViewModel(rng=1)
    >>> teachers = model.add_table(Teacher, 4, school=[0, 0, 1, 1], years=[1, 9, 2, 30]).views()
    >>> teachers.where(school=1).get("years")
    [2.0, 30.0]
    >>> [t.unique_id for t in teachers.sort("years").select(at_most=2)]
    [4, 2]
    >>> teachers.agg("years", [min, np.mean])
    [1.0, 10.5]
    """

    def __init__(self, model: ViewModel, ids: Ids, practice: int = 0) -> None:
        self._model, self._practice = model, practice
        self._put(ids)

    # The collection.

    @property
    def random(self) -> Random:
        """The model's own generator, which `shuffle` draws from."""
        return self._model.random

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[ViewAgent]:
        parts = list(self._split())
        if len(parts) > 1 and not isinstance(self._ids, range):  # classes may be mixed in any order
            yield from map(self._view, self._ids.tolist())
            return
        for table, _, rows in parts:
            for row in range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist():
                yield table.view(row, self._practice)

    def __contains__(self, agent: object) -> bool:
        if not isinstance(agent, ViewAgent) or agent._place[0]._model is not self._model:
            return False
        return agent.unique_id in self._known()

    def __getitem__(self, item: Any) -> Any:
        found = self._ids[item]
        return [self._view(int(number)) for number in found] if isinstance(item, slice) else self._view(int(found))

    def to_list(self) -> list[ViewAgent]:
        """The agents as a list of views."""
        return list(self)

    def add(self, agent: ViewAgent) -> None:
        """Put an agent at the end of this set, unless it is in it. TypeError if it is of another model.

        >>> from kmsim.model import Model, School
        >>> table = Model(system="village").tables[School]
        >>> first = table.views([0])
        >>> first.add(table.view(3))
        >>> first.get("row")
        [0, 3]
        """
        number = self._id(agent)
        if number not in self._known():
            self._put(np.append(self._numbers(), number))

    def discard(self, agent: ViewAgent) -> None:
        """Take an agent out of this set, if it is in it; the model keeps it.

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School].views()
        >>> schools.discard(schools[0])
        >>> schools.get("row")
        [1, 2, 3, 4]
        """
        if agent in self:
            ids = self._numbers()
            self._put(ids[ids != agent.unique_id])

    def remove(self, agent: ViewAgent) -> None:
        """Take an agent out of this set; the model keeps it. KeyError if it is not in it."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def copy(self) -> ViewSet:
        """Another set of the same agents in the same order."""
        return self._with(self._ids)

    def __copy__(self) -> ViewSet:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self._model, "ids": self._ids, "practice": self._practice}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._model, self._practice = state["model"], state["practice"]
        self._put(state["ids"])

    def __repr__(self) -> str:
        counts = [f"{len(self._ids[at])} {table.agent_class.__name__}" for table, at, _ in self._split()]
        return f"<ViewSet of {', '.join(counts) or 'no agents'}>"

    def _from_iterable(self, agents: Iterable[ViewAgent]) -> ViewSet:
        """What `|`, `&`, `-` and `^` make their result with."""
        return self._with(self._ids_of(agents))

    def _update(self, agents: Iterable[ViewAgent]) -> ViewSet:
        """Mesa's own name for: take these agents instead."""
        return self._put(self._ids_of(agents))

    # Columns: no agent is made.

    def of(self, practice: str) -> ViewSet:
        """The same agents, looked at for another practice. UnknownName if the model has no such practice.

        >>> from kmsim.model import Model, School
        >>> model = Model(system="village", practice=["formative_assessment", "metacognition"])
        >>> model.tables[School].views().of("metacognition")[0].practice
        'metacognition'
        """
        return ViewSet(self._model, self._ids, self._model.practice_index(practice))

    def array(self, name: str) -> NDArray[Any]:
        """A column in this set's order, of shape (len,) and the column's dtype: a copy. Write with `set`.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().array("phase")
        array([0, 0, 0, 0, 1], dtype=uint8)
        """
        if name == "unique_id":
            return np.array(self._numbers())
        parts = [(at, self._column(table, name)[rows]) for table, at, rows in self._split()]
        if not parts:
            return self._empty(name)
        if len(parts) == 1:
            return np.array(parts[0][1])
        found = np.empty(len(self), dtype=np.result_type(*(values for _, values in parts)))
        for at, values in parts:
            found[at] = values
        return found

    def where(self, **equals: Any) -> ViewSet:
        """The agents whose columns equal all these values: `select`, but no agent is made.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().where(phase=1).get("name")
        ['The Wharf School']
        """
        keep = np.ones(len(self), dtype=bool)
        for name, value in equals.items():
            keep &= self.array(name) == value
        return self._with(self._numbers()[keep])

    def get(
        self,
        attr_names: str | list[str],
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> list[Any]:
        """The values of an attribute as a list, or of several as a list of lists; plain Python scalars.

        An attribute that a class of agents lacks is an AttributeError, or with "default" the default for its agents.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().get(["name", "phase"])[-1]
        ['The Wharf School', 1]
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing={handle_missing}: expected 'error' or 'default'")
        if isinstance(attr_names, str):
            return self._get(attr_names, handle_missing == "default", default_value)
        found = [self._get(name, handle_missing == "default", default_value) for name in attr_names]
        return [list(values) for values in zip(*found, strict=True)] if found else [[] for _ in self._ids]

    def set(self, attr_name: str, value: Any) -> ViewSet:
        """Set an attribute of all agents to one value, or to the values of an array of this set's length.

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School].views()
        >>> schools.set("climate", 0.5).agg("climate", max)
        0.5
        """
        parts = list(self._split())
        for table, _, _ in parts:
            if not can_set(table.agent_class, attr_name):
                raise no_column(attr_name, [table.agent_class])
        each = np.ndim(value) > 0
        if each and np.shape(value) != (len(self),):
            raise ValueError(f"{attr_name}: expected one value or {len(self)}, got {np.shape(value)}")
        givens = [np.asarray(value)[at] if each else value for _, at, _ in parts]
        for (table, _, _), given in zip(parts, givens, strict=True):  # all classes take it, or none is written to
            if attr_name in table:
                table.agent_class._fields[attr_name].writable(given)
        for (table, at, rows), given in zip(parts, givens, strict=True):
            if attr_name in table:
                table.write(attr_name, rows, given, self._practice)
            else:  # a property of the class
                for agent, one in zip(
                    self._with(self._ids[at]), given.tolist() if each else [value] * len(self), strict=False
                ):
                    setattr(agent, attr_name, one)
        return self

    def agg(self, attribute: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> Any:
        """A function of the values of an attribute, or a list of several functions; NumPy scalars become plain ones.

        NumPy's functions get an array, others the list of `get`; both see the same numbers (float64, int64, bool).

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().agg("phase", [min, max])
        [0, 1]
        """
        functions = [func] if callable(func) else list(func)
        bulk = all(attribute in table for table, _, _ in self._split()) and len(self) > 0
        results = []
        for function in functions:
            numpys = bulk and getattr(function, "__module__", None) == "numpy"
            result = function(widened(self.array(attribute)) if numpys else self.get(attribute))
            results.append(result.item() if isinstance(result, np.generic) else result)
        return results[0] if callable(func) else results

    # Order and choice.

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: float = math.inf,
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> ViewSet:
        """The agents that pass the filter and are of the type; the first `at_most` (a float up to 1 is a share).

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School].views()
        >>> len(schools.select(lambda school: school.phase == 0, at_most=2)), len(schools.select(at_most=0.6))
        (2, 3)
        """
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        limit = len(self) if at_most == math.inf else max(0, math.ceil(at_most))
        ids = self._ids if agent_type is None else self._ids_of_type(agent_type)
        if filter_func is None:
            return self._give(ids[:limit], inplace)
        chosen: list[int] = []
        for agent in self._with(ids):
            if len(chosen) >= limit:
                break
            if filter_func(agent):
                chosen.append(agent.unique_id)
        return self._give(np.array(chosen, dtype=np.int64), inplace)

    def shuffle(self, inplace: bool = False) -> ViewSet:
        """The agents in a random order, drawn from `model.random`: the order plain Mesa would give.

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School].views()
        >>> sorted(schools.shuffle().get("row")) == schools.get("row")
        True
        """
        numbers = self._numbers().tolist()
        self.random.shuffle(numbers)
        return self._give(np.array(numbers, dtype=np.int64), inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> ViewSet:
        """The agents by an attribute or a function of them, greatest first; equals keep their order.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().sort("pupils", ascending=True)[-1].name
        'The Wharf School'
        """
        ids = self._numbers()
        if isinstance(key, str) and self._bulk(key):
            values = self.array(key)
            if ascending:
                order = np.argsort(values, kind="stable")
            else:  # backwards twice, so that equals keep their order, as with sorted(reverse=True)
                order = len(ids) - 1 - np.argsort(values[::-1], kind="stable")[::-1]
        else:
            keys = self.map(attrgetter(key) if isinstance(key, str) else key)
            order = np.array(sorted(range(len(ids)), key=keys.__getitem__, reverse=not ascending), dtype=np.int64)
        return self._give(ids[order], inplace)

    def groupby(self, by: Callable[[Any], Any] | str, result_type: Literal["agentset", "list"] = "agentset") -> Groups:
        """Mesa's GroupBy of sets (or lists) of agents, by an attribute or a function; groups in order of appearance.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().groupby("phase_name").count()
        {'primary': 4, 'secondary': 1}
        """
        if result_type not in ("agentset", "list"):
            raise ValueError(f"result_type={result_type}: expected 'agentset' or 'list'")
        places = self._places(by)
        ids = self._numbers()
        groups = {key: self._with(ids[at]) for key, at in places.items()}
        return Groups(groups if result_type == "agentset" else {key: list(group) for key, group in groups.items()})

    # Functions of the caller: agents are made, one at a time.

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The results of a method, or of a function of the agent, for each agent in turn.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().map(lambda school: len(school.teachers) == school.size)
        [True, True, True, True, True]
        """
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ViewSet:
        """Call a method, or a function of the agent, for each agent in turn; gives back the set.

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School].views()
        >>> schools.do(setattr, "climate", 0.5).get("climate")
        [0.5, 0.5, 0.5, 0.5, 0.5]
        """
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ViewSet:
        """As `do`, in a random order; the set keeps its own."""
        self.shuffle().map(method, *args, **kwargs)
        return self

    # Inside.

    def _put(self, ids: Ids) -> ViewSet:
        self._ids = ids
        self._members: frozenset[int] | None = None
        return self

    def _numbers(self) -> NDArray[np.int64]:
        """The ids as an array, not to be written to; NumPy alone would take a range one number at a time."""
        return np.arange(self._ids.start, self._ids.stop) if isinstance(self._ids, range) else self._ids

    def _with(self, ids: Ids) -> ViewSet:
        return ViewSet(self._model, ids, self._practice)

    def _give(self, ids: Ids, inplace: bool) -> ViewSet:
        return self._put(ids) if inplace else self._with(ids)

    def _known(self) -> range | frozenset[int]:
        """The ids, to look one up in: made when first asked for, since most sets never are."""
        if isinstance(self._ids, range):
            return self._ids
        if self._members is None:
            self._members = frozenset(self._ids.tolist())
        return self._members

    def _split(self) -> Iterator[tuple[Table[Any], Any, Any]]:
        """For each table that has agents here: the table, their places in this set, their rows in the table."""
        ids = self._ids
        for table in self._model.tables.values():
            first, end = table.first_id, table.first_id + table.n
            if isinstance(ids, range):
                start, stop = max(ids.start, first), min(ids.stop, end)
                if start < stop:
                    yield table, slice(start - ids.start, stop - ids.start), slice(start - first, stop - first)
            else:
                at = np.flatnonzero((ids >= first) & (ids < end))
                if len(at):
                    yield table, at, ids[at] - first

    def _view(self, number: int) -> ViewAgent:
        table = next(t for t in self._model.tables.values() if number < t.first_id + t.n)
        return table.view(number - table.first_id, self._practice)

    def _id(self, agent: Any) -> int:
        if not isinstance(agent, ViewAgent) or agent._place[0]._model is not self._model:
            raise TypeError(f"{agent!r}: expected an agent of this set's model")
        return agent.unique_id

    def _ids_of(self, agents: Iterable[ViewAgent]) -> Ids:
        return np.array(list(dict.fromkeys(map(self._id, agents))), dtype=np.int64)

    def _ids_of_type(self, agent_type: type) -> Ids:
        places = [at for table, at, _ in self._split() if issubclass(table.agent_class, agent_type)]
        if len(places) == 1:
            return self._ids[places[0]]
        keep = np.zeros(len(self), dtype=bool)
        for at in places:
            keep[at] = True
        return self._numbers()[keep]

    def _bulk(self, name: str) -> bool:
        """Whether a name is a column of every agent here, of a kind that NumPy can sort."""
        return all(name in table and table.peek(name).dtype != object for table, _, _ in self._split())

    def _column(self, table: Table[Any], name: str) -> NDArray[Any]:
        if name not in table:
            raise no_column(name, [table.agent_class])
        return table.peek(name, self._practice)

    def _empty(self, name: str) -> NDArray[Any]:
        for table in self._model.tables.values():
            if name in table:
                return np.empty(0, dtype=table.peek(name).dtype)
        raise no_column(name, self._model.agent_types)

    def _get(self, name: str, default: bool, value: Any) -> list[Any]:
        if name == "unique_id":
            return self.array(name).tolist()
        found: list[Any] = [value] * len(self)
        for table, at, rows in self._split():
            if name in table:
                values = table.peek(name, self._practice)[rows].tolist()
            elif hasattr(table.agent_class, name):
                agents = self._with(self._ids[at])
                values = [getattr(agent, name, value) if default else getattr(agent, name) for agent in agents]
            elif default:
                continue
            else:
                raise no_column(name, [table.agent_class])
            if isinstance(at, slice):
                found[at] = values
            else:
                for place, one in zip(at.tolist(), values, strict=False):
                    found[place] = one
        return found

    def _places(self, by: Callable[[Any], Any] | str) -> dict[Any, Any]:
        """For each value of `by`, in order of appearance, the places in this set that have it."""
        if isinstance(by, str) and len(self) and self._bulk(by):
            values, first, which = np.unique(self.array(by), return_index=True, return_inverse=True)
            ordered = np.argsort(which, kind="stable")
            places = np.split(ordered, np.cumsum(np.bincount(which))[:-1])
            names = values.tolist()
            return {names[k]: places[k] for k in np.argsort(first).tolist()}
        found: dict[Any, list[int]] = {}
        for place, value in enumerate(self.get(by) if isinstance(by, str) else self.map(by)):
            found.setdefault(value, []).append(place)
        return found


class Groups(GroupBy):  # type: ignore[misc, valid-type]
    """Mesa's GroupBy, whose `agg` asks each set for its column."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Any, Any]:
        """A function of the values of an attribute, for each group.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].views().groupby("phase_name").agg("row", max)
        {'primary': 3, 'secondary': 4}
        """
        if all(isinstance(group, ViewSet) for group in self.groups.values()):
            return {key: group.agg(attr_name, func) for key, group in self.groups.items()}
        return super().agg(attr_name, func)


def widened(values: NDArray[Any]) -> NDArray[Any]:
    """As NumPy would hold the same values given as Python numbers: a sum of uint8 must not wrap at 256.

    >>> int(widened(np.uint8([200, 100])).sum())
    300
    """
    wide = {"f": np.float64, "i": np.int64, "u": np.int64}.get(values.dtype.kind)
    return values if wide is None else values.astype(wide)
