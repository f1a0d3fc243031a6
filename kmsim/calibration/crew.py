"""Worker processes for many small tasks: results in the order of tasks, the same for any number of workers.

Example
-------
>>> with Crew(1) as crew:
...     [*crew.each(abs, [-1, 2])]
[1, 2]
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any, Self

from kmsim.errors import RunFailed
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import cpus

THREADS = ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SET = (*THREADS, "PYTHONSAFEPATH")  # for workers: one thread each, and no module from the folder one stands in


class Crew:
    """So many processes, one thread each; with one worker this process does all. A context: they end with it."""

    def __init__(self, workers: int | None = None) -> None:
        self.width = workers or cpus()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        compile_model(self.width)  # before workers do, each for itself
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.terminate()
            self._pool = None

    def each(self, work: Callable[..., Any], *tasks: Iterable[Any]) -> Iterator[Any]:
        """work(*task) for each task, in order. work is a function of a module. Raises RunFailed if a worker dies."""
        rows = zip(*tasks, strict=True)
        if self.width == 1:
            with one_thread():
                yield from (work(*row) for row in rows)
            return
        waiting: list[Future[Any]] = []
        try:
            for row in rows:
                waiting.append(self._submit(work, row))
                if len(waiting) > 4 * self.width:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        except BrokenProcessPool:
            raise RunFailed("a worker process died; the same command goes on with what is kept") from None
        finally:
            for future in waiting:
                future.cancel()

    def _submit(self, work: Callable[..., Any], row: tuple[Any, ...]) -> Future[Any]:
        with _alone():
            if self._pool is None:
                forks = "forkserver" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
                context = multiprocessing.get_context("forkserver" if forks else "spawn")
                self._pool = ProcessPoolExecutor(self.width, mp_context=context, initializer=_with_asker)
            return self._pool.submit(work, *row)


def _with_asker() -> None:
    """In a worker: hear no Ctrl-C, and end when the process that started this one is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asker = multiprocessing.parent_process()
    if asker is not None:
        threading.Thread(target=lambda: (wait([asker.sentinel]), os._exit(1)), daemon=True).start()


@contextmanager
def _alone() -> Iterator[None]:
    """Processes started meanwhile have one thread each and do not read the script that asks: it wants no `__main__` guard."""
    before = {name: os.environ.get(name) for name in SET}
    script = sys.modules["__main__"]
    os.environ.update(dict.fromkeys(SET, "1"))
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread, so that its sums are the same bits however many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
