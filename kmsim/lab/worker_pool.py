"""A pool of worker processes that survives whatever happens to any of them. The page, `calibrate` and sweeps use it.

Each worker has a pipe of its own, which this process reads and writes without blocking: a worker that dies or stops in
the middle of a message holds up nobody. A task whose worker dies is given to another worker, a stated number of times;
then its answer says that it died.

Example
-------
>>> with WorkerPool(1) as pool:
...     pool.give("mine", divmod, 7, 2)
...     found = []
...     while pool.busy:
...         found += pool.answers()
>>> [(one.task, one.value) for one in found]
[('mine', (3, 1))]
"""

from __future__ import annotations

import errno
import os
import select
import selectors
import struct
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Self

from kmsim.errors import RunFailed, SystemRefusal
from kmsim.lab.workers import await_server, begin, context, starting
from kmsim.operating_system import words

STILLBORN = 3  # workers in a row that end before they begin: then something is wrong with all of them
SECONDS_SILENT = 4.0  # in the middle of a message: then its worker counts as dead
SECONDS_TO_END = 1.0  # that a killed worker is waited for
_READY, _UNREADY, _DONE, _RAISED = "ready", "unready", "done", "raised"
_AT_ONCE = 1 << 20  # bytes that are read or written at once


@dataclass(frozen=True)
class Answer:
    """The result of a task: a value, what the function raised, or that its worker died (and why no more are tried)."""

    task: Any
    value: Any = None
    error: Exception | None = None
    died: bool = False
    stopped: str | None = None
    refused: bool = False  # whether it is the system that gives no more processes or files

    def result(self) -> Any:
        """The value. Raises what the function raised, RunFailed if the worker died, SystemRefusal if none can be started.

        >>> Answer("mine", 3).result()
        3
        """
        if self.error is not None:
            raise self.error
        if self.died:
            kind = SystemRefusal if self.refused else RunFailed
            raise kind(self.stopped or "a worker process died at this piece of work, each time it was tried")
        return self.value


@dataclass(frozen=True)
class _Task:
    name: Any
    data: bytes  # the function and its arguments, pickled
    deaths: int = 0
    died: float = 0.0  # when the first of its workers died; 0: none has


@dataclass(eq=False)
class _Worker:
    """A process, our end of its pipe, its task, and what is still to be written to it or read from it."""

    process: Any
    pipe: Connection
    task: _Task | None = None
    ready: bool = False
    unwritten: bytearray = field(default_factory=bytearray)
    unread: bytearray = field(default_factory=bytearray)
    heard: float = 0.0  # when a byte last came, while a message is not whole

    def end(self) -> None:
        """End it now, whatever it does. Its pipe is closed too, at which it ends itself if it cannot be killed."""
        with suppress(OSError):
            self.process.kill()
        self.pipe.close()
        self.process.join(SECONDS_TO_END)


class WorkerPool:
    """So many worker processes, started when there is work for them or by `fill`. A context: they end with it.

    width: how many. prepare: what each calls first, with `arguments`; it must call `kmsim.lab.workers.begin`. tries: how
    many workers may die at one task before its answer says so. patience: seconds after the first death in which a task is
    answered, by another worker or else as died; None: as long as it takes. load: modules that workers need, loaded once for all.
    One thread at a time may use it, but for `wake`.
    """

    def __init__(
        self,
        width: int,
        prepare: Callable[..., None] = begin,
        arguments: tuple[Any, ...] = (),
        tries: int = 1,
        load: tuple[str, ...] = (),
        patience: float | None = None,
    ) -> None:
        self.width, self.tries, self.patience = width, tries, patience
        self.deaths = 0  # of workers that had begun
        self.stillborn = 0  # in a row: ended before they began
        self._prepare, self._arguments = prepare, arguments
        self._context = context(*load)
        self._workers: list[_Worker] = []
        self._again: deque[_Task] = deque()  # tasks whose workers died
        self._reason = ""  # why the last of them did, as far as it could say
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._waited = self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def free(self) -> int:
        """How many more tasks can be given now."""
        return self.width - sum(worker.task is not None for worker in self._workers) - len(self._again)

    @property
    def busy(self) -> bool:
        """Whether a task is not answered yet."""
        return bool(self._again) or any(worker.task for worker in self._workers)

    @property
    def ready(self) -> int:
        """How many workers have begun."""
        return sum(worker.ready for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def give(self, task: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a worker call a function of a module. task: whatever its answer is to be known by.

        Raises ValueError if no worker is free, and what pickle raises for what cannot be sent.
        """
        if self.free < 1:
            raise ValueError("no worker is free")
        self._hand(_Task(task, bytes(ForkingPickler.dumps((function, arguments)))))

    def fill(self) -> None:
        """Start the workers that are missing, so that they are ready when there is work."""
        while len(self._workers) < self.width and self.stillborn < STILLBORN:
            self._start()

    def answers(self, seconds: float | None = None) -> list[Answer]:
        """Wait until a worker says something, or `wake` is called, or the seconds are over; the answers that came, or none.

        A worker that has begun or died, and whose task is tried again, gives no answer: ask again.
        """
        found = self._retry()
        for key, events in self._selector.select(0 if found else self._until(seconds)):
            worker = key.data
            if worker is None:
                with suppress(BlockingIOError):
                    while os.read(self._woken, 512):
                        pass
                continue
            if events & selectors.EVENT_WRITE:
                self._write(worker)
            if events & selectors.EVENT_READ and worker in self._workers:
                found += self._read(worker)
        now = time.monotonic()
        for worker in [one for one in self._workers if one.unread and now - one.heard > SECONDS_SILENT]:
            found += self._died(worker)
        return found + self._late(now)

    def wake(self) -> None:
        """Have `answers` return now. Any thread may call it."""
        with suppress(OSError):  # full: it is woken already; closed: it has ended
            os.write(self._waker, b"w")

    def close(self) -> None:
        """End all workers, whatever they do."""
        if self._closed:
            return
        self._closed = True
        for worker in self._workers:
            with suppress(OSError):
                worker.process.kill()  # all at once, before any is waited for
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()
        os.close(self._woken)
        os.close(self._waker)

    def _retry(self) -> list[Answer]:
        """Give tasks whose workers died to others; the answers of those for which there is none."""
        found: list[Answer] = []
        while self._again and (any(worker.task is None for worker in self._workers) or len(self._workers) < self.width):
            task = self._again.popleft()
            try:
                self._hand(task)
            except OSError as error:
                told = f"no worker process can be started: {words(error.errno or errno.EAGAIN)}"
                found.append(Answer(task.name, died=True, stopped=told, refused=True))
        return found

    # -- one worker --------------------------------------------------------------------------
    def _hand(self, task: _Task) -> None:
        """Give a task to a worker: to one that has begun, else to one that begins, else to a new one."""
        idle = [worker for worker in self._workers if worker.task is None]
        worker = next((one for one in idle if one.ready), None) or (idle[0] if idle else self._start())
        worker.task = task
        worker.unwritten += _framed(task.data)
        self._write(worker)

    def _start(self) -> _Worker:
        if not self._waited:
            self._waited = True
            await_server()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_serve, args=(theirs, self._prepare, self._arguments), daemon=True, name="kmsim worker"
        )
        try:
            with starting():
                process.start()
                worker = _Worker(process, ours)
                self._workers.append(worker)  # before Ctrl-C is heard, so that it is ended then
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()  # else its end would not be noticed
        os.set_blocking(ours.fileno(), False)
        self._selector.register(ours.fileno(), selectors.EVENT_READ, worker)
        return worker

    def _write(self, worker: _Worker) -> None:
        """Write as much as its pipe takes now. That it died is heard when its pipe is read."""
        try:
            while worker.unwritten:
                sent = os.write(worker.pipe.fileno(), memoryview(worker.unwritten)[:_AT_ONCE])
                del worker.unwritten[:sent]
        except BlockingIOError:
            pass
        except OSError:
            worker.unwritten.clear()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.unwritten else 0)
        self._selector.modify(worker.pipe.fileno(), events, worker)

    def _read(self, worker: _Worker) -> list[Answer]:
        """What a worker says, as far as it has come."""
        try:
            while data := os.read(worker.pipe.fileno(), _AT_ONCE):
                worker.unread += data
                worker.heard = time.monotonic()
                if len(data) < _AT_ONCE:
                    break
            ended = not data
        except BlockingIOError:
            ended = False
        except OSError:
            ended = True
        found: list[Answer] = []
        while (message := _first_message(worker.unread)) is not None:
            try:
                kind, value = ForkingPickler.loads(message)
            except Exception as error:  # such as an exception whose class cannot be made again
                kind, value = _RAISED, (RunFailed(f"a worker's answer cannot be read: {_one_line(error)}"), "")
            if kind == _READY:
                worker.ready, self.stillborn, self._reason = True, 0, ""
            elif kind == _UNREADY:
                self._reason = f": {value}"
            elif worker.task is not None:
                task, worker.task = worker.task, None
                found.append(_answered(task.name, kind, value))
        return found + (self._died(worker) if ended else [])

    def _died(self, worker: _Worker) -> list[Answer]:
        """Forget a worker that has died, or stopped in the middle of a message; its task is tried again or answered."""
        self._selector.unregister(worker.pipe.fileno())
        self._workers.remove(worker)
        worker.end()
        task = worker.task
        if worker.ready:
            self.deaths += 1
        else:
            self.stillborn += 1
        if task is None:
            return []
        if not worker.ready and self.stillborn >= STILLBORN:
            return [Answer(task.name, died=True, stopped=f"worker processes end before they begin{self._reason}")]
        deaths = task.deaths + worker.ready  # one that had not begun did not die of the task
        if deaths >= self.tries:
            return [Answer(task.name, died=True)]
        self._again.append(_Task(task.name, task.data, deaths, task.died or time.monotonic()))
        return []

    def _late(self, now: float) -> list[Answer]:
        """The answers of tasks whose first worker died too long ago: whoever waits is told, and what comes yet is not wanted."""
        if self.patience is None:
            return []
        found: list[Answer] = []
        for worker in self._workers:
            if worker.task and worker.task.died and now - worker.task.died > self.patience:
                found.append(Answer(worker.task.name, died=True))
                worker.task = replace(worker.task, died=0.0)
        for task in [task for task in self._again if now - task.died > self.patience]:
            found.append(Answer(task.name, died=True))
            self._again.remove(task)
        return found

    def _until(self, seconds: float | None) -> float | None:
        """How long to wait: not beyond the moment at which a silent worker counts as dead, or a task is late."""
        moments = [worker.heard + SECONDS_SILENT for worker in self._workers if worker.unread]
        if self.patience is not None:
            tasks = [worker.task for worker in self._workers if worker.task] + [*self._again]
            moments += [task.died + self.patience for task in tasks if task.died]
        if not moments:
            return seconds
        soon = max(0.0, min(moments) - time.monotonic()) + 0.01
        return soon if seconds is None else min(seconds, soon)


# -- messages, as `multiprocessing.connection` writes them ----------------------------------
def _framed(data: bytes) -> bytes:
    """A message with its length before it.

    >>> _framed(b"ab")
    b'\\x00\\x00\\x00\\x02ab'
    """
    if len(data) > 0x7FFFFFFF:
        return struct.pack("!iQ", -1, len(data)) + data
    return struct.pack("!i", len(data)) + data


def _first_message(unread: bytearray) -> bytes | None:
    """Take the first message off what was read, if it is whole.

    >>> unread = bytearray(_framed(b"ab") + b"\\x00")
    >>> _first_message(unread), _first_message(unread)
    (b'ab', None)
    """
    if len(unread) < 4:
        return None
    (size,) = struct.unpack_from("!i", unread)
    start = 4
    if size == -1:
        if len(unread) < 12:
            return None
        (size,) = struct.unpack_from("!Q", unread, 4)
        start = 12
    if len(unread) < start + size:
        return None
    message = bytes(memoryview(unread)[start : start + size])
    del unread[: start + size]
    return message


def _answered(task: Any, kind: str, value: Any) -> Answer:
    if kind == _DONE:
        return Answer(task, value)
    error, where = value
    error.add_note(f"in a worker process:\n{where}")
    return Answer(task, error=error)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


# -- in the worker --------------------------------------------------------------------------
def _serve(pipe: Connection, prepare: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """What a worker does all its life."""
    threading.Thread(target=_end_with_pipe, args=(pipe.fileno(),), daemon=True).start()
    try:
        prepare(*arguments)
    except Exception as error:
        with suppress(OSError):
            pipe.send((_UNREADY, _one_line(error)))
        return
    with suppress(EOFError, OSError):
        pipe.send((_READY, None))
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))


def _answer(data: bytes) -> Any:
    """Do a task and return the message that has its result."""
    try:
        function, arguments = ForkingPickler.loads(data)
        return ForkingPickler.dumps((_DONE, function(*arguments)))
    except Exception as error:
        where = traceback.format_exc()
        try:
            return ForkingPickler.dumps((_RAISED, (error, where)))
        except Exception:
            return ForkingPickler.dumps((_RAISED, (RunFailed(_one_line(error)), where)))


def _end_with_pipe(end: int) -> None:
    """End this process when the other end of its pipe is closed, whatever it does."""
    if not hasattr(select, "poll"):
        return
    poll = select.poll()
    poll.register(end, 0)  # only that it is hung up
    poll.poll()
    os._exit(1)
