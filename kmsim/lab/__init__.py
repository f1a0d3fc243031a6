"""Many runs: policies over seeds, in parallel, and what their comparison says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmsim.lab.experiment import Experiment


def open(folder: str | Path) -> Experiment:
    """The experiment in a folder, to ask: its runs, trajectories, paired differences and summaries as DuckDB relations.

    Raises KmsimError if there is none.

    >>> open("no/such/folder")
    Traceback (most recent call last):
    kmsim.errors.KmsimError: no/such/folder: no such folder
    """
    from kmsim.lab.experiment import Experiment

    return Experiment(folder)
