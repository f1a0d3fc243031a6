"""Batches done by processes of this machine, started once and used again; one that dies is replaced, and its batch told apart.

Each worker has a pipe of its own: when one dies the others go on, and which batch it died with is known. A worker ends
itself when the process that started it is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from kmsim.errors import RunFailed
from kmsim.lab.executors import Take, came_of, deaf_to_ctrl_c
from kmsim.lab.work import Batch, Came, Work

STILLBORN = 3  # workers in a row that end before they begin: then something is wrong with all of them
_READY = "ready"


@dataclass
class _Worker:
    """A process, our end of its pipe, and the batch it has."""

    process: Any
    pipe: Connection
    ready: bool = False
    batch: Batch | None = None

    def end(self) -> None:
        """End it now, whatever it does: parts are whole or not there, so nothing is lost but its batch."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Processes:
    """A crew of so many worker processes. They start when there is work for them."""

    def __init__(self, workers: int) -> None:
        self.width = workers
        self._context = _context()
        self._crew: list[_Worker] = []
        self._stillborn = 0

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none."""
        try:
            while self._hand_out(work, take):
                for pipe in wait([worker.pipe for worker in self._crew if worker.batch]):
                    came = self._hear(next(worker for worker in self._crew if worker.pipe is pipe))
                    if came is not None:
                        yield came
        finally:
            for worker in self._crew:
                worker.end()
            self._crew.clear()

    def _hand_out(self, work: Work, take: Take) -> bool:
        """Give batches to all who have none; whether anybody has one."""
        idle = [worker for worker in self._crew if worker.batch is None]
        while idle or len(self._crew) < self.width:
            batch = take()
            if batch is None:
                break
            if not idle:
                self._crew.append(self._started(work))
                idle = [self._crew[-1]]
            worker = idle.pop()
            worker.batch = batch
            with suppress(OSError):  # it died meanwhile: its end is heard when its pipe is next listened to
                worker.pipe.send(batch)
        return any(worker.batch for worker in self._crew)

    def _hear(self, worker: _Worker) -> Came | None:
        """What a worker says: that it has begun, or what came of its batch; or that it is no more."""
        told = None
        with suppress(EOFError, OSError):
            told = worker.pipe.recv()
        if told is None:
            return self._died(worker)
        if told == _READY:
            worker.ready, self._stillborn = True, 0
            return None
        worker.batch = None
        return told

    def _died(self, worker: _Worker) -> Came:
        batch = worker.batch
        assert batch is not None  # only those with a batch are listened to
        self._crew.remove(worker)
        worker.end()
        if worker.ready:
            return Came(batch, died=True)
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise RunFailed("worker processes end before they begin; try executor=serial, which needs none")
        return Came(batch, died=True)

    def _started(self, work: Work) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, work), daemon=True, name="kmsim worker")
        with as_workers(), _without_script(), deaf_to_ctrl_c():
            process.start()
        theirs.close()  # else its end would not be noticed
        return _Worker(process, ours)


def _context() -> Any:
    """A way to start workers that inherits nothing by accident: from a small server where there is one."""
    if "forkserver" in multiprocessing.get_all_start_methods() and sys.platform != "darwin":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["kmsim.lab.work", "kmsim.lab.plan", "kmsim.model"])
        return context
    return multiprocessing.get_context("spawn")


@contextmanager
def beside(function: Callable[[], None]) -> Iterator[None]:
    """Have a process of its own call a function meanwhile, and wait for it at the end. Whether it succeeds is not asked."""
    process = _context().Process(target=function, daemon=True, name="kmsim helper")
    with as_workers(), _without_script(), deaf_to_ctrl_c():
        process.start()
    try:
        yield
        process.join()
    finally:
        process.kill()


def start_server() -> None:
    """Have the server that workers come from load what they need, while we do something else. Does nothing where there is none."""
    if _context().get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running

        with as_workers():
            ensure_running()


# One thread for compiled loops, for there is one process a processor; and modules are looked for where they are installed,
# never in the folder that one stands in: a file there that has a module's name would be run.
_ENVIRONMENT = {"NUMBA_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


@contextmanager
def as_workers() -> Iterator[None]:
    """Processes started meanwhile have the environment of workers: one thread each, and no module from the current folder."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_script() -> Iterator[None]:
    """Processes started meanwhile do not read the script that asks, which they need nothing of: it wants no `__main__` guard."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


# -- in the worker ---------------------------------------------------------------------
def _serve(pipe: Connection, work: Work) -> None:
    """What a worker does all its life. Ctrl-C is the asker's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked
    threading.Thread(target=_end_with_asker, daemon=True).start()
    with suppress(EOFError, OSError):
        pipe.send(_READY)
        while True:
            pipe.send(came_of(work, pipe.recv()))


def _end_with_asker() -> None:
    """End this process when the one that started it is gone, however it went."""
    asker = multiprocessing.parent_process()
    if asker is not None:
        wait([asker.sentinel])
        os._exit(1)
