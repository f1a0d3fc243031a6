"""Mesa's DataCollector, for agents that are rows: columns are read in bulk and everything can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kmsim.columns.sets import ViewSet, widened
from kmsim.columns.views import ViewAgent, no_column

_NEVER_CHANGES = (str, int, float, bool, tuple, type(None), np.generic, ViewAgent, ViewSet)


@dataclass(frozen=True)
class Attribute:
    """An agent reporter given as a name: Mesa makes a closure of it, which cannot be pickled."""

    name: str

    def __call__(self, agent: Any) -> Any:
        """The attribute of one agent, None where its class has none."""
        return getattr(agent, self.name, None)


@dataclass(frozen=True)
class Call:
    """An agent reporter given as [function, parameters]."""

    function: Callable[..., Any]
    parameters: list[Any]

    def __call__(self, agent: Any) -> Any:
        """The function of one agent and the parameters."""
        return self.function(agent, *self.parameters)


@dataclass(frozen=True)
class Records:
    """What was reported of some agents at one tick; read as Mesa's rows (tick, id, values ...) it makes them.

    >>> list(Records(6, np.array([1, 2]), [np.array([0.5, 1.0])]))
    [(6, 1, 0.5), (6, 2, 1.0)]
    """

    tick: int
    ids: NDArray[np.int64]
    reports: list[NDArray[Any] | list[Any]]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        columns = (r.tolist() if isinstance(r, np.ndarray) else r for r in self.reports)
        return zip(repeat(self.tick), self.ids.tolist(), *columns)


class DataCollector(mesa.DataCollector):
    """Mesa's DataCollector for a `ViewModel`: same arguments, same frames. Reporters that are names are read from the
    columns at once, for the model's first practice, and can be pickled (functions can if they have a name).

    The index "Step" of the agent frames is `model.tick` where the model has one, else Mesa's `model.steps`: a whole
    number on every Mesa. Frames hold float64, int64 and bool, whatever the columns are.
    AttributeError, with the nearest column, for a name that no class of agents has; one that some lack is None there.

    Mesa's `batch_run` reads what was collected by its number. Mesa 3.3 takes the last to be number `steps - 1`, which
    would be one step too early where something is collected before the first step: there, `model_vars` begins with what is
    collected after the first step. What was collected before it stands first in the frames, on every Mesa.

    >>> from kmsim.columns import Column, ViewModel
    >>> class Teacher(ViewAgent):
    ...     years = Column(np.float32)
    >>> model = ViewModel(rng=1)
    >>> table = model.add_table(Teacher, 2, years=[1, 9])
    >>> collector = DataCollector(model_reporters={"n": "n_agents"}, agent_reporters={"years": "years"})
    >>> model.n_agents = len(model.agents)
    >>> collector.collect(model)
    >>> collector.get_agent_vars_dataframe().to_records().tolist()
    [(0, 1, 1.0), (0, 2, 9.0)]
    """

    agent_reporters: dict[str, Callable[[Any], Any]]
    agenttype_reporters: dict[type, dict[str, Callable[[Any], Any]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: dict[str, Any] = {}

    def collect(self, model: Any) -> None:
        """Record what all reporters say of the model and its agents now."""
        by_agent, by_type = self.agent_reporters, self.agenttype_reporters
        self.agent_reporters, self.agenttype_reporters = {}, {}  # Mesa collects the model's, below are the agents'
        try:
            super().collect(model)
        finally:
            self.agent_reporters, self.agenttype_reporters = by_agent, by_type
        tick = int(getattr(model, "tick", model.steps))
        number = self._number(tick)
        if model.steps == 0 and number != tick and self.model_reporters and not self._before:
            self._before = {name: values.pop() for name, values in self.model_vars.items()}
        if by_agent:
            self._agent_records[number] = _records(model.agents, by_agent, tick)
        if by_type:
            self._agenttype_records[number] = {
                kind: _records(_of_type(model, kind), reporters, tick) for kind, reporters in by_type.items()
            }

    def _number(self, tick: int) -> int:
        """By which batch_run finds what is collected at a tick."""
        if not hasattr(self, "_collection_steps"):
            return tick - 1
        if self.model_reporters:
            self._collection_steps[-1] = tick
        else:
            self._collection_steps.append(tick)  # Mesa 3.5 alone would leave out a batch that reports agents only
        return tick

    def get_model_vars_dataframe(self) -> pd.DataFrame:
        """One row each time something was collected, a column for each model reporter."""
        frame = super().get_model_vars_dataframe()
        if not self._before:
            return frame
        return pd.DataFrame({name: [self._before[name], *values] for name, values in self.model_vars.items()})

    def get_agent_vars_dataframe(self) -> pd.DataFrame:
        """One row for each tick and agent, indexed by Step and AgentID, a column for each agent reporter."""
        if not self.agent_reporters:
            return super().get_agent_vars_dataframe()  # for Mesa's own warning
        return _frame(list(self._agent_records.values()), list(self.agent_reporters))

    def get_agenttype_vars_dataframe(self, agent_type: type) -> pd.DataFrame:
        """One row for each tick and agent of a type, indexed by Step and AgentID."""
        if agent_type not in self.agenttype_reporters:
            return super().get_agenttype_vars_dataframe(agent_type)
        found = [kinds[agent_type] for kinds in self._agenttype_records.values() if agent_type in kinds]
        return _frame(found, list(self.agenttype_reporters[agent_type]))

    def _new_agent_reporter(self, name: str, reporter: Any) -> None:
        self.agent_reporters[name] = _reporter(reporter)

    def _new_agenttype_reporter(self, agent_type: type, name: str, reporter: Any) -> None:
        self.agenttype_reporters.setdefault(agent_type, {})[name] = _reporter(reporter)


def _reporter(reporter: Any) -> Callable[[Any], Any]:
    if isinstance(reporter, str):
        return Attribute(reporter)
    return Call(*reporter) if isinstance(reporter, list) else reporter


def _records(agents: ViewSet, reporters: dict[str, Callable[[Any], Any]], tick: int) -> Records:
    return Records(tick, agents.array("unique_id"), [_report(agents, reporter) for reporter in reporters.values()])


def _report(agents: ViewSet, reporter: Callable[[Any], Any]) -> NDArray[Any] | list[Any]:
    if not isinstance(reporter, Attribute):
        return [v if isinstance(v, _NEVER_CHANGES) else deepcopy(v) for v in agents.map(reporter)]
    classes = [table.agent_class for table, _, _ in agents._split()]
    if classes and not any(hasattr(agent_class, reporter.name) for agent_class in classes):
        raise no_column(reporter.name, classes)
    if classes and all(reporter.name in agent_class._fields for agent_class in classes):
        return agents.array(reporter.name)
    return agents.get(reporter.name, "default")


def _of_type(model: Any, agent_type: type) -> ViewSet:
    is_agent = isinstance(agent_type, type) and issubclass(agent_type, mesa.Agent)
    if not is_agent:
        raise ValueError(f"agent type {agent_type!r}: expected a class of agents, such as {model.agent_types}")
    return model.agents.select(agent_type=agent_type)


def _frame(records: list[Records], names: list[str]) -> pd.DataFrame:
    ticks = np.repeat([r.tick for r in records], [len(r) for r in records]).astype(np.int64)
    ids = np.concatenate([r.ids for r in records]) if records else np.empty(0, dtype=np.int64)
    data = {name: _joined([r.reports[k] for r in records]) for k, name in enumerate(names)}
    return pd.DataFrame(data, index=pd.MultiIndex.from_arrays([ticks, ids], names=["Step", "AgentID"]), columns=names)


def _joined(reports: list[NDArray[Any] | list[Any]]) -> NDArray[Any] | list[Any]:
    arrays = [report for report in reports if isinstance(report, np.ndarray)]
    if reports and len(arrays) == len(reports):
        return widened(np.concatenate(arrays))
    return list(chain.from_iterable(r.tolist() if isinstance(r, np.ndarray) else r for r in reports))
