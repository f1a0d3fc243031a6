"""Worker processes for many small tasks: results in the order of tasks, the same for any number of workers.

Example
-------
>>> with Crew(1) as crew:
...     [*crew.each(abs, [-1, 2])]
[1, 2]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Self

from kmsim.errors import RunFailed
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import cpus
from kmsim.lab.workers import begin, context, starting


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
            for process in [*(getattr(self._pool, "_processes", None) or {}).values()]:
                process.kill()  # before the pool forgets them
            self._pool.shutdown(wait=True, cancel_futures=True)
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
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.width, context(), begin)
        with starting():
            return self._pool.submit(work, *row)


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread, so that its sums are the same bits however many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
