"""How workers are started: Ctrl-C breaks off neither their start nor them, and nothing that is set for them stays set."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing import reduction

import pytest

from kmsim.lab.workers import ONE_THREAD, begin, beside, context, deaf_to_ctrl_c, starting

BOUND = 120.0  # seconds within which anything must have happened, however busy the machine
needs_masks = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks here")


@pytest.fixture
def other_thread():
    """A thread that blocks no signal: what the main thread blocks comes to it."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    yield thread
    done.set()
    thread.join()


@pytest.fixture(autouse=True)
def hears_ctrl_c():
    """As a process that stands in front of a terminal; one in the background may not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(thread: threading.Thread) -> None:
    """Ctrl-C, taken by another thread; returns, or is interrupted, when the interpreter has been told of it."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    ours.settimeout(BOUND)
    before = signal.set_wakeup_fd(theirs.fileno())
    try:
        signal.pthread_kill(thread.ident, signal.SIGINT)
        assert ours.recv(1)
    finally:
        signal.set_wakeup_fd(before)
        ours.close()
        theirs.close()


@needs_masks
@pytest.mark.parametrize("during", [deaf_to_ctrl_c, starting])
def test_ctrl_c_waits_until_all_is_started(other_thread, during):
    reached = []
    with pytest.raises(KeyboardInterrupt), during():
        press(other_thread)
        reached.append("the end")
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@needs_masks
def test_ctrl_c_goes_to_whoever_was_to_hear_it(other_thread):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append("Ctrl-C"))
    with starting():
        press(other_thread)
        assert heard == []
    assert heard == ["Ctrl-C"]


@needs_masks
def test_what_goes_wrong_meanwhile_is_told():
    with pytest.raises(OSError, match="no more processes"), starting():
        raise OSError("no more processes")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_may_start_workers_too():
    went = []

    def start() -> None:
        with starting():
            went.append("well")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert went == ["well"]


def test_what_is_set_for_workers_is_set_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    script = sys.modules["__main__"]
    with starting():
        assert {name: os.environ[name] for name in ONE_THREAD} == ONE_THREAD
        assert os.environ["PYTHONSAFEPATH"] == "1"
        assert sys.modules["__main__"] is not script
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "PYTHONSAFEPATH" not in os.environ
    assert sys.modules["__main__"] is script


def says_of_itself(pipe) -> None:
    """In a worker: is it deaf to Ctrl-C before it has done a thing, and after `begin`."""
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    begin()
    pipe.send((blocked, signal.getsignal(signal.SIGINT) is signal.SIG_IGN, os.environ["NUMBA_NUM_THREADS"]))


@needs_masks
def test_a_worker_is_deaf_to_ctrl_c_from_its_first_moment():
    ours, theirs = multiprocessing.Pipe()
    process = context().Process(target=says_of_itself, args=(theirs,))
    with starting():
        process.start()
    theirs.close()
    assert ours.recv() == (True, True, "1")
    process.join()


def test_threads_that_start_workers_at_once_leave_everything_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    script, went_wrong = sys.modules["__main__"], []

    def start_often() -> None:
        try:
            for _ in range(300):
                with starting():
                    assert os.environ["OMP_NUM_THREADS"] == "1"
        except BaseException as error:
            went_wrong.append(error)

    threads = [threading.Thread(target=start_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went_wrong == []
    assert sys.modules["__main__"] is script
    assert os.environ["OMP_NUM_THREADS"] == "7"


def ends_badly() -> None:
    os._exit(3)


def never_ends() -> None:
    threading.Event().wait()


def helpers() -> list[str]:
    return [process.name for process in multiprocessing.active_children() if process.name == "kmsim helper"]


def test_whether_what_is_done_beside_succeeds_is_not_asked():
    went = []
    with beside(ends_badly):
        went.append("on")
    assert went == ["on"]


def test_what_is_done_beside_ends_when_we_do_not_wait_for_it():
    with pytest.raises(OSError, match="broken off"), beside(never_ends):
        assert helpers() == ["kmsim helper"]
        raise OSError("broken off")
    assert until(lambda: helpers() == [])


@needs_masks
def test_ctrl_c_while_a_helper_is_started_leaves_none(other_thread, monkeypatch):
    def start_and_press(self):
        start(self)
        press(other_thread)

    kind = type(context().Process(target=never_ends))
    start = kind.start
    monkeypatch.setattr(kind, "start", start_and_press)
    with pytest.raises(KeyboardInterrupt), beside(never_ends):
        pytest.fail("it goes on")
    assert until(lambda: helpers() == [])


def until(holds, seconds: float = BOUND) -> bool:
    """Whether something comes to hold."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


SLOW = """
import sys, time
from multiprocessing import set_forkserver_preload
sys.path[:0] = {path!r}
import kmsim.lab.workers as workers
workers._LOADED = ("slow_to_load", *workers._LOADED)
print("begins", flush=True)
workers.await_server()
print("has loaded", flush=True)
"""


@pytest.mark.skipif(context().get_start_method() != "forkserver", reason="no server starts workers here")
def test_ctrl_c_is_heard_while_the_server_loads(tmp_path):
    loading = tmp_path / "loading"
    slow = f"import pathlib, time; pathlib.Path({str(loading)!r}).touch(); time.sleep({10 * BOUND})"
    (tmp_path / "slow_to_load.py").write_text(slow)
    words = [sys.executable, "-c", SLOW.format(path=[str(tmp_path), *sys.path])]
    asked = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), start_new_session=True,
    )  # fmt: skip
    assert asked.stdout.readline() == "begins\n"
    assert until(loading.exists)
    os.killpg(asked.pid, signal.SIGINT)
    asked.wait(timeout=BOUND)  # the server goes on loading for ten times as long
    os.killpg(asked.pid, signal.SIGKILL)  # the server, which sleeps
    out, err = asked.communicate()
    assert out == ""
    assert err.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.skipif(context().get_start_method() != "forkserver", reason="no server starts workers here")
def test_ctrl_c_leaves_no_worker_half_started(other_thread, monkeypatch):
    def send_and_press(*given):
        send(*given)
        press(other_thread)  # the server has been asked for a process, and what it is to do is not written yet

    send = reduction.sendfds
    monkeypatch.setattr(reduction, "sendfds", send_and_press)
    ours, theirs = multiprocessing.Pipe()
    process = context().Process(target=says_of_itself, args=(theirs,))
    with pytest.raises(KeyboardInterrupt), starting():
        process.start()
    theirs.close()
    assert ours.recv()
    process.join()
