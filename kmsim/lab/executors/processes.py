"""Batches done by processes of this machine, started once and used again; one that dies is replaced, and its batch is known."""

from __future__ import annotations

from collections.abc import Generator

from kmsim.lab.executors import Take, came_of
from kmsim.lab.work import Batch, Came, Work
from kmsim.lab.worker_pool import Answer, WorkerPool
from kmsim.operating_system import is_limit, refusal


class Processes:
    """So many worker processes. They start when there is work for them."""

    def __init__(self, workers: int) -> None:
        self.width = workers

    def look(self) -> None:
        """Nothing that can be seen before."""

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none."""
        with WorkerPool(self.width) as pool:
            while _hand_out(pool, work, take):
                for answer in pool.answers():
                    yield _came(answer)


def _hand_out(pool: WorkerPool, work: Work, take: Take) -> bool:
    """Give batches to all workers that have none; whether any has one."""
    while pool.free and (batch := take()) is not None:
        pool.give(batch, came_of, work, batch)
    return pool.busy


def _came(answer: Answer) -> Came:
    """The result of a batch: what its worker sent, or that the worker died or could not send an answer."""
    batch: Batch = answer.task
    if answer.died:
        return Came(batch, died=True, stopped=answer.stopped, refused=answer.refused)
    if answer.error is not None:
        if is_limit(answer.error):
            return Came(batch, stopped=refusal(answer.error), refused=True)
        return Came(batch, stopped=f"internal error: {' '.join(str(answer.error).split())}")
    return answer.value
