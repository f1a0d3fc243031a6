"""The agenda of an ensemble: what is still to be done, in batches of about a second, and what to try again.

A run that breaks is tried once more. Where a process died, the run that it was at is tried once more alone; the others
of its batch are done as if nothing had been.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median

import numpy as np

from kmsim.lab.work import Batch, Came, Job

BATCH_SECONDS = 1.0  # how long a batch should take: long enough to make its part worth it, short enough to lose
MOST_RUNS = 4096  # in a batch
GROWTH = 4  # how much larger a batch may be than the one before: what is known of the pace is little at first
DIED = "the process that ran it died twice: killed, or out of memory"


class Agenda:
    """Runs to do, by their numbers. width: how many batches are done at once.

    again: runs that broke before; alone: runs with which a process died before. Those that fail now are in `failures`.

    >>> agenda = Agenda(Job("folder", "token", "hash"), [0, 1], alone=[2], width=1)
    >>> [agenda.take().runs for _ in range(3)], agenda.take()
    ([(0,), (1,), (2,)], None)
    """

    def __init__(
        self,
        job: Job,
        runs: Sequence[int] | np.ndarray,
        again: Iterable[int] = (),
        alone: Iterable[int] = (),
        width: int = 1,
    ) -> None:
        self.job, self.width = job, width
        self.done = 0
        self.failures: dict[int, str] = {}
        self._waiting: deque[tuple[np.ndarray, int]] = deque()  # runs and which attempt it will be
        self._alone = deque(alone)
        self._paces: deque[float] = deque(
            maxlen=5
        )  # seconds a run in the latest batches: the first ones load the model
        self._last = 0
        self._wait(runs, 1)
        self._wait([*again], 2)

    def _wait(self, runs: Sequence[int] | np.ndarray, attempt: int) -> None:
        if len(runs):
            self._waiting.append((np.asarray(runs, np.int64), attempt))

    def take(self) -> Batch | None:
        """The next batch; None if there is none now."""
        if not self._waiting:
            return Batch(self.job, (self._alone.popleft(),), 2, alone=True) if self._alone else None
        runs, attempt = self._waiting.popleft()
        self._last = size = self._size(len(runs) + sum(len(more) for more, _ in self._waiting))
        if size < len(runs):
            self._waiting.appendleft((runs[size:], attempt))
        return Batch(self.job, tuple(runs[:size].tolist()), attempt)

    def _size(self, left: int) -> int:
        if not self._paces:
            return 1
        wanted = min(int(BATCH_SECONDS / max(median(self._paces), 1e-6)), MOST_RUNS)
        fair = max(math.ceil(left / (2 * self.width)), wanted // 16)  # so that all end at about the same time
        return max(1, min(wanted, fair, GROWTH * self._last))

    def settle(self, came: Came) -> list[int]:
        """Note what came of a batch. Returns the runs that have now failed for good."""
        batch = came.batch
        self.done += len(came.done)
        if came.done:
            self._paces.append(came.seconds / len(came.done))
        if came.died:
            return self._settle_death(batch, came.suspects)
        if batch.attempt == 1:
            self._wait([run for run, _ in came.failures], 2)
            return []
        self.failures |= dict(came.failures)
        return [run for run, _ in came.failures]

    def _settle_death(self, batch: Batch, suspects: tuple[int, ...]) -> list[int]:
        if batch.alone and suspects:
            self.failures |= dict.fromkeys(suspects, DIED)
            return [*suspects]
        if batch.alone:
            self._alone.extend(batch.runs)
            return []
        self._alone.extend(suspects)
        self._wait([run for run in batch.runs if run not in suspects], batch.attempt)
        return []
