"""The agenda of an ensemble: what is still to be done, in batches of about a second, and what to try again alone."""

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
    """Runs to do, by their numbers; those in `alone` one by one and last. width: how many batches are done at once.

    A run that fails, or whose process dies, is tried once more alone. `failures` has those that failed then too.

    >>> agenda = Agenda(Job("folder", "token", "hash"), [0, 1, 2], alone=[2], width=1)
    >>> [agenda.take().runs for _ in range(3)], agenda.take()
    ([(0,), (1,), (2,)], None)
    """

    def __init__(self, job: Job, runs: Sequence[int] | np.ndarray, alone: Iterable[int] = (), width: int = 1) -> None:
        suspects = set(alone)
        self.job, self.width = job, width
        self.done = 0
        self.failures: dict[int, str] = {}
        self._runs = np.asarray([run for run in runs if run not in suspects] if suspects else runs, np.int64)
        self._next = 0
        self._alone = deque(sorted(suspects))
        self._paces: deque[float] = deque(
            maxlen=5
        )  # seconds a run in the latest batches: the first ones load the model
        self._last = 0

    def take(self) -> Batch | None:
        """The next batch; None if there is none now."""
        if self._next < len(self._runs):
            size = self._size(len(self._runs) - self._next)
            runs = self._runs[self._next : self._next + size]
            self._next, self._last = self._next + size, size
            return Batch(self.job, tuple(runs.tolist()))
        return Batch(self.job, (self._alone.popleft(),), attempt=2) if self._alone else None

    def _size(self, left: int) -> int:
        if not self._paces:
            return 1
        wanted = min(int(BATCH_SECONDS / max(median(self._paces), 1e-6)), GROWTH * self._last, MOST_RUNS)
        fair = max(math.ceil(left / (2 * self.width)), wanted // 16)  # so that all end at about the same time
        return max(1, min(wanted, fair))

    def settle(self, came: Came) -> list[int]:
        """Note what came of a batch. Returns the runs that have now failed for good."""
        self.done += len(came.done)
        if came.done:
            self._paces.append(came.seconds / len(came.done))
        errors = dict.fromkeys(came.batch.runs, DIED) if came.died else dict(came.failures)
        if came.batch.attempt == 1:
            self._alone.extend(errors)
            return []
        self.failures |= errors
        return list(errors)
