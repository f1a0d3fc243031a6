"""The second stage: pyABC's ABC-SMC on what history matching left. Resumable from its SQLite history.

Every candidate has its own seed, made of the run's seed, the generation and its number, and candidates are accepted in the
order of their numbers: the same bits for any number of workers, interrupted or not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pyabc
from pyabc.parameters import Parameter
from pyabc.random_variables import DistributionBase
from pyabc.sampler import Sampler
from pyabc.transition import Transition

from kmsim.calibration.crew import Crew
from kmsim.calibration.matching import Region
from kmsim.calibration.seeds import digest
from kmsim.calibration.small import evaluate
from kmsim.calibration.space import Space
from kmsim.calibration.targets import Target, misses, targets

FARTHEST = 20.0  # a miss is counted as so many widths at most, one of a statistic that is no number too
logging.getLogger("ABC").setLevel(logging.WARNING)


class Prior(DistributionBase):
    """The prior on what is left: even over the region, nought elsewhere. pool: places spread over the region, drawn from at first."""

    def __init__(self, space: Space, region: Path, pool: np.ndarray) -> None:
        self.space, self.region, self.pool = space, str(region), pool

    def rvs(self, *args: Any, **kwargs: Any) -> Parameter:
        """One place of the pool, as parameters in the unit cube."""
        return Parameter(dict(zip(self.space.names, self.pool[np.random.randint(len(self.pool))], strict=True)))

    def pdf(self, x: Mapping[str, float]) -> float:
        """1 in the region, else 0: weights need it up to a factor only."""
        return float(_region(self.region).holds(self.space.array(x)[None])[0])


class Anew(Transition):
    """Candidates of every generation drawn anew from the prior on what is left, so that all weights are equal.

    A kernel round the last generation's particles asks for weights, 1 over the kernel's density. Over some thirty parameters
    they spread so wide that one particle has nearly all of it: of 96, the effective size was 1 and 3 in two generations.
    """

    def __init__(self, prior: Prior) -> None:
        self.prior = prior

    def fit(self, X: pd.DataFrame, w: np.ndarray) -> None:  # noqa: N803  (pyABC's name)
        """Nothing is learnt from the last generation but the tolerance."""

    def rvs_single(self) -> Parameter:
        """A place of the pool."""
        return self.prior.rvs()

    def pdf(self, x: Any) -> Any:
        """As the prior's: 1 in the region, else 0; a number for one place, an array for a table of them."""
        if isinstance(x, pd.DataFrame):
            return np.array([self.prior.pdf(row) for row in x.to_dict("records")])
        return self.prior.pdf(x)


@lru_cache(maxsize=2)
def _region(file: str) -> Region:
    return Region.read(Path(file))


@dataclass(frozen=True)
class Simulator:
    """Parameters in the unit cube -> statistics by name. seeds: of each experiment, its small number if None."""

    space: Space
    names: tuple[str, ...]
    seeds: int | None = None

    __name__ = "kmsim"

    def __call__(self, units: Mapping[str, float]) -> dict[str, float]:
        values = self.space.named(self.space.values(self.space.array(units)))
        wanted = targets(self.names)
        found = evaluate(values, wanted, int(np.random.randint(2**31 - 1)), self.seeds)
        return {target.name: float(value) for target, value in zip(wanted, found, strict=True)}


@dataclass(frozen=True)
class Miss:
    """The distance: nought if every statistic lies in its range, else the root of squared misses in units of `scales`."""

    names: tuple[str, ...]
    scales: tuple[float, ...]

    __name__ = "miss"

    def __call__(self, x: Mapping[str, Any], _: Mapping[str, Any]) -> float:
        values = np.array([[float(x[name]) for name in self.names]])
        return float(distances(values, targets(self.names), np.array(self.scales))[0])


def distances(values: np.ndarray, wanted: Sequence[Target], scales: np.ndarray) -> np.ndarray:
    """The distance of each row of statistics (n, targets) to the findings' ranges."""
    return np.sqrt((np.minimum(misses(values, wanted) / scales, FARTHEST) ** 2).sum(1))


class FromStageOne(pyabc.QuantileEpsilon):
    """The first tolerance is given, each next is a quantile of the last generation's distances; also after a resumption."""

    def __init__(self, first: float, alpha: float) -> None:
        super().__init__(initial_epsilon=first, alpha=alpha)

    def initialize(self, t: int, get_weighted_distances: Callable[[], pd.DataFrame], *more: Any, **named: Any) -> None:
        if t > 0:
            self._update(t, get_weighted_distances())


class Numbered(Sampler):
    """Candidates done by a crew, each with a seed of its own, accepted in the order of their numbers.

    deadline: by time.monotonic, after which a generation that is not whole is given up. most: evaluations in a generation.
    """

    def __init__(self, crew: Crew, seed: int, most: int, deadline: float, tell: Callable[[int, int, int], Any]) -> None:
        super().__init__()
        self.crew, self.seed, self.most, self.deadline, self.tell = crew, seed, most, deadline, tell
        self.late = False

    def sample_until_n_accepted(  # type: ignore[no-untyped-def]
        self, n, simulate_one, t, *, max_eval=np.inf, all_accepted=False, ana_vars=None
    ):
        """A generation: the first n candidates that are accepted, by their numbers."""
        task = cloudpickle.dumps(simulate_one)
        sample = self._create_empty_sample()
        stream = self.crew.each(_candidate, _same(task), (digest(self.seed, t, i) for i in count()))
        with closing(stream):  # type: ignore[type-var]
            for self.nr_evaluations_, particle in enumerate(stream, 1):
                sample.append(particle)
                self.tell(t, sample.n_accepted, self.nr_evaluations_)
                if sample.n_accepted >= n:
                    break
                self.late = time.monotonic() > self.deadline
                if self.late or self.nr_evaluations_ >= min(self.most, max_eval):
                    sample.ok = False
                    break
        return sample


def _same(value: Any):  # type: ignore[no-untyped-def]
    while True:
        yield value


@lru_cache(maxsize=1)
def _loaded(task: bytes) -> Callable[[], Any]:
    return cloudpickle.loads(task)


def _candidate(task: bytes, seed: int) -> Any:
    """In a worker: one candidate, proposed, simulated and judged with this seed."""
    np.random.seed(seed)
    return _loaded(task)()


@dataclass
class Generations:
    """What came of ABC-SMC. particles: a row each, weight and distance with the statistics and unit parameters (`u.` before).

    trace: a row a generation: tolerance, evaluations, accepted, rate, effective sample size. why: why it ended.
    """

    particles: pd.DataFrame
    trace: pd.DataFrame
    why: str


def run(
    file: Path,
    prior: Prior,
    simulator: Simulator,
    miss: Miss,
    first: float,
    crew: Crew,
    *,
    seed: int,
    particles: int,
    generations: int,
    alpha: float,
    most: int,
    in_all: int,
    deadline: float,
    tell: Callable[[int, int, int], Any],
) -> Generations:
    """Generations until one of: distance nought for all, so many, so many evaluations (most in one, in_all), the deadline.

    file: the SQLite history, gone on with if it is there. first: the first tolerance; alpha: the quantile of later ones.
    """
    address = f"sqlite:///{file.resolve()}"
    sampler = Numbered(crew, seed, most, deadline, tell)
    abc = pyabc.ABCSMC(
        simulator,
        prior,
        miss,
        population_size=particles,
        eps=FromStageOne(first, alpha),
        sampler=sampler,
        transitions=Anew(prior),
    )
    before = file.exists()
    history = abc.load(address, 1, {}) if before else abc.new(address, {})
    done = history.max_t + 1 if history.n_populations else 0
    spent = int(history.total_nr_simulations) if done else 0
    over = done and float(history.get_all_populations().epsilon.iloc[-1]) <= 0.0
    why = ""
    if not over and done < generations and spent < in_all and time.monotonic() < deadline:
        history = abc.run(
            minimum_epsilon=0.0, max_nr_populations=generations - done, max_total_nr_simulations=in_all - spent
        )
    trace = _trace(history, particles)
    if not len(trace):
        why = "no generation became whole"
    elif trace.epsilon.iloc[-1] <= 0.0:
        why = "every particle has every statistic in its range"
    elif len(trace) >= generations:
        why = f"{generations} generations are done"
    elif trace.evaluations.sum() >= in_all:
        why = f"{in_all} evaluations are spent"
    elif sampler.late or time.monotonic() >= deadline:
        why = "the clock: a generation was given up, so that a faster machine may go further"
    else:
        why = f"a generation took more than {most} evaluations"
    return Generations(_particles(history) if len(trace) else pd.DataFrame(), trace, why)


def _trace(history: Any, particles: int) -> pd.DataFrame:
    """A row a generation."""
    rows = []
    for row in history.get_all_populations().itertuples():
        if row.t < 0:
            continue
        _, weights = history.get_distribution(t=row.t)
        rows.append(
            {
                "generation": int(row.t),
                "epsilon": float(row.epsilon),
                "evaluations": int(row.samples),
                "accepted": len(weights),
                "rate": len(weights) / int(row.samples),
                "effective": float(1 / (weights**2).sum()),
            }
        )
    return pd.DataFrame(rows, columns=["generation", "epsilon", "evaluations", "accepted", "rate", "effective"])


def _particles(history: Any) -> pd.DataFrame:
    """The last generation."""
    population = history.get_population(t=history.max_t)
    rows = []
    for particle in population.particles:
        row = {"weight": float(particle.weight), "distance": float(particle.distance)}
        row |= {f"u.{name}": float(value) for name, value in particle.parameter.items()}
        row |= {name: float(value) for name, value in particle.sum_stat.items()}
        rows.append(row)
    found = pd.DataFrame(rows)
    found["weight"] /= found.weight.sum()
    return found.sort_values([c for c in found.columns if c.startswith("u.")], ignore_index=True)
