"""Worker processes for many small tasks: results in the order of tasks, the same for any number of workers.

Example
-------
>>> with Crew(1) as crew:
...     [*crew.each(abs, [-1, 2])]
[1, 2]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Self

from kmsim.errors import RunFailed
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import cpus
from kmsim.lab.worker_pool import Answer, WorkerPool

TRIES = 5  # of a task whose worker dies
AHEAD = 4  # tasks for each worker that may be done before their turn has come


class Crew:
    """So many processes, one thread each; with one worker this process does all. A context: they end with it."""

    def __init__(self, workers: int | None = None) -> None:
        self.width = workers or cpus()
        self._pool: WorkerPool | None = None
        self._calls = count()

    def __enter__(self) -> Self:
        compile_model(self.width)  # before workers do, each for itself
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that are there."""
        return [] if self._pool is None else self._pool.pids

    def each(self, work: Callable[..., Any], *tasks: Iterable[Any]) -> Iterator[Any]:
        """work(*task) for each task, in order. work is a function of a module.

        A task whose worker dies is given to another. Raises RunFailed if it dies at each of five, and what work raises.
        """
        rows = zip(*tasks, strict=True)
        if self.width == 1:
            with one_thread():
                yield from (work(*row) for row in rows)
            return
        if self._pool is None:
            self._pool = WorkerPool(self.width, tries=TRIES)
        yield from _in_order(self._pool, work, rows, next(self._calls))


def _in_order(pool: WorkerPool, work: Callable[..., Any], rows: Iterator[tuple[Any, ...]], call: int) -> Iterator[Any]:
    """Have tasks done ahead of their turn and give back their values in turn. call: a number of its own, for what an
    earlier call did not wait for may still be answered.
    """
    done: dict[int, Answer] = {}
    given = 0
    more = True
    for turn in count():
        while turn not in done:
            while more and pool.free and given < turn + AHEAD * pool.width:
                row = next(rows, None)
                if row is None:
                    more = False
                else:
                    pool.give((call, given), work, *row)
                    given += 1
            if not more and turn >= given:
                return
            done |= {answer.task[1]: answer for answer in pool.answers() if answer.task[0] == call}
        try:
            yield done.pop(turn).result()
        except RunFailed as error:
            raise RunFailed(f"{error}; the same command goes on with what is kept") from None


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread, so that its sums are the same bits however many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
