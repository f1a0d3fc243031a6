"""What is fitted: the checks of the scorecard whose findings are tagged CAL, and nothing else.

The fitting code takes its statistics and ranges from here alone. A check of another kind is not read beyond its kind.

Example
-------
>>> {target.kind for target in targets()}
{'CAL'}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kmsim.errors import unknown

if TYPE_CHECKING:
    from kmsim.evidence.intervals import Interval, Range
    from kmsim.evidence.seen import Seen


@dataclass(frozen=True)
class Target:
    """One statistic that is fitted, as the scorecard's check of the same name defines it.

    accept: the finding's range, None for no bound; width: what a miss is measured in, half the range, or the bound's size.
    """

    name: str
    says: str
    experiment: str
    statistic: Callable[[Seen], Interval]
    accept: Range
    kind: str = "CAL"

    @property
    def bounds(self) -> tuple[float, float]:
        """The range with infinity for no bound.

        >>> Target("x", "", "", None, (None, 0.5)).bounds
        (-inf, 0.5)
        """
        low, high = self.accept
        return (-math.inf if low is None else low), (math.inf if high is None else high)

    @property
    def width(self) -> float:
        """What a miss is measured in: half the width of the range; of one with a single bound, a tenth of the bound.

        >>> Target("x", "", "", None, (0.0, 1.0)).width, Target("x", "", "", None, (None, 0.5)).width
        (0.5, 0.05)
        """
        low, high = self.bounds
        if math.isfinite(low) and math.isfinite(high):
            return max((high - low) / 2, 1e-9)
        return max(abs(low if math.isfinite(low) else high) / 10, 1e-9)


def targets(names: Iterable[str] | None = None) -> tuple[Target, ...]:
    """The CAL checks, in the scorecard's order; only those named, if any are. Raises UnknownName for one that is no CAL check.

    >>> every = targets()
    >>> targets([every[0].name]) == every[:1]
    True
    """
    from kmsim.evidence import checks

    found = tuple(
        Target(check.name, check.says, check.experiment, check.statistic, check.accept)
        for check in checks.CHECKS
        if check.kind == "CAL"
    )
    if names is None:
        return found
    wanted, there = [*names], {target.name: target for target in found}
    for name in wanted:
        if name not in there:
            raise unknown("targets", name, there, "a check that may be fitted")
    return tuple(target for target in found if target.name in wanted)


def misses(values: np.ndarray, wanted: Sequence[Target]) -> np.ndarray:
    """How far statistics lie outside their ranges: (n, targets), nought inside. A value that is no number misses by infinity.

    >>> one = Target("x", "", "", None, (0.0, 1.0))
    >>> misses(np.array([[0.5], [1.25], [-1.0]]), [one]).ravel().tolist()
    [0.0, 0.25, 1.0]
    """
    bounds = np.array([target.bounds for target in wanted])
    out = np.maximum(np.maximum(bounds[:, 0] - values, values - bounds[:, 1]), 0.0)
    return np.where(np.isfinite(values), out, np.inf)
