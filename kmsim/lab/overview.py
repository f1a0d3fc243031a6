"""What a sweep found, in a table for a terminal: each policy's measures over all its scenarios and seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmsim.lab.words import columns, shown_by
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.posterior import point

if TYPE_CHECKING:
    from kmsim.lab.experiment import Experiment

SHOWN = ("doing_it_well", "sustained", "ownership", "gap", "months_disadvantaged", "cost_per_pupil_gbp")
IN_A_BLOCK = 4  # measures, so that a line fits a terminal
WHEN = {"funding_end": "funding ends", "end": "the end"}


def overview(experiment: Experiment) -> str:
    """Policies as rows, measures as columns: the mean and the range of 90% of the runs.

    Of the scorecard's measures the six that say most, or all that were kept where fewer are. They are read when the
    scorecard reads them; others at the end.
    """
    kept = experiment.store.outcomes
    measures = [name for name in SHOWN if name in kept] or kept[: len(SHOWN)]
    summary = experiment.summary(by=["policy", "practice", "moment"])
    found = {
        (policy, practice, moment, outcome): (mean, low, high)
        for policy, practice, moment, outcome, mean, low, high, _ in summary.fetchall()
    }
    who = list(dict.fromkeys((policy, practice) for policy, practice, *_ in found))
    planned = [policy["name"] for policy in experiment.store.config["policies"]]
    who.sort(key=lambda pair: (planned.index(pair[0]), pair[1]))
    several = len({practice for _, practice in who}) > 1
    blocks = []
    for at in range(0, len(measures), IN_A_BLOCK):
        block = measures[at : at + IN_A_BLOCK]
        rows = [["policy", *(f"{OUTCOMES[name].label} [{WHEN[_moment(name)]}]" for name in block)]]
        for policy, practice in who:
            cells = [_cell(name, found.get((policy, practice, _moment(name), name))) for name in block]
            rows.append([f"{policy} ({practice})" if several else policy, *cells])
        blocks.append(columns(rows))
    return (
        f"mean and range of 90% of the runs, over scenarios and seeds (what is not varied: {point()})\n\n"
        + "\n\n".join(blocks)
    )


def _moment(outcome: str) -> str:
    return SCORECARD.get(outcome, "end")


def _cell(outcome: str, found: tuple[float, float, float] | None) -> str:
    if found is None:
        return "n/a"
    mean, low, high = map(shown_by(outcome), found)
    return f"{mean} ({low} to {high})"
