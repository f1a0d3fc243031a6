"""Runs in parallel: one system built once in each worker, every run the same bits wherever it runs."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import numpy as np

from kmsim.errors import RunFailed
from kmsim.scenario import Scenario
from kmsim.system.build import build
from kmsim.system.built import System
from kmsim.system.settings import Settings

Result = tuple[int, dict[str, np.ndarray], dict[str, float]]


def cpus() -> int:
    """The processors this process may use, by affinity and by the control group's quota.

    >>> cpus() >= 1
    True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as stream:
            quota, period = stream.read().split()
        allowed = min(allowed, max(1, int(quota) // int(period))) if quota != "max" else allowed
    except (OSError, ValueError):
        pass
    return max(1, allowed)


_built: dict[str, System] = {}


def system_of(settings: Settings) -> System:
    """The built system of these settings: the last two are kept, for the next run on the same schools.

    >>> from kmsim.system.settings import settings
    >>> system_of(settings("village")) is system_of(settings("village"))
    True
    """
    key = repr(settings)
    if key not in _built:
        while len(_built) >= 2:
            del _built[next(iter(_built))]
        _built[key] = build(settings)
    return _built[key]


def one_run(number: int, scenario: Scenario) -> Result:
    """Run one scenario to its end: its number, its outcomes (K, ticks + 1) and its ledger. The same in any process."""
    from kmsim.model import Model

    model = Model(system=system_of(scenario.system), scenario=scenario).run()
    return number, model.outcome_arrays(), model.ledger


def compile_model() -> None:
    """Have every compiled function ready, from the cache or made now: a few ticks of the village."""
    from kmsim.model import Model

    Model(system="village", policy="codesigned_networks", years=1, funded_years=1).run()


def _quiet_worker(threads: str = "1") -> None:
    os.environ["NUMBA_NUM_THREADS"] = threads


def run_all(scenarios: list[Scenario], workers: int, progress: Callable[[int, int], Any] | None = None) -> list[Result]:
    """Every scenario run, in their order. Raises RunFailed if any broke; a worker that dies is replaced and its run repeated once.

    progress is called with (runs done, runs in all).
    """
    total = len(scenarios)
    results: list[Result | None] = [None] * total
    for done, result in enumerate(_stream(scenarios, workers), 1):
        results[result[0]] = result
        if progress:
            progress(done, total)
    missing = [i for i, result in enumerate(results) if result is None]
    if missing:
        raise RunFailed(f"{len(missing)} of {total} runs are missing")
    return results  # type: ignore[return-value]


def _stream(scenarios: list[Scenario], workers: int) -> Iterator[Result]:
    if workers <= 1 or len(scenarios) == 1:
        for number, scenario in enumerate(scenarios):
            yield one_run(number, scenario)
        return
    tries: dict[int, int] = dict.fromkeys(range(len(scenarios)), 2)
    left = list(tries)
    while left:
        context = _context()
        with ProcessPoolExecutor(min(workers, len(left)), mp_context=context, initializer=_quiet_worker) as pool:
            waiting = {pool.submit(one_run, number, scenarios[number]): number for number in left}
            try:
                while waiting:
                    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        result = future.result()
                        number = waiting.pop(future)
                        left.remove(number)
                        yield result
            except BrokenProcessPool as died:
                for number in left[: min(workers, len(left))]:
                    tries[number] -= 1
                    if tries[number] == 0:
                        raise RunFailed(
                            f"a worker died twice at run {number} ({scenarios[number].policy.name})"
                        ) from died
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _context():
    """A way to start workers that inherits nothing by accident: from a small server where there is one."""
    if "forkserver" in multiprocessing.get_all_start_methods() and sys.platform != "darwin":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["kmsim.model"])
        return context
    return multiprocessing.get_context("spawn")


def seeded(scenario: Scenario, seed: int) -> Scenario:
    """The same scenario with another seed."""
    return replace(scenario, seed=seed)
