"""What calibration can know: parameters recovered from synthetic data, and simulation-based calibration by ranks and coverage.

Places of the first wave are draws of the prior with their statistics. Each of some of them is taken for the truth in turn, and
its posterior is made of all the others: those whose statistics lie nearest are kept, and moved along a regression on the
statistics (Beaumont, Zhang and Balding 2002). If the posterior is right, the truth's rank in it is even (Talts et al. 2018).
It tests what the statistics can tell and the acceptance by distance, not the walk of ABC-SMC to a small tolerance.

Example
-------
>>> x = np.random.default_rng(1).uniform(size=(400, 1))
>>> found = tried(x, x + 0.01 * np.random.default_rng(2).normal(size=x.shape), 40, seed=1)
>>> float(np.corrcoef(found.truth[:, 0], found.samples.mean(1)[:, 0])[0, 1]) > 0.99
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from kmsim.calibration.budget import Budget
from kmsim.calibration.seeds import digest
from kmsim.calibration.waves import Tell, start
from kmsim.errors import unknown

KINDS = ("recovery", "sbc")
NEAREST, FEWEST = 0.1, 30  # of the others that are kept; at least so many
SAMPLE = 63  # draws of each posterior: ranks then fall evenly in 8 bins
TRUTHS, BINS = 200, 8
EDGE = 1e-3  # how near a wall of the unit cube a draw may come before it is moved


@dataclass(frozen=True)
class Trials:
    """truth: (trials, parameters) in the unit cube; samples: (trials, SAMPLE, parameters), of each one's posterior.

    >>> found = Trials(np.array([[0.5]]), np.array([[[0.2], [0.4], [0.9]]]))
    >>> found.ranks.tolist(), found.covered(0.9).tolist()
    ([[2]], [1.0])
    """

    truth: np.ndarray
    samples: np.ndarray

    @property
    def ranks(self) -> np.ndarray:
        """How many of each posterior lie below the truth: (trials, parameters), 0 to SAMPLE."""
        return (self.samples < self.truth[:, None]).sum(1)

    def covered(self, level: float) -> np.ndarray:
        """The share of trials whose central interval of this level holds the truth, a parameter each."""
        low, high = np.quantile(self.samples, [(1 - level) / 2, (1 + level) / 2], axis=1)
        return ((low <= self.truth) & (self.truth <= high)).mean(0)


def tried(units: np.ndarray, values: np.ndarray, number: int, seed: int) -> Trials:
    """Take so many of the places (n, d), evenly through them, for the truth in turn. values: their statistics (n, k).

    >>> x = np.random.default_rng(1).uniform(size=(100, 1))
    >>> tried(x, x, 10, seed=1).samples.shape
    (10, 63, 1)
    """
    good = np.isfinite(values).all(1)
    units, values = units[good], values[good]
    spread = values.std(0)
    values = values[:, spread > 0] / spread[spread > 0]
    number = min(number, len(units))
    chosen = np.unique(np.arange(number) * len(units) // number)
    generator = np.random.default_rng(seed)
    samples = [_posterior(np.delete(units, i, 0), np.delete(values, i, 0), values[i], generator) for i in chosen]
    return Trials(units[chosen], np.array(samples))


def _posterior(units: np.ndarray, values: np.ndarray, seen: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """So many draws of the posterior of what was seen, from places with their statistics."""
    apart = np.sqrt(((values - seen) ** 2).sum(1))
    keep = min(len(units), max(FEWEST, round(NEAREST * len(units))))
    near = np.argsort(apart, kind="stable")[:keep]
    weight = 1 - (apart[near] / (apart[near].max() * 1.0001 + 1e-12)) ** 2
    inside = np.clip(units[near], EDGE, 1 - EDGE)
    open_line = np.log(inside / (1 - inside))
    away = values[near] - seen
    lean = away - np.average(away, axis=0, weights=weight)
    middle = np.average(open_line, axis=0, weights=weight)
    gram = (lean * weight[:, None]).T @ lean + 0.05 * weight.sum() * np.eye(lean.shape[1])
    slopes = np.linalg.solve(gram, (lean * weight[:, None]).T @ (open_line - middle))
    moved = 1 / (1 + np.exp(-(open_line - away @ slopes)))
    marks = (np.arange(SAMPLE) + generator.uniform()) / SAMPLE
    edges = np.cumsum(weight) / weight.sum()
    return moved[np.minimum(np.searchsorted(edges, marks), keep - 1)]


def table(found: Trials, names: Sequence[str]) -> pd.DataFrame:
    """A row a parameter: parameter, correlation of truth and posterior mean, shrinkage, covered_50, covered_90, even, trials.

    shrinkage: one less the mean posterior variance over the prior's; even: the chance of ranks as uneven as these if the
    posterior is right (chi-squared over 8 bins).

    >>> x = np.random.default_rng(1).uniform(size=(100, 1))
    >>> bool(table(tried(x, x, 20, seed=1), ["theta"]).correlation[0] > 0.9)
    True
    """
    rows = []
    half, most = found.covered(0.5), found.covered(0.9)
    means, variances = found.samples.mean(1), found.samples.var(1)
    for i, name in enumerate(names):
        counts = rank_counts(found)[i]
        together = np.corrcoef(found.truth[:, i], means[:, i])[0, 1] if means[:, i].std() > 0 else 0.0
        shrunk = 1 - float(variances[:, i].mean()) * 12
        even = float(stats.chisquare(counts).pvalue)
        rows.append((name, float(together), shrunk, float(half[i]), float(most[i]), even, len(found.truth)))
    return pd.DataFrame(
        rows, columns=["parameter", "correlation", "shrinkage", "covered_50", "covered_90", "even", "trials"]
    )


def rank_counts(found: Trials) -> np.ndarray:
    """How many ranks fall in each of 8 bins: (parameters, 8).

    >>> found = Trials(np.full((2, 1), 0.99), np.full((2, SAMPLE, 1), 0.5))
    >>> rank_counts(found).tolist()
    [[0, 0, 0, 0, 0, 0, 0, 2]]
    """
    bins = found.ranks * BINS // (SAMPLE + 1)
    return np.array([np.bincount(column, minlength=BINS) for column in bins.T])


def diagnose(
    folder: str | Path,
    kind: str,
    budget: Budget,
    seed: int = 1,
    workers: int | None = None,
    tell: Tell = lambda what, done, of: None,
) -> tuple[pd.DataFrame, Trials]:
    """Recovery or ranks on synthetic data of a calibration's first wave, which is run if it is not in the folder yet.

    Writes synthetic.parquet, a row a parameter, and ranks.parquet. Raises UnknownName for another kind, and as `calibrate`.
    """
    from kmsim.calibration.fit import opened

    if kind not in KINDS:
        raise unknown("diagnostics", kind, (*KINDS, "none"), "a diagnostic of a calibration")
    with opened(Path(folder), budget, seed, workers, tell) as work:
        every, places, design, fitted, _ = start(work)
        names = {target.name for target in fitted}
        told = [i for i, target in enumerate(every) if target.name in names]
        found = tried(places, design[:, told], TRUTHS, digest(seed, "synthetic"))
        rows = table(found, work.space.names)
        work.write("synthetic", rows)
        work.write("ranks", pd.DataFrame(rank_counts(found), columns=[f"bin_{i}" for i in range(BINS)]))
    return rows, found
