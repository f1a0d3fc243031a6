"""What predicts who adopts when: the model's rules on the ties, the same rules with no network, and Bass.

All are fitted in one way, by the likelihood of the discrete hazard, and predict in one way. A threshold model of others'
making stands beside them (`kmsim.diffusion.threshold`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kmsim.diffusion.communities import Innovation
from kmsim.diffusion.process import ALIKE, ANYBODY, TIES, follow, forecast
from kmsim.parameters import PARAMETERS, defaults, record

LEAST = 1e-9  # no chance is less: a single surprise cannot cost everything


@dataclass(frozen=True)
class Free:
    """A parameter to fit. starts: where the search sets out from; log: searched by its logarithm."""

    name: str
    low: float
    high: float
    starts: tuple[float, ...]
    log: bool


@dataclass(frozen=True)
class Forecast:
    """What a model expects from a community's first period of adoption on.

    shares: the share adopted by run, community and period; when: each person's mean period of adoption, None if all of a
    community are alike to it.
    """

    shares: np.ndarray
    when: np.ndarray | None


class Rival(Protocol):
    """A model that can be fitted and that predicts."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def free(self) -> tuple[Free, ...]: ...
    def chances(self, where: Innovation, values: Mapping[str, float]) -> np.ndarray: ...
    def forecast(self, where: Innovation, values: Mapping[str, float], seed: int, runs: int) -> Forecast: ...


@dataclass(frozen=True)
class Rules:
    """The model's own rules of awareness and trying, with five parameters free and all others at their defaults.

    meets: who a person's contacts are: TIES, ANYBODY or ALIKE, see `kmsim.diffusion.process`.

    >>> from kmsim.diffusion.communities import innovation
    >>> RULES.chances(innovation("physicians"), {"theta": 2.0}).shape
    (17, 125)
    """

    name: str
    label: str
    meets: np.int64
    free: tuple[Free, ...] = (
        Free("p_aware", 1e-3, 20.0, (0.2, 2.0), True),
        Free("q_aware", 1e-3, 20.0, (0.2, 2.0), True),
        Free("b0", -9.0, 3.0, (-3.0,), False),
        Free("b_reinforcement", -3.0, 9.0, (2.0,), False),
        Free("theta", 0.2, 20.0, (2.0,), True),
    )

    def chances(self, where: Innovation, values: Mapping[str, float]) -> np.ndarray:
        """The chance that each person adopts in each period, given what was seen before: (periods, people)."""
        return follow(where, record({**defaults(), **values}), self.meets)

    def forecast(self, where: Innovation, values: Mapping[str, float], seed: int, runs: int) -> Forecast:
        """Communities run forward, `runs` times."""
        counts, when = forecast(where, record({**defaults(), **values}), self.meets, seed, runs)
        return Forecast(counts / where.sizes[:, None], when if self.meets == TIES else self._of_the_like(where, when))

    def _of_the_like(self, where: Innovation, when: np.ndarray) -> np.ndarray | None:
        """With no network, those of a community who name as many are alike: one expected period for them, without chance."""
        if self.meets == ALIKE:
            return None
        named = np.diff(where.tie_start)
        later = where.time > where.began[where.community]
        _, kind = np.unique(np.stack([where.community, named, later]), axis=1, return_inverse=True)
        return (np.bincount(kind, when) / np.bincount(kind))[kind]


@dataclass(frozen=True)
class Bass:
    """Bass (1969) in discrete time: of the m that ever will, each adopts at rate p + q F, F the share of them that has.

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> BASS.forecast(where, {"p": 0.5, "q": 1.0, "m": 0.9}, seed=1, runs=3).shares.shape
    (3, 4, 17)
    """

    name: str = "bass"
    label: str = "Bass"
    free: tuple[Free, ...] = (
        Free("p", 1e-4, 20.0, (0.02, 0.5), True),
        Free("q", 1e-4, 20.0, (0.3, 2.0), True),
        Free("m", 0.05, 1.0, (0.95,), False),
    )

    def chances(self, where: Innovation, values: Mapping[str, float]) -> np.ndarray:
        """The chance that each person adopts in each period, given what was seen before: (periods, people).

        >>> from kmsim.diffusion.communities import innovation
        >>> where = innovation("physicians")
        >>> chances = BASS.chances(where, {"p": 0.5, "q": 1.0, "m": 0.9})
        >>> chances.shape, bool(((chances >= 0) & (chances < 1)).all())
        ((17, 125), True)
        """
        by_community = self._followed(where, values)[0]
        chances = np.repeat(by_community, where.sizes, axis=1)
        at = np.arange(1, where.periods + 1)[:, None]
        return np.where(where.time[None, :] >= at, chances, 0.0)

    def forecast(self, where: Innovation, values: Mapping[str, float], seed: int, runs: int) -> Forecast:
        """Communities run forward, `runs` times: all of a community are alike, so only numbers are drawn."""
        _, willing = self._followed(where, values)
        chance = np.random.Generator(np.random.Philox(key=[seed, 1]))
        shares = np.zeros((runs, where.n_communities, where.periods))
        for c, (size, began) in enumerate(zip(where.sizes, where.began, strict=True)):
            adopted = np.full(runs, int((where.time[where.first[c] : where.first[c + 1]] <= began).sum()))
            market = adopted + chance.binomial(size - adopted, willing[began - 1, c])
            shares[:, c, began - 1] = adopted / size
            for t in range(began, where.periods):
                adopted = adopted + chance.binomial(market - adopted, self._chance(adopted / size, values, where.dt))
                shares[:, c, t] = adopted / size
        return Forecast(shares, None)

    def _followed(self, where: Innovation, values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """By period and community: the chance to adopt of one who has not, and that such a one ever will."""
        shares = where.curves().T
        chances, willing = np.zeros(shares.shape), np.full(shares.shape, values["m"])
        for t in range(1, where.periods):
            if_willing = self._chance(shares[t - 1], values, where.dt)
            chances[t] = willing[t - 1] * if_willing
            willing[t] = willing[t - 1] * (1 - if_willing) / np.maximum(1 - chances[t], LEAST)
        return chances, willing

    @staticmethod
    def _chance(share: np.ndarray, values: Mapping[str, float], dt: float) -> np.ndarray:
        reached = np.minimum(share / values["m"], 1.0)
        return 1 - np.exp(-(values["p"] + values["q"] * reached) * dt)


RULES = Rules("rules", "The model's rules", TIES)
NO_NETWORK = Rules("no_network", "Same rules, no network", ALIKE)
OWN_NUMBER = Rules("own_number", "Own number of contacts, anybody", ANYBODY)
BASS = Bass()
RIVALS: tuple[Rival, ...] = (RULES, NO_NETWORK, OWN_NUMBER, BASS)


def likelihood(where: Innovation, chances: np.ndarray) -> np.ndarray:
    """The log-likelihood of what each person did from period 2 on, in nats: (people,). Who adopted in period 1 is given.

    >>> from kmsim.diffusion.communities import innovation
    >>> where = innovation("physicians")
    >>> float(likelihood(where, np.full((where.periods, where.n_people), 0.5)).max())
    0.0
    """
    chances = np.clip(np.asarray(chances, float), LEAST, 1 - LEAST)
    at = np.arange(1, where.periods + 1)[:, None]
    kept = np.where((where.time[None, :] > at) & (at > 1), np.log1p(-chances), 0.0)
    took = np.where((where.time[None, :] == at) & (at > 1), np.log(chances), 0.0)
    return (kept + took).sum(axis=0)


def priors(free: Free) -> tuple[float, tuple[float, float]] | None:
    """The model's default and prior of a free parameter, None if the model has none of that name.

    >>> priors(RULES.free[0]) is None, priors(BASS.free[0]) is None
    (False, True)
    """
    row = PARAMETERS.get(free.name)
    return None if row is None else (row.default, row.prior)
