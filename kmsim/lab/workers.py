"""Worker processes: how whoever has work for them starts them, and what each of them does first.

They inherit nothing by accident, have one thread each, never hear Ctrl-C, and end when whoever started them is gone. A
server of processes that a script has started before, for itself, is used as it is: `multiprocessing` has but one.
"""

from __future__ import annotations

import errno
import gc
import math
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from types import FrameType, ModuleType
from typing import Any

# One thread for compiled loops and for linear algebra: there is one process a processor, and sums keep their order.
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Modules are looked for where they are installed, never in the folder that one stands in: a file there that has a
# module's name would be run.
_ENVIRONMENT = {**ONE_THREAD, "PYTHONSAFEPATH": "1"}
_TOLD = "ignore:no writable cache folder"  # a warning that whoever asks has given already
_LOADED = ("kmsim.lab.work", "kmsim.lab.plan", "kmsim.model")  # before there is work
FILES_NEEDED = 24  # open at once, to start the server and two workers
_one_at_a_time = threading.RLock()


# -- whoever starts them -----------------------------------------------------------------
def context(*more: str) -> Any:
    """A way of `multiprocessing` to start workers: where there is one by a small server, which has loaded the model and more."""
    if _has_server():
        found = multiprocessing.get_context("forkserver")
        found.set_forkserver_preload([*_LOADED, *more])
        return found
    return multiprocessing.get_context("spawn")


def _has_server() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"


def start_server() -> None:
    """Have the server that workers come from load the model, while we do something else. Does nothing where there is none."""
    if _has_server() and _files_allowed() >= FILES_NEEDED:
        from multiprocessing.forkserver import ensure_running

        context()  # so that it knows what to load
        with starting():
            ensure_running()


def await_server() -> None:
    """Wait until the server that workers come from has loaded, and hear Ctrl-C meanwhile: to start a worker waits for it too.

    Raises OSError where too few files may be open: the server would end with a traceback of its own.
    """
    if _files_allowed() < FILES_NEEDED:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    if _has_server():
        waiting = threading.Thread(target=_start_one, daemon=True)  # only the main thread hears Ctrl-C, and it can
        waiting.start()
        waiting.join()


def _start_one() -> None:
    """Start a process that does nothing: this takes until the server has loaded."""
    process = context().Process(target=_do_nothing, daemon=True, name="kmsim waits")
    with starting(), suppress(OSError):  # whoever starts the first worker is told of it
        process.start()


def _files_allowed() -> float:
    """How many files this process may have open."""
    try:
        import resource
    except ImportError:  # not on every system
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else soft


@contextmanager
def beside(function: Callable[[], None]) -> Iterator[None]:
    """Have a process of its own call a function meanwhile, and wait for it at the end. Whether it succeeds is not asked."""
    process = context().Process(target=_help, args=(function,), daemon=True, name="kmsim helper")
    try:
        with starting():
            process.start()
        yield
        process.join()
    finally:
        if process.pid is not None:
            process.kill()


@contextmanager
def starting() -> Iterator[None]:
    """Processes started meanwhile are workers: their environment, nothing of the script that asks, deaf to Ctrl-C.

    One thread at a time: what is set for them is set for all of this process.
    """
    warnings = ",".join([*filter(None, [os.environ.get("PYTHONWARNINGS")]), _TOLD])
    with (
        _one_at_a_time,
        deaf_to_ctrl_c(),
        _environment({**_ENVIRONMENT, "PYTHONWARNINGS": warnings}),
        _without_script(),
    ):
        yield


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """What is started meanwhile, a process or a thread that starts some, never hears Ctrl-C. We hear it when all is started.

    To block the signal is not enough for the latter: another thread takes it then, and the main thread is told of it.
    """
    with _heard_later(), _blocked():
        yield


@contextmanager
def _blocked() -> Iterator[None]:
    """The signal of Ctrl-C is blocked in this thread, and so in what is started from it; where there is such a thing."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # which not every system has

    resource_tracker.ensure_running()  # else it is started meanwhile, and lets signals in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _heard_later() -> Iterator[None]:
    """Ctrl-C does what it does when this is over. Only the main thread ever hears it, so others need no care."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():  # None: not Python's to put back
        yield
        return
    heard: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        heard.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _without_script() -> Iterator[None]:
    """Processes started meanwhile do not read the script that asks, which they need nothing of: it wants no `__main__` guard."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


# -- the worker --------------------------------------------------------------------------
def begin() -> None:
    """What a worker does first: Ctrl-C is not for it to hear, and it ends when the process that started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked
    threading.Thread(target=_end_with_asker, daemon=True).start()
    gc.freeze()  # what is loaded stays loaded: it need not be gone through again whenever a run's leavings are


def _help(function: Callable[[], None]) -> None:
    begin()
    function()


def _do_nothing() -> None:
    """What a process does that is started to see that one can be."""


def _end_with_asker() -> None:
    """End this process when the one that started it is gone, however it went."""
    asker = multiprocessing.parent_process()
    if asker is not None:
        with suppress(OSError):
            wait([asker.sentinel])
        os._exit(1)
