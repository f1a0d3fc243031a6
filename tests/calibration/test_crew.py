"""Work shared out among processes: the same answers for any number, and none that works on when it is broken off."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

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
        next(crew.each(time.sleep, [0, 900, 900, 900]))  # they have begun
        workers += [psutil.Process(pid) for pid in crew.pids]
        raise KeyboardInterrupt
    assert len(workers) == 2
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    assert time.monotonic() - start < 800  # it did not wait for them


def test_a_task_that_ends_every_worker_is_told_in_a_line():
    with Crew(2) as crew, pytest.raises(RunFailed, match="a worker process died.*the same command goes on") as told:
        list(crew.each(os._exit, [3]))
    assert "\n" not in str(told.value)


def die_once(place: str, i: int) -> int:
    """In a worker: the first time that this is asked, die."""
    if i == 5 and not Path(place).exists():
        Path(place).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return i * i


def test_one_death_ends_nothing_and_changes_nothing(tmp_path):
    with Crew(2) as crew:
        assert [*crew.each(die_once, [str(tmp_path / "dead")] * 20, range(20))] == [i * i for i in range(20)]
        assert (tmp_path / "dead").exists()


def test_what_an_earlier_call_left_undone_is_not_taken_for_a_later_one():
    with Crew(2) as crew:
        stream = crew.each(divmod, range(100), [7] * 100)
        assert next(stream) == (0, 0)
        stream.close()
        assert [*crew.each(abs, [-1, -2, -3])] == [1, 2, 3]


def test_what_a_task_raises_is_raised():
    with Crew(2) as crew, pytest.raises(ZeroDivisionError):
        list(crew.each(divmod, [1], [0]))
