"""What the operating system refuses - memory, files, disk, processes - as one line that names the cause.

Libraries report the same refusal in many ways: as an OSError, as an error of their own whose text holds the system's
words, as a MemoryError, or as an import that fails. `refusal` knows them all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

MEMORY = "not enough memory: free some, raise the limit (ulimit -v), or use fewer workers"
FILES = "too many open files: raise the limit, for example ulimit -n 1024"
PROCESSES = "no more processes or threads can be started: raise the limit (ulimit -u), or use fewer workers"
_ADVICE = {
    errno.EMFILE: FILES,
    errno.ENFILE: "too many open files in the whole system: close some programs",
    errno.ENOMEM: MEMORY,
    errno.EAGAIN: PROCESSES,
}
# Refusals whose words are looked for in the errors of libraries, which do not keep the number.
_LIMITS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_WORDS = {os.strerror(number).lower(): number for number in (*_LIMITS, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP)}
_WORDS |= {
    "database or disk is full": errno.ENOSPC,
    "failed to map segment": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "unable to allocate": errno.ENOMEM,
    "memory allocation": errno.ENOMEM,
    "can't start new thread": errno.EAGAIN,
}


def refusal(error: BaseException) -> str | None:
    """The line that tells what the system refused, with the file if one is known; None if the error is of another kind.

    >>> refusal(OSError(errno.ENOSPC, "No space left on device", "a/b.csv"))
    'a/b.csv: no space left on device'
    >>> refusal(RuntimeError("IO Error: Cannot open file: Too many open files"))
    'too many open files: raise the limit, for example ulimit -n 1024'
    >>> refusal(ValueError("three")) is None
    True
    """
    first = True
    for one in _chain(error):
        number = _number(one)
        if number is not None and (first or number in _LIMITS or number in _ADVICE):
            return words(number, _file(one), _own_words(one, number))
        first = False
    return None


def is_limit(error: BaseException) -> bool:
    """Whether an error is for want of memory, files or processes: then the next run fails alike.

    >>> is_limit(MemoryError()), is_limit(FileNotFoundError(2, "No such file or directory"))
    (True, False)
    """
    return isinstance(error, MemoryError | OSError) and _number(error) in _ADVICE


def words(number: int, file: str | None = None, told: str = "") -> str:
    """What an error number means, with advice where there is some. file: which file it is about; told: what else is known.

    >>> words(errno.EROFS, "results")
    'results: read-only file system'
    """
    told = told or _ADVICE.get(number) or os.strerror(number).lower()
    return f"{file}: {told}" if file else told


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        one = one.__cause__ or one.__context__


def _number(error: BaseException) -> int | None:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno:
        return error.errno
    text = str(error).lower()
    return next((number for told, number in _WORDS.items() if told in text), None)


def _own_words(error: BaseException, number: int) -> str:
    """What an error says that is more than its number, such as which folders were tried."""
    text = getattr(error, "strerror", None) or ""
    return "" if number in _ADVICE or text == os.strerror(number) else text[:1].lower() + text[1:]


def _file(error: BaseException) -> str | None:
    name = getattr(error, "filename", None)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    return name if isinstance(name, str) and name else None
