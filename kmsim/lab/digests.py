"""A digest inside each Parquet file of an experiment: any bit that changes afterwards is found before the file counts.

It stands in the file's own footer, so that it is renamed, copied and removed with the file. It is taken over all bytes of
the file, with zeros in its own place, and over the table and part that the file belongs to.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from kmsim.lab import regular_files

SIZE = 16  # bytes
AT_ONCE = 1 << 20  # bytes that are read and hashed at once
_KEY, _KIND, _BLANK = "kmsim.digest", "blake2b:", "0" * (2 * SIZE)
_LENGTH = len(_KIND) + len(_BLANK)
_MARK = (
    _KEY.encode() + bytes([0x18, _LENGTH]) + _KIND.encode()
)  # as a Parquet footer has a key, and a text of that length
_MAGIC = b"PAR1"  # a whole Parquet file ends so, after the length of its footer


class Damaged(Exception):
    """A file that is not what was written: what is wrong with it."""


def sealed(table: pa.Table, label: str) -> memoryview:
    """A table as the bytes of a Parquet file that carries its digest. label: what the file is, such as runs/NAME."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_KEY: _KIND + _BLANK})
    written = bytearray(sink.getvalue())
    at = written.rindex(_MARK) + len(_MARK)
    written[at : at + len(_BLANK)] = _hash(label, written).hexdigest().encode()
    return memoryview(written)


def check(stream: BinaryIO, label: str, required: bool = True) -> bool:
    """Whether a file carries a digest, which is then right. Raises Damaged if it is wrong, or if there is none where required.

    label: as the file was written with.
    """
    size = os.fstat(stream.fileno()).st_size
    at, found = _find(stream, size)
    if at is None:
        if required:
            raise Damaged("it carries no digest")
        return False
    stream.seek(0)
    digest = hashlib.blake2b(label.encode() + b"\0", digest_size=SIZE)
    left = at
    while left and (block := stream.read(min(AT_ONCE, left))):
        digest.update(block)
        left -= len(block)
    digest.update(_BLANK.encode())
    stream.seek(at + len(_BLANK))
    while block := stream.read(AT_ONCE):
        digest.update(block)
    if digest.hexdigest().encode() != found:
        raise Damaged("its digest is wrong: it was changed since it was written")
    return True


def _find(stream: BinaryIO, size: int) -> tuple[int | None, bytes]:
    """Where a file's digest stands, and what stands there; None if it has none. Raises Damaged for what is cut short."""
    ending = 4 + len(_MAGIC)
    stream.seek(max(0, size - ending))
    end = stream.read(ending)
    length = int.from_bytes(end[:4], "little")
    if len(end) < ending or end[4:] != _MAGIC or length + ending > size:
        raise Damaged("it cannot be read: it is cut short or is no Parquet file")
    start = size - ending - length
    stream.seek(start)
    footer = stream.read(length)
    place = footer.rfind(_MARK)
    if place < 0:
        return None, b""
    place += len(_MARK)
    return start + place, footer[place : place + len(_BLANK)]


def _hash(label: str, data: Any) -> Any:
    digest = hashlib.blake2b(label.encode() + b"\0", digest_size=SIZE)
    digest.update(data)
    return digest


def of_file(path: Path) -> str:
    """The digest of a whole file, in hex. Raises KmsimError for a link, OSError for what cannot be read."""
    digest = hashlib.blake2b(digest_size=SIZE)
    with regular_files.opened(path) as stream:
        while block := stream.read(AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def of_data(data: Any) -> str:
    """The digest of plain data, whatever the order of its keys.

    >>> of_data({"a": 1, "b": 2}) == of_data({"b": 2, "a": 1})
    True
    """
    import json

    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=SIZE).hexdigest()
