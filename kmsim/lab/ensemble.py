"""An ensemble: everything that a plan lacks, done by an executor and kept in a folder, whatever breaks meanwhile.

What is missing is reckoned from the folder, never from memory, before and after: rows out are rows planned, or it is
told. A run that fails is noted in failures.parquet, and tried again when the plan is gone on with.
"""

from __future__ import annotations

import json
import multiprocessing
import shlex
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kmsim.errors import KmsimError, RunFailed, SystemRefusal
from kmsim.fingerprint import fingerprint
from kmsim.lab import leftovers, parts
from kmsim.lab import work as lab_work
from kmsim.lab.agenda import DIED, Agenda
from kmsim.lab.compilation import compile_model
from kmsim.lab.executors import Executor, executor_of
from kmsim.lab.pool import cpus
from kmsim.lab.store import Store, is_free
from kmsim.lab.trust import trusted_contents
from kmsim.lab.work import Job, Work

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

ROUNDS = 3  # how often what is found missing when all is done is done again
STILLBORN = 10  # batches in a row that died with a worker that began none of their runs: then all workers are at fault
FLUSH_SECONDS = 5.0  # at most how often failures are written down

Progress = Callable[[int, int, float], Any]  # runs done, runs planned, runs a second


@dataclass(frozen=True)
class Outcome:
    """What came of a plan: how many runs are planned, done and failed, and the seconds it took."""

    folder: Path
    planned: int
    done: int
    failed: int
    seconds: float

    @property
    def missing(self) -> int:
        """Runs that are neither done nor known to have failed."""
        return self.planned - self.done - self.failed

    @property
    def whole(self) -> bool:
        """Whether every planned run is done.

        >>> Outcome(Path("x"), 10, 9, 1, 0.5).whole
        False
        """
        return self.done == self.planned


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in an ensemble: says how much is kept and how to go on."""


def run_plan(
    plan: Plan,
    folder: str | Path,
    executor: str = "processes",
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    command: Sequence[str] = (),
    again: str = "",
    work: Work = lab_work.do,
    **options: Any,
) -> Outcome:
    """Do every run of a plan that is not done in a folder, which is made if it is not there. The same call goes on with it.

    executor: serial, processes, dask or slurm; workers: how many processes, by default the processors there are; options:
    the executor's, such as `address`. None of them changes a result. progress is called with runs done, runs planned and
    runs a second. command: the words this was asked for with, for the manifest. again: what goes on with it, if not kmsim
    resume. work: what does a batch; other in tests.

    Raises KmsimError for a folder that cannot be used, RunFailed if nothing more can be done (the disk is full), and
    Interrupted at Ctrl-C. A run that fails raises nothing: it is counted in what is returned.

    >>> from tempfile import TemporaryDirectory
    >>> from kmsim.lab.planning import read_plan
    >>> plan = read_plan(["coaching"], replicates=3, system="village", years=2, funded_years=1)
    >>> with TemporaryDirectory() as folder:
    ...     run_plan(plan, Path(folder) / "mine", "serial").done
    3
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)  # a worker of Dask reads a script that has no __main__ guard: its asker tells of it
    started = time.monotonic()
    who = executor_of(executor, workers or cpus(), options)
    if plan.model != fingerprint():
        raise KmsimError(
            f"{folder}: was planned with model {plan.model}, and this is model {fingerprint()}: their runs are not mixed; "
            "ask for it again under another name, or install the kmsim it was planned with"
        )
    if is_free(Path(folder)):
        who.look()  # so that no folder is left in which nothing can be done
    store = Store.create(folder, plan, command)
    with store.locked() as token:
        job = Job(str(store.folder.resolve()), token, store.manifest["config_hash"], trusted_contents())
        ensemble = _Ensemble(store, plan, job, progress, again)
        try:
            if ensemble.missing.size:
                plan.check_files()
            if work is lab_work.do:
                compile_model(1 if executor == "serial" else workers or cpus())  # before workers do, each for itself
            for _ in range(ROUNDS):
                if not ensemble.missing.size:
                    break
                ensemble.do_missing(who, work)
            ensemble.failures.write()
        except BaseException as stop:
            with suppress(KmsimError):  # what stopped it is what there is to tell, not that the disk takes nothing more
                ensemble.failures.write()
                ensemble.look()  # workers may have kept more than they came to tell
            if isinstance(stop, KeyboardInterrupt):
                raise Interrupted(f"interrupted; {ensemble.how_to_go_on()}") from None
            raise
    leftovers.clear(store.folder)
    failed = len(ensemble.failures.errors)
    return Outcome(store.folder, store.planned, ensemble.done, failed, time.monotonic() - started)


class _Ensemble:
    """What is done and what failed while a plan is gone through."""

    def __init__(self, store: Store, plan: Plan, job: Job, progress: Progress | None, again: str) -> None:
        self.store, self.job, self.progress = store, job, progress
        trusting = [f"--trust-code={file}" for file, _ in job.code]
        self.again = again or shlex.join(["kmsim", "resume", str(store.folder), *trusting])
        self.failures = Failures(store, plan)
        self.failed: set[int] = set()  # in this session
        self.look()
        self.earlier = dict(self.failures.errors)  # what failed in earlier ones is tried again

    def look(self) -> None:
        """Reckon from the folder what is done and what is missing, without what has failed in this session."""
        scan = self.store.repair()
        self.done = scan.count
        self.failures.forget(np.flatnonzero(scan.done))
        missing = ~scan.done
        missing[list(self.failed)] = False
        self.missing = np.flatnonzero(missing)

    def do_missing(self, executor: Executor, work: Work) -> None:
        """Have all that is missing done, and look what is missing then."""
        again = [run for run, error in self.earlier.items() if error != DIED]
        alone = [run for run, error in self.earlier.items() if error == DIED]
        runs = np.setdiff1d(self.missing, np.array([*self.earlier], np.int64), assume_unique=True)
        agenda = Agenda(self.job, runs, again, alone, executor.width)
        self.earlier = {}
        before, pace, stillborn = self.done, _Rate(), 0
        with closing(executor.each(work, agenda.take)) as stream:
            for came in stream:
                if came.stopped:
                    kind = SystemRefusal if came.refused else RunFailed
                    raise kind(f"{came.stopped}; {self.how_to_go_on()}")
                if came.died:
                    came = replace(came, suspects=lab_work.suspects_of(came.batch))
                stillborn = stillborn + 1 if came.died and not came.suspects else 0
                if stillborn > STILLBORN:
                    raise RunFailed(f"workers die before they begin a run; {self.how_to_go_on()}")
                for run in agenda.settle(came):
                    self.failed.add(run)
                    self.failures.add(run, agenda.failures[run])
                self.done = before + agenda.done
                if self.progress:
                    self.progress(self.done, self.store.planned, pace(self.done))
        self.look()

    def how_to_go_on(self) -> str:
        """How much is kept, and the command that goes on."""
        kept = f"{self.done:,} of {self.store.planned:,} runs are kept"
        return f"{kept}; go on with: {self.again}"


class _Rate:
    """Runs a second, over the last batches."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=30)

    def __call__(self, done: int) -> float:
        now = time.monotonic()
        self._seen.append((now, done))
        then, before = self._seen[0]
        return (done - before) / (now - then) if now > then else 0.0


class Failures:
    """The runs that failed when last tried, and their table on disk. errors: run -> what went wrong."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store, self._plan = store, plan
        rows = store.failures()
        numbers, known = store.numbers(parts.raw([row["key"] for row in rows]))
        self.errors: dict[int, str] = {
            int(n): row["error"] for n, row, good in zip(numbers, rows, known, strict=True) if good
        }
        self._changed, self._written = False, 0.0

    def add(self, run: int, error: str) -> None:
        """Note that a run failed."""
        self.errors[run] = error
        self._changed = True
        if time.monotonic() - self._written > FLUSH_SECONDS:
            self.write()

    def forget(self, done: np.ndarray) -> None:
        """Note which runs are done, whatever they did before."""
        if self.errors:
            now = set(self.errors).difference(done.tolist())
            self._changed |= len(now) < len(self.errors)
            self.errors = {run: error for run, error in self.errors.items() if run in now}

    def write(self) -> None:
        """Write them down, if any came or went."""
        if self._changed:
            self._store.write_failures([self._row(run, error) for run, error in sorted(self.errors.items())])
            self._changed, self._written = False, time.monotonic()

    def _row(self, number: int, error: str) -> dict[str, Any]:
        run = self._plan.run(number)
        return {
            "key": run.key,
            "policy": self._plan.policies[run.policy],
            "scenario": run.scenario,
            "seed": run.seed,
            "parameters": json.dumps(self._plan.scenario(run.scenario)),
            "error": error,
        }
