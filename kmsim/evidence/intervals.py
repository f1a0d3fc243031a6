"""An interval over seeds, and the verdict it gives against a range.

Example
-------
>>> verdict(mean([0.1, 0.2, 0.15]), (0.0, 1.0))
'pass'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kmsim.evidence.verdicts import CANNOT_TELL, FAIL, PASS, VERDICTS

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Interval:
    """A statistic, its 95% interval over seeds (or programmes) and how many there were.

    >>> found = mean([0.1, 0.2, 0.3])
    >>> found.low < found.value < found.high, found.n
    (True, 3)
    """

    value: float
    low: float
    high: float
    n: int


def mean(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean with Student's interval; a single value, or one that is not finite, has an interval without bounds.

    >>> mean([1.0, 1.0, 1.0])
    Interval(value=1.0, low=1.0, high=1.0, n=3)
    """
    found = np.asarray(values, float)
    n = len(found)
    if n < 2 or not np.isfinite(found).all():
        return Interval(float(np.mean(found)) if n else math.nan, -math.inf, math.inf, n)
    half = float(stats.t.ppf(0.975, n - 1) * found.std(ddof=1) / math.sqrt(n))
    middle = float(found.mean())
    return Interval(middle, middle - half, middle + half, n)


def share(hits: Sequence[bool] | np.ndarray) -> Interval:
    """A share of yes and no with Wilson's interval.

    >>> round(share([True] * 10).low, 2)
    0.72
    """
    n = len(hits)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    found = stats.binomtest(int(np.sum(hits)), n).proportion_ci(method="wilson")
    return Interval(float(np.mean(hits)), float(found.low), float(found.high), n)


def jackknife(statistic: Callable[[np.ndarray], float], n: int) -> Interval:
    """Any statistic of the seeds whose numbers it is given, with an interval from leaving each out in turn.

    >>> jackknife(lambda kept: float(kept.mean()), 3).value
    1.0
    """
    everyone = np.arange(n)
    whole = float(statistic(everyone))
    if n < 3:
        return Interval(whole, -math.inf, math.inf, n)
    left = np.array([statistic(np.delete(everyone, i)) for i in range(n)])
    if not np.isfinite([whole, *left]).all():
        return Interval(whole, -math.inf, math.inf, n)
    error = math.sqrt((n - 1) / n * float(((left - left.mean()) ** 2).sum()))
    half = float(stats.t.ppf(0.975, n - 1)) * error
    return Interval(whole, whole - half, whole + half, n)


def verdict(found: Interval, accept: Range) -> str:
    """Pass if the whole interval lies in the range (bounds included), fail if none of it does, else it cannot be told.

    >>> verdict(Interval(0.2, 0.1, 0.3, 5), (None, 0.0)), verdict(Interval(0.2, 0.1, 0.3, 5), (0.2, None))
    ('fail', 'cannot tell')
    """
    if math.isnan(found.value):
        return CANNOT_TELL
    low, high = (-math.inf if accept[0] is None else accept[0]), (math.inf if accept[1] is None else accept[1])
    if low <= found.low and found.high <= high:
        return PASS
    return FAIL if found.high < low or found.low > high else CANNOT_TELL


__all__ = ["CANNOT_TELL", "FAIL", "PASS", "VERDICTS", "Interval", "Range", "jackknife", "mean", "share", "verdict"]
