"""What each of several features is worth, from runs in which each is on or off in every combination.

Example
-------
>>> shapley(np.array([0.0, 1.0, 2.0, 5.0])).tolist()  # off-off, off-on, on-off, on-on
[3.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np

from kmsim.evidence import intervals
from kmsim.evidence.check import Statistic
from kmsim.evidence.seen import Seen

Values = Callable[[Seen], np.ndarray]  # a number a run, scenarios by seeds


def shapley(values: np.ndarray) -> np.ndarray:
    """Each feature's Shapley value of a table with a value a combination, the first feature varying slowest, off first.

    The values add up to what all features on give over all off.

    >>> shapley(np.array([0.0, 0.0, 0.0, 1.0])).tolist()
    [0.5, 0.5]
    """
    features = int(np.log2(len(values)))
    table = values.reshape((2,) * features)
    out = np.zeros(features)
    for i in range(features):
        steps = np.diff(table, axis=i).squeeze(i)
        for others in np.ndindex(steps.shape):
            on = sum(others)
            weight = factorial(on) * factorial(features - on - 1) / factorial(features)
            out[i] += weight * steps[others]
    return out


def main_effects(values: np.ndarray) -> np.ndarray:
    """The mean with each feature on less that with it off, of the same table.

    >>> main_effects(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
    [3.0, 2.0]
    """
    features = int(np.log2(len(values)))
    table = values.reshape((2,) * features)
    return np.array([np.diff(table, axis=i).mean() for i in range(features)])


def least_main_effect(of: Values) -> Statistic:
    """The least of the main effects, seed by seed: nil or more if every feature helps or does no harm.

    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(rows=[("a", 0, seed, "") for seed in (1, 2)])
    >>> table = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [5.0, 5.0]])  # four combinations, two seeds
    >>> least_main_effect(lambda seen: table)(seen).value
    2.0
    """
    return lambda seen: intervals.mean([main_effects(row).min() for row in _by_seed(seen, of)])


def lead(of: Values, place: int) -> Statistic:
    """A feature's share of the sum of Shapley values less the largest share of any other, seed by seed.

    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(rows=[("a", 0, seed, "") for seed in (1, 2)])
    >>> table = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [5.0, 5.0]])  # four combinations, two seeds
    >>> round(lead(lambda seen: table, 0)(seen).value, 2)
    0.2
    """

    def statistic(seen: Seen) -> intervals.Interval:
        worth = [shapley(row) for row in _by_seed(seen, of)]
        return intervals.mean([(w[place] - np.delete(w, place).max()) / w.sum() for w in worth])

    return statistic


def _by_seed(seen: Seen, of: Values) -> np.ndarray:
    """(seeds, combinations)."""
    seeds = len({row[2] for row in seen.rows})
    return of(seen).reshape(-1, seeds).T
