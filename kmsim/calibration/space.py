"""The space that is searched: every parameter graded free, over the prior of the parameter table, as a unit cube.

Example
-------
>>> space = Space.of_table(["theta", "r_try"])
>>> space.values(np.array([[0.0, 1.0]]))
array([[ 1., 10.]])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kmsim.errors import BadValue, unknown
from kmsim.parameters import PARAMETERS


@dataclass(frozen=True)
class Space:
    """names, and the ends of each one's prior. The prior is uniform between them.

    >>> space = Space(("theta",), np.array([1.0]), np.array([4.0]))
    >>> space.values(np.array([[0.0], [0.5], [1.0]])).ravel().tolist()
    [1.0, 2.5, 4.0]
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of_table(cls, names: Iterable[str] | None = None) -> Space:
        """Of these parameters, all that are graded free if none are named. Raises UnknownName, and BadValue for one not free.

        >>> "theta" in Space.of_table().names
        True
        """
        chosen = [*names] if names is not None else [n for n, row in PARAMETERS.items() if row.grade == "free"]
        for name in chosen:
            if name not in PARAMETERS:
                raise unknown("parameters", name, PARAMETERS, "a parameter")
            if PARAMETERS[name].grade != "free":
                raise BadValue("parameters", name, "a parameter graded free: others are measured or judged, not fitted")
        priors = np.array([PARAMETERS[name].prior for name in chosen], float)
        return cls(tuple(chosen), priors[:, 0], priors[:, 1])

    def __len__(self) -> int:
        return len(self.names)

    def values(self, units: np.ndarray) -> np.ndarray:
        """Parameters, (n, parameters), at places in the unit cube.

        >>> Space(("theta",), np.array([1.0]), np.array([4.0])).values(np.array([[0.5]]))
        array([[2.5]])
        """
        return self.low + units * (self.high - self.low)

    def units(self, values: np.ndarray) -> np.ndarray:
        """Places in the unit cube of parameters, (n, parameters).

        >>> Space(("theta",), np.array([1.0]), np.array([4.0])).units(np.array([[2.5]]))
        array([[0.5]])
        """
        return (values - self.low) / (self.high - self.low)

    def named(self, values: np.ndarray) -> dict[str, float]:
        """One set of parameters by name.

        >>> Space(("theta",), np.array([1.0]), np.array([4.0])).named(np.array([2.5]))
        {'theta': 2.5}
        """
        return dict(zip(self.names, map(float, values), strict=True))

    def array(self, named: Mapping[str, float]) -> np.ndarray:
        """One set of parameters as an array.

        >>> Space(("theta",), np.array([1.0]), np.array([4.0])).array({"theta": 2.5})
        array([2.5])
        """
        return np.array([named[name] for name in self.names], float)
