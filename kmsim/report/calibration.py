"""docs/calibration.md and its figures, from a folder of `kmsim calibrate`: every number on the page is the program's.

`python -m kmsim.report.calibration results/calibrate/NAME` writes docs/calibration.md and docs/images/calibration_*.png.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kmsim.calibration.fit import Calibration, read
from kmsim.calibration.summary import checks, correlations, parameters
from kmsim.calibration.synthetic import BINS
from kmsim.calibration.words import number, sentences, synthetic_words
from kmsim.evidence.table import findings
from kmsim.parameters import BY_HAND
from kmsim.report.codebook import table
from kmsim.report.figures.paper import WIDTH, axes_at, foot, heading, sheet
from kmsim.report.figures.saving import pixels, write_png
from kmsim.report.style import CONTROL, FONT, INK, LINES, MUTED, RC

ORANGE = "#b34700"
INTRO = """\
`kmsim calibrate` fits the parameters graded free to the findings tagged CAL, and to nothing else: VAL findings are never read
(`tests/calibration/test_targets.py` poisons them, and the fit has the same bits). What is on this page is written by
`python -m kmsim.report.calibration FOLDER` from a folder of results."""
METHOD = """\
**Statistics.** Each CAL check of [the scorecard](scorecard.md) is a target, with the scorecard's own definition and range. It is
evaluated on a small version of its experiment: fewer seeds, one in six of the 141 trials (evenly by true effect), and of trials
the effect that tests would show on average over pupils. Targets that free parameters do not move beyond what seeds do are not
fitted, and are told below.

**First stage: history matching.** Places of a Sobol' design over all priors are simulated; a Gaussian process emulates each
statistic; a place is ruled out where an emulated mean lies more than three standard deviations (of emulator and replicate noise
together) outside a finding's range; more, where less than 0.2% of the space would be left. Later waves are simulated in what is left. No allowance is made for what is wrong with the
model: a statistic that hardly any place brings into its range is held to the best there is.

**Second stage: ABC-SMC** (pyABC) in what is left, the prior being even over it. The distance is nought where every statistic lies
in its range; else the root of the summed squares of the misses, each in units of half the range's width and replicate noise. Each
particle has its own seeds. {kernel} The last whole generation, resampled to equal weights, is the posterior; its medoid is the set nearest
to all others. The posterior predictive simulates each set anew."""

KERNELS = {
    "split": "Candidates lie near a particle of the last generation in the few directions that it has narrowed, and anywhere in "
    "what is left in all others: over all of some thirty parameters a kernel's weights would leave one particle.",
    "anew": "Candidates of every generation are drawn anew from what is left, so that all weights are equal.",
}


def page(found: Calibration, rows: pd.DataFrame | None = None) -> str:
    """The page as Markdown. rows: trials on synthetic data (`synthetic.table`), if there are any. The same folder, the same text."""
    facts, after = found.manifest, correlations(found)
    weak = parameters(found)
    parts = [
        "# Calibration",
        INTRO,
        f"This page is of a calibration with the budget of {facts['budget']['design']} places, {facts['budget']['waves']} waves "
        f"and {facts['budget']['particles']} particles, seed {facts['seed']}, kmsim {facts['version']} (model {facts['model']}), "
        f"on {facts['time'][:10]}; {facts['seconds'] / 60:.0f} minutes.",
        "## What came out",
        *sentences(found),
        "## How it is done",
        METHOD.format(kernel=KERNELS[facts.get("kernel", "anew")]),
        "## Findings before and after",
        "![Prior and posterior predictive of each fitted check](images/calibration_checks.png)",
        "Ranges are 5 to 95% of places; inside is the share of them whose statistic lies in the finding's range.",
        _checks(found),
        "## Parameters",
        "![Posterior of each parameter within its prior](images/calibration_parameters.png)",
        f"Shrinkage is one less the posterior's variance over the prior's: {_identified(weak)}",
        _parameters(found),
        "### What goes together",
        "Pairs of parameters with a posterior correlation of 0.3 or more: the findings tell their combination better than each alone."
        if len(after)
        else "No two parameters have a posterior correlation of 0.3 or more.",
        table(
            ["one", "other", "correlation"],
            [(r.one, r.other, f"{r.correlation:.2f}") for r in after.head(15).itertuples()],
        )
        if len(after)
        else "",
        "## How it went",
        "![Tolerance and acceptance by generation](images/calibration_trace.png)",
        _trace(found),
        "### Emulators",
        _emulators(found),
        "## Synthetic data",
    ]
    if rows is None:
        parts.append("Not tried yet with this calibration: `kmsim calibrate ... diagnostics=sbc`.")
    else:
        parts += [
            "Places of the first wave are taken for the truth in turn, and their posterior is made of the others: the tenth whose "
            "statistics lie nearest, moved along a regression. This tries what the statistics can tell and acceptance by "
            "distance, not the walk of ABC-SMC.",
            "![Ranks of the truth in its posterior](images/calibration_ranks.png)",
            synthetic_words(rows, "recovery"),
            synthetic_words(rows, "sbc"),
            _synthetic(rows),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def blank() -> str:
    """The page before there is a calibration of this version to tell of."""
    none = (
        "No calibration with the present mechanisms has been run to its end and told here yet: every parameter stands as it is set "
        "by hand, and every range says so."
    )
    return (
        "\n\n".join(
            [
                "# Calibration",
                INTRO,
                "## What came out",
                none,
                "## How it is done",
                METHOD.format(kernel=KERNELS["split"]),
            ]
        )
        + "\n"
    )


def _checks(found: Calibration) -> str:
    rows = []
    for r in checks(found).itertuples():
        finding = findings()[r.target.partition(".")[0]]
        mark = f" ({finding.mark})" if finding.mark else ""
        rows.append(
            (
                r.target + mark,
                _range(r.low, r.high),
                _range(r.prior_low, r.prior_high),
                f"{r.prior_inside:.0%}",
                _range(r.post_low, r.post_high),
                f"{r.post_inside:.0%}",
                number(r.medoid),
                "yes" if r.fitted else "no: not moved",
            )
        )
    return table(["check", "finding", "prior", "inside", "posterior", "inside", "medoid", "fitted"], rows)


def _parameters(found: Calibration) -> str:
    rows = [
        (
            r.parameter,
            BY_HAND[r.parameter].meaning if r.parameter in BY_HAND else "",
            _range(r.prior_low, r.prior_high),
            _range(r.low, r.high),
            number(r.medoid),
            number(BY_HAND[r.parameter].default) if r.parameter in BY_HAND else "-",
            f"{r.shrinkage:.2f}",
        )
        for r in parameters(found).sort_values("shrinkage", ascending=False).itertuples()
    ]
    return table(["parameter", "meaning", "prior", "posterior (90%)", "medoid", "by hand", "shrinkage"], rows)


def _identified(rows: pd.DataFrame) -> str:
    told = rows[rows.shrinkage >= 0.5].sort_values("shrinkage", ascending=False).parameter.tolist()
    untold = int((rows.shrinkage < 0.2).sum())
    named = ", ".join(told) if told else "none"
    return f"the findings fix (0.5 or more) {len(told)} of {len(rows)}: {named}; they say next to nothing (under 0.2) of {untold}."


def _trace(found: Calibration) -> str:
    rows = [
        (r.generation, number(r.epsilon), r.evaluations, r.accepted, f"{r.rate:.0%}", f"{r.effective:.0f}")
        for r in found.trace.itertuples()
    ]
    return table(["generation", "tolerance", "evaluations", "accepted", "rate", "effective size"], rows)


def _emulators(found: Calibration) -> str:
    if not len(found.checked):
        return "One wave: the emulators were not tried on another."
    last = found.checked[found.checked.wave == found.checked.wave.max()]
    rows = [(r.target, f"{r.explained:.2f}", f"{r.covered:.0%}", r.n) for r in last.itertuples()]
    return (
        f"How those of wave {int(last.wave.iloc[0])} foretold the next, before they saw it: share of variance explained, and of "
        "statistics within their 95% intervals. Where the next wave is narrow there is little variance to explain.\n\n"
        + table(["check", "explained", "within 95%", "places"], rows)
    )


def _synthetic(rows: pd.DataFrame) -> str:
    body = [
        (
            r.parameter,
            f"{r.correlation:.2f}",
            f"{r.shrinkage:.2f}",
            f"{r.covered_50:.0%}",
            f"{r.covered_90:.0%}",
            f"{r.even:.2g}",
        )
        for r in rows.sort_values("correlation", ascending=False).itertuples()
    ]
    return table(["parameter", "truth and mean", "shrinkage", "in 50%", "in 90%", "chance of ranks so uneven"], body)


def _range(low: float, high: float) -> str:
    """A range as text.

    >>> _range(-math.inf, 0.85), _range(0.1, 0.2)
    ('0.85 or less', '0.1 to 0.2')
    """
    if not math.isfinite(low) or not math.isfinite(high):
        return (
            "n/a"
            if not (math.isfinite(low) or math.isfinite(high))
            else f"{number(high)} or less"
            if math.isfinite(high)
            else f"{number(low)} or more"
        )
    return f"{number(low)} to {number(high)}"


# -- figures ----------------------------------------------------------------------
def draw_checks(found: Calibration) -> Figure:
    """Each fitted check in units of its finding's range: the range is 0 to 1; grey the prior predictive, blue the posterior's."""
    rows = checks(found)
    rows = rows[rows.fitted & np.isfinite(rows.low) & np.isfinite(rows.high)].reset_index(drop=True)
    with mpl.rc_context(RC):
        fig, ax = _sheet(
            len(rows), "Findings before and after", "Each fitted check in units of its finding's range (shaded: 0 to 1)"
        )
        ax.axvspan(0, 1, color=LINES, zorder=0)
        for i, r in rows.iterrows():
            y = len(rows) - 1 - int(i)  # type: ignore[call-overload]
            before, after = (
                [(r[f"{when}_{at}"] - r.low) / (r.high - r.low) for at in ("low", "mid", "high")]
                for when in ("prior", "post")
            )
            _bar(ax, y + 0.17, before, MUTED, "o")
            _bar(ax, y - 0.17, after, CONTROL, "D")
        ax.set_yticks(range(len(rows)), rows.target[::-1])
        ax.set_xlim(-3, 4)
        ax.set_xlabel("the finding's range is 0 to 1; what lies beyond the axis is cut")
        foot(fig, "Grey: prior predictive; blue: posterior predictive; mark: median, line: 90% of places.")
    return fig


def draw_parameters(found: Calibration) -> Figure:
    """Each parameter in units of its prior: line the posterior's 90%, mark the medoid, cross what was set by hand."""
    rows = parameters(found).sort_values("shrinkage", ascending=False).reset_index(drop=True)
    with mpl.rc_context(RC):
        fig, ax = _sheet(len(rows), "Parameters", "Each within its prior (0 to 1), the most shrunk on top")
        for i, r in rows.iterrows():
            y, span = len(rows) - 1 - int(i), r.prior_high - r.prior_low  # type: ignore[call-overload]
            _bar(ax, y, [(v - r.prior_low) / span for v in (r.low, r.medoid, r.high)], CONTROL, "D")
            hand = (BY_HAND[r.parameter].default - r.prior_low) / span
            ax.plot([hand], [y], color=ORANGE, marker="x", linestyle="none", zorder=4)
        ax.set_yticks(range(len(rows)), rows.parameter[::-1])
        ax.set_xlim(-0.02, 1.02)
        ax.set_xlabel("place in the prior")
        foot(fig, "Line: 90% of the posterior; diamond: its medoid; cross: set by hand.")
    return fig


def draw_trace(found: Calibration) -> Figure:
    """Tolerance and acceptance by generation."""
    with mpl.rc_context(RC):
        fig = sheet(4.4)
        for i, (column, label) in enumerate((("epsilon", "tolerance"), ("rate", "share of candidates accepted"))):
            ax = axes_at(fig, 0.9 + i * 5.0, 1.2, 4.1, 2.1)
            ax.plot(found.trace.generation, found.trace[column], color=CONTROL, marker="o")
            ax.set_ylim(0, max(float(found.trace[column].max()) * 1.08, 1e-9))
            ax.set_xticks(found.trace.generation)
            ax.set_xlabel("generation")
            ax.set_title(label, fontsize=FONT)
        heading(fig, "How ABC-SMC went", "Distance within which a candidate is accepted, and how many are")
        foot(
            fig, "A tolerance of nought would mean that every statistic of every particle lies in its finding's range."
        )
    return fig


def draw_ranks(rows: pd.DataFrame, counts: np.ndarray) -> Figure:
    """Ranks of the truth in its posterior, a line a parameter, with the band that even ranks would stay in."""
    from scipy.stats import binom

    n = int(rows.trials.iloc[0])
    low, high = binom.ppf([0.005, 0.995], n, 1 / BINS)
    with mpl.rc_context(RC):
        fig = sheet(4.6)
        ax = axes_at(fig, 0.9, 1.3, WIDTH - 1.2, 2.3)
        ax.axhspan(low, high, color=LINES, zorder=0)
        ax.axhline(n / BINS, color=INK, linewidth=1)
        for row in counts:
            ax.plot(range(1, BINS + 1), row, color=CONTROL, linewidth=1, alpha=0.6)
        ax.set_ylim(0, max(float(counts.max()), high) * 1.08)
        ax.set_xlabel("eighth of the posterior in which the truth lies")
        ax.set_ylabel("trials")
        heading(fig, "Ranks of the truth", f"{n} draws of the prior, {len(rows)} parameters")
        foot(
            fig,
            "Line: a parameter. Shaded: 99% of even ranks, for each point alone. Hills: too unsure; valleys: too sure; slopes: biased.",
        )
    return fig


def _sheet(rows: int, title: str, about: str) -> tuple[Figure, Axes]:
    tall = 0.32 * max(rows, 2) + 0.3
    fig = sheet(tall + 2.1)
    ax = axes_at(fig, 2.2, 1.1, WIDTH - 2.5, tall)
    ax.set_ylim(-0.7, max(rows, 1) - 0.3)
    heading(fig, title, about)
    return fig, ax


def _bar(ax: Axes, y: float, at: Sequence[float], colour: str, marker: str) -> None:
    low, middle, high = at
    ax.plot([low, high], [y, y], color=colour, linewidth=2.5, solid_capstyle="butt", zorder=2)
    ax.plot([middle], [y], color=colour, marker=marker, linestyle="none", markersize=6, zorder=3)


def write(folder: str | Path, docs: str | Path = "docs") -> list[Path]:
    """Write the page and its figures into a folder of documents. Returns the paths. Raises KmsimError for a folder not whole."""
    found, docs = read(folder), Path(docs)
    tried = [Path(folder) / f"{name}.parquet" for name in ("synthetic", "ranks")]
    rows = pd.read_parquet(tried[0]) if tried[0].exists() else None
    drawn: list[tuple[str, Callable[[], Figure]]] = [
        ("checks", lambda: draw_checks(found)),
        ("parameters", lambda: draw_parameters(found)),
        ("trace", lambda: draw_trace(found)),
    ]
    if rows is not None:
        counts = pd.read_parquet(tried[1]).to_numpy()
        drawn.append(("ranks", lambda: draw_ranks(rows, counts)))
    (docs / "images").mkdir(parents=True, exist_ok=True)
    paths = [docs / "calibration.md"]
    paths[0].write_text(page(found, rows), encoding="utf-8")
    for name, draw in drawn:
        paths.append(docs / "images" / f"calibration_{name}.png")
        write_png(pixels(draw()), paths[-1])
    return paths


def main(words: Sequence[str]) -> None:
    """`python -m kmsim.report.calibration FOLDER [DOCS]`; with no folder the page says that there is no calibration yet."""
    if words:
        print(*write(*words), sep="\n")
    else:
        Path("docs/calibration.md").write_text(blank(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
