"""What came of a calibration, in words and tables computed from it.

Example
-------
>>> share(3, 4)
'3 of 4'
"""

from __future__ import annotations

import math

import pandas as pd

from kmsim.calibration.fit import Calibration
from kmsim.calibration.summary import checks, never, parameters
from kmsim.lab.words import columns

RECOVERED = 0.5  # of a correlation between truths and posterior means
UNEVEN = 0.05  # chance, over all parameters together, of calling even ranks uneven


def share(k: int, n: int) -> str:
    """How many of how many.

    >>> share(3, 12)
    '3 of 12'
    """
    return f"{k} of {n}"


def number(value: float) -> str:
    """Three figures, or a dash for none.

    >>> number(0.12345), number(math.inf)
    ('0.123', '-')
    """
    return "-" if not math.isfinite(value) else f"{value:.3g}"


def told(found: Calibration) -> str:
    """All of it for a terminal: each CAL check before and after, each parameter, and how it went."""
    return "\n\n".join([check_table(found), parameter_table(found), *sentences(found)])


def check_table(found: Calibration) -> str:
    """Each CAL check with the finding's range, the prior's and the posterior's 90% range, and the medoid."""
    rows = [["check", "range", "prior", "inside", "posterior", "inside", "medoid", ""]]
    for row in checks(found).itertuples():
        rows.append(
            [
                row.target,
                f"{number(row.low)} to {number(row.high)}",
                f"{number(row.prior_low)} to {number(row.prior_high)}",
                f"{row.prior_inside:.0%}",
                f"{number(row.post_low)} to {number(row.post_high)}",
                f"{row.post_inside:.0%}",
                number(row.medoid),
                "" if row.fitted else "not moved",
            ]
        )
    return columns(rows)


def parameter_table(found: Calibration) -> str:
    """Each parameter with prior, posterior, medoid and shrinkage."""
    rows = [["parameter", "prior", "posterior", "medoid", "shrinkage"]]
    for row in parameters(found).itertuples():
        rows.append(
            [
                row.parameter,
                f"{number(row.prior_low)} to {number(row.prior_high)}",
                f"{number(row.low)} to {number(row.high)}",
                number(row.medoid),
                f"{row.shrinkage:.2f}",
            ]
        )
    return columns(rows)


def sentences(found: Calibration) -> list[str]:
    """How it went: space left, generations, evaluations, why it ended, and what is out of reach."""
    facts, trace = found.manifest, found.trace
    lines = [
        f"History matching: {_percent(facts['waves'][-1]['left'])} of the prior's space is left after "
        f"{len(facts['waves'])} {'wave' if len(facts['waves']) == 1 else 'waves'}; a set is ruled out beyond "
        f"{facts['waves'][-1]['cut']:.2g} standard deviations.",
        f"ABC-SMC: {len(trace)} {'generation' if len(trace) == 1 else 'generations'}, tolerance "
        f"{trace.epsilon.iloc[0]:.3g} to {trace.epsilon.iloc[-1]:.3g}, {int(trace.evaluations.sum()):,} evaluations, the last "
        f"accepting {trace.rate.iloc[-1]:.0%}; effective size {trace.effective.iloc[-1]:.0f} of "
        f"{int(trace.accepted.iloc[-1])}. It ended because of this: {facts['stopped']}.",
        f"{facts['draws']} draws of equal weight, {facts['distinct']} of them distinct; "
        f"{sum(facts['evaluations'].values()):,} evaluations in {facts['seconds'] / 60:.0f} minutes.",
    ]
    out = facts["waves"][-1]["out_of_reach"]
    if out:
        lines.append(f"Held to the best there is, for hardly any place brings them into their range: {', '.join(out)}.")
    missed = never(found)
    if missed:
        lines.append(f"No place of the first wave reaches the range of: {', '.join(missed)}.")
    table = checks(found)
    fitted = table[table.fitted]
    inside = int((fitted.post_inside >= 0.5).sum())
    lines.append(
        f"After calibration at least half of the draws are inside the range of {share(inside, len(fitted))} fitted checks."
    )
    return lines


def _percent(value: float) -> str:
    return f"{100 * value:.2g}%"


def synthetic(rows: pd.DataFrame, kind: str) -> str:
    """What trials on synthetic data say of each parameter. kind: recovery, or sbc with ranks and coverage.

    rows: as `synthetic.table` has them.
    """
    titles = ["parameter", "truth and mean", "shrinkage", "in 50%", "in 90%", "ranks even"]
    body = [
        [
            row.parameter,
            f"{row.correlation:.2f}",
            f"{row.shrinkage:.2f}",
            f"{row.covered_50:.0%}",
            f"{row.covered_90:.0%}",
            f"p {row.even:.2g}",
        ]
        for row in rows.itertuples()
    ]
    return columns([titles, *body]) + "\n\n" + synthetic_words(rows, kind)


def synthetic_words(rows: pd.DataFrame, kind: str) -> str:
    """The same in a sentence."""
    n, d = int(rows.trials.iloc[0]), len(rows)
    if kind == "recovery":
        good = rows[rows.correlation >= RECOVERED]
        named = ", ".join(good.sort_values("correlation", ascending=False).parameter) or "none"
        return (
            f"Of {n} synthetic truths the posterior mean follows the truth (correlation of {RECOVERED} or more) for "
            f"{share(len(good), d)} parameters: {named}. The 90% intervals hold {rows.covered_90.mean():.0%} of truths on average."
        )
    uneven = rows[rows.even < UNEVEN / d]
    named = ", ".join(uneven.parameter) or "none"
    return (
        f"Simulation-based calibration over {n} draws of the prior: 50% intervals hold {rows.covered_50.mean():.0%} of truths, 90% "
        f"intervals {rows.covered_90.mean():.0%}; ranks are uneven beyond chance for {share(len(uneven), d)} parameters: {named}."
    )
