"""Files inside a result's folder, opened without following links: a folder that somebody sends may contain some.

The folder itself may be a link or be reached through links, for people keep results on other disks. What stands in it may
not: a link, FIFO, device or socket in the place of a file is refused by its name and left as it is.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from kmsim.errors import KmsimError

TEMPORARY = ".tmp"
_FLAGS = (
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "O_CLOEXEC",
    "O_BINARY",
)  # those that this system has; a FIFO keeps nobody waiting
_SAFELY = 0
for _flag in _FLAGS:
    _SAFELY |= getattr(os, _flag, 0)
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


# -- what stands there -------------------------------------------------------------
def there_is_file(path: Path, alone: bool = False) -> bool:
    """Whether there is a regular file at a path. Raises KmsimError, naming it, for anything else that does.

    alone: the file may have no other name: one that is written in place would change another's file.

    >>> there_is_file(Path("no/such/file"))
    False
    """
    found = _look(path)
    if found is None:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise refused(path, found.st_mode, "a file")
    if alone and found.st_nlink > 1:
        raise KmsimError(f"{path}: a file with {found.st_nlink} names (hard links); expected one of its own; remove it")
    return True


def there_is_folder(path: Path) -> bool:
    """Whether there is a folder at a path. Raises KmsimError, naming it, for a link or anything else that does.

    >>> there_is_folder(Path("no/such/folder"))
    False
    """
    found = _look(path)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise refused(path, found.st_mode, "a folder")
    return found is not None


def _look(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def refused(path: Path, mode: int, expected: str) -> KmsimError:
    """The error for what stands in the place of a file or folder. mode: as `os.lstat` has it.

    >>> print(refused(Path("mine/runs"), stat.S_IFLNK, "a folder"))
    mine/runs: a link where a folder is expected; kmsim follows no link inside a result's folder: put the folder itself there
    """
    what = _KINDS.get(stat.S_IFMT(mode), "something else")
    if what == "a link":
        itself = f"the {expected.split()[-1]} itself"
        more = f"kmsim follows no link inside a result's folder: put {itself} there"
    else:
        more = "move it away"
    return KmsimError(f"{path}: {what} where {expected} is expected; {more}")


def entries(folder: Path) -> dict[str, os.stat_result]:
    """Name -> what it is, of all that stands in a folder; links are not followed. Empty if there is no such folder.

    Raises KmsimError if a link or a file stands in the folder's place.

    >>> entries(Path("no/such/folder"))
    {}
    """
    if not there_is_folder(folder):
        return {}
    found = {}
    with os.scandir(folder) as scanned:
        for entry in scanned:
            with suppress(FileNotFoundError):  # gone meanwhile
                found[entry.name] = entry.stat(follow_symlinks=False)
    return found


def check_tree(folder: Path, but: tuple[str, ...] = ()) -> None:
    """Raise KmsimError for the first link, FIFO, device or socket anywhere in a result's folder. Names in `but` are passed over.

    >>> check_tree(Path("no/such/folder"))
    """
    if not os.path.isdir(folder):  # noqa: PTH112  (also for a name that is too long)
        if os.path.islink(folder):  # noqa: PTH114
            raise KmsimError(f"{folder}: a link to nothing; expected a folder, or a name that is free")
        return
    folders = [os.fspath(folder)]
    while folders:
        with os.scandir(folders.pop()) as scanned:
            for entry in sorted(scanned, key=lambda entry: entry.name):
                if entry.name in but:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    mode = entry.stat(follow_symlinks=False).st_mode
                    raise refused(Path(entry.path), mode, "a file or folder")


# -- reading and writing -----------------------------------------------------------
def opened(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises KmsimError for a link or another kind of thing, OSError as `open` does."""
    try:
        stream = os.fdopen(os.open(path, os.O_RDONLY | _SAFELY), "rb")
    except OSError as error:
        there_is_file(path)  # a link or a socket is told as such
        raise error
    mode = os.fstat(stream.fileno()).st_mode
    if stat.S_ISREG(mode) and (hasattr(os, "O_NOFOLLOW") or there_is_file(path)):
        return stream
    stream.close()
    raise refused(path, mode, "a file")


def read(path: Path) -> bytes:
    """What stands in a regular file. Raises as `opened`."""
    with opened(path) as stream:
        return stream.read()


def create(path: Path) -> BinaryIO:
    """A new file, open for writing. Raises FileExistsError if anything stands there, a link too."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o666), "wb")


def overwrite(path: Path) -> BinaryIO:
    """A file of ours, made or emptied, open for writing without a buffer. Raises KmsimError if it has another name too."""
    there_is_folder(path.parent)
    there_is_file(path, alone=True)
    stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | _SAFELY, 0o666), "wb", buffering=0)
    found = os.fstat(stream.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        stream.truncate()
        return stream
    stream.close()
    raise refused(path, found.st_mode, "a file of its own")


def write_whole(path: Path, write: Callable[[Any], Any]) -> None:
    """Write a file so that it is the old one or the new one, never part of one. write: is given the open binary file.

    Raises KmsimError if a link or the like stands in its place, OSError where the disk refuses.
    """
    there_is_file(path)
    temporary = beside(path)
    try:
        with create(temporary) as stream:
            write(stream)
            reach_disk(stream)
        temporary.replace(path)
        folder_reaches_disk(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all. Raises as `write_whole`."""
    write_whole(path, lambda stream: stream.write(text.encode()))


def beside(path: Path) -> Path:
    """A new name beside a file, for what it is written to first."""
    return path.with_name(f"{path.name}.{secrets.token_hex(6)}{TEMPORARY}")


def reach_disk(stream: Any) -> None:
    """Have what was written survive a power cut."""
    stream.flush()
    os.fsync(stream.fileno())


def folder_reaches_disk(folder: Path) -> None:
    """Have what was named in a folder survive a power cut, on systems where a folder can be made to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
