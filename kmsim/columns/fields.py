"""One field of an agent class: declared in a line, stored as an array, read and written through a view."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_FROM = {"b": "biuf", "i": "biuf", "u": "biuf", "f": "biuf", "U": "UO"}  # kinds of array a kind of column is made from


class Column:
    """A field of an agent class, kept as one array in that class's `Table`.

    A view reads it as a plain Python scalar and writes it in place; the class itself gives the declaration.

    Shape (n,), or (K, n) for K practices when `per_practice`. `unit` and `doc` are for the reference pages.
    `within`: the least and the greatest value that may be written. `fixed`: why the column cannot be written, in words
    that follow its name; such columns are filled when the table is made, or by the phases of a tick.

    ValueError if a value does not fit the dtype (0.5 or 300 into uint8, a text that would be cut) or is not within the
    range; AttributeError if the column is fixed.

    >>> from kmsim.columns import ViewAgent
    >>> class Teacher(ViewAgent):
    ...     experience = Column(np.float32, 8, doc="time in teaching", unit="years")
    >>> Teacher.experience
    Column(float32, default=8, unit='years', doc='time in teaching')
    """

    name: str
    owner: str

    def __init__(
        self,
        dtype: DTypeLike,
        default: Any = 0,
        doc: str = "",
        unit: str = "",
        per_practice: bool = False,
        within: tuple[float, float] | None = None,
        fixed: str = "",
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.default, self.doc, self.unit, self.per_practice = default, doc, unit, per_practice
        self.within, self.fixed = within, fixed

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.owner = name, owner.__name__

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is None:
            return self
        table, row, practice = view._place
        array = table._columns[self.name]
        return array.item(practice, row) if self.per_practice else array.item(row)

    def __set__(self, view: Any, value: Any) -> None:
        table, row, practice = view._place
        table.write(self.name, row, value, practice)

    def writable(self, values: ArrayLike) -> NDArray[Any]:
        """The values as an array that may be written to the column. Raises AttributeError if it is fixed, else as `fit`.

        >>> count = Column(np.int32, fixed="is counted every tick"); count.__set_name__(int, "count")
        >>> count.writable(3)
        Traceback (most recent call last):
        AttributeError: int.count cannot be set: it is counted every tick
        """
        if self.fixed:
            raise AttributeError(f"{self.owner}.{self.name} cannot be set: it {self.fixed}")
        fitted = self.fit(values)
        if self.within is not None:
            least, most = self.within
            inside = (fitted >= least) & (fitted <= most)  # false for NaN
            if not inside.all():
                raise ValueError(f"{self.owner}.{self.name}={fitted[~inside].flat[0]}: expected {self._range()}")
        return fitted

    def fit(self, values: ArrayLike) -> NDArray[Any]:
        """The values as an array that this column can take as it is. NumPy alone would cut or wrap them in silence.

        >>> stage = Column(np.uint8); stage.__set_name__(int, "stage")
        >>> stage.fit([0, 3])
        array([0, 3], dtype=uint8)
        """
        given = np.asarray(values)
        if given.dtype == self.dtype or self.dtype.kind not in _FROM:
            return given
        takes = given.dtype.kind in _FROM[self.dtype.kind]
        if takes and self.dtype.kind == "f":
            return given  # any number is near enough to a real one
        wrong, fitted = np.full(given.shape, not takes), given
        if takes:
            with np.errstate(invalid="ignore"):
                fitted = given.astype(self.dtype)
            wrong = np.asarray(fitted != given)
        if wrong.any():
            raise ValueError(f"{self.owner}.{self.name}={given[wrong].flat[0]}: expected {self._range()}")
        return fitted

    def _range(self) -> str:
        if self.dtype.kind == "b":
            return "True or False"
        if self.dtype.kind == "f":
            return "a number" if self.within is None else f"a number from {self.within[0]} to {self.within[1]}"
        if self.dtype.kind == "U":
            return f"a text of at most {self.dtype.itemsize // 4} characters"
        limits = np.iinfo(self.dtype)
        least, most = (limits.min, limits.max) if self.within is None else self.within
        return f"a whole number from {least} to {most} ({self.dtype})"

    def __repr__(self) -> str:
        said = [f"{key}={getattr(self, key)!r}" for key in ("unit", "doc", "per_practice") if getattr(self, key)]
        return f"Column({', '.join([self.dtype.name, f'default={self.default!r}', *said])})"
