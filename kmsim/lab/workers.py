"""Worker processes: how whoever has work for them starts them, and what each of them does first.

They inherit nothing by accident, have one thread each, never hear Ctrl-C, and end when whoever started them is gone.
"""

from __future__ import annotations

import gc
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
_LOADED = ("kmsim.lab.work", "kmsim.lab.plan", "kmsim.model")  # before there is work


# -- whoever starts them -----------------------------------------------------------------
def context(*more: str) -> Any:
    """A way of `multiprocessing` to start workers: where there is one by a small server, which has loaded the model and more."""
    if "forkserver" in multiprocessing.get_all_start_methods() and sys.platform != "darwin":
        found = multiprocessing.get_context("forkserver")
        found.set_forkserver_preload([*_LOADED, *more])
        return found
    return multiprocessing.get_context("spawn")


def start_server() -> None:
    """Have the server that workers come from load the model, while we do something else. Does nothing where there is none."""
    if context().get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running

        with starting():
            ensure_running()


@contextmanager
def beside(function: Callable[[], None]) -> Iterator[None]:
    """Have a process of its own call a function meanwhile, and wait for it at the end. Whether it succeeds is not asked."""
    process = context().Process(target=function, daemon=True, name="kmsim helper")
    with starting():
        process.start()
    try:
        yield
        process.join()
    finally:
        process.kill()


@contextmanager
def starting() -> Iterator[None]:
    """Processes started meanwhile are workers: their environment, nothing of the script that asks, deaf to Ctrl-C."""
    with _environment(_ENVIRONMENT), _without_script(), deaf_to_ctrl_c():
        yield


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """What is started meanwhile, a process or a thread that starts some, never hears Ctrl-C. We hear it when all is started.

    To block the signal is not enough for the latter: another thread takes it then, and the main thread is told of it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # which not every system has

    resource_tracker.ensure_running()  # else it is started meanwhile, and lets signals in again
    with _heard_later():
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
                del os.environ[name]
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


def _end_with_asker() -> None:
    """End this process when the one that started it is gone, however it went."""
    asker = multiprocessing.parent_process()
    if asker is not None:
        with suppress(OSError):
            wait([asker.sentinel])
        os._exit(1)
