"""What the workshop's server says on stderr: lines of its own, so many a minute, and none when it ends.

Example
-------
>>> rate = Rate(2, 60.0, lambda: 0.0)
>>> [rate.take() for _ in range(4)]
['say', 'last', 'drop', 'drop']
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

LINES, SECONDS = 20, 60.0
LOGGERS = ("kmsim.workshop", "uvicorn.error", "asyncio")


class Rate:
    """Whether one more line may be said: "say", "last" for the last in so many seconds, else "drop"."""

    def __init__(self, lines: int = LINES, seconds: float = SECONDS, clock: Callable[[], float] = monotonic) -> None:
        self.lines, self.seconds, self.clock = lines, seconds, clock
        self._since, self._said = clock(), 0

    def take(self) -> str:
        """Take a line."""
        now = self.clock()
        if now - self._since >= self.seconds:
            self._since, self._said = now, 0
        self._said += 1
        return "say" if self._said < self.lines else "last" if self._said == self.lines else "drop"


class Lines(logging.Handler):
    """Says log records on stderr by `say`, with a limit. `ended`: what comes when the server ends is not said."""

    def __init__(self, say: Callable[[str], object], rate: Rate | None = None) -> None:
        super().__init__(logging.WARNING)
        self.say, self.rate, self.ended = say, rate or Rate(), False
        self.setFormatter(logging.Formatter("kmsim workshop: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record, if it may be said."""
        if self.ended:
            return
        may = self.rate.take()
        if may == "drop":
            return
        try:
            self.say(self.format(record))
            if may == "last":
                self.say(f"kmsim workshop: more lines are left out until {self.rate.seconds:g} s after the first")
        except Exception:
            self.handleError(record)


@contextmanager
def on(lines: Lines) -> Iterator[Lines]:
    """Have the server's loggers speak by these lines only."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(one.handlers, one.propagate) for one in loggers]
    for one in loggers:
        one.handlers, one.propagate = [lines], False
    try:
        yield lines
    finally:
        for one, (handlers, propagate) in zip(loggers, before, strict=True):
            one.handlers, one.propagate = handlers, propagate
