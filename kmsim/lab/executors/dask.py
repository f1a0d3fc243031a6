"""Batches done by the workers of a Dask cluster: one on this machine, one whose scheduler has an address, or jobs of SLURM.

Workers write their parts themselves, into a folder that all of them see; what travels is numbers of runs. A batch whose
worker is killed comes back as died, as soon as the scheduler gives it up.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import time
import warnings
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from kmsim.bounds import bounded
from kmsim.errors import KmsimError, RunFailed
from kmsim.lab.executors import Take, came_of
from kmsim.lab.work import Batch, Came, Work
from kmsim.lab.workers import ONE_THREAD, deaf_to_ctrl_c

AHEAD = 1  # batches that wait at the scheduler, so that no worker waits for us
SECONDS_TO_CONNECT = 10
SECONDS_TO_LOOK = 0.02  # between looks whether a batch is finished
SECONDS_WITHOUT = 20  # workers: then something is wrong
SECONDS_TO_CLOSE = 1
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # what to try again is judged elsewhere
    "distributed.worker.daemon": True,
}


class Dask:
    """The cluster at an address, or one of so many processes on this machine, which ends with the ensemble."""

    def __init__(self, workers: int, address: str | None = None) -> None:
        distributed()  # now rather than when all is planned
        self.width = workers
        self._address = address

    def look(self) -> None:
        """Raise KmsimError if no scheduler answers at the address."""
        if self._address is not None:
            with _quiet(), self._client():
                pass

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none."""
        whole = False
        while not whole:
            with _quiet(), self._client() as client:
                whole = yield from _each(client, work, take, self._address is None)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        dd = distributed()
        if self._address is None:
            with self._local() as cluster, dd.Client(cluster) as client:
                try:
                    yield client
                finally:
                    _end_workers(cluster)
            return
        try:
            client = dd.Client(self._address, timeout=SECONDS_TO_CONNECT)
        except (OSError, ValueError, TypeError):
            raise KmsimError(f"executor.address={self._address}: no Dask scheduler answers there") from None
        with client:
            yield client

    @contextmanager
    def _local(self) -> Iterator[Any]:
        import dask

        with ExitStack() as ending, dask.config.set(_SETTINGS):
            try:
                cluster = distributed().LocalCluster(
                    loop=_loop(ending),
                    n_workers=self.width,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",  # the port that is free
                    silence_logs=logging.CRITICAL,
                    env=ONE_THREAD,
                )
            except RuntimeError as error:
                raise RunFailed(
                    f"the Dask workers did not start ({error}); a script that starts runs needs "
                    "`if __name__ == '__main__':` round what it does"
                ) from error
            try:
                yield cluster
            finally:
                if not _close(cluster):
                    ending.pop_all()  # nothing of it is ended: it goes on closing while we go on


class Slurm(Dask):
    """Jobs of SLURM, asked for when the ensemble begins and ended with it. What is not given is as dask-jobqueue is configured.

    jobs: how many; cores: processes of a job, each with one thread; memory: of a job; walltime: HH:MM:SS; interface: the
    network between nodes, such as ib0.
    """

    def __init__(
        self, jobs: Any = 1, cores: Any = 1, memory: Any = "2GB", walltime: Any = "01:00:00", **more: Any
    ) -> None:
        jobs = bounded("executor.jobs", jobs)
        cores = bounded("executor.cores", cores)
        super().__init__(jobs * cores)
        self._jobs = jobs
        self._settings = {"cores": cores, "processes": cores, "memory": str(memory), "walltime": str(walltime)}
        self._settings |= {key: str(value) for key, value in more.items()}

    def job_script(self) -> str:
        """The script that is handed to sbatch."""
        with self._cluster() as cluster:
            return cluster.job_script()

    def look(self) -> None:
        """Raise KmsimError if jobs cannot be asked for here, or not in these words."""
        _check_sbatch()
        with self._cluster():
            pass

    @contextmanager
    def _client(self) -> Iterator[Any]:
        _check_sbatch()
        with self._cluster() as cluster, distributed().Client(cluster) as client:
            self._submit(cluster)
            yield client

    def _submit(self, cluster: Any) -> None:
        """Ask for the jobs and wait until they are accepted. Raises KmsimError with what sbatch says."""
        cluster.scale(jobs=self._jobs)
        try:
            cluster.sync(cluster._correct_state)
            for job in cluster.workers.values():
                if job.status.name == "created":  # not accepted, which Dask says nowhere: ask once more, and hear why
                    cluster.sync(job.start)
        except (RuntimeError, ValueError, AssertionError, OSError) as error:
            raise KmsimError(f"executor=slurm: sbatch did not take the job: {_said_by_sbatch(error)}") from None

    @contextmanager
    def _cluster(self) -> Iterator[Any]:
        import dask

        try:
            from dask_jobqueue import SLURMCluster
        except ImportError:
            raise _not_installed("slurm") from None
        prologue = [f"export {key}={value}" for key, value in ONE_THREAD.items()]
        with dask.config.set(_SETTINGS):
            try:
                cluster = SLURMCluster(
                    **self._settings,
                    job_script_prologue=prologue,
                    scheduler_options={"dashboard_address": ":0"},  # the port that is free
                    silence_logs=logging.CRITICAL,
                )
            except (ValueError, TypeError) as error:
                raise KmsimError(f"executor=slurm: {' '.join(str(error).split())}") from None
            try:
                yield cluster
            finally:
                _close(cluster)


def _loop(ending: ExitStack) -> Any:
    """A loop for what Dask's processes say, in a thread that never hears Ctrl-C, nor do workers started from it. It ends with the stack."""
    from distributed.utils import LoopRunner

    runner = LoopRunner()
    ending.callback(runner.stop)
    with deaf_to_ctrl_c():
        runner.start()
    return runner.loop


def _check_sbatch() -> None:
    if shutil.which("sbatch") is None:
        raise KmsimError("executor=slurm: sbatch is not found here; run this where jobs are submitted from")


def _end_workers(cluster: Any) -> None:
    """End the workers of this machine now, whatever they do: they are not waited for, and nothing is lost but their batches."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(nanny.pid, signal.SIGKILL)


def _close(cluster: Any) -> bool:
    """Close a cluster; whether it is closed. If not it goes on closing while we go on."""
    try:
        cluster.close(timeout=SECONDS_TO_CLOSE)
    except TimeoutError:
        return False
    except (AssertionError, RuntimeError, ValueError):  # of jobs that were never accepted
        return True
    return True


def _said_by_sbatch(error: Exception) -> str:
    """The end of what sbatch said, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    after = [i for i, line in enumerate(lines) if line.startswith("stderr:")]
    told = lines[after[-1] + 1 :] if after and after[-1] + 1 < len(lines) else lines
    return " ".join(told)[-300:] or type(error).__name__


def distributed() -> Any:
    """The module `distributed`. Raises KmsimError, with the line that installs it, if it is not there."""
    try:
        import distributed
    except ImportError:
        raise _not_installed("dask") from None
    return distributed


def _not_installed(executor: str) -> KmsimError:
    return KmsimError(f"executor={executor}: not installed; install it with: pip install 'kmsim[dask]'")


def _each(client: Any, work: Work, take: Take, own: bool) -> Generator[Came, None, bool]:
    """Keep every thread of the cluster busy, however many come and go, and give back what came of each batch.

    own: whether the cluster is of this machine and this ensemble. Returns whether all is done: not if such a cluster has
    lost its workers, and then what they had has died.
    """
    doing: dict[Any, Batch] = {}
    finished = distributed().as_completed([], raise_errors=False)
    waiting: Batch | None = None  # a run that must be alone: until nothing else is being done
    try:
        while True:
            room = max(1, _threads(client)) + AHEAD
            while len(doing) < room and not any(batch.alone for batch in doing.values()):
                waiting = waiting or take()
                if waiting is None or (waiting.alone and doing):
                    break
                future = client.submit(came_of, work, waiting, pure=False, retries=0)
                doing[future], waiting = waiting, None
                finished.add(future)
            if not doing:
                return True
            if not _comes(client, finished, own):
                for batch in [*doing.values(), *([waiting] if waiting else [])]:
                    yield Came(batch, died=True)
                return False
            future = next(finished)
            yield _came(future, doing.pop(future))
    finally:
        with suppress(Exception):  # the cluster may be gone
            client.cancel([*doing], force=True)


def _comes(client: Any, finished: Any, own: bool) -> bool:
    """Wait until a batch is finished. False if a cluster of our own has no worker left, and none has come back for a while."""
    seen = looked = time.monotonic()
    warned = own
    while not finished.has_ready():
        time.sleep(SECONDS_TO_LOOK)
        now = time.monotonic()
        if now - looked < 1:
            continue
        looked = now
        if _threads(client):
            seen = now
        elif now - seen > SECONDS_WITHOUT and own:
            return False
        elif now - seen > SECONDS_WITHOUT and not warned:
            warnings.warn("the Dask cluster has no workers; waiting for some", stacklevel=2)
            warned = True
    return True


def _threads(client: Any) -> int:
    """How many batches the cluster can do at once, now. 0 if nobody answers: then the batches tell what is wrong."""
    try:
        return sum(client.nthreads().values())
    except OSError:
        return 0


def _came(future: Any, batch: Batch) -> Came:
    """What came of a batch; its worker may have died since it said so, and then it is done again before this returns."""
    dd = distributed()
    try:
        return future.result()
    except dd.KilledWorker:
        return Came(batch, died=True)
    except CancelledError:
        return Came(batch, stopped="the connection to the Dask scheduler was lost")
    except Exception as error:
        return Came(batch, stopped=f"a Dask worker: {type(error).__name__}: {' '.join(str(error).split())}")


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask has to say of workers that end is not told; nor, when it is interrupted, of what it left unfinished then."""
    loggers = [logging.getLogger(name) for name in ("asyncio", "distributed", "tornado")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    interrupted = False
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        interrupted = True
        raise
    finally:
        if not interrupted:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
