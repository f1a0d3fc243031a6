"""Statistics of an experiment, each an interval over seeds: means, differences, ratios, rank correlations of arms.

A statistic is made of arms and measures and is given what was seen. Arms share seeds, so differences are paired.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from kmsim.evidence import intervals
from kmsim.evidence.check import Statistic
from kmsim.evidence.intervals import Interval
from kmsim.evidence.measures import Measure, effect
from kmsim.evidence.seen import Seen


def mean(arm: str, of: Measure, scenario: int | None = 0) -> Statistic:
    """The mean of a measure over an arm's seeds, or over all its scenarios.

    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(each=lambda arm, of, scenario: np.array([0.1, 0.2, 0.3]))
    >>> round(mean("all", of=effect)(seen).value, 2)
    0.2
    """
    return lambda seen: intervals.mean(seen.each(arm, of, scenario))


def difference(arm: str, other: str, of: Measure, scenario: int = 0, than: int | None = None) -> Statistic:
    """A measure in one arm less that in another, seed by seed. than: the other's scenario.

    >>> from types import SimpleNamespace
    >>> found = {"coached": np.array([0.3, 0.5]), "none": np.array([0.1, 0.3])}
    >>> seen = SimpleNamespace(each=lambda arm, of, scenario: found[arm])
    >>> round(difference("coached", "none", of=effect)(seen).low, 2)
    0.2
    """
    second = scenario if than is None else than
    return lambda seen: intervals.mean(seen.each(arm, of, scenario) - seen.each(other, of, second))


def change(arm: str, later: Measure, earlier: Measure, scenario: int = 0) -> Statistic:
    """One measure less another in the same runs.

    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(each=lambda arm, of, scenario: np.array({"later": [0.3, 0.5], "earlier": [0.1, 0.3]}[of]))
    >>> round(change("all", "later", "earlier")(seen).value, 2)
    0.2
    """
    return lambda seen: intervals.mean(seen.each(arm, later, scenario) - seen.each(arm, earlier, scenario))


def outcome_difference(arm: str, other: str, outcome: str, per: str = "") -> Statistic:
    """An outcome of the lab at the end in one arm less that in another. per: an outcome to divide each by."""

    def statistic(seen: Seen) -> Interval:
        one, two = (seen.outcome(outcome, name) / (seen.outcome(per, name) if per else 1.0) for name in (arm, other))
        return intervals.mean(one - two)

    return statistic


def ratio(arm: str, other: str, of: Measure) -> Statistic:
    """The mean of a measure in one arm over that in another.

    >>> from types import SimpleNamespace
    >>> found = {"large": np.array([0.1, 0.1, 0.1]), "small": np.array([0.2, 0.2, 0.2])}
    >>> seen = SimpleNamespace(each=lambda arm, of: found[arm])
    >>> ratio("large", "small", of=effect)(seen).value
    0.5
    """

    def statistic(seen: Seen) -> Interval:
        one, two = seen.each(arm, of), seen.each(other, of)
        return intervals.jackknife(lambda kept: one[kept].mean() / two[kept].mean(), len(one))

    return statistic


def kept(arm: str, of: str) -> Statistic:
    """How much of the effect estimated by one arm's trials is estimated by another's on the same pupils."""
    return ratio(arm, of, effect)


def rank_correlation(levels: dict[str, float], of: Measure) -> Statistic:
    """Spearman's correlation, over arms and seeds, of a measure with the level at which each arm stands.

    >>> from types import SimpleNamespace
    >>> found = {"few": np.array([0.1, 0.2, 0.1]), "many": np.array([0.5, 0.4, 0.6])}
    >>> seen = SimpleNamespace(each=lambda arm, of: found[arm])
    >>> round(rank_correlation({"few": 1.0, "many": 9.0}, of=effect)(seen).value, 2)
    0.89
    """

    def statistic(seen: Seen) -> Interval:
        table = np.array([seen.each(arm, of) for arm in levels])
        level = np.array(list(levels.values()))

        def spearman(seeds: np.ndarray) -> float:
            values = table[:, seeds]
            return float(stats.spearmanr(np.repeat(level, len(seeds)), values.ravel()).statistic)

        return intervals.jackknife(spearman, table.shape[1])

    return statistic


def correlation(arm: str, key: str, of: Measure) -> Statistic:
    """Pearson's correlation, over scenarios, of what varies with a measure; scenarios in which there is none are left out.

    >>> from types import SimpleNamespace
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> seen = SimpleNamespace(varied=lambda key, arm: x, each=lambda arm, of, scenario: 1 - 2 * x)
    >>> round(correlation("all", "taper", of=effect)(seen).value, 2)
    -1.0
    """

    def statistic(seen: Seen) -> Interval:
        x, y = seen.varied(key, arm), seen.each(arm, of, None)
        good = np.isfinite(y)
        x, y = x[good], y[good]
        return intervals.jackknife(lambda kept: float(np.corrcoef(x[kept], y[kept])[0, 1]), len(x))

    return statistic


def null_share(arm: str, scenario: int | None = 0) -> Statistic:
    """The share of trials whose interval covers no effect.

    >>> from types import SimpleNamespace
    >>> trials = [SimpleNamespace(trial=SimpleNamespace(null=null)) for null in (True, True, False, False)]
    >>> null_share("all")(SimpleNamespace(runs=lambda arm, scenario: trials)).value
    0.5
    """
    return lambda seen: intervals.share([run.trial.null for run in seen.runs(arm, scenario)])
