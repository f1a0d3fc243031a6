"""Files of a calibration's folder: written whole or not at all, and made again where one is damaged.

Example
-------
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     write_json(Path(folder) / "clock.json", {"seconds": 2.0})
...     read_json(Path(folder) / "clock.json", lambda data: data["seconds"])
2.0
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from kmsim.errors import KmsimError
from kmsim.lab.regular_files import TEMPORARY, there_is_file, write_whole

T = TypeVar("T")
GO_ON = "the same command goes on with what is kept"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what a disk that takes nothing more says
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ELOOP)
_DAMAGED = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    OSError,
    zipfile.BadZipFile,
)  # what reading a damaged file raises


def write(file: Path, put: Callable[[Any], Any]) -> None:
    """Write a file, whole or not at all. put: is given the open binary file. Raises KmsimError where the disk refuses."""
    with disk_told(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, put)


def write_text(file: Path, text: str) -> None:
    """Write a file of text in UTF-8. Raises as `write`."""
    write(file, lambda stream: stream.write(text.encode()))


def write_json(file: Path, data: Any) -> None:
    """Write plain data. Raises as `write`."""
    write_text(file, json.dumps(data, indent=2) + "\n")


def write_table(file: Path, frame: pd.DataFrame) -> None:
    """Write a Parquet table. Raises as `write`."""
    write(file, lambda stream: frame.to_parquet(stream, index=False))


def read_json(file: Path, take: Callable[[Any], T]) -> T | None:
    """What `take` makes of a file's plain data; None if it is not there, or was damaged and is set aside."""
    return sound(file, lambda: take(json.loads(file.read_text(encoding="utf-8"))))


def read_table(file: Path) -> pd.DataFrame | None:
    """A Parquet table; None if it is not there, or was damaged and is set aside."""
    return sound(file, lambda: pd.read_parquet(file))


def sound(file: Path, read: Callable[[], T]) -> T | None:
    """What a file holds; None if it is not there. One that cannot be read is set aside, to be made again.

    Raises KmsimError for a link or whatever else is no file, and for a file that may not be read.
    """
    if not there_is_file(file):
        return None
    try:
        return read()
    except PermissionError as error:
        raise KmsimError(f"{file}: cannot be read: {_reason(error)}") from None
    except _DAMAGED as error:
        set_aside(file, " ".join(str(error).split())[:80])
        return None


def set_aside(file: Path, why: str) -> Path:
    """Rename a damaged file, and say so. Returns its new place, beside the old."""
    places = (file.with_name(f"{file.name}.damaged{n or ''}") for n in range(1000))
    place = next(place for place in places if not place.exists() and not place.is_symlink())
    with disk_told(file):
        file.rename(place)
    warnings.warn(f"{file}: is damaged ({why}): set aside as {place.name} and made again", stacklevel=3)
    return place


def clear_temporary(folder: Path) -> None:
    """Remove the files that a calibration which was killed was still writing."""
    for place in (folder, folder / "design"):
        if place.is_symlink():
            continue
        for file in place.glob(f"*{TEMPORARY}*"):
            if file.is_file() and not file.is_symlink():
                with suppress(OSError):
                    file.unlink()


@contextmanager
def disk_told(file: Path) -> Iterator[None]:
    """Turn what a disk or SQLite refuses into one line that names the file. Raises KmsimError."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except OSError as error:
        named = error.filename if isinstance(error.filename, str) else file
        if error.errno in _FULL:
            raise KmsimError(f"{named}: cannot be written: {_reason(error)}; {GO_ON}") from None
        if error.errno in _REFUSED:
            raise KmsimError(f"{named}: cannot be written: {_reason(error)}") from None
        raise
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise KmsimError(f"{file}: cannot be written: {_sqlite_reason(cause)}; {GO_ON}") from None


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno == errno.EFBIG:
        return "the disk is full, or a limit on the size of files is reached"
    return os.strerror(error.errno or 0).lower()


def _sqlite_reason(error: Any) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL":
        return "the disk is full"
    if name.startswith("SQLITE_IOERR"):
        return "the disk is full, or a limit on the size of files is reached"
    return " ".join(str(error).split())
