"""Few large parts in the place of many small ones: the same rows, quicker to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from kmsim.errors import KmsimError, RunFailed
from kmsim.lab import parts, regular_files
from kmsim.lab.parts import RUNS, TABLES
from kmsim.lab.store import Store, telling

MOST_ROWS = 1_000_000  # of a part made of others, in all its tables: what is held in memory at once


@dataclass(frozen=True)
class Compacted:
    """How many parts there were and are."""

    before: int
    after: int


def compact(store: Store) -> Compacted:
    """Merge the parts that count. The old ones go when the new one is on disk and read back: at no moment is a run lost.

    Parts that are damaged are set aside and never merged. Raises KmsimError if another process is at work in the folder, if
    its config was edited, or if the disk refuses.
    """
    store.check_config()  # which says what columns parts have: none may be set aside because it was edited
    with store.locked(), telling(store.folder):
        names = store.repair().parts
        groups = list(_groups(store, names))
        for group in groups:
            if len(group) > 1:
                _merge(store, group)
        return Compacted(len(names), len(groups))


def _groups(store: Store, names: Sequence[str]) -> Iterator[list[str]]:
    """The parts in groups of so many rows, small ones together."""
    group: list[str] = []
    total = 0
    for rows, name in sorted((_rows(store, name), name) for name in names):
        if group and total + rows > MOST_ROWS:
            yield group
            group, total = [], 0
        group.append(name)
        total += rows
    if group:
        yield group


def _rows(store: Store, name: str) -> int:
    files = [file for table in TABLES for file in store.files(table, [name])]
    return sum(_whole(file, pq.read_metadata).num_rows for file in files)


def _whole(file: Path, read: Callable[[BinaryIO], Any]) -> Any:
    """What is read of a file. Raises KmsimError, naming it, if it was damaged since it was written."""
    try:
        with regular_files.opened(file) as stream:
            return read(stream)
    except (pa.ArrowException, OSError) as error:
        told = " ".join(str(error).split())
        raise KmsimError(f"{file}: cannot be read, and its part is left as it is: {told}") from None


def _merge(store: Store, names: Sequence[str]) -> None:
    schemas = parts.schemas(store.outcomes)
    tables = {table: store.read(table, names) for table in TABLES}
    merged = parts.write_part(store.folder, tables)
    assert merged is not None  # it is wanted
    there = len(parts.read_keys(store.folder, merged, schemas[RUNS])[0])
    planned = len(tables[RUNS].column("key").unique())
    if there != planned:
        raise RunFailed(f"{store.folder}: the merged part {merged} has {there} runs where {planned} were written")
    for name in names:
        for table in reversed(TABLES):  # the file that makes a part count goes first
            with suppress(FileNotFoundError):
                (store.folder / table / f"{name}.parquet").unlink()
