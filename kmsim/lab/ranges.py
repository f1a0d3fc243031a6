"""What a comparison's runs say together: means and 90% ranges over seeds, paired differences, and all of it tidy.

values: outcome -> array (policies, seeds, practices, ticks + 1), the same seeds for every policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kmsim.outcomes.definitions import OUTCOMES

BASELINE = "business_as_usual"
Values = Mapping[str, np.ndarray]


def _practice_rows(name: str, practices: list[str]) -> list[tuple[int, str]]:
    """Which rows of an outcome to show: one for all practices together where it is shared."""
    return [(0, "all")] if OUTCOMES[name].shared and len(practices) > 1 else list(enumerate(practices))


def _range(x: np.ndarray) -> dict[str, float]:
    good = x[np.isfinite(x)]
    if len(good) == 0:
        return {"mean": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    low, high = np.quantile(good, [0.05, 0.95])
    return {"mean": float(np.mean(good)), "low": float(low), "high": float(high), "n": len(good)}


def summary(
    values: Values, names: list[str], practices: list[str], moments: Mapping[str, int], per_year: int
) -> pd.DataFrame:
    """A row a policy, practice, outcome and moment: mean, low, high (5th and 95th percentile over seeds) and n, of finite values."""
    rows = []
    for p, policy in enumerate(names):
        for name, array in values.items():
            for k, practice in _practice_rows(name, practices):
                for moment, tick in moments.items():
                    base = {
                        "policy": policy,
                        "practice": practice,
                        "outcome": name,
                        "moment": moment,
                        "year": tick / per_year,
                    }
                    rows.append(base | _range(array[p, :, k, tick]))
    return pd.DataFrame(rows)


_PAIRED = [
    "policy",
    "practice",
    "against",
    "role",
    "outcome",
    "moment",
    "year",
    "difference",
    "low",
    "high",
    "ahead",
    "n",
]


def paired(
    values: Values, names: list[str], practices: list[str], moments: Mapping[str, int], per_year: int
) -> pd.DataFrame:
    """Differences between policies with the same seed: to business as usual, and to the best by that outcome."""
    rows = []
    for name, array in values.items():
        sense = {"more": 1.0, "less": -1.0, "none": 0.0}[OUTCOMES[name].better]
        for k, practice in _practice_rows(name, practices):
            for moment, tick in moments.items():
                at = array[:, :, k, tick]
                for role, other in _rivals(names, at, sense):
                    for p, policy in enumerate(names):
                        if p == other:
                            continue
                        difference = at[p] - at[other]
                        found = _range(difference)
                        rows.append(
                            {
                                "policy": policy,
                                "practice": practice,
                                "against": names[other],
                                "role": role,
                                "outcome": name,
                                "moment": moment,
                                "year": tick / per_year,
                                "difference": found["mean"],
                                "low": found["low"],
                                "high": found["high"],
                                "ahead": int(np.sum(sense * difference > 0)),
                                "n": found["n"],
                            }
                        )
    return pd.DataFrame(rows, columns=_PAIRED)


def _rivals(names: list[str], at: np.ndarray, sense: float) -> list[tuple[str, int]]:
    rivals = [("baseline", names.index(BASELINE))] if BASELINE in names else []
    means = np.array([np.mean(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in at])
    if sense and np.isfinite(means).any() and len(names) > 1:
        rivals.append(("best", int(np.nanargmax(sense * means))))
    return rivals


def trajectories(
    values: Values, names: list[str], seeds: Sequence[int], practices: list[str], per_year: int
) -> pd.DataFrame:
    """Every value of every tick: policy, seed, practice, tick, year, outcome, value."""
    parts = []
    for name, array in values.items():
        ticks = np.arange(array.shape[3])
        for k, practice in _practice_rows(name, practices):
            n = len(names) * len(seeds) * len(ticks)
            parts.append(
                pd.DataFrame(
                    {
                        "policy": np.repeat(names, len(seeds) * len(ticks)),
                        "seed": np.tile(np.repeat(seeds, len(ticks)), len(names)),
                        "practice": practice,
                        "tick": np.tile(ticks, len(names) * len(seeds)),
                        "year": np.tile(ticks / per_year, len(names) * len(seeds)),
                        "outcome": name,
                        "value": array[:, :, k, :].reshape(n),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)
