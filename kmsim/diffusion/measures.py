"""How well a prediction did in one community, and how sure a difference is over communities."""

from __future__ import annotations

import numpy as np

from kmsim.diffusion.communities import Innovation
from kmsim.diffusion.rivals import likelihood

RANGE = (5.0, 95.0)  # percent of runs: the range in which a curve was expected


def curve_error(where: Innovation, shares: np.ndarray) -> np.ndarray:
    """The distance of the mean forecast from each community's curve, after its first period: root mean square, share of people.

    shares: (runs, communities, periods). Returns (communities,).

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> curve_error(where, where.curves()[None]).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    missed = shares.mean(axis=0) - where.curves()
    return np.array([np.sqrt(np.mean(missed[c, began:] ** 2)) for c, began in enumerate(where.began)])


def coverage(where: Innovation, shares: np.ndarray) -> np.ndarray:
    """The share of periods, after the first, in which the curve lay where 90% of runs were. Returns (communities,).

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> coverage(where, where.curves()[None]).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    low, high = np.percentile(shares, RANGE, axis=0)
    seen = where.curves()
    inside = (low - 1e-9 <= seen) & (seen <= high + 1e-9)
    return np.array([inside[c, began:].mean() for c, began in enumerate(where.began)])


def order(where: Innovation, when: np.ndarray | None) -> np.ndarray:
    """Concordance of the expected with the actual order of adoption: of two who differ, how often it is right (half if it
    holds them equal; .5 is chance). Those of a community's first period are given and left out. Returns (communities,),
    nan where no two differ.

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> order(where, where.time.astype(float)).tolist(), order(where, None).tolist()
    ([1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5])
    """
    return np.array(
        [_order(*pair) for pair in _by_community(where, np.zeros(where.n_people) if when is None else when)]
    )


def _by_community(where: Innovation, values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    pairs = []
    for c, began in enumerate(where.began):
        rows = slice(where.first[c], where.first[c + 1])
        later = where.time[rows] > began
        pairs.append((where.time[rows][later], values[rows][later]))
    return pairs


def _order(seen: np.ndarray, expected: np.ndarray) -> float:
    sooner = seen[:, None] < seen[None, :]
    if not sooner.any():
        return float("nan")
    right = np.sign(expected[None, :] - expected[:, None])[sooner]
    return float(np.mean((right + 1) / 2))


def next_adopters(where: Innovation, chances: np.ndarray) -> np.ndarray:
    """Concordance within periods: of one who adopts in it and one who does not yet, how often the first had the greater
    chance, given all that was seen before. Returns (communities,), nan where there is no such pair.

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> next_adopters(where, np.full((where.periods, where.n_people), 0.5)).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    found = []
    for c in range(where.n_communities):
        rows = slice(where.first[c], where.first[c + 1])
        time, right, pairs = where.time[rows], 0.0, 0
        for t in range(2, where.periods + 1):
            took, kept = chances[t - 1, rows][time == t], chances[t - 1, rows][time > t]
            right += float((np.sign(took[:, None] - kept[None, :]) + 1).sum()) / 2
            pairs += took.size * kept.size
        found.append(right / pairs if pairs else float("nan"))
    return np.array(found)


def log_score(where: Innovation, chances: np.ndarray) -> np.ndarray:
    """The log-likelihood of what was done, a person whose period is not given, nats. Returns (communities,).

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> bool((log_score(where, np.full((where.periods, where.n_people), 0.1)) < 0).all())
    True
    """
    each, told = likelihood(where, chances), where.time > 1
    return np.add.reduceat(each, where.first[:-1]) / np.add.reduceat(told, where.first[:-1])


def bootstrap(values: np.ndarray, strata: np.ndarray, draws: int, seed: int) -> tuple[float, float, float]:
    """The mean over communities with its 95% interval, communities drawn anew within their innovation.

    values: (communities,), nan left out; strata: each one's innovation. Percentiles of `draws` means.

    >>> bootstrap(np.array([1.0, 1.0]), np.array([0, 0]), 10, 1)
    (1.0, 1.0, 1.0)
    """
    known = np.isfinite(values)
    values, strata = values[known], strata[known]
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    chance = np.random.Generator(np.random.Philox(key=[seed, 3]))
    sums = np.zeros(draws)
    for stratum in np.unique(strata):
        own = values[strata == stratum]
        sums += own[chance.integers(len(own), size=(draws, len(own)))].sum(axis=1)
    low, high = np.percentile(sums / len(values), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)
