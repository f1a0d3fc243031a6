"""Work shared out among processes: the same answers for any number, and none that works on when it is broken off."""

from __future__ import annotations

import time

import psutil
import pytest

from kmsim.calibration.crew import Crew
from kmsim.errors import RunFailed


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_tasks(workers):
    with Crew(workers) as crew:
        assert [*crew.each(divmod, range(40), [7] * 40)] == [divmod(i, 7) for i in range(40)]
        assert [*crew.each(abs, [-1])] == [1]


def test_what_is_broken_off_is_not_worked_on():
    workers = []
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Crew(2) as crew:
        next(crew.each(time.sleep, [0, 60, 60, 60]))  # they have begun
        workers += [psutil.Process(pid) for pid in crew._pool._processes]
        raise KeyboardInterrupt
    assert len(workers) == 2
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    assert time.monotonic() - start < 50


def test_a_worker_that_dies_is_told_in_a_line():
    from os import _exit

    with Crew(2) as crew, pytest.raises(RunFailed, match="a worker process died; the same command goes on"):
        list(crew.each(_exit, [3]))
