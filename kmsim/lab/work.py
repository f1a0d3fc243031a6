"""What a worker does with a batch: make its plan again, run its runs one by one, and write them down as one part.

A worker is told plain data only and reports which runs are done and which broke; what the runs found never leaves it
but by its part. Batches may be done twice, anywhere, in any order: the same run gives the same bits.
"""

from __future__ import annotations

import os
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kmsim.errors import KmsimError
from kmsim.fingerprint import fingerprint
from kmsim.lab import parts, regular_files
from kmsim.lab.store import TRACES, Store, is_current, refusal
from kmsim.operating_system import is_limit
from kmsim.operating_system import refusal as refused

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan, Run
    from kmsim.model import Model

MOMENTS = ("funding_end", "end")
TIMING = ("years", "funded_years", "taper")  # what the end of funding depends on, of what may vary
_RUN = struct.Struct("<q")
MODEL = fingerprint()  # of the code that is loaded here, whatever becomes of its files later


@dataclass(frozen=True)
class Job:
    """What all batches of a session share: the folder, the session's token, the plan's config hash, and files of trusted code: path and SHA-256."""

    folder: str
    token: str
    config_hash: str
    code: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Batch:
    """Runs to be done together, by their numbers in the plan. alone: a run that must share its process with no other."""

    job: Job
    runs: tuple[int, ...]
    attempt: int = 1
    alone: bool = False


@dataclass(frozen=True)
class Came:
    """What came of a batch. failures: run and error; stopped: why nothing more can be done, anywhere.

    refused: it is the system that refuses more (disk, memory, files), and neither the runs nor kmsim are at fault.
    died: the process that did it is gone; suspects: then, the runs that it may have been at.
    """

    batch: Batch
    done: tuple[int, ...] = ()
    failures: tuple[tuple[int, str], ...] = ()
    seconds: float = 0.0
    died: bool = False
    suspects: tuple[int, ...] = ()
    stopped: str | None = None
    refused: bool = False


@dataclass(frozen=True)
class Found:
    """What one run found. at: (outcomes, practices, moments); path: (outcomes, practices, ticks + 1), if it is to be kept."""

    practices: tuple[str, ...]
    ticks_per_year: int
    moments: tuple[int, ...]
    at: np.ndarray
    path: np.ndarray | None
    ledger: dict[str, float]


Work = Callable[[Batch], Came]
Simulate = Callable[["Plan", "Run", float], Found]


# -- one run -----------------------------------------------------------------------
def simulate(plan: Plan, run: Run, funding_end: float) -> Found:
    """Run the model once, to its end. funding_end: the year at which outcomes are noted beside those at the end."""
    from kmsim.lab.pool import system_of
    from kmsim.model import Model

    scenario = plan.scenario_of(run)
    return found_in(plan, run, funding_end, Model(system=system_of(scenario.system), scenario=scenario).run())


def found_in(plan: Plan, run: Run, funding_end: float, model: Model) -> Found:
    """What a run found, from its model when it has run to its end."""
    per_year = model.given.ticks_per_year
    values = np.array([*model.outcome_arrays(plan.outcomes).values()], np.float32)
    moments = (round(funding_end * per_year), model.ticks)
    return Found(
        practices=tuple(practice.name for practice in model.given.practices),
        ticks_per_year=per_year,
        moments=moments,
        at=values[:, :, list(moments)],
        path=values if plan.keeps_trajectory(run) else None,
        ledger=model.ledger,
    )


def funding_end(plan: Plan, run: Run) -> float:
    """The year in which the last funding ends of any policy of the plan in this run's scenario: one moment for all of them."""
    first = run.index - run.policy
    scenarios = [plan.scenario_of(plan.run(first + policy)) for policy in range(len(plan.policies))]
    return min(max(scenario.funding_end for scenario in scenarios), scenarios[0].years)


# -- a batch -----------------------------------------------------------------------
def do(batch: Batch, simulate: Simulate = simulate) -> Came:
    """Do a batch and write its part; a run that breaks is reported and the others go on.

    Nothing is raised that a run or the disk is at fault for. simulate: what does one run, other in tests.
    """
    started = time.perf_counter()
    try:
        plan = _plan_of(batch.job)
    except KmsimError as error:
        return Came(batch, stopped=f"a worker on {socket.gethostname()}: {error}")
    except (OSError, MemoryError) as error:
        return Came(batch, stopped=refused(error), refused=True)
    folder = Path(batch.job.folder)
    try:
        found, failures = _simulated(plan, batch, simulate)
        kept = not found or parts.write_part(
            folder, tables_of(plan, found, batch.attempt), lambda: is_current(folder, batch.job.token)
        )
    except (OSError, MemoryError) as error:
        told = refused(error) if is_limit(error) else refusal(folder, error)  # type: ignore[arg-type]
        return Came(batch, stopped=told, refused=True)
    except KmsimError as error:  # a link stands in the way
        return Came(batch, stopped=str(error))
    if not kept:
        return Came(batch, stopped=f"{folder}: another process has taken over")
    done = tuple(run.index for run, _, _ in found)
    return Came(batch, done, tuple(failures), time.perf_counter() - started)


def _simulated(
    plan: Plan, batch: Batch, simulate: Simulate
) -> tuple[list[tuple[Run, Found, float]], list[tuple[int, str]]]:
    """The batch's runs, each with what it found and the seconds it took; and those that broke, with why."""
    found, failures = [], []
    ends: dict[tuple[Any, ...], float] = {}
    with trace(batch) as at:
        for index in batch.runs:
            at(index)
            run, start = plan.run(index), time.perf_counter()
            try:
                timing = tuple(plan.table[key][run.scenario] for key in TIMING if key in plan.table)
                if timing not in ends:
                    ends[timing] = funding_end(plan, run)
                result = simulate(plan, run, ends[timing])
            except Exception as error:
                if is_limit(error):
                    raise
                failures.append((index, _described(error)))
            else:
                found.append((run, result, time.perf_counter() - start))
    return found, failures


def _plan_of(job: Job) -> Plan:
    return _plan(job.folder, job.config_hash, job.code)


@lru_cache(maxsize=2)
def _plan(folder: str, config_hash: str, code: tuple[tuple[str, str], ...]) -> Plan:
    """The plan in a folder, made again once for all batches: another plan has another hash. Raises KmsimError unless it is the one that was asked for."""
    from kmsim.lab.trust import trust

    for file, sha256 in code:
        trust(file, sha256)
    store = Store.open(folder)
    plan = store.plan()
    if store.manifest["config_hash"] != config_hash:
        raise KmsimError(f"{folder}: holds another plan than the one to be done")
    if plan.model != MODEL:
        raise KmsimError(f"has model {MODEL}, the plan is of model {plan.model}: install the same kmsim there")
    plan.check_files()
    return plan


def _described(error: Exception) -> str:
    """The error in one line, with the place that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({Path(last.filename).name}, line {last.lineno})"


# -- which run a worker is at ------------------------------------------------------------
@contextmanager
def trace(batch: Batch) -> Iterator[Callable[[int], Any]]:
    """A file that says which run of a batch is being run, so that it is known should the process die at it. Gone when it is over."""
    path = _trace_of(batch)
    with regular_files.overwrite(path) as stream:

        def at(run: int) -> None:
            stream.seek(0)
            stream.write(_RUN.pack(run))

        yield at
    path.unlink(missing_ok=True)


def suspects_of(batch: Batch) -> tuple[int, ...]:
    """The runs of a batch that its process may have died of: the one it was at, none if it was at none, all if that is not known."""
    try:
        written = regular_files.read(_trace_of(batch))
    except (OSError, KmsimError):
        return ()
    return _RUN.unpack(written) if len(written) == _RUN.size else batch.runs


def _trace_of(batch: Batch) -> Path:
    names = f"{batch.job.token}-{batch.runs[0]}-{batch.runs[-1]}-{len(batch.runs)}-{batch.attempt}"
    return Path(batch.job.folder) / TRACES / names


# -- from what runs found to tables -----------------------------------------------------
def tables_of(plan: Plan, found: Sequence[tuple[Run, Found, float]], attempt: int = 1) -> dict[str, pa.Table]:
    """The tables of a part: the runs, with what each found and the seconds it took."""
    runs = [run for run, _, _ in found]
    results = [result for _, result, _ in found]
    kept = [(run, result) for run, result in zip(runs, results, strict=True) if result.path is not None]
    schemas = parts.schemas(plan.outcomes)
    return {
        "attempts": pa.table(_attempts([r.key for r in runs], [s for *_, s in found], attempt), schemas["attempts"]),
        "ledger": pa.table(_ledger(runs, results), schemas["ledger"]),
        "trajectories": pa.table(_trajectories(plan, kept), schemas["trajectories"]),
        parts.RUNS: pa.table(_runs(plan, runs, results), schemas[parts.RUNS]),
    }


def _runs(plan: Plan, runs: Sequence[Run], results: Sequence[Found]) -> dict[str, Any]:
    """A row for each run, practice and moment, the moments innermost."""
    times = [len(result.practices) * len(MOMENTS) for result in results]
    columns = _names(plan, runs, times)
    columns["replicate"] = np.repeat([run.replicate for run in runs], times)
    columns["practice"] = [name for result in results for name in result.practices for _ in MOMENTS]
    columns["moment"] = [moment for result in results for _ in result.practices for moment in MOMENTS]
    years = [np.array(result.moments) / result.ticks_per_year for result in results]
    columns["year"] = _chained([np.tile(y, len(result.practices)) for y, result in zip(years, results, strict=True)])
    return columns | _outcomes(plan, [result.at for result in results])


def _trajectories(plan: Plan, kept: Sequence[tuple[Run, Found]]) -> dict[str, Any]:
    """A row for each run, practice and tick, the ticks innermost."""
    paths = [result.path for _, result in kept if result.path is not None]
    shapes = [path.shape[1:] for path in paths]
    columns = _names(plan, [run for run, _ in kept], [practices * ticks for practices, ticks in shapes])
    columns["practice"] = np.repeat(
        np.array([name for _, result in kept for name in result.practices], object),
        [ticks for practices, ticks in shapes for _ in range(practices)],
    )
    at = [np.tile(np.arange(ticks), practices) for practices, ticks in shapes]
    columns["tick"] = _chained(at).astype(np.int32)
    columns["year"] = _chained([ticks / result.ticks_per_year for ticks, (_, result) in zip(at, kept, strict=True)])
    return columns | _outcomes(plan, paths)


def _names(plan: Plan, runs: Sequence[Run], times: Sequence[int]) -> dict[str, Any]:
    """Which run a row is of, each run as many times as it has rows."""

    def repeated(values: Sequence[Any], kind: Any) -> np.ndarray:
        return np.repeat(np.array(values, kind), np.array(times, np.int64))

    return {
        "key": repeated([run.key for run in runs], object),
        "policy": repeated([plan.policies[run.policy] for run in runs], object),
        "scenario": repeated([run.scenario for run in runs], np.int32),
        "seed": repeated([run.seed for run in runs], np.int64),
    }


def _outcomes(plan: Plan, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Outcome -> its values in all rows, from arrays (outcomes, practices, moments or ticks)."""
    if not values:
        return {name: np.empty(0, np.float32) for name in plan.outcomes}
    flat = np.concatenate([value.reshape(len(plan.outcomes), -1) for value in values], axis=1)
    return dict(zip(plan.outcomes, flat.astype(np.float32, copy=False), strict=True))


def _ledger(runs: Sequence[Run], results: Sequence[Found]) -> dict[str, Any]:
    rows = [
        (run.key, *item) for run, result in zip(runs, results, strict=True) for item in sorted(result.ledger.items())
    ]
    keys, categories, sums = zip(*rows, strict=True) if rows else ((), (), ())
    return {"key": keys, "category": categories, "gbp": sums}


def _attempts(keys: Sequence[str], seconds: Sequence[float], attempt: int) -> dict[str, Any]:
    each = len(keys)
    host, pid = socket.gethostname(), os.getpid()
    return {"key": keys, "seconds": seconds, "host": [host] * each, "pid": [pid] * each, "attempt": [attempt] * each}


def _chained(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.empty(0)
