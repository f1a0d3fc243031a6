"""What a sweep found, in a table for a terminal: each policy's measures over all its scenarios and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kmsim.lab.plan import policy_names
from kmsim.lab.words import columns, shown_by, spanned, stand_at
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD

if TYPE_CHECKING:
    from kmsim.lab.experiment import Experiment

SHOWN = ("doing_it_well", "sustained", "ownership", "gap", "months_disadvantaged", "cost_per_pupil_gbp")
IN_A_BLOCK = 4  # measures, so that a line fits a terminal
WHEN = {"funding_end": "funding ends", "end": "the end"}


def overview(experiment: Experiment) -> str:
    """Policies as rows, measures as columns: the mean and the range of 90% of the runs, and of how many if not of all.

    Of the scorecard's measures the six that say most, or all that were kept where fewer are. They are read when the
    scorecard reads them; others at the end.
    """
    kept = experiment.store.outcomes
    measures = [name for name in SHOWN if name in kept] or kept[: len(SHOWN)]
    summary = experiment.summarised(by=["policy", "practice", "moment"])
    found = {
        (policy, practice, moment, outcome): (mean, low, high, n)
        for policy, practice, moment, outcome, mean, low, high, n in summary.fetchall()
    }
    who = list(dict.fromkeys((policy, practice) for policy, practice, *_ in found))
    config = experiment.store.config
    planned = policy_names(config)
    runs = experiment.store.planned // len(planned)  # of each
    who.sort(key=lambda pair: (planned.index(pair[0]), pair[1]))
    several = len({practice for _, practice in who}) > 1
    blocks = []
    for at in range(0, len(measures), IN_A_BLOCK):
        block = measures[at : at + IN_A_BLOCK]
        rows = [["policy", *(f"{OUTCOMES[name].label} [{WHEN[_moment(name)]}]" for name in block)]]
        for policy, practice in who:
            cells = [_cell(name, found.get((policy, practice, _moment(name), name)), runs) for name in block]
            rows.append([f"{policy} ({practice})" if several else policy, *cells])
        blocks.append(columns(rows))
    ranges = "mean and range of 90% of the runs, over scenarios and seeds" if runs > 1 else "one run each, so no range"
    return f"{ranges}\n({_what_stands(config)})\n\n" + "\n\n".join(blocks)


def _what_stands(config: Mapping[str, Any]) -> str:
    """How the parameters stand that are not varied."""
    varied = {name.removeprefix("parameters.") for name in config["scenarios"]["varied"]}
    fixed = {name: value for name, value in config["parameters"].items() if name not in varied}
    return ("what is not varied: " if varied else "") + stand_at(fixed)


def _moment(outcome: str) -> str:
    return SCORECARD.get(outcome, "end")


def _cell(outcome: str, found: tuple[float, float, float, int] | None, runs: int) -> str:
    """What a policy comes to; of how many runs, if some failed, are missing or have no such value."""
    if found is None:
        return "n/a"
    mean, low, high, n = found
    text = spanned(shown_by(outcome), mean, low, high, n)
    return text if n == runs else f"{text} in {n} of {runs} runs"
