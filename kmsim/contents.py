"""The content of files that settings name: read once, hashed as it is read, and refused where it is not what was planned.

A result is keyed by the content of these files and never by their paths. Only bytes count: a file's size and time of change
say nothing about its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kmsim.errors import KmsimError
from kmsim.table_file import read_bytes

SHA256 = "sha256"  # the key beside `path`, in settings and in config.yaml
_noted: ContextVar[tuple[dict[str, str], ...]] = ContextVar("noted", default=())


def sha256_of(data: bytes) -> str:
    """The SHA-256 of some bytes, 64 hex digits: what `sha256sum` shows.

    >>> sha256_of(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def read(path: str | Path, key: str, what: str = "a file") -> bytes:
    """The bytes of a file that a setting names. Every `noted` block that is open notes the path and the SHA-256.

    key: the setting, what: what it should be, for errors. Raises BadValue, as `table_file.read_bytes`, for what is no regular file that can be read.

    >>> read("no/such/file", "system.path")
    Traceback (most recent call last):
    kmsim.errors.BadValue: system.path=no/such/file: expected a file that can be read; no such file or directory
    """
    data = read_bytes(path, key, what=what)
    note(path, data)
    return data


def note(path: str | Path, data: bytes) -> None:
    """Have every `noted` block that is open note a file that was read by other means."""
    if _noted.get():
        digest = sha256_of(data)
        for files in _noted.get():
            files[str(path)] = digest


@contextmanager
def noted() -> Iterator[dict[str, str]]:
    """A block whose reads are noted: path as it was given -> SHA-256 of what was read.

    >>> with noted() as files:
    ...     pass
    >>> files
    {}
    """
    files: dict[str, str] = {}
    token = _noted.set((*_noted.get(), files))
    try:
        yield files
    finally:
        _noted.reset(token)


@contextmanager
def unnoted() -> Iterator[None]:
    """A block whose reads are not noted, whatever `noted` block is open round it.

    >>> with noted() as files, unnoted():
    ...     note("a.csv", b"")
    >>> files
    {}
    """
    token = _noted.set(())
    try:
        yield
    finally:
        _noted.reset(token)


def read_planned(path: str | Path, sha256: str | None, key: str, what: str = "a file") -> bytes:
    """The bytes of a file, if they are those that were planned. sha256: what was planned; None: any content will do.

    key: the setting that names the file, for errors. Raises KmsimError, in one line, for other content; BadValue as `read`.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     read_planned(file.name, sha256_of(b"other"), "system.path")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kmsim.errors.KmsimError: system.path=...: has changed since it was planned: sha256 e3b0c44298fc, not d9298a10d1b0
    """
    data = read(path, key, what)
    if sha256 is not None and (found := sha256_of(data)) != sha256:
        raise KmsimError(f"{key}={path}: has changed since it was planned: sha256 {found[:12]}, not {sha256[:12]}")
    return data


def without_paths(value: Any) -> Any:
    """The value without each `path` that has its `sha256` beside it: what decides a result, wherever the files lie.

    >>> without_paths({"system": {"name": "mine", "path": "a.csv", "sha256": "ab"}})
    {'system': {'name': 'mine', 'sha256': 'ab'}}
    """
    if isinstance(value, Mapping):
        hashed = value.get(SHA256) is not None
        return {key: without_paths(item) for key, item in value.items() if not (hashed and key == "path")}
    if isinstance(value, list | tuple):
        return [without_paths(item) for item in value]
    return value
