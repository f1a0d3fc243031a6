"""The standard streams of a command: stdout may be closed, full or left by its reader; stderr never ends the work.

Results are stored before they are shown, so a stream that fails loses nothing. `StdoutError` says why stdout failed and
where the result is kept; `kmsim.cli.main` turns it into an exit code.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# What is written where a terminal's encoding lacks a character; any other becomes an escape such as \xe9.
PLAIN = {"£": "GBP ", "−": "-", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x"}
_ERRORS = "kmsim"


class StdoutError(Exception):
    """stdout does not take the answer. errno: why, as of an OSError; kept: where the result is stored, if it is."""

    def __init__(self, number: int, kept: Path | None = None) -> None:
        super().__init__(number, kept)
        self.errno, self.kept = number, kept

    @property
    def reader_left(self) -> bool:
        """Whether the program that read stdout has ended, such as head.

        >>> StdoutError(errno.EPIPE).reader_left
        True
        """
        return self.errno == errno.EPIPE

    def __str__(self) -> str:
        kept = f"; the result is kept in {self.kept}" if self.kept else ""
        if self.errno == errno.EBADF:
            return f"stdout is closed: expected a file or a pipe for the answer, such as > answer.txt{kept}"
        return f"stdout: the answer cannot be written: {os.strerror(self.errno).lower()}{kept}"


class _Stream:
    """A stream with its own write and flush; all else is the stream's that it stands for."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Answers(_Stream):
    """stdout: what fails is a StdoutError, which no handler of file errors mistakes for its own."""

    def write(self, text: str) -> int:
        """Write a text. Raises StdoutError."""
        return self._tried("write", text)

    def flush(self) -> None:
        """Write what is buffered. Raises StdoutError."""
        self._tried("flush")

    def _tried(self, what: str, *given: Any) -> Any:
        if self._stream is None:
            raise StdoutError(errno.EBADF)
        try:
            return getattr(self._stream, what)(*given)
        except OSError as error:
            drop(self._stream)
            raise StdoutError(error.errno or errno.EIO) from error


class Notes(_Stream):
    """stderr: what it does not take is lost, and the work goes on."""

    def write(self, text: str) -> int:
        """Write a text, or nothing."""
        try:
            return self._stream.write(text)
        except OSError:
            drop(self._stream)
            return len(text)

    def flush(self) -> None:
        """Write what is buffered, or nothing."""
        try:
            self._stream.flush()
        except OSError:
            drop(self._stream)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Have sys.stdout and sys.stderr be `Answers` and `Notes` meanwhile, whatever the shell opened or closed.

    Closed streams get the null device, so that no other file takes their number.
    """
    _fill_closed()
    before = sys.stdout, sys.stderr
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (until the process ends)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # not every stream can be told
            stream.reconfigure(errors=_ERRORS)  # type: ignore[union-attr]
    sys.stdout, sys.stderr = Answers(sys.stdout), Notes(sys.stderr)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def show(text: str, kept: Path | None = None) -> None:
    """Print an answer on stdout, all of it now. kept: where the result is stored. Raises StdoutError, which names it."""
    try:
        print(text, flush=True)
    except StdoutError as error:
        raise StdoutError(error.errno, kept) from error


def drop(stream: Any) -> None:
    """Send what a stream still holds to the null device, so that Python has no trouble with it at exit."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)


def _fill_closed() -> None:
    """Open the null device for each of the numbers 0, 1, 2 that is closed."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What stands in place of characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end


codecs.register_error(_ERRORS, _plainly)
