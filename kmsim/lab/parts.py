"""A part: what one batch of runs left behind, as Parquet files that are either whole or not there.

A part is a file of the same name in each of its tables' folders. Each is written under a temporary name, made to reach
the disk and renamed; the file in runs/ comes last, and with it the part counts. It says which other files the part has:
should a power cut have kept it and lost the name of another, that is seen.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

RUNS = "runs"
TABLES = ("attempts", "ledger", "trajectories", RUNS)  # in the order in which they are written
TEMPORARY = ".tmp"
KEY_BYTES = 16
_NAME = re.compile(r"[0-9a-f]{32}\.parquet")
_MAGIC = b"PAR1"  # a whole Parquet file ends so
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


def is_part(file: Path) -> bool:
    """Whether a file is named as a part's file is."""
    return _NAME.fullmatch(file.name) is not None


def is_temporary(file: Path) -> bool:
    """Whether a file is one that a part, or a file beside the parts, was being written to."""
    return file.name.endswith(TEMPORARY) and ".parquet." in file.name


# -- writing -----------------------------------------------------------------
def write_part(folder: Path, tables: Mapping[str, pa.Table], wanted: Callable[[], bool] = lambda: True) -> str | None:
    """Write a part into an experiment's folder and return its name; None if it was not wanted any more when written.

    tables: table -> rows; those without rows get no file. wanted: asked once, when all but the last rename is done.
    Raises OSError where the disk refuses: then no part is there.
    """
    name = name_of(tables[RUNS].column("key").unique().to_pylist())
    filled = [table for table in TABLES if table in tables and tables[table].num_rows]
    temporary = {table: _temporary(folder / table / f"{name}.parquet") for table in filled}
    try:
        for table, path in temporary.items():
            rows = tables[table]
            if table == RUNS:
                rows = rows.replace_schema_metadata({_SIBLINGS: ",".join(filled[:-1])})
            with path.open("wb") as stream:
                pq.write_table(rows, stream, compression="zstd", write_page_checksum=True)
                _reach_disk(stream)
        for table in filled[:-1]:
            temporary[table].replace(folder / table / f"{name}.parquet")
        if not wanted():
            return None
        temporary[RUNS].replace(folder / RUNS / f"{name}.parquet")
        reach_disk(folder / RUNS)
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return name


def write_whole(path: Path, write: Callable[[Any], Any]) -> None:
    """Write a file so that it is the old one or the new one, never part of one. write: is given the open binary file."""
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as stream:
            write(stream)
            _reach_disk(stream)
        temporary.replace(path)
        reach_disk(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(6)}{TEMPORARY}")


def _reach_disk(stream: Any) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def reach_disk(folder: Path) -> None:
    """Have what was named in a folder survive a power cut, on systems where a folder can be made to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# -- reading -----------------------------------------------------------------
class Torn(Exception):
    """A part that cannot be what was written: what is wrong with it."""


def read_keys(folder: Path, name: str, schema: pa.Schema) -> np.ndarray:
    """The keys of a part's runs as raw bytes, (n, 16) uint8. Raises Torn for a part that is not whole or not ours."""
    try:
        file = pq.ParquetFile(folder / RUNS / f"{name}.parquet")
        with file:
            if not file.schema_arrow.equals(schema):
                raise Torn("its columns are not those of this experiment")
            keys = file.read(["key"]).column("key").unique().to_pylist()
            siblings = (file.schema_arrow.metadata or {}).get(_SIBLINGS, b"").decode()
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise Torn(f"it cannot be read: {_first_line(error)}") from None
    if name_of(map(str, keys)) != name:
        raise Torn("its name is not the hash of its keys")
    for table in filter(None, siblings.split(",")):
        if table not in TABLES or not _ends_well(folder / table / f"{name}.parquet"):
            raise Torn(f"its file in {table}/ is missing or cut short")
    return raw(keys)


def raw(keys: Sequence[str]) -> np.ndarray:
    """Keys of 32 hex digits as raw bytes, (n, 16) uint8. Raises Torn for what is no key.

    >>> raw(["00" * 15 + "ff"])[0, -1].item()
    255
    """
    try:
        return np.frombuffer(bytes.fromhex("".join(keys)), np.uint8).reshape(len(keys), KEY_BYTES)
    except (ValueError, TypeError):
        raise Torn("its keys are not keys of runs") from None


def _ends_well(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            stream.seek(-len(_MAGIC), os.SEEK_END)
            return stream.read() == _MAGIC
    except OSError:
        return False


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
