"""A Mesa model whose agents are rows of tables."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Self

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmsim.columns.sets import ViewSet
from kmsim.columns.table import Table
from kmsim.columns.views import Agent, ViewAgent, cannot_remove
from kmsim.errors import Refused, unknown


class ViewModel(mesa.Model):
    """A Mesa model whose agents are rows of tables, made as views when asked for. Subclass it and give it `step`.

    `practices` names the practices, in the order of the first axis of columns that are per practice; `rng` is Mesa's.

    Importing Mesa 3.3.1 sets the start method of the whole process to spawn: ask multiprocessing for a context.

    >>> from kmsim.columns import Column
    >>> class Teacher(ViewAgent):
    ...     experience = Column(np.float32, unit="years")
    >>> model = ViewModel(rng=1)
    >>> table = model.add_table(Teacher, 3, experience=[1, 5, 30])
    >>> len(model.agents), model.agents.agg("experience", max)
    (3, 30.0)
    """

    running: bool
    _user_step: Callable[..., Any]

    def __init__(
        self,
        *,
        practices: Sequence[str] = ("practice",),
        rng: int | Sequence[int] | np.random.Generator | np.random.SeedSequence | None = None,
    ) -> None:
        self.tables: dict[type[ViewAgent], Table[Any]] = {}
        self.practice_names = list(practices)
        if not self.practice_names or len(set(self.practice_names)) < len(self.practice_names):
            raise ValueError(f"practices={self.practice_names}: expected at least one name, each once")
        super().__init__(rng=rng)
        if hasattr(self, "data_registry"):  # Mesa 3.5
            self.data_registry.track_agents_numpy = self._track_agents_numpy

    def add_table(
        self,
        agent_class: type[Agent],
        n: int,
        adopt: Mapping[str, NDArray[Any]] | None = None,
        **columns: ArrayLike,
    ) -> Table[Agent]:
        """Make all n agents of a class at once; ids go on from the last table. Done once for each class.

        Columns are scalars or arrays that broadcast to (n,) or (K, n) and are copied; arrays in `adopt` are not.
        ValueError if the class has its table already; else as `Table`.

        >>> from kmsim.columns import Column, ViewAgent
        >>> class Teacher(ViewAgent):
        ...     years = Column("float32")
        >>> ViewModel(rng=1).add_table(Teacher, 3, years=[1, 9, 2])["years"].tolist()
        [1.0, 9.0, 2.0]
        """
        if agent_class in self.tables:
            raise ValueError(f"{agent_class.__name__} has its table already, and tables do not grow")
        table = Table(agent_class, n, len(self.practice_names), adopt)
        for name, values in columns.items():
            table.fill(name, values)
        table.attach(self, 1 + self._total())
        self.tables[agent_class] = table
        return table

    def practice_index(self, practice: str) -> int:
        """The number of a practice. UnknownName, with the nearest, if the model has none of that name.

        >>> ViewModel(practices=["feedback", "reading"], rng=1).practice_index("reading")
        1
        """
        try:
            return self.practice_names.index(practice)
        except ValueError:
            raise unknown("practice", practice, self.practice_names, "a practice of this model") from None

    @property
    def agents(self) -> ViewSet:
        """All agents, in the order of their ids."""
        return ViewSet(self, range(1, 1 + self._total()))

    @agents.setter
    def agents(self, agents: Any) -> NoReturn:
        raise AttributeError("model.agents is Mesa's name for all agents; keep your own under another")

    @property
    def agents_by_type(self) -> dict[type[ViewAgent], ViewSet]:
        """The agents of each class. The sets are made afresh: taking an agent out of one leaves it in the model.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").agents_by_type[School]
        <ViewSet of 5 School>
        """
        return {agent_class: table.views() for agent_class, table in self.tables.items()}

    @property
    def agent_types(self) -> list[type[ViewAgent]]:
        """The classes of agents, in the order of their ids."""
        return list(self.tables)

    def register_agent(self, agent: Any) -> NoReturn:
        """Always TypeError: rows are made by `add_table`.

        >>> ViewModel(rng=1).register_agent("somebody")
        Traceback (most recent call last):
            ...
        kmsim.errors.Refused: str cannot be registered: the agents of this model are rows of tables; declare a ViewAgent and make its rows with model.add_table
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)  # where Mesa 3.3 counts ids, for ever
        raise Refused(
            f"{type(agent).__name__} cannot be registered: the agents of this model are rows of tables; "
            "declare a ViewAgent and make its rows with model.add_table"
        )

    def deregister_agent(self, agent: Any) -> NoReturn:
        """Always TypeError: a row is a post, and posts stay."""
        raise cannot_remove(agent)

    def remove_all_agents(self) -> NoReturn:
        """Always TypeError: a row is a post, and posts stay."""
        raise Refused("the agents cannot be removed: a row is a post that stays; make a new model instead")

    def _track_agents_numpy(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Refused("the columns of agents are arrays already: use data_registry.track_agents, or model.tables")

    # Steps and time.

    def may_step(self, steps: int = 1) -> bool:
        """Whether that many more steps are due; a step that is not is left out. A model that ends says no, or raises.

        >>> ViewModel(rng=1).may_step()
        True
        """
        return True

    def count_steps(self, steps: int) -> None:
        """Count steps that were run in one call as Mesa counts them: `steps`, and on Mesa 3.5 `time`.

        >>> model = ViewModel(rng=1)
        >>> model.count_steps(6)
        >>> model.steps
        6
        """
        if not hasattr(self, "_default_schedule"):
            self.steps += steps
            return
        step, self._user_step = self._user_step, lambda: None  # Mesa 3.5 counts by the event that calls it
        try:
            super()._advance_time(self.time + steps)
        finally:
            self._user_step = step

    def every_step_matters(self, plain: Any) -> bool:
        """Whether steps must be run one by one through `self.step()`: the model has another step than the function `plain`,
        or (Mesa 3.5) an event is scheduled or somebody has subscribed to a change.

        >>> class Stepped(ViewModel):
        ...     def step(self):
        ...         self.random.random()
        >>> Stepped(rng=1).every_step_matters(ViewModel.step), ViewModel(rng=1).every_step_matters(ViewModel.step)
        (True, False)
        """
        own = getattr(self._user_step, "__func__", None) is not plain or self.step != self._wrapped_step
        events = len(self._event_list) != 1 if hasattr(self, "_event_list") else False  # one: the next step
        return own or events or any(getattr(self, "subscribers", {}).values())

    def settle(self) -> None:
        """Bring in line what is computed from columns that were written from outside; called before a copy is made."""

    def begin_step(self) -> None:
        """Called before every step that Mesa counts, and before anything that a subclass does in it."""

    def _wrapped_step(self, *args: Any, **kwargs: Any) -> None:
        """What Mesa puts in the place of `step`: counts, and calls it."""
        if not self.may_step():
            return
        if not hasattr(self, "_default_schedule"):
            self.begin_step()
        super()._wrapped_step(*args, **kwargs)

    def _do_step(self) -> None:
        """What the clock of Mesa 3.5 calls: counts, and calls `step`."""
        self.begin_step()
        super()._do_step()

    def _advance_time(self, until: float) -> None:
        """What `run_for` and `run_until` of Mesa 3.5 call: refused before anything is done if it is too far."""
        due = self._default_schedule.next_scheduled_time
        if due is not None and until >= due:
            self.may_step(math.floor(until - due) + 1)
        super()._advance_time(until)

    def __copy__(self) -> Self:
        """A model of its own that goes on as this one would: two models cannot share the rows that both write to."""
        return copy.deepcopy(self)

    def _total(self) -> int:
        return sum(table.n for table in self.tables.values())
