"""One agent, made when somebody looks at it: a row of a table that behaves like any Mesa agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar
from weakref import getweakrefcount

import mesa
from numpy.typing import ArrayLike

from kmsim.columns.fields import Column
from kmsim.errors import Refused, unknown

if TYPE_CHECKING:
    from kmsim.columns.model import ViewModel
    from kmsim.columns.sets import ViewSet
    from kmsim.columns.table import Table

Agent = TypeVar("Agent", bound="ViewAgent")


class ViewAgent(mesa.Agent):
    """A Mesa agent that owns nothing but its place: (table, row, practice). Subclass it and declare columns.

    Two views of one row are equal and hash alike, whichever practice they look at, though each is made afresh.

    TypeError when called (`model.add_table` makes rows), when removed, or when a column takes a name of Mesa's.
    AttributeError, with the nearest column, when anything but a column or a property with a setter is set.

    >>> from kmsim.columns import ViewModel
    >>> class Teacher(ViewAgent):
    ...     workload = Column("float32", 0.5)
    >>> model = ViewModel(rng=1)
    >>> teacher = model.add_table(Teacher, 3).view(1)
    >>> teacher.workload = 0.75
    >>> teacher
    <Teacher 2: workload=0.75>
    >>> teacher.workloda = 0.25
    Traceback (most recent call last):
    AttributeError: attribute=workloda: not a column of Teacher; did you mean 'workload'?
    """

    __slots__ = ("_place",)
    _place: tuple[Table, int, int]  # one slot and not three: a third less time to make a view
    _fields: ClassVar[dict[str, Column]] = {}
    pos = None  # Mesa's own pages ask every agent for one

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
        cls._fields = {name: getattr(cls, name) for name in names if isinstance(getattr(cls, name, None), Column)}
        for name in cls._fields:
            if hasattr(ViewAgent, name):
                raise TypeError(
                    f"{cls.__name__}.{name}: Mesa or the view has this name already; call the column otherwise"
                )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise cannot_make(type(self))

    @classmethod
    def create_agents(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Always TypeError: rows are made by `add_table`."""
        raise cannot_make(cls)

    @classmethod
    def from_dataframe(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Always TypeError: rows are made by `add_table`."""
        raise cannot_make(cls)

    @classmethod
    def fields(cls) -> dict[str, Column]:
        """The schema of the class: its columns by name, those of the base classes first. Changing it changes nothing.

        >>> class School(ViewAgent):
        ...     pupils = Column("int32", unit="pupils")
        >>> [(c.name, c.dtype.name, c.default, c.unit, c.doc) for c in School.fields().values()]
        [('pupils', 'int32', 0, 'pupils', '')]
        """
        return dict(cls._fields)

    @property
    def model(self) -> ViewModel:
        """The model whose table this is a row of."""
        return self._place[0].model

    @property
    def unique_id(self) -> int:
        """Stable for ever: tables in the order they were added, first_id + row, from 1."""
        return self._place[0].first_id + self._place[1]

    @property
    def row(self) -> int:
        """The row in the table of this class, from 0."""
        return self._place[1]

    @property
    def practice(self) -> str:
        """The name of the practice whose values this view reads."""
        return self.model.practice_names[self._place[2]]

    def of(self, practice: str) -> Self:
        """The same agent, looked at for another practice. UnknownName if the model has no such practice.

        >>> from kmsim.model import Model, School
        >>> model = Model(system="village", practice=["formative_assessment", "metacognition"])
        >>> model.tables[School].view(0).of("metacognition").practice
        'metacognition'
        """
        return self._place[0].view(self._place[1], self.model.practice_index(practice))

    def one(self, agent_class: type[Agent], row: int) -> Agent:
        """The agent of a class that stands in a row, for this view's practice: what `teacher.at` is made of.

        >>> from kmsim.model import Model, School, Teacher
        >>> teacher = Model(system="village").tables[Teacher].view(0)
        >>> teacher.one(School, teacher.school) == teacher.at
        True
        """
        return self.model.tables[agent_class].view(row, self._place[2])

    def some(self, agent_class: type[ViewAgent], rows: range | ArrayLike) -> ViewSet:
        """The agents of a class in these rows, for this view's practice: what `school.teachers` is made of.

        A range costs the same however long it is; an array of rows is copied.

        >>> from kmsim.model import Model, School, Teacher
        >>> Model(system="village").tables[School].view(0).some(Teacher, range(3))
        <ViewSet of 3 Teacher>
        """
        return self.model.tables[agent_class].views(rows, self._place[2])

    def remove(self) -> NoReturn:
        """Always TypeError: a row is a post, and posts stay."""
        raise cannot_remove(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if not can_set(type(self), name):
            raise no_column(name, [type(self)])
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ViewAgent):
            return NotImplemented
        return self._place[0] is other._place[0] and self._place[1] == other._place[1]

    def __hash__(self) -> int:
        return hash(self._place[1])  # not id(table): the order of a set of views would differ from run to run

    def __reduce__(self) -> tuple[Any, ...]:
        return placed, (type(self), *self._place)

    def __del__(self, references: Callable[[Any], int] = getweakrefcount) -> None:
        """A view that something holds by a weak reference, such as Mesa's own AgentSet, lives on with its table."""
        if references(self):
            self._place[0].keep(self)

    def __repr__(self) -> str:
        values = " ".join(f"{name}={_short(getattr(self, name))}" for name in self._fields)
        return f"<{type(self).__name__} {self.unique_id}: {values}>"


_set_place = ViewAgent.__dict__["_place"].__set__  # past ViewAgent.__setattr__


def placed(agent_class: type[Agent], table: Table, row: int, practice: int) -> Agent:
    """A view, made without Mesa's Agent.__init__, which would register it and count it."""
    view = object.__new__(agent_class)
    _set_place(view, (table, row, practice))
    return view


def cannot_make(agent_class: type) -> Refused:
    """The error for whoever makes agents one by one."""
    name = agent_class.__name__
    return Refused(
        f"{name}(...): agents are rows of a table that never grows; "
        f"make them all at once with model.add_table({name}, n)"
    )


def cannot_remove(agent: Any) -> Refused:
    """The error for whoever takes an agent out of its model."""
    return Refused(f"{agent!r} cannot be removed: a row is a post that stays, people leave by turnover")


def can_set(agent_class: type[ViewAgent], name: str) -> bool:
    """Whether a view of the class may take this attribute: a column, or a property.

    >>> from kmsim.agents import Teacher
    >>> can_set(Teacher, "fidelity"), can_set(Teacher, "fidelty")
    (True, False)
    """
    return hasattr(getattr(agent_class, name, None), "__set__")


def no_column(name: str, agent_classes: Iterable[type[ViewAgent]]) -> AttributeError:
    """The error for a name that is no column of these classes, with the nearest that is."""
    classes = list(agent_classes)
    known = {field for agent_class in classes for field in agent_class._fields}
    of = " or ".join(agent_class.__name__ for agent_class in classes) or "any agent"
    return AttributeError(str(unknown("attribute", name, known, f"a column of {of}")))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
