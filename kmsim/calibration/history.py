"""The SQLite history of ABC-SMC: there whole or not at all, and made again if it is damaged.

Example
-------
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder) / "history.db"
...     _ = file.write_bytes(b"")
...     fault(file)
'no such table: version'
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from kmsim.calibration.files import disk_told, set_aside
from kmsim.errors import KmsimError
from kmsim.lab.regular_files import beside, folder_reaches_disk, there_is_file

_BESIDE = ("-journal", "-wal", "-shm")  # files that SQLite has beside a database that is written to
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_SCHEMA")


def address(file: Path) -> str:
    """The address of a database as pyABC takes it."""
    return f"sqlite:///{file.resolve()}"


def make_sure(file: Path, make: Callable[[str], Any]) -> None:
    """Have a sound history in a file: one that is there, or a new one. make: makes a new one at an address, and closes it.

    A damaged one is set aside and told of. Raises KmsimError for a link, one that cannot be opened, and where the disk
    refuses.
    """
    if there_is_file(file):
        why = fault(file)
        if not why:
            return
        place = set_aside(file, why)
        for ending in _BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{file}{ending}").rename(f"{place}{ending}")
    temporary = beside(file)
    try:
        with disk_told(file):
            make(address(temporary))
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.replace(file)
            folder_reaches_disk(file.parent)
    finally:
        for ending in ("", *_BESIDE):
            with suppress(OSError):
                Path(f"{temporary}{ending}").unlink(missing_ok=True)


def fault(file: Path) -> str:
    """What is wrong with a history, as far as SQLite and its tables tell; "" if nothing is.

    Raises KmsimError if it cannot be opened, which says nothing of what it holds.
    """
    try:
        with closing(sqlite3.connect(file, timeout=10)) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                return " ".join(str(found).split())[:80]
            for table in ("version", "abc_smc", "populations"):
                if not database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:  # (names of our own)
                    return f"its table {table} is empty"
            from pyabc.storage.version import __db_version__

            (version,) = database.execute("SELECT version_num FROM version").fetchone()
            return "" if str(version) == str(__db_version__) else f"its format is {version}, not {__db_version__}"
    except sqlite3.Error as error:
        if not (getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR").startswith(_DAMAGED):
            raise KmsimError(f"{file}: cannot be opened: {error}") from None
        return str(error)
