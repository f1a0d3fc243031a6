"""The crew: worker processes kept warm, what waits for them in order of urgency, and a polite no when too much waits.

Small pieces of work are handed out one at a time a worker, so that what is no longer wanted is dropped before it is begun.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from kmsim.errors import RunFailed
from kmsim.lab.workers import context, starting
from kmsim.system.settings import Settings
from kmsim.workshop import runs

FIRST, MORE, SLOW = 0, 1, 2  # urgency: curves to look at now, more runs for them, studies
MOST_WAITING = 2000  # pieces of work
TRIES = 3  # of a piece whose worker dies


class Busy(Exception):
    """Too much waits already."""


@dataclass(order=True)
class _Piece:
    urgency: int
    number: int
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    answer: asyncio.Future[Any] = field(compare=False)
    tries: int = field(default=0, compare=False)


class Crew:
    """So many worker processes on one system. `do` has one of them do a piece of work; `close` ends them."""

    def __init__(self, workers: int, settings: Settings, most_waiting: int = MOST_WAITING) -> None:
        self.workers, self.settings, self.most_waiting = workers, settings, most_waiting
        self._waiting: list[_Piece] = []
        self._at_work = 0
        self._numbers = itertools.count()
        self._pool = self._new_pool()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many pieces wait for a worker."""
        return len(self._waiting)

    async def ready(self) -> None:
        """Until every worker can begin at once."""
        await asyncio.gather(*(self.do(runs.ready, self.settings) for _ in range(self.workers)))

    async def do(self, function: Callable[..., Any], *arguments: Any, urgency: int = FIRST) -> Any:
        """What the function returns in a worker. Raises Busy, RunFailed, or what the function raised.

        function: of a module, with arguments that can be pickled. Cancelled while it waits, it is never begun.
        """
        if len(self._waiting) >= self.most_waiting:
            raise Busy
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Piece(urgency, next(self._numbers), function, arguments, answer))
        self._hand_out()
        return await answer

    def close(self) -> None:
        """End the workers, whatever they do."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_out(self) -> None:
        while self._waiting and self._at_work < self.workers:
            piece = heapq.heappop(self._waiting)
            if not piece.answer.done():  # else nobody waits for it any more
                self._at_work += 1
                task = asyncio.create_task(self._done(piece))
                self._background.add(task)
                task.add_done_callback(self._background.discard)

    async def _done(self, piece: _Piece) -> None:
        """Have one piece done and tell whoever waits; after the death of a worker, again."""
        pool = self._pool
        try:
            with starting():
                begun = pool.submit(piece.function, *piece.arguments)
            found = await asyncio.wrap_future(begun)
        except BrokenProcessPool:
            self._again(piece, pool)
        except Exception as error:
            if not piece.answer.done():
                piece.answer.set_exception(error)
        else:
            if not piece.answer.done():
                piece.answer.set_result(found)
        finally:
            self._at_work -= 1
            self._hand_out()

    def _again(self, piece: _Piece, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            broken.shutdown(wait=False)
            self._pool = self._new_pool()
        piece.tries += 1
        if piece.tries < TRIES:
            heapq.heappush(self._waiting, piece)
        elif not piece.answer.done():
            piece.answer.set_exception(RunFailed("the processes that simulate end again and again"))

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, context(runs.__name__), runs.begin, (self.settings,))
