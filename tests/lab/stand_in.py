"""A stand-in for the model: a run takes no time, and what it finds is a function of its key. In a module, so that workers can import it."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import numpy as np

from kmsim.lab import work
from kmsim.lab.plan import Plan, Run
from kmsim.lab.planning import read_plan
from kmsim.lab.scenarios import Column, Scenarios

OUTCOMES = ["doing_it_well", "cost_gbp"]


def plan_of(runs: int, policies: tuple[str, ...] = ("coaching",), **more) -> Plan:
    """A plan of so many runs of the village: scenarios of one run a policy."""
    scenarios = Scenarios({"parameters.theta": Column.of(np.linspace(2.0, 4.0, runs // len(policies)))})
    settings = {"system": "village", "years": 2, "funded_years": 1, "outcomes": OUTCOMES} | more
    return read_plan(list(policies), scenarios, **settings)


def found(plan: Plan, run: Run, funding_end: float) -> work.Found:
    """What a run finds."""
    first = int(run.key[:6], 16) / 1000
    values = np.array([[[first + t, run.seed] for t in range(3)] for _ in plan.outcomes], np.float32)[:, None, :, 0]
    return work.Found(
        ("one",), 1, (1, 2), values[:, :, [1, 2]], values if plan.keeps_trajectory(run) else None, {"a": first}
    )


def do(batch: work.Batch) -> work.Came:
    return work.do(batch, found)


def slowly(plan: Plan, run: Run, funding_end: float, seconds: float = 0.01) -> work.Found:
    time.sleep(seconds)
    return found(plan, run, funding_end)


def do_slowly(batch: work.Batch) -> work.Came:
    return work.do(batch, slowly)


do_slower = partial(work.do, simulate=partial(slowly, seconds=0.2))


def poisoned(plan: Plan, run: Run, funding_end: float) -> work.Found:
    """Run 7 kills whatever process runs it, run 5 breaks."""
    if run.index == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return broken(plan, run, funding_end)


def broken(plan: Plan, run: Run, funding_end: float) -> work.Found:
    """Run 5 breaks."""
    if run.index == 5:
        raise ValueError("run 5 is bad\nin two lines")
    return found(plan, run, funding_end)


def do_poisoned(batch: work.Batch) -> work.Came:
    return work.do(batch, poisoned)


def do_broken(batch: work.Batch) -> work.Came:
    return work.do(batch, broken)
