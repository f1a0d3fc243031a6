"""The rows of one agent class: a struct of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import index
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kmsim.columns.fields import Column
from kmsim.columns.sets import ViewSet
from kmsim.columns.views import Agent, placed
from kmsim.errors import UnknownName, unknown

if TYPE_CHECKING:
    from kmsim.columns.model import ViewModel
    from kmsim.columns.views import ViewAgent


class Table(Generic[Agent]):
    """The n agents of one class as arrays, one for each `Column`; `table["name"]` is the array itself.

    A model that counts what a column holds can ask which columns may have changed since it last asked (`changed`): those
    that were written through an agent, a set or the table, and those whose array was handed out.

    Arrays are not replaced while a model runs, so a compiled phase may hold on to them; setting writes in place. An
    adopted array may be a field of records: the table does not mind where it stands.

    Shapes: (n,), or (practices, n) for columns that are per practice. `adopt` gives arrays to use as they are.
    UnknownName for a column that is not declared; ValueError if an array has another dtype, shape or layout.

    >>> from kmsim.columns import ViewAgent
    >>> class Teacher(ViewAgent):
    ...     workload = Column(np.float32, 0.5)
    ...     stage = Column(np.uint8, per_practice=True)
    >>> table = Table(Teacher, 3, practices=2)
    >>> table["workload"] = [0.25, 0.5, 1.0]
    >>> table["workload"], table["stage"].shape
    (array([0.25, 0.5 , 1.  ], dtype=float32), (2, 3))
    """

    def __init__(
        self,
        agent_class: type[Agent],
        n: int,
        practices: int = 1,
        adopt: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        if index(n) < 0 or index(practices) < 1:
            raise ValueError(f"{agent_class.__name__}: expected n >= 0 and practices >= 1, got {n} and {practices}")
        self.agent_class, self.n, self.practices = agent_class, index(n), index(practices)
        self.first_id = 1
        self._model: ViewModel | None = None
        self._written: set[str] = set()  # since the model last asked
        self._lent: set[str] = set()  # whoever was given the array may write to it at any time
        self._kept: list[ViewAgent] = []  # views that something refers to by weak references alone
        given = dict(adopt or {})
        self._columns: dict[str, NDArray[Any]] = {}
        for name, column in agent_class.fields().items():
            shape = (self.practices, self.n) if column.per_practice else (self.n,)
            if name in given:
                self._columns[name] = _adopted(column, shape, given.pop(name))
            else:
                self._columns[name] = np.empty(shape, column.dtype)
                self._columns[name].fill(column.default)
        for name in given:
            raise self._unknown(name)

    @property
    def model(self) -> ViewModel:
        """The model this table was added to. TypeError if to none."""
        if self._model is None:
            raise TypeError(f"this table of {self.agent_class.__name__} is in no model: make it with model.add_table")
        return self._model

    def attach(self, model: ViewModel, first_id: int) -> None:
        """Make these the agents of a model, with ids from `first_id`. Called once, by the model."""
        self._model, self.first_id = model, first_id

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The arrays by name. The mapping is read-only, the arrays are not."""
        self._lent.update(self._columns)
        return MappingProxyType(self._columns)

    def adopt(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Move columns into other arrays, values and all: what a model does when it comes back from a pickle."""
        for name, array in arrays.items():
            column = self.agent_class._fields[name]
            array[...] = self._array(name)
            self._columns[name] = _adopted(column, array.shape, array)

    def fill(self, name: str, values: ArrayLike) -> None:
        """Give a column its first values, fixed or not: what whoever makes the table does. Else as setting."""
        self._array(name)[...] = self.agent_class._fields[name].fit(values)

    def write(self, name: str, rows: Any, values: ArrayLike, practice: int) -> None:
        """Set these rows of a column for one practice. AttributeError if it is fixed, ValueError if a value does not fit."""
        fitted = self.agent_class._fields[name].writable(values)
        self.peek(name, practice)[rows] = fitted
        self._written.add(name)

    def changed(self, names: Iterable[str]) -> bool:
        """Whether any of these columns may have changed since this was last asked (of any names).

        >>> from kmsim.model import Model, Teacher
        >>> teachers = Model(system="village").tables[Teacher]
        >>> teachers.view(0).stage = 2
        >>> teachers.changed(["stage"]), teachers.changed(["stage"])
        (True, False)
        """
        found = not (self._written | self._lent).isdisjoint(names)
        self._written.clear()
        return found

    def keep(self, view: ViewAgent) -> None:
        """Keep a view for as long as the table is there: what a set of weak references holds would vanish."""
        self._kept.append(view)

    def __reduce__(self) -> tuple[Any, ...]:
        # The columns before the model: a model that comes back finds its tables whole, whoever of the three is pickled.
        if self._model is not None:
            self._model.settle()
        rest = {name: value for name, value in self.__dict__.items() if name not in ("_model", "_kept")}
        return _restored, (rest,), {"_model": self._model}

    def __getitem__(self, name: str) -> NDArray[Any]:
        array = self._array(name)
        self._lent.add(name)
        return array

    def __setitem__(self, name: str, values: ArrayLike) -> None:
        array = self._array(name)
        array[...] = self.agent_class._fields[name].writable(values)
        self._written.add(name)

    def _array(self, name: str) -> NDArray[Any]:
        try:
            return self._columns[name]
        except KeyError:
            raise self._unknown(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return self.n

    def values(self, name: str, practice: int = 0) -> NDArray[Any]:
        """A column for one practice: the live array, of shape (n,), whether it is kept per practice or not.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].values("signed_up").tolist()
        [0, 0, 0, 0, 0]
        """
        self._lent.add(name)
        return self.peek(name, practice)

    def peek(self, name: str, practice: int = 0) -> NDArray[Any]:
        """As `values`, for those who only read it."""
        array = self._array(name)
        return array[practice] if self.agent_class._fields[name].per_practice else array

    def peek_all(self) -> Mapping[str, NDArray[Any]]:
        """As `columns`, for the phases that the model itself runs."""
        return MappingProxyType(self._columns)

    def view(self, row: int, practice: int = 0) -> Agent:
        """The agent in a row, looked at for one practice (its number). Made afresh; IndexError if there is no such row.

        >>> from kmsim.model import Model, School
        >>> Model(system="village").tables[School].view(4).name
        'The Wharf School'
        """
        row = index(row)
        if not 0 <= row < self.n:
            raise IndexError(f"{self.agent_class.__name__} row {row}: expected 0 to {self.n - 1}")
        return placed(self.agent_class, self, row, practice)

    def views(self, rows: range | ArrayLike | None = None, practice: int = 0) -> ViewSet:
        """The agents in these rows (a range, an array of rows or a mask of length n; all by default), in that order.

        A range with step 1 is kept as it is and costs nothing; a row that comes twice is taken once.
        IndexError if there is no such row.

        >>> from kmsim.model import Model, School
        >>> schools = Model(system="village").tables[School]
        >>> schools.views(schools["phase"] == 1), schools.views([3, 1]).get("row")
        (<ViewSet of 1 School>, [3, 1])
        """
        first = self.first_id
        if rows is None:
            return ViewSet(self.model, range(first, first + self.n), practice)
        if isinstance(rows, range) and rows.step == 1:
            if rows and not (0 <= rows.start and rows.stop <= self.n):
                raise IndexError(f"{self.agent_class.__name__} {rows}: expected rows 0 to {self.n - 1}")
            return ViewSet(self.model, range(first + rows.start, first + max(rows.start, rows.stop)), practice)
        wanted = np.asarray(rows, dtype=None if np.size(rows) else np.int64)
        if wanted.dtype == bool and wanted.shape != (self.n,):
            raise IndexError(f"{self.agent_class.__name__}: expected a mask of length {self.n}, got {wanted.shape}")
        wanted = np.flatnonzero(wanted) if wanted.dtype == bool else once(wanted.astype(np.int64, casting="same_kind"))
        if len(wanted) and not (0 <= wanted.min() and wanted.max() < self.n):
            raise IndexError(f"{self.agent_class.__name__} rows: expected 0 to {self.n - 1}")
        return ViewSet(self.model, wanted + first, practice)

    def _unknown(self, name: str) -> UnknownName:
        return unknown("column", name, self.agent_class._fields, f"a column of {self.agent_class.__name__}")

    def __repr__(self) -> str:
        return f"<Table of {self.n} {self.agent_class.__name__}: {', '.join(self._columns)}>"


def _restored(rest: dict[str, Any]) -> Table[Any]:
    """A table as it was pickled, in no model yet."""
    table: Table[Any] = object.__new__(Table)
    table.__dict__.update(rest, _model=None, _kept=[])
    return table


def once(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number once, in the order they first come.

    >>> once(np.array([3, 1, 3])).tolist()
    [3, 1]
    """
    kept, first = np.unique(ids, return_index=True)
    return ids if len(kept) == len(ids) else ids[np.sort(first)]


def _adopted(column: Column, shape: tuple[int, ...], array: NDArray[Any]) -> NDArray[Any]:
    """The array itself, if a column may be made of it: a copy would leave the giver writing to another array."""
    if not isinstance(array, np.ndarray) or array.dtype != column.dtype or array.shape != shape:
        got = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"adopt {column.owner}.{column.name}: expected an array {column.dtype} {shape}, got {got}")
    if not array.flags.writeable:
        raise ValueError(f"adopt {column.owner}.{column.name}: expected an array that can be written")
    return array
