"""Results made again from their own folders, in Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kmsim.errors import KmsimError, RunFailed
from kmsim.lab.naming import checked_name, folder_of, free_name
from kmsim.lab.original import Original


def rerun(
    folder: str | Path,
    name: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int, float], Any] | None = None,
) -> Any:
    """Make the result in a folder again, from the settings that its config.yaml holds.

    Returns what `run`, `compare` or `lab.sweep` returns. A sweep is kept in results/sweep/NAME, by default the original's name
    with -rerun. What differs from then (the model, packages, files) is a warning each. Raises KmsimError for a folder that holds
    no result, or one of a verb that only the command line has; for a file that is gone or has other content.

    >>> rerun("no/such/folder")
    Traceback (most recent call last):
    kmsim.errors.KmsimError: no/such/folder: no such folder
    """
    original = Original.read(folder)
    for told in original.differences():
        warnings.warn(f"{folder}: {told}", stacklevel=2)
    if original.verb == "run":
        from kmsim.lab.single import run

        return run(**original.relocated())
    if original.verb == "compare":
        from kmsim.lab.comparison import compare

        return compare(workers=workers, progress=progress, **original.relocated())
    if original.verb != "sweep":
        raise KmsimError(f"{folder}: a result of kmsim {original.verb}; make it again with: kmsim rerun {folder}")
    from kmsim.lab.ensemble import run_plan
    from kmsim.lab.experiment import Experiment

    where = folder_of("sweep", free_name("sweep", original.folder, checked_name(name)))
    found = run_plan(original.plan(), where, "serial" if workers == 1 else "processes", workers, progress)
    if not found.whole:
        raise RunFailed(f"{found.failed} of {found.planned} runs failed and {found.missing} are missing; see {where}")
    return Experiment(where)
