"""The whole study: each half of the communities predicted by what was fitted to the other, and who did it best.

Example
-------
>>> sorted(SIZES)
['full', 'small']
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kmsim.diffusion import measures, threshold
from kmsim.diffusion.communities import SETTINGS, Innovation, halves, innovation, left_out
from kmsim.diffusion.fitting import fit
from kmsim.diffusion.rivals import RIVALS, RULES, Forecast, Free, priors

SEED = 1
ENOUGH = 6  # communities: a bootstrap over fewer tells nothing
FIRST, SECOND = "first", "second"
ALL = "all"  # innovations together


@dataclass(frozen=True)
class Size:
    """How much is done. runs: forward runs a model; reference: whether NDlib takes part, and its runs."""

    innovations: tuple[str, ...]
    runs: int
    reference: int
    draws: int
    steps: int


SIZES = {
    "full": Size(tuple(SETTINGS), 1000, 100, 10_000, 1200),
    "small": Size(("physicians",), 40, 0, 500, 300),
}


@dataclass(frozen=True)
class Measure:
    """A measure of a prediction. sign: +1 if more is better, -1 if less is."""

    name: str
    label: str
    meaning: str
    sign: int


MEASURES = {
    m.name: m
    for m in (
        Measure("log_score", "log score", "log-likelihood of what each person did, period by period, given all before; nats a person", 1),
        Measure("curve_error", "curve error", "distance of the forecast curve from the community's, from its first period on; root mean square, share of people", -1),
        Measure("order", "order", "concordance of the forecast with the actual order of adoption; .5 is chance", 1),
        Measure("next", "next adopters", "concordance within a period, given all before: who adopts in it and who not yet; .5 is chance", 1),
    )
}  # fmt: skip
BETTER, WORSE, CANNOT_TELL, TOO_FEW = "better", "worse", "cannot tell", "too few communities"


@dataclass
class Study:
    """What came out. communities: a row a community and model; parameters: a row an innovation, half and model;
    curves: a row an innovation, model and period; notes: what a reader must know."""

    size: str
    communities: pd.DataFrame
    parameters: pd.DataFrame
    curves: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def labels(self) -> dict[str, str]:
        """The models that took part, in order: name -> label."""
        every = {rival.name: rival.label for rival in RIVALS} | {threshold.NAME: threshold.LABEL}
        return {name: label for name, label in every.items() if name in set(self.communities.model)}

    def means(self) -> pd.DataFrame:
        """Each model's mean of each measure over held-out communities with a 95% bootstrap interval, by innovation and over all:
        innovation, model, measure, communities, mean, low, high. Coverage of the 90% range stands among them."""
        rows = []
        for where, part in self._parts():
            for model, own in part.groupby("model", sort=False):
                for measure in (*MEASURES, "coverage"):
                    found = self._interval(own[measure], own.innovation)
                    rows.append((where, model, measure, int(own[measure].notna().sum()), *found))
        return pd.DataFrame(rows, columns=["innovation", "model", "measure", "communities", "mean", "low", "high"])

    def gain(self, model: str, over: str, measure: str, where: str) -> tuple[int, float, float, float] | None:
        """How much better one model did than another, paired by community: communities, mean, 95% interval. None if one of
        them lacks the measure. where: an innovation, or all; more is always better, for the curve error's sign is turned."""
        part = self.communities if where == ALL else self.communities[self.communities.innovation == where]
        one, other = (part[part.model == m].set_index(["innovation", "community"])[measure] for m in (model, over))
        gain = MEASURES[measure].sign * (one - other)
        if gain.isna().all():
            return None
        return int(gain.notna().sum()), *self._interval(gain, gain.index.get_level_values("innovation"))

    def differences(self) -> pd.DataFrame:
        """The rules less each rival, as `gain` has it: innovation, rival, measure, communities, difference, low, high, verdict."""
        rows = []
        for where, _ in self._parts():
            for rival in (name for name in self.labels if name != RULES.name):
                for measure in MEASURES:
                    found = self.gain(RULES.name, rival, measure, where)
                    if found is not None:
                        rows.append((where, rival, measure, *found, verdict(found[2], found[3], found[0])))
        names = ["innovation", "rival", "measure", "communities", "difference", "low", "high", "verdict"]
        return pd.DataFrame(rows, columns=names)

    def best(self) -> pd.DataFrame:
        """Which model did best by each measure, on the mean over held-out communities: innovation, measure, model."""
        frame = self.means()
        rows = []
        for (where, measure), part in frame[frame.measure.isin(list(MEASURES))].groupby(
            ["innovation", "measure"], sort=False
        ):
            at = (part["mean"] * MEASURES[str(measure)].sign).idxmax()
            rows.append((where, measure, part.model[at]))
        return pd.DataFrame(rows, columns=["innovation", "measure", "model"])

    def _parts(self) -> list[tuple[str, pd.DataFrame]]:
        parts = [(str(name), part) for name, part in self.communities.groupby("innovation", sort=False)]
        return parts if len(parts) == 1 else [*parts, (ALL, self.communities)]

    def _interval(self, values: pd.Series, strata: Any) -> tuple[float, float, float]:
        codes = pd.factorize(np.asarray(strata))[0]
        return measures.bootstrap(values.to_numpy(float), codes, SIZES[self.size].draws, SEED)


def verdict(low: float, high: float, communities: int) -> str:
    """What an interval of differences says of the rules, more being better.

    >>> verdict(0.1, 0.2, 20), verdict(-0.1, 0.2, 20), verdict(0.1, 0.2, 4)
    ('better', 'cannot tell', 'too few communities')
    """
    if communities < ENOUGH:
        return TOO_FEW
    return BETTER if low > 0 else WORSE if high < 0 else CANNOT_TELL


def study(size: str = "full", progress: Callable[[str], Any] | None = None) -> Study:
    """Fit every model to each half of the communities, predict the other half, and measure. The same size gives the same bits.

    size: a key of SIZES. progress: is told what is being done, a line each. NDlib's model is left out, with a note, where it
    is not installed.
    """
    begun, how = time.monotonic(), SIZES[size]
    communities, parameters, curves, notes = [], [], [], []
    reference = bool(how.reference) and threshold.available()
    if how.reference and not reference:
        notes.append(threshold.MISSING)
    for name in how.innovations:
        whole = innovation(name)
        notes += [note] if (note := left_out(name)) else []
        expected: dict[str, list[np.ndarray]] = {}
        seen = []
        for fitted_on, fitted, held in zip((FIRST, SECOND), halves(whole), reversed(halves(whole)), strict=True):
            near, far = whole.only(fitted), whole.only(held)
            seen.append(far.curves())
            for rival in RIVALS:
                if progress is not None:
                    progress(f"{name}, fitted on the {fitted_on} half: {rival.label}")
                found = fit(rival, near, how.steps)
                chances, ahead = rival.chances(far, found.values), rival.forecast(far, found.values, SEED, how.runs)
                communities.append(_measured(far, rival.name, fitted_on, ahead, chances))
                known = [
                    (free.name, found.values[free.name], *_known(free, found.values[free.name])) for free in rival.free
                ]
                parameters += [(name, fitted_on, rival.name, *row) for row in known]
                expected.setdefault(rival.name, []).append(ahead.shares.mean(axis=0))
            if reference:
                if progress is not None:
                    progress(f"{name}, fitted on the {fitted_on} half: {threshold.LABEL}")
                found = threshold.fit_threshold(near, SEED)
                ahead = threshold.forecast_threshold(far, found.values, SEED, how.reference)
                communities.append(_measured(far, threshold.NAME, fitted_on, ahead, None))
                grid = [
                    (key, value, np.nan, np.nan, np.nan, threshold.at_edge(key, value))
                    for key, value in found.values.items()
                ]
                parameters += [(name, fitted_on, threshold.NAME, *row) for row in grid]
                expected.setdefault(threshold.NAME, []).append(ahead.shares.mean(axis=0))
        curves += _curves(name, "seen", seen)
        for model, shares in expected.items():
            curves += _curves(name, model, shares)
    return Study(
        size,
        pd.concat(communities, ignore_index=True),
        pd.DataFrame(parameters, columns=["innovation", "fitted_on", "model", "parameter", "value", "default", "low", "high", "at_bound"]),
        pd.DataFrame(curves, columns=["innovation", "model", "period", "share"]),
        notes,
        time.monotonic() - begun,
    )  # fmt: skip


def _measured(far: Innovation, model: str, fitted_on: str, ahead: Forecast, chances: np.ndarray | None) -> pd.DataFrame:
    """A row a community; a model without chances has no log score and no next adopters."""
    unknown = np.full(far.n_communities, np.nan)
    return pd.DataFrame(
        {
            "innovation": far.name,
            "community": far.communities,
            "people": far.sizes,
            "fitted_on": fitted_on,
            "model": model,
            "log_score": unknown if chances is None else measures.log_score(far, chances),
            "curve_error": measures.curve_error(far, ahead.shares),
            "order": measures.order(far, ahead.when),
            "next": unknown if chances is None else measures.next_adopters(far, chances),
            "coverage": measures.coverage(far, ahead.shares),
        }
    )


def _known(free: Free, value: float) -> tuple[float, float, float, bool]:
    """The model's default and prior of a parameter, nan where it has none of that name; whether the fit went to a bound."""
    at_bound = min(abs(value / bound - 1) if free.log else abs(value - bound) for bound in (free.low, free.high)) < 0.02
    prior = priors(free)
    return (np.nan, np.nan, np.nan, at_bound) if prior is None else (prior[0], *prior[1], at_bound)


def _curves(name: str, model: str, shares: list[np.ndarray]) -> list[tuple[str, str, int, float]]:
    """The mean over held-out communities, a row a period."""
    mean = np.concatenate(shares).mean(axis=0)
    return [(name, model, t + 1, float(share)) for t, share in enumerate(mean)]
