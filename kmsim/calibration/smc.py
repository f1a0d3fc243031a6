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
from io import BytesIO
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
from scipy.stats import norm

from kmsim import contents
from kmsim.calibration.crew import Crew
from kmsim.calibration.history import address, make_sure
from kmsim.calibration.matching import Region
from kmsim.calibration.seeds import digest
from kmsim.calibration.small import evaluate
from kmsim.calibration.space import Space
from kmsim.calibration.targets import Target, misses, targets

TOLD, MOST_TOLD = 0.75, 6  # of an even prior's variance: below it a parameter is told something; so many are followed
AT_ONCE, TRIES = 128, 64  # places that are tried together, and how often
FARTHEST = 20.0  # a miss is counted as so many widths at most, one of a statistic that is no number too
logging.getLogger("ABC").setLevel(logging.WARNING)


class Prior(DistributionBase):
    """The prior on what is left: even over the region, nought elsewhere. pool: places spread over the region, drawn from at first."""

    def __init__(self, space: Space, region: Path, pool: np.ndarray) -> None:
        self.space, self.region, self.pool = space, str(region), pool
        self.sha256 = contents.sha256_of(contents.read(region, "region"))

    def rvs(self, *args: Any, **kwargs: Any) -> Parameter:
        """One place of the pool, as parameters in the unit cube."""
        return Parameter(dict(zip(self.space.names, self.pool[np.random.randint(len(self.pool))], strict=True)))

    def pdf(self, x: Mapping[str, float]) -> float:
        """1 in the region, else 0: weights need it up to a factor only."""
        return float(_region(self.region, self.sha256).holds(self.space.array(x)[None])[0])


class Split(Transition):
    """Near a particle of the last generation in the few directions that it has narrowed, anew and even in all others.

    The density of a kernel over some thirty parameters spreads weights so wide that one particle has nearly all; over the
    few that the findings have told something of (variance below 3/4 of an even prior's, six at most) it does not. Walls throw
    back, so that a direction that is nearly even stays so. Places are tried until one lies in the region.
    """

    def __init__(self, prior: Prior) -> None:
        self.prior = prior
        self.told: tuple[int, ...] = ()
        self.wide = self.places = np.empty(0)

    def fit(self, X: pd.DataFrame, w: np.ndarray) -> None:  # noqa: N803  (pyABC's name)
        """Which parameters are told, and how wide to step in each: as Silverman's rule has it."""
        units = X[list(self.prior.space.names)].to_numpy(float)
        middle = w @ units
        variance = w @ (units - middle) ** 2
        narrow = np.argsort(variance, kind="stable")[:MOST_TOLD]
        self.told = tuple(int(i) for i in narrow if variance[i] < TOLD / 12)
        d, effective = max(1, len(self.told)), 1 / float((w**2).sum())
        factor = (4 / effective / (d + 2)) ** (1 / (d + 4))
        self.wide = factor * np.sqrt(variance[list(self.told)]) + 1e-3
        self.places = units[:, list(self.told)]

    def rvs_single(self) -> Parameter:
        """The first of many places tried that lies in the region; the last tried where none does."""
        region = _region(self.prior.region, self.prior.sha256)
        for _ in range(TRIES):
            units = np.random.uniform(size=(AT_ONCE, len(self.prior.space)))
            if self.told:
                near = self.places[np.random.choice(len(self.w), size=AT_ONCE, p=self.w)]
                moved = np.abs(near + self.wide * np.random.normal(size=near.shape)) % 2
                units[:, list(self.told)] = np.where(moved > 1, 2 - moved, moved)
            inside = np.flatnonzero(region.holds(units))
            if len(inside):
                return Parameter(dict(zip(self.prior.space.names, units[inside[0]], strict=True)))
        return Parameter(dict(zip(self.prior.space.names, units[-1], strict=True)))

    def pdf(self, x: Any) -> Any:
        """The density of `rvs_single` in the region, up to a factor: a number for one place, an array for a table of them."""
        names = list(self.prior.space.names)
        if isinstance(x, pd.DataFrame):
            return np.array([self._density(row) for row in x[names].to_numpy(float)])
        return self._density(np.array([x[name] for name in names], float))

    def _density(self, units: np.ndarray) -> float:
        if not self.told:
            return 1.0
        at = units[list(self.told)]
        images = sum(norm.pdf(image, self.places, self.wide) for image in (at, -at, 2 - at, 2 + at, at - 2))
        return float(self.w @ np.prod(images, axis=1))


@lru_cache(maxsize=2)
def _region(file: str, sha256: str) -> Region:
    """The region in a file of this content: a calibration begun anew in the same folder has another."""
    return Region.read(BytesIO(contents.read_planned(file, sha256, "region")))


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
        scales, wanted = dict(zip(self.names, self.scales, strict=True)), targets(self.names)
        values = np.array([[float(x[target.name]) for target in wanted]])
        return float(distances(values, wanted, np.array([scales[target.name] for target in wanted]))[0])


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

    file: the SQLite history, gone on with if it is there and sound. first: the first tolerance; alpha: the quantile of later ones.
    """
    sampler = Numbered(crew, seed, most, deadline, tell)
    abc = pyabc.ABCSMC(
        simulator,
        prior,
        miss,
        population_size=particles,
        eps=FromStageOne(first, alpha),
        sampler=sampler,
        transitions=Split(prior),
    )
    make_sure(file, lambda place: abc.new(place, {}))
    history = abc.load(address(file), 1, {})
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
    elif sampler.late:
        why = "the clock: a generation was given up, so that a faster machine may go further"
    elif time.monotonic() >= deadline:
        why = "the clock: no time was left to begin another generation"
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
