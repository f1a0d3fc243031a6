"""Temporary folders beside a result: locked while they are written, and cleared once whoever wrote them was killed.

A result is made in `.NAME.HEX.tmp` (an experiment) or `.NAME.HEX.part` (what a verb writes) and renamed when it is whole.
A process that is killed leaves such a folder behind. The next one that succeeds with the same name removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kmsim.lab import regular_files

EXPERIMENT, RESULT = ".tmp", ".part"
_DIGITS = {EXPERIMENT: 12, RESULT: 8}  # hex digits between name and ending
_ENOUGH = 100  # tries for a name that nobody removes


@contextmanager
def temporary_folder(place: Path, ending: str) -> Iterator[Path]:
    """A new folder beside a place, gone afterwards unless it was renamed. Nobody who clears leftovers removes it meanwhile.

    ending: EXPERIMENT or RESULT. Raises OSError where the disk refuses.
    """
    handle: int | None = None
    for _ in range(_ENOUGH):
        folder = new_name(place, ending)
        folder.mkdir()
        with suppress(BlockingIOError, FileNotFoundError):  # one that clears was quicker to lock it, and removes it
            handle = _lock(folder)
            if handle is None or os.path.samestat(os.fstat(handle), os.lstat(folder)):
                break
            _release(handle)
    try:
        yield folder
    finally:
        if regular_files.there_is_folder(folder):
            shutil.rmtree(folder, ignore_errors=True)
        _release(handle)


def new_name(place: Path, ending: str) -> Path:
    """A name beside a place, hidden, that no other process has.

    >>> new_name(Path("results/sweep/mine"), EXPERIMENT).name.startswith(".mine.")
    True
    """
    return place.with_name(f".{place.name}.{secrets.token_hex(_DIGITS[ending] // 2)}{ending}")


def clear(place: Path) -> int:
    """Remove the temporary folders of this name that a killed process left beside a place. Returns how many.

    What another process is writing stays, as does all that has another name, and every link. Where folders cannot be
    locked nothing is removed.
    """
    names = "|".join(f"[0-9a-f]{{{digits}}}\\{ending}" for ending, digits in _DIGITS.items())
    ours = re.compile(rf"\.{re.escape(place.name)}\.(?:{names})")
    removed = 0
    with suppress(OSError):
        for entry in [*os.scandir(place.parent)]:
            if ours.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                removed += _remove(Path(entry.path))
    return removed


def _remove(folder: Path) -> bool:
    try:
        handle = _lock(folder)
    except (BlockingIOError, FileNotFoundError):
        return False
    if handle is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)  # which follows no link
    _release(handle)
    return not os.path.lexists(folder)


def _lock(folder: Path) -> int | None:
    """A handle that locks a folder for this process alone; None where folders cannot be locked.

    Raises BlockingIOError if another process has it, FileNotFoundError if it is gone.
    """
    try:
        import fcntl
    except ImportError:
        return None
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        _release(handle)
        raise
    except OSError:
        _release(handle)
        return None
    return handle


def _release(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
