"""What `mesa.batch_run` knows of a run and does not tell its model: which iteration it is, and whether a seed is given."""

from __future__ import annotations

import inspect
import sys
from types import FrameType
from typing import Any, NamedTuple

import mesa

RUNNER = "mesa.batchrunner"
SEEDS = ("seed", "rng")


class BatchRun(NamedTuple):
    """One run of a batch. iteration: from 0. seeded: the batch gives it a seed. own_seed: ... of its own (Mesa 3.5)."""

    iteration: int
    seeded: bool
    own_seed: bool


def batch_run_of(model: Any) -> BatchRun | None:
    """The run of a batch for which this model is being made, None if none. Called while the model is made.

    Mesa gives every iteration the same arguments, so a model with a fixed seed would be the same run each time. A model
    that another model makes is its maker's affair.

    >>> batch_run_of(object()) is None
    True
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _runs_a_batch(frame):
        if _is_of_another(frame, model):
            return None
        frame = frame.f_back
    if frame is None or "model" in frame.f_locals:  # its own model is made already
        return None
    _, iteration, arguments = frame.f_locals["run"]
    seeded = any(arguments.get(name) is not None for name in SEEDS)
    takes_seeds = "rng" in inspect.signature(frame.f_globals["batch_run"]).parameters
    return BatchRun(iteration, seeded, seeded and takes_seeds)


def _runs_a_batch(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == RUNNER and "run" in frame.f_locals


def _is_of_another(frame: FrameType, model: Any) -> bool:
    """Whether a call is a method of another model."""
    code = frame.f_code
    first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    return isinstance(first, mesa.Model) and first is not model
