"""Policies over a posterior: what chance does and what the calibrated numbers' uncertainty does, kept apart, and how sure a choice is.

values: outcome -> array (policies, draws, seeds, practices, ticks + 1): every draw of parameters has the same seeds.

Example
-------
>>> x = np.array([[[1.0, 3.0], [2.0, 2.0]], [[0.0, 0.0], [5.0, 5.0]]])  # two policies, two draws, two seeds
>>> regrets(x.mean(2), 1.0).tolist()
[[0.0, 3.0], [2.0, 0.0]]
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from kmsim.errors import BadValue
from kmsim.lab import ranges
from kmsim.lab.scenarios import Column, Scenarios
from kmsim.lab.words import KEY_OUTCOMES, columns, listed
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.posterior import Posterior

DRAWS, SEEDS = 32, 4
ALWAYS, HALF = 0.9, 0.5  # of draws, and of single runs, in which one policy is best
ALIKE = 0.8  # of agreement between draws' rankings
SAME = 0.01  # of the range of policies' means: nearer than this they share a place
Values = Mapping[str, np.ndarray]


def table_of(posterior: Posterior, draws: int, fixed: Mapping[str, Any]) -> Scenarios:
    """The scenarios of a plan: so many sets of the posterior. fixed: settings of the user's, whose parameters do not vary.

    Raises BadValue for more draws than there are sets, or if the user has fixed every parameter that varies.
    """
    free = [name for name in posterior.names if f"parameters.{name}" not in fixed]
    if not free:
        raise BadValue("uncertainty", "posterior", "at least one parameter of the posterior that is not given")
    sets = posterior.draws(draws)
    columns = {f"parameters.{name}": Column.of([float(one[name]) for one in sets]) for name in free}
    return Scenarios(columns, "draw")


def averaged(values: Values) -> dict[str, np.ndarray]:
    """Each draw's mean over its seeds: (policies, draws, practices, ticks + 1); of numbers only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is nothing
        return {name: np.nanmean(array, axis=2) for name, array in values.items()}


def chance(values: Values) -> dict[str, np.ndarray]:
    """What seeds alone do: each run's value less its draw's mean, widened for the mean being of few, about the mean of all.

    Never beyond what any run of the policy gave. (policies, draws x seeds, practices, ticks + 1).
    """
    out = {}
    for name, array in values.items():
        policies, draws, seeds, *rest = array.shape
        middle = averaged({name: array})[name][:, :, None]
        wide = np.sqrt(seeds / (seeds - 1)) if seeds > 1 else np.nan
        whole = _mean(middle, (1, 2))[:, None, None]
        ends = [_least(sign * array) * sign for sign in (1.0, -1.0)]
        out[name] = np.clip(whole + (array - middle) * wide, *ends).reshape(policies, draws * seeds, *rest)
    return out


def summary(
    values: Values, names: list[str], practices: list[str], moments: Mapping[str, int], per_year: int
) -> pd.DataFrame:
    """As `ranges.summary` over draws' means, n being draws; and chance_low, chance_high: 90% over seeds at one set of numbers."""
    table = ranges.summary(averaged(values), names, practices, moments, per_year)
    alone = ranges.summary(chance(values), names, practices, moments, per_year)
    return table.assign(chance_low=alone.low, chance_high=alone.high)


def paired(
    values: Values, names: list[str], practices: list[str], moments: Mapping[str, int], per_year: int
) -> pd.DataFrame:
    """As `ranges.paired` over draws' means; and chance_low, chance_high: 90% of the differences over seeds at one set of numbers."""
    table = ranges.paired(averaged(values), names, practices, moments, per_year)
    alone = ranges.paired(chance(values), names, practices, moments, per_year)
    keys = ["policy", "practice", "against", "role", "outcome", "moment"]
    alone = alone[[*keys, "low", "high"]].rename(columns={"low": "chance_low", "high": "chance_high"})
    return table.merge(alone, on=keys, how="left")


def decision(
    values: Values, names: list[str], practices: list[str], moments: Mapping[str, int], per_year: int
) -> pd.DataFrame:
    """How sure a choice is, for each outcome that policies are ranked by: a row a policy.

    policy, practice, outcome, moment, year, mean, best (draws in which its mean over seeds is the best, no other's as good), draws, best_runs
    (single runs in which it is, against the others with the same draw and seed), runs, regret (mean over draws of what it
    falls short of the draw's best), regret_high (95th percentile), place (mean rank, 1 the best), and of the whole ranking:
    top (the policy with the best mean), agreement (between draws, see `agreement`).
    """
    rows: list[dict[str, Any]] = []
    for outcome, moment in SCORECARD.items():
        sense = {"more": 1.0, "less": -1.0, "none": 0.0}[OUTCOMES[outcome].better]
        if outcome not in values or not sense or len(names) < 2:
            continue
        shared = OUTCOMES[outcome].shared and len(practices) > 1
        for k, practice in [(0, "all")] if shared else list(enumerate(practices)):
            runs = values[outcome][:, :, :, k, moments[moment]]
            found = _ranked(runs, sense)
            if found is None:
                continue
            base = {"practice": practice, "outcome": outcome, "moment": moment, "year": moments[moment] / per_year}
            rows += [
                base | {"policy": name} | {key: _plain(v, p) for key, v in found.items()}
                for p, name in enumerate(names)
            ]
            for row in rows[-len(names) :]:
                row["top"] = names[int(row["top"])]
    columns = ["policy", "practice", "outcome", "moment", "year", "mean", "best", "draws", "best_runs", "runs"]
    return pd.DataFrame(rows, columns=[*columns, "regret", "regret_high", "place", "top", "agreement"])


def regrets(means: np.ndarray, sense: float) -> np.ndarray:
    """What each policy (policies, draws) falls short of the best of each draw, in the outcome's unit; never below nought."""
    best = np.nanmax(sense * means, axis=0)
    return np.maximum(best - sense * means, 0.0)


def _ranked(runs: np.ndarray, sense: float) -> dict[str, np.ndarray | float] | None:
    """The numbers of `decision` for one outcome, from (policies, draws, seeds); None if policies are not told apart at all."""
    means = averaged({"x": runs})["x"]
    good = np.isfinite(means).all(0)
    means, runs = means[:, good], runs[:, good]
    if means.shape[1] < 1 or np.ptp(means) == 0:
        return None
    regret = regrets(means, sense)
    middle = means.mean(1)
    flat = (sense * runs).reshape(len(runs), -1)
    flat = flat[:, np.isfinite(flat).all(0)]
    places = np.array([stats.rankdata(-sense * column) for column in means.T])
    return {
        "mean": middle,
        "best": _alone(sense * means),
        "draws": means.shape[1],
        "best_runs": _alone(flat),
        "runs": flat.shape[1],
        "regret": regret.mean(1),
        "regret_high": np.quantile(regret, 0.95, axis=1),
        "place": places.mean(0),
        "top": int(np.argmax(sense * middle)),
        "agreement": agreement(np.round(means / (SAME * np.ptp(middle) or 1.0))),
    }


def _alone(values: np.ndarray) -> np.ndarray:
    """In how many columns each row (policies, columns) is the greatest; where several are, it is none's."""
    first = values == values.max(axis=0)
    return (first & (first.sum(0) == 1)).sum(1)


def agreement(means: np.ndarray) -> float:
    """How alike two draws' rankings are on average, (policies, draws): Kendall's tau over pairs of policies, ties left out.

    1 if all are the same, about 0 if they have nothing in common; NaN of a single draw, or where all policies are equal.

    >>> agreement(np.array([[3, 3, 2], [2, 2, 3], [1, 1, 1]])).__round__(3)
    0.556
    """
    draws = means.shape[1]
    one, other = np.triu_indices(len(means), 1)
    signs = np.sign(means[one] - means[other])
    told = float((signs**2).mean(1).sum())
    if draws < 2 or not told:
        return float("nan")
    return float((signs.sum(1) ** 2 - (signs**2).sum(1)).sum()) / (draws * (draws - 1)) / told


def _plain(value: Any, policy: int) -> Any:
    return np.asarray(value)[policy].item() if np.ndim(value) else value


def _least(array: np.ndarray) -> np.ndarray:
    """The least of each policy's runs, keeping axes; NaN where it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmin(array, axis=(1, 2), keepdims=True)


def _mean(array: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(array, axis=axes)


# -- in words ------------------------------------------------------------------
def verdict(part: pd.DataFrame) -> str:
    """How stable a ranking is, from the rows of one outcome and practice, and if it is not stable what fails.

    Stable: one policy is best in nearly all draws and in at least half of the single runs, and draws rank the others alike.

    >>> rows = pd.DataFrame({"policy": ["a", "b"], "top": "a", "best": [30, 2], "draws": 32, "agreement": 0.95})
    >>> verdict(rows.assign(best_runs=[90, 38], runs=128)), verdict(rows.assign(best_runs=[60, 68], runs=128))
    ('The ranking is stable', 'The ranking is stable over draws but not over chance: its best is best in fewer than half of single runs')
    """
    top = part[part.policy == part.top].iloc[0]
    share, alike = top.best / top.draws, float(top.agreement)
    if share >= ALWAYS and top.best_runs < HALF * top.runs:
        return (
            "The ranking is stable over draws but not over chance: its best is best in fewer than half of single runs"
        )
    if share >= ALWAYS and alike >= ALIKE:
        return "The ranking is stable"
    if share >= ALWAYS:
        return "The best is stable, the order of the others is not"
    if share >= HALF:
        left = f"{top.draws - top.best} of {top.draws} draws"
        return f"The ranking is not stable: another policy is as good or better in {left}"
    if part.best.max() >= HALF * top.draws:
        return "The ranking is not stable: the best mean is not that of the policy best in most draws"
    return "The ranking is not stable: no policy is best in even half of the draws"


def sentence(part: pd.DataFrame, name: Any = str) -> str:
    """What the rows of one outcome and practice say: who is best how often, what choosing it costs, how stable the ranking is.

    name: how a policy is called.
    """
    outcome = OUTCOMES[part.outcome.iloc[0]]
    ordered = part.sort_values(["best", "place"], ascending=[False, True], kind="stable")
    top = part[part.policy == part.top].iloc[0]
    others = [
        f"{name(row.policy)} in {row.best}" for row in ordered.itertuples() if row.best and row.policy != top.policy
    ]
    text = f"{verdict(part)}. {name(top.policy)} has the best mean and is best in {top.best} of {top.draws} draws"
    text += f" (in {top.best_runs} of {top.runs} single runs)"
    text += f"; {listed(others)}" if others else ""
    least = part.loc[part.regret.idxmin()]
    cost, worst = (amount(outcome.name, value) for value in (least.regret, least.regret_high))
    text += f". What choosing it wrongly would cost on average is least for {name(least.policy)}: {cost} short of the best of each draw"
    return text + f" ({worst} in the worst twentieth of draws)."


def amount(outcome: str, value: float) -> str:
    """An amount of an outcome as people read it, never more exact than is known: of shares, in percentage points.

    >>> amount("doing_it_well", 0.0123), amount("gap", 0.0002), amount("gap", 0.0), amount("months_disadvantaged", 0.25)
    ('1.2 points', 'under 0.1 points', '0 points', '0.2')
    """
    o = OUTCOMES[outcome]
    if not np.isfinite(value):
        return "n/a"
    if not (o.percent or outcome == "gap"):
        return o.show(value)
    if value == 0:
        return "0 points"
    return "under 0.1 points" if value < 0.0005 else f"{100 * value:.1f} points"


def text(c: Any) -> str:
    """Who is best, how often and at what cost if it is not, for a terminal: a block an outcome. c: a Comparison over a posterior."""
    blocks = [
        "How sure is the ranking? (k of n draws of the calibrated parameters, all others standing still; chance apart)"
    ]
    table = c.decision
    for outcome in KEY_OUTCOMES:
        for practice, part in table[table.outcome == outcome].groupby("practice", sort=False):
            rows = [[OUTCOMES[outcome].label, "best in", "mean place", "cost of choosing it", "worst twentieth"]]
            for row in part.itertuples():
                regret, worst = (amount(outcome, v) for v in (row.regret, row.regret_high))
                rows.append([row.policy, f"{row.best} of {row.draws}", f"{row.place:.1f}", regret, worst])
            named = f"{practice}\n" if table.practice.nunique() > 1 else ""
            blocks.append(named + columns(rows) + "\n" + sentence(part))
    return "\n\n".join(blocks)
