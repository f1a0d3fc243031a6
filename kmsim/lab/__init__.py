"""Many runs: designs of scenarios, ensembles that nothing can lose, and what they found. Loads nothing until it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmsim.lab.experiment import Experiment

__all__ = ["open", "sweep"]


def open(folder: str | Path) -> Experiment:
    """The experiment in a folder, to ask: its runs, trajectories, paired differences and summaries as DuckDB relations.

    Raises KmsimError if there is none.

    >>> open("no/such/folder")
    Traceback (most recent call last):
    kmsim.errors.KmsimError: no/such/folder: no such folder
    """
    from kmsim.lab.experiment import Experiment

    return Experiment(folder)


def sweep(
    folder: str | Path | None = None, progress: Callable[[int, int, float], Any] | None = None, **given: Any
) -> Experiment:
    """Run a design, or what is missing of it, into its folder, and return the experiment: the verb `kmsim sweep`.

    folder: where; results/sweep/NAME if none. given: the verb's keys, those with a dot in a mapping. progress is called with
    runs done, runs in all and runs a second. Raises KmsimError before anything is written, RunFailed if runs failed or are
    missing: the rest is kept, and the same call goes on.

    >>> sweep(design="lhs", **{"design.vary.thta": "1..3"})
    Traceback (most recent call last):
    kmsim.errors.UnknownName: design.vary=thta: not a key that can vary; did you mean 'theta'?
    """
    from kmsim.lab.sweeping import run_sweep

    return run_sweep(given, folder, progress)
