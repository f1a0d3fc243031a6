"""The pool of workers: whatever happens to one of them, every task is answered, and the others go on."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from pathlib import Path

import psutil
import pytest

from kmsim.errors import BadValue, RunFailed
from kmsim.lab import worker_pool
from kmsim.lab.worker_pool import Answer, WorkerPool
from kmsim.lab.workers import begin

BOUND = 60.0  # seconds within which anything must have happened, on any machine


def all_answers(pool: WorkerPool) -> list[Answer]:
    """Every answer to what was given."""
    found: list[Answer] = []
    end = time.monotonic() + BOUND
    while pool.busy:
        assert time.monotonic() < end
        found += pool.answers(1.0)
    return found


def own_pipe() -> int:
    """In a worker: its end of the pipe, the only socket that it has."""
    descriptors = Path("/proc/self/fd").iterdir()
    return next(int(one.name) for one in descriptors if one.is_symlink() and "socket:" in str(one.readlink()))


def say_half_and(end: str) -> None:
    """In a worker: write half of an answer, then die or stop."""
    os.write(own_pipe(), struct.pack("!i", 1000) + b"half of it")
    if end == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def once(place: str, how: str) -> int:
    """In a worker: the first time die, or write half an answer and die or stop; after that, answer."""
    if not Path(place).exists():
        Path(place).touch()
        if how == "at once":
            os._exit(3)
        say_half_and(how)
    return os.getpid()


def refuse(key: str) -> None:
    raise BadValue(key, 1, "another")


class Strange(Exception):
    """An exception that pickle cannot make again."""

    def __init__(self, one, two):
        super().__init__(one)


def be_strange() -> None:
    raise Strange(1, 2)


def never_begins() -> None:
    begin()
    raise OSError("no such system")


def dies_at_start() -> None:
    os._exit(1)


def size_of(data: bytes) -> tuple[int, bytes]:
    return len(data), data


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds its pipe in /proc")


def test_tasks_are_done_and_answers_are_known_by_name():
    with WorkerPool(2) as pool:
        assert pool.free == 2
        for i in range(2):
            pool.give(i, divmod, 7 + i, 2)
        assert (pool.free, pool.busy) == (0, True)
        with pytest.raises(ValueError, match="no worker is free"):
            pool.give(2, divmod, 1, 2)
        assert {a.task: a.value for a in all_answers(pool)} == {0: (3, 1), 1: (4, 0)}
        pids = pool.pids
        pool.give(3, os.getpid)
        assert all_answers(pool)[0].value in pids  # processes are used again
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def test_large_messages_go_both_ways_at_once():
    data = os.urandom(9_000_000)
    with WorkerPool(2) as pool:
        for i in range(2):
            pool.give(i, size_of, data)
        assert [a.value == (len(data), data) for a in all_answers(pool)] == [True, True]


def test_what_a_function_raises_is_raised_again_here():
    with WorkerPool(1) as pool:
        pool.give("a", refuse, "budget")
        with pytest.raises(BadValue, match="budget=1: expected another") as raised:
            all_answers(pool)[0].result()
        assert "in a worker process" in raised.value.__notes__[0]
        pool.give("b", be_strange)
        with pytest.raises(RunFailed):
            all_answers(pool)[0].result()
        pool.give("c", abs, -1)
        assert all_answers(pool)[0].result() == 1


@needs_proc
@pytest.mark.parametrize("how", ["at once", "die", "stop"])
def test_a_task_whose_worker_dies_is_done_by_another(tmp_path, how, monkeypatch):
    """Also where it dies, or stops for good, after it has written half of its answer."""
    monkeypatch.setattr(worker_pool, "SECONDS_SILENT", 0.5)
    with WorkerPool(2, tries=2) as pool:
        pool.give("again", once, str(tmp_path / "first"), how)
        pool.give("other", abs, -1)
        found = {a.task: a.result() for a in all_answers(pool)}
        assert found["other"] == 1
        assert found["again"] in pool.pids
        assert pool.deaths == 1


@needs_proc
@pytest.mark.parametrize("end", ["die", "stop"])
def test_half_an_answer_holds_up_nobody(end, monkeypatch):
    monkeypatch.setattr(worker_pool, "SECONDS_SILENT", 0.5)
    with WorkerPool(2, tries=2) as pool:
        pool.give("half", say_half_and, end)
        for i in range(3):
            pool.give(i, abs, -i)
            got = []
            while not got:
                got = [a for a in pool.answers(1.0) if a.task == i]
            assert got[0].result() == i
        (last,) = all_answers(pool)
        assert (last.task, last.died, pool.deaths) == ("half", True, 2)
        with pytest.raises(RunFailed, match="a worker process died"):
            last.result()


@pytest.mark.parametrize(
    ("prepare", "why"), [(never_begins, "no such system"), (dies_at_start, "end before they begin")]
)
def test_workers_that_never_begin_are_told(prepare, why, capfd):
    with WorkerPool(2, prepare, tries=2) as pool:
        pool.give("a", abs, -1)
        (answer,) = all_answers(pool)
        with pytest.raises(RunFailed, match=why):
            answer.result()
        assert (pool.stillborn, pool.deaths, pool.ready) == (worker_pool.STILLBORN, 0, 0)
        pool.fill()  # starts none any more
        assert pool.pids == []
    assert "Traceback" not in capfd.readouterr().err


def test_idle_workers_that_die_are_replaced():
    with WorkerPool(2) as pool:
        pool.fill()
        while pool.ready < 2:
            pool.answers(1.0)
        os.kill(pool.pids[0], signal.SIGKILL)
        while not pool.deaths:
            pool.answers(1.0)
        pool.fill()
        for i in range(2):
            pool.give(i, abs, i)
        assert sorted(a.result() for a in all_answers(pool)) == [0, 1]


def test_another_thread_can_wake_it():
    with WorkerPool(1) as pool:
        threading.Timer(0.05, pool.wake).start()
        assert pool.answers(BOUND) == []
    pool.wake()  # of a pool that has ended: nothing
    pool.close()


def test_a_worker_ends_when_its_pipe_is_closed():
    """However long its task is: so that none is left behind where it cannot be killed."""
    with WorkerPool(1) as pool:
        pool.fill()
        while not pool.ready:
            pool.answers(1.0)
        worker = psutil.Process(pool.pids[0])
        pool.give("long", time.sleep, 300)
        pool._selector.unregister(pool._workers[0].pipe.fileno())
        pool._workers[0].pipe.close()
        worker.wait(BOUND)
        pool._workers.clear()


def test_many_kills_leave_the_same_values():
    """Workers that have begun are killed at random moments; each task is answered with its own value."""
    import random

    chance = random.Random(1)
    with WorkerPool(3, tries=50) as pool:
        given, found = 0, {}
        end = time.monotonic() + 2 * BOUND
        for _ in range(10):
            while pool.ready < pool.width:  # three in a row that end before they begin have a test of their own
                assert time.monotonic() < end
                pool.fill()
                pool.answers(0.1)
            until = given + chance.randint(1, 20)
            while given < until or pool.busy:
                assert time.monotonic() < end
                while pool.free and given < until:
                    pool.give(given, divmod, given, 7)
                    given += 1
                if pool.ready == pool.width and chance.random() < 0.3:
                    os.kill(chance.choice(pool.pids), signal.SIGKILL)
                for answer in pool.answers(1.0):
                    found[answer.task] = answer.result()
            os.kill(chance.choice(pool.pids), signal.SIGKILL)
            while pool.ready == pool.width:
                assert time.monotonic() < end
                pool.answers(0.1)
        assert found == {i: divmod(i, 7) for i in range(given)}
        assert pool.deaths >= 10


def die_once_then_wait(place: str) -> None:
    """In a worker: the first time die; after that, have no answer."""
    once(place, "at once")
    threading.Event().wait()


def test_a_task_whose_worker_died_is_answered_before_patience_ends(tmp_path):
    """Its second worker has no answer: whoever waits is told, and the other worker goes on."""
    with WorkerPool(2, tries=2, patience=0.5) as pool:
        pool.give("slow", die_once_then_wait, str(tmp_path / "died"))
        found: list[Answer] = []
        end = time.monotonic() + BOUND
        while not found:
            assert time.monotonic() < end
            found = pool.answers()  # it returns by itself when the task is late
        assert [(one.task, one.died) for one in found] == [("slow", True)]
        pool.give("next", divmod, 7, 2)
        found = []
        while not found:
            found = pool.answers(1.0)
        assert found[0].result() == (3, 1)
