"""The crew: worker processes kept warm, what waits for them in order of urgency, and a refusal when too much waits.

A thread has the pool of workers, so that nothing which happens to a worker holds up the server. Small pieces of work are
given out one at a time a worker, so that what is no longer wanted is dropped before it is begun.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kmsim.errors import RunFailed
from kmsim.lab.worker_pool import STILLBORN, Answer, WorkerPool
from kmsim.system.settings import Settings
from kmsim.workshop import runs

FIRST, MORE, SLOW = 0, 1, 2  # urgency: curves to look at now, more runs for them, studies
MOST_WAITING = 2000  # pieces of work
TRIES = 2  # of a piece whose worker dies
SECONDS_AFTER_DEATH = 4.5  # in which such a piece is answered or refused
SECONDS_TO_LOOK = 0.02  # between looks whether all workers have begun
SECONDS_TO_END = 1.0
SECONDS_TO_BE_TOLD = 0.2  # that all is to end, when all workers have died at once
log = logging.getLogger("kmsim.workshop")


class Busy(Exception):
    """Too much waits already."""


@dataclass(order=True)
class _Piece:
    urgency: int
    number: int
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    answer: asyncio.Future[Any] = field(compare=False)


class Crew:
    """So many worker processes on one system. `do` has one of them do a piece of work; `close` ends them.

    most_waiting: pieces of work that may wait for a worker; with more, `do` refuses.
    """

    def __init__(self, workers: int, settings: Settings, most_waiting: int = MOST_WAITING) -> None:
        self.workers, self.settings, self.most_waiting = workers, settings, most_waiting
        self._waiting: list[_Piece] = []
        self._lock = threading.Lock()  # of what waits
        self._numbers = itertools.count()
        self._pool = WorkerPool(workers, runs.begin, (settings,), TRIES, (runs.__name__,), SECONDS_AFTER_DEATH)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="kmsim crew", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many pieces wait for a worker."""
        return len(self._waiting)

    @property
    def deaths(self) -> int:
        """How many workers have died."""
        return self._pool.deaths

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return self._pool.pids

    async def ready(self) -> None:
        """Until every worker can begin at once. Raises RunFailed if workers end before they begin."""
        while self._pool.ready < self.workers:
            if self._pool.stillborn >= STILLBORN or not self._thread.is_alive():
                await self.do(runs.ready, self.settings)  # which says what is wrong
            await asyncio.sleep(SECONDS_TO_LOOK)

    async def do(self, function: Callable[..., Any], *arguments: Any, urgency: int = FIRST) -> Any:
        """What the function returns in a worker. Raises Busy, RunFailed, or what the function raised.

        function: of a module, with arguments that can be pickled. Cancelled while it waits, it is never begun. If its
        worker dies it is given to another, once, and refused if that one has no answer in a few seconds.
        """
        if len(self._waiting) >= self.most_waiting:
            raise Busy
        if self._ended.is_set() or not self._thread.is_alive():
            raise RunFailed("the worker processes have ended")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        with self._lock:
            heapq.heappush(self._waiting, _Piece(urgency, next(self._numbers), function, arguments, answer))
        self._pool.wake()
        return await answer

    def stop(self) -> None:
        """Do no more work, and start no more workers. Returns at once."""
        self._ended.set()
        self._pool.wake()

    def close(self) -> None:
        """End the workers, whatever they do."""
        self.stop()
        self._thread.join(SECONDS_TO_END)

    # -- in the thread -----------------------------------------------------------------------
    def _work(self) -> None:
        deaths = 0
        with self._pool as pool:
            while not self._ended.is_set():
                try:
                    pool.fill()
                except OSError as error:  # no more processes, or files: tried again when something happens
                    log.warning("no worker process can be started: %s", error.strerror)
                self._hand_out()
                for answer in pool.answers():
                    _tell(answer.task.answer, answer)
                if pool.deaths > deaths and not pool.pids and self._ended.wait(SECONDS_TO_BE_TOLD):
                    return
                if pool.deaths > deaths:
                    deaths = pool.deaths
                    log.warning("a worker process died (%d so far); another does its work", deaths)

    def _hand_out(self) -> None:
        """Give what waits to workers that are free, the most urgent first."""
        while self._pool.free:
            with self._lock:
                piece = heapq.heappop(self._waiting) if self._waiting else None
            if piece is None:
                return
            if piece.answer.done():  # nobody waits for it any more
                continue
            try:
                self._pool.give(piece, piece.function, *piece.arguments)
            except OSError as error:
                why = f"no worker process can be started: {error.strerror}"
                _tell(piece.answer, Answer(piece, died=True, stopped=why))
            except Exception as error:  # what cannot be pickled
                _tell(piece.answer, Answer(piece, error=error))


def _tell(waiting: asyncio.Future[Any], answer: Answer) -> None:
    """Have the loop of a future give it its answer; an answer that nobody waits for any more is dropped."""
    with suppress(RuntimeError):  # the loop is closed
        waiting.get_loop().call_soon_threadsafe(_set, waiting, answer)


def _set(waiting: asyncio.Future[Any], answer: Answer) -> None:
    if waiting.done():
        return
    try:
        waiting.set_result(answer.result())
    except Exception as error:
        waiting.set_exception(error)
