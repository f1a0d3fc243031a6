"""What an ensemble costs beside its simulations: stored runs a second, overhead, time till it starts, memory.

What is measured of the store and the executors alone uses a stand-in for the model, which takes no time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from kmsim.lab import work
from kmsim.lab.ensemble import run_plan
from kmsim.lab.experiment import Experiment
from kmsim.lab.plan import Plan, Run
from kmsim.lab.planning import read_plan
from kmsim.lab.pool import cpus
from kmsim.lab.scenarios import Column, Scenarios

POLICY = "codesigned_networks"
MEASURES = ["spread_teachers", "doing_it_well", "depth", "sustained", "ownership", "gap", "months", "cost_gbp"]
QUICK, FEWER, FEW, MANY = 400, 4_000, 10_000, 100_000
Row = tuple[str, str, str]


def stand_in(plan: Plan, run: Run, funding_end: float) -> work.Found:
    """What a run would find, in no time."""
    values = np.full((len(plan.outcomes), 1, 2), run.index, np.float32)
    return work.Found(("one",), 6, (18, 60), values, None, {"cpd": 1.0})


def do(batch: work.Batch) -> work.Came:
    """A batch of runs that take no time."""
    return work.do(batch, stand_in)


def plan_of(runs: int, system: Any = "village") -> Plan:
    """A plan of so many runs: one policy, one parameter that varies."""
    scenarios = Scenarios({"parameters.theta": Column.of(np.linspace(1.0, 4.0, runs))})
    return read_plan([POLICY], scenarios, outcomes=MEASURES, system=system, budget=None)


def stored_runs_a_second(system: Any, runs: int) -> tuple[float, float]:
    """Of an ensemble on all processors, from the call to the last row on disk: runs a second, and seconds a run in the model."""
    plan = plan_of(runs, system)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run_plan(plan, Path(folder) / "runs")
        seconds = time.perf_counter() - start
        ((each,),) = Experiment(Path(folder) / "runs").attempts().aggregate("median(seconds)").fetchall()
    return runs / seconds, each


def overhead(runs: int = 4_000, each: float = 0.003) -> float:
    """What store and agenda add to runs of so many seconds, as a share: batches of about a second, done one by one."""
    plan = plan_of(runs)
    with tempfile.TemporaryDirectory() as folder:
        run_plan(plan, Path(folder) / "warm", "serial", work=do)

        def paced(batch: work.Batch) -> work.Came:
            came = do(batch)
            return work.Came(batch, came.done, seconds=came.seconds + each * len(came.done))  # for the size of batches

        start = time.perf_counter()
        run_plan(plan, Path(folder) / "timed", "serial", work=paced)
        return (time.perf_counter() - start) / (runs * each)


def seconds_till_start(runs: int = MANY) -> float:
    """From nothing planned to the first run begun, of a plan of so many runs."""
    begun: list[float] = []

    def first(batch: work.Batch) -> work.Came:
        begun.append(time.perf_counter())
        raise KeyboardInterrupt

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        run_plan(plan_of(runs), Path(folder) / "runs", "serial", work=first)
    return begun[0] - start


def peak_mb(runs: int) -> float:
    """The most memory that a process holds which plans so many runs and does them all (nan where the system does not say)."""
    return _alone(f"peak_here({runs})")[0]


def peak_here(runs: int) -> float:
    """The same in this process, which must be new."""
    with tempfile.TemporaryDirectory() as folder:
        run_plan(plan_of(runs), Path(folder) / "runs", "serial", work=do)
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _alone(call: str) -> list[float]:
    """The numbers that a call of this module gives in a process of its own, in which nothing is loaded or begun yet."""
    code = f"import numpy as np; from kmsim.lab.ensemble_bench import *; print(*np.atleast_1d({call}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(number) for number in said.stdout.split()]


def rows(system: Any, quick: bool = False) -> list[Row]:
    """Every row: what, measured here, to reach."""
    found: list[Row] = []
    for runs in (QUICK,) if quick else (FEWER, FEW):  # the start of the workers weighs the more, the fewer there are
        rate, each = _alone(f"stored_runs_a_second({system!r}, {runs})")
        found.append((f"3,000 teachers: stored runs a second of {runs:,}, {cpus()} processors", f"{rate:,.0f}", "500"))
    found.append(("... ms a run in the model", f"{1000 * each:.1f}", "3"))
    found.append(("what the store adds to runs of 3 ms", f"{overhead():.1%}", "10%"))
    if quick:
        return found
    few, many = peak_mb(FEW), peak_mb(MANY)
    found.append((f"{MANY:,} planned runs begin after, s", f"{seconds_till_start():.1f}", "5"))
    found.append((f"memory, {FEW:,} and {MANY:,} planned runs, MB", f"{few:.0f}, {many:.0f}", "the same"))
    return found
