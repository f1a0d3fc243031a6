"""What a calibration's tables say, as frames: each finding before and after, and each parameter.

Example
-------
>>> PARAMETER_COLUMNS[0]
'parameter'
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from kmsim.calibration.fit import Calibration

CHECK_COLUMNS = (
    "target", "low", "high", "fitted", "prior_low", "prior_mid", "prior_high", "prior_inside",
    "post_low", "post_mid", "post_high", "post_inside", "medoid",
)  # fmt: skip
PARAMETER_COLUMNS = ("parameter", "prior_low", "prior_high", "low", "mid", "high", "medoid", "shrinkage")
QUANTILES = (0.05, 0.5, 0.95)


def checks(found: Calibration) -> pd.DataFrame:
    """Each CAL check: the finding's range, the prior predictive (first wave) and the posterior predictive (draws simulated anew).

    low, mid, high: 5, 50 and 95% quantiles; inside: the share of places whose statistic lies in the range.
    """
    first = found.design[found.design.wave == 1]
    rows = []
    for name, facts in found.manifest["targets"].items():
        low, high = ends(facts["accept"])
        before, after = (_spread(frame[name].to_numpy(float), low, high) for frame in (first, found.predicted))
        fitted = name in found.manifest["fitted"]
        rows.append((name, low, high, fitted, *before, *after, float(found.predicted[name].iloc[0])))
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def ends(accept: list[Any]) -> tuple[float, float]:
    """A range with infinity for no bound.

    >>> ends([None, 0.85])
    (-inf, 0.85)
    """
    low, high = accept
    return (-math.inf if low is None else float(low)), (math.inf if high is None else float(high))


def _spread(values: np.ndarray, low: float, high: float) -> tuple[float, float, float, float]:
    good = values[np.isfinite(values)]
    if not len(good):
        return math.nan, math.nan, math.nan, 0.0
    a, b, c = np.quantile(good, QUANTILES)
    return float(a), float(b), float(c), float(((values >= low) & (values <= high)).mean())


def parameters(found: Calibration) -> pd.DataFrame:
    """Each parameter: its prior, the posterior's 5, 50 and 95% quantiles, the medoid's value, and shrinkage.

    shrinkage: one less the posterior's variance over the prior's, 0 where the findings say nothing, 1 where all; below 0
    where the posterior is wider than the even prior.

    >>> from types import SimpleNamespace
    >>> found = {"manifest": {"priors": {"theta": (1.0, 4.0)}}, "posterior": pd.DataFrame({"theta": [2.0, 2.0, 2.0]})}
    >>> parameters(SimpleNamespace(**found))[["medoid", "shrinkage"]].values.tolist()
    [[2.0, 1.0]]
    """
    rows = []
    for name, (low, high) in found.manifest["priors"].items():
        values = found.posterior[name].to_numpy(float)
        a, b, c = np.quantile(values, QUANTILES)
        shrunk = 1 - float(values.var()) / ((high - low) ** 2 / 12)
        rows.append((name, low, high, float(a), float(b), float(c), float(values[0]), shrunk))
    return pd.DataFrame(rows, columns=list(PARAMETER_COLUMNS))


def correlations(found: Calibration, least: float = 0.3) -> pd.DataFrame:
    """Pairs of parameters whose posterior correlation is at least so far from nought: one, other, correlation; strongest first.

    >>> from types import SimpleNamespace
    >>> posterior = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [4.0, 2.0, 0.0]})
    >>> correlations(SimpleNamespace(posterior=posterior)).round(2).values.tolist()
    [['a', 'b', -1.0]]
    """
    table = np.corrcoef(found.posterior.to_numpy(float), rowvar=False)
    names = [*found.posterior.columns]
    rows = [
        (names[i], names[j], float(table[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if abs(table[i, j]) >= least
    ]
    frame = pd.DataFrame(rows, columns=["one", "other", "correlation"])
    return frame.sort_values("correlation", key=np.abs, ascending=False, ignore_index=True)


def never(found: Calibration) -> list[str]:
    """The fitted checks whose range no place of the first wave reached."""
    table = checks(found)
    return [row.target for row in table.itertuples() if row.fitted and row.prior_inside == 0]
