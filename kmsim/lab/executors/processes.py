"""Batches done by processes of this machine, started once and used again; one that dies is replaced, and its batch told apart.

Each worker has a pipe of its own: when one dies the others go on, and which batch it died with is known. A worker ends
itself when the process that started it is gone.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from kmsim.lab.executors import Take, came_of
from kmsim.lab.work import Batch, Came, Work
from kmsim.lab.workers import await_server, begin, context, starting

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
        self._context = context()
        self._crew: list[_Worker] = []
        self._stillborn = 0

    def look(self) -> None:
        """Nothing that can be seen before."""

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none."""
        await_server()
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
                self._start(work)
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
        stopped = "worker processes end before they begin" if self._stillborn >= STILLBORN else None
        return Came(batch, died=True, stopped=stopped)

    def _start(self, work: Work) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, work), daemon=True, name="kmsim worker")
        with starting():
            process.start()
            self._crew.append(_Worker(process, ours))  # before Ctrl-C is heard, so that it is ended then
        theirs.close()  # else its end would not be noticed


# -- in the worker ---------------------------------------------------------------------
def _serve(pipe: Connection, work: Work) -> None:
    """What a worker does all its life."""
    begin()
    with suppress(EOFError, OSError):
        pipe.send(_READY)
        while True:
            pipe.send(came_of(work, pipe.recv()))
