"""A part: what one batch of runs left behind, as Parquet files that are either whole or not there.

A part is a file of the same name in each of its tables' folders. Each is written under a temporary name, made to reach
the disk and renamed; the file in runs/ comes last, and with it the part counts. It says which other files the part has:
should a power cut have kept it and lost the name of another, that is seen. Each file carries its digest
(kmsim.lab.digests), which is verified before the part counts, once per process while the file stays the same.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kmsim.errors import KmsimError
from kmsim.lab import digests, regular_files
from kmsim.lab.regular_files import TEMPORARY, write_whole

__all__ = ["KEY_BYTES", "RUNS", "TABLES", "TEMPORARY", "Torn", "read_keys", "write_part", "write_whole"]
RUNS = "runs"
TABLES = ("attempts", "ledger", "trajectories", RUNS)  # in the order in which they are written
KEY_BYTES = 16
JUST_NOW = 200_000_000  # nanoseconds: a file changed so recently may change again without its times showing it
_NAME = re.compile(r"[0-9a-f]{32}\.parquet")
_TEMPORARY = re.compile(
    rf"(?:[0-9a-f]{{32}}|failures)\.parquet\.[0-9a-f]{{12}}\{TEMPORARY}|\.session\.[0-9a-f]{{12}}\{TEMPORARY}"
)
_SIBLINGS = b"kmsim.tables"  # in the runs file: which other files the part has

KEY = pa.field("key", pa.string())
RUN = (pa.field("policy", pa.string()), pa.field("scenario", pa.int32()))
LEDGER = pa.schema([KEY, pa.field("category", pa.string()), pa.field("gbp", pa.float64())])
ATTEMPTS = pa.schema(
    [
        KEY,
        pa.field("seconds", pa.float64()),
        pa.field("host", pa.string()),
        pa.field("pid", pa.int64()),
        pa.field("attempt", pa.int32()),
    ]
)


def runs_schema(outcomes: Sequence[str]) -> pa.Schema:
    """The columns of runs/: a row for each practice and moment of a run."""
    texts = [pa.field(name, pa.string()) for name in ("practice", "moment")]
    numbers = [pa.field("replicate", pa.int32()), pa.field("seed", pa.int64())]
    return pa.schema([KEY, *RUN, *numbers, *texts, pa.field("year", pa.float64()), *_floats(outcomes)])


def trajectories_schema(outcomes: Sequence[str]) -> pa.Schema:
    """The columns of trajectories/: a row for each practice and tick of a run."""
    when = [pa.field("practice", pa.string()), pa.field("tick", pa.int32()), pa.field("year", pa.float64())]
    return pa.schema([KEY, *RUN, pa.field("seed", pa.int64()), *when, *_floats(outcomes)])


def schemas(outcomes: Sequence[str]) -> dict[str, pa.Schema]:
    """Table -> its columns, for an experiment that keeps these outcomes."""
    kept = {"trajectories": trajectories_schema(outcomes), RUNS: runs_schema(outcomes)}
    return {"attempts": ATTEMPTS, "ledger": LEDGER, **kept}


def _floats(outcomes: Sequence[str]) -> list[pa.Field]:
    return [pa.field(name, pa.float32()) for name in outcomes]


# -- names -------------------------------------------------------------------
def name_of(keys: Iterable[str]) -> str:
    """The name of the part that holds these runs: 32 hex digits, whatever their order.

    >>> name_of(["b", "a"]) == name_of(["a", "b"])
    True
    """
    return hashlib.blake2b("\n".join(sorted(keys)).encode(), digest_size=KEY_BYTES).hexdigest()


def is_part(name: str) -> bool:
    """Whether a file is named as a part's file is.

    >>> is_part("notes.txt"), is_part("0" * 32 + ".parquet")
    (False, True)
    """
    return _NAME.fullmatch(name) is not None


def is_temporary(name: str) -> bool:
    """Whether a name is one under which a part's file, or a file beside the parts, is written before it is renamed.

    >>> is_temporary("failures.parquet.0123456789ab.tmp"), is_temporary("notes.parquet.tmp")
    (True, False)
    """
    return _TEMPORARY.fullmatch(name) is not None


# -- writing -----------------------------------------------------------------
def write_part(folder: Path, tables: Mapping[str, pa.Table], wanted: Callable[[], bool] = lambda: True) -> str | None:
    """Write a part into an experiment's folder and return its name; None if it was not wanted any more when written.

    tables: table -> rows; those without rows get no file. wanted: asked once, when all but the last rename is done.
    Raises OSError where the disk refuses, KmsimError if a link stands in the way: then no part is there.
    """
    name = name_of(tables[RUNS].column("key").unique().to_pylist())
    filled = [table for table in TABLES if table in tables and tables[table].num_rows]
    place = {table: folder / table / f"{name}.parquet" for table in filled}
    temporary = {table: regular_files.beside(path) for table, path in place.items()}
    try:
        for table, path in temporary.items():
            regular_files.there_is_folder(path.parent)
            rows = tables[table]
            if table == RUNS:
                rows = rows.replace_schema_metadata({_SIBLINGS: ",".join(filled[:-1])})
            with regular_files.create(path) as stream:
                stream.write(digests.sealed(rows, f"{table}/{name}"))
                regular_files.reach_disk(stream)
        for table in filled[:-1]:
            temporary[table].replace(place[table])
        if not wanted():
            return None
        temporary[RUNS].replace(place[RUNS])
        regular_files.folder_reaches_disk(folder / RUNS)
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return name


# -- reading -----------------------------------------------------------------
class Torn(Exception):
    """A part that cannot be what was written: what is wrong with it."""


@dataclass(frozen=True)
class _Read:
    """What was found in a part's runs file: its columns, the keys of its runs, the tables of its other files, its digest or none."""

    schema: pa.Schema
    keys: np.ndarray
    siblings: tuple[str, ...]
    sealed: bool


_verified: dict[
    Path, tuple[tuple[int, ...], _Read | bool]
] = {}  # file -> which state of it was verified, what was found
_MOST_VERIFIED = 200_000  # files remembered


def read_keys(folder: Path, name: str, schema: pa.Schema, sealed: bool = True) -> tuple[np.ndarray, bool]:
    """The keys of a part's runs as raw bytes, (n, 16) uint8, and whether all its files carry a digest, which is verified.

    sealed: whether they must. Raises Torn for a part that is damaged or not ours; KmsimError where a file cannot be read
    for another reason (a link, no permission, too many open files), which says nothing of what is in it.
    """
    found = _once(folder / RUNS / f"{name}.parquet", lambda path: _read_runs(path, name, sealed))
    assert isinstance(found, _Read)
    if not found.schema.equals(schema):
        raise Torn("its columns are not those of this experiment")
    verified = found.sealed
    for table in found.siblings:
        if table not in TABLES:
            raise Torn(f"it names {table}, which is no table of an experiment")
        try:
            verified &= bool(_once(folder / table / f"{name}.parquet", partial(_verify, f"{table}/{name}", sealed)))
        except FileNotFoundError:
            raise Torn(f"its file in {table}/ is missing") from None
        except Torn as error:
            raise Torn(f"its file in {table}/: {error}") from None
    return found.keys, verified


def read_table(folder: Path, table: str, name: str, schema: pa.Schema, sealed: bool = True) -> pa.Table:
    """A table of a part, verified. Raises as `read_keys`, FileNotFoundError if the part has none."""
    path = folder / table / f"{name}.parquet"
    _once(path, partial(_verify, f"{table}/{name}", sealed))
    try:
        with regular_files.opened(path) as stream:
            return pq.read_table(stream, schema=schema)
    except (OSError, pa.ArrowException) as error:
        raise Torn(f"it cannot be read: {_first_line(error)}") from None


def _once(path: Path, look: Callable[[Path], _Read | bool]) -> _Read | bool:
    """What a look at a file finds; found before, if the file has stayed the same since."""
    try:
        state = os.lstat(path)
        signature = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_mode)
        known = _verified.get(path)
        if known and known[0] == signature:
            return known[1]
        found = look(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.EIO:
            raise Torn("it cannot be read: the disk reports an error") from None
        raise KmsimError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > JUST_NOW:
        if len(_verified) >= _MOST_VERIFIED:
            _verified.clear()
        _verified[path] = signature, found
    return found


def _verify(label: str, sealed: bool, path: Path) -> bool:
    with regular_files.opened(path) as stream:
        try:
            return digests.check(stream, label, sealed)
        except digests.Damaged as error:
            raise Torn(str(error)) from None


def _read_runs(path: Path, name: str, sealed: bool) -> _Read:
    with regular_files.opened(path) as stream:
        try:
            verified = digests.check(stream, f"{RUNS}/{name}", sealed)
            stream.seek(0)
            with pq.ParquetFile(stream) as file:
                if KEY not in file.schema_arrow:
                    raise Torn("its columns are not those of this experiment")
                keys = file.read(["key"]).column("key").unique().to_pylist()
                if name_of(map(str, keys)) != name:
                    raise Torn("its name is not the hash of its keys")
                siblings = (file.schema_arrow.metadata or {}).get(_SIBLINGS, b"").decode()
                return _Read(file.schema_arrow, raw(keys), tuple(filter(None, siblings.split(","))), verified)
        except digests.Damaged as error:
            raise Torn(str(error)) from None
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if isinstance(error, MemoryError):
                raise
            raise Torn(f"it cannot be read: {_first_line(error)}") from None


def raw(keys: Sequence[str]) -> np.ndarray:
    """Keys of 32 hex digits as raw bytes, (n, 16) uint8. Raises Torn for what is no key.

    >>> raw(["00" * 15 + "ff"])[0, -1].item()
    255
    """
    try:
        return np.frombuffer(bytes.fromhex("".join(keys)), np.uint8).reshape(len(keys), KEY_BYTES)
    except (ValueError, TypeError):
        raise Torn("its keys are not keys of runs") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
