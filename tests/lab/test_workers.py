"""How workers are started: Ctrl-C breaks off neither their start nor them, and nothing that is set for them stays set."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import reduction

import pytest

from kmsim.lab.workers import ONE_THREAD, begin, beside, context, deaf_to_ctrl_c, starting

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
    """Ctrl-C, taken by another thread as soon as the signal is sent; then time for the main thread to be told of it."""
    signal.pthread_kill(thread.ident, signal.SIGINT)
    threading.Event().wait(0.2)


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


def ends_badly() -> None:
    os._exit(3)


def test_whether_what_is_done_beside_succeeds_is_not_asked():
    went = []
    with beside(ends_badly):
        went.append("on")
    assert went == ["on"]


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
