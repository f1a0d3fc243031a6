"""Parquet files that somebody sends: their metadata held against bounds before any of their data is read."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from kmsim.errors import KmsimError
from kmsim.table_file import check_columns, shown

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 2_000_000
MOST_BYTES = 2**30  # of the data unpacked, as the file says of itself
MOST_CELL = 1_000  # characters
MOST_TEXT = 2**28  # rows times the longest text of a column


def read_parquet(data: bytes, name: str) -> pa.Table:
    """A table of numbers, texts and truth values. Texts that repeat stay as codes, so that few bytes never become many.

    name: how the file is called in errors. Raises KmsimError for a file that is none, for too many rows, columns or bytes
    unpacked, for a column of another type and for texts that are too long or no UTF-8; pyarrow.ArrowException for one
    that is damaged.

    >>> read_parquet(b"PAR1", "a.parquet")
    Traceback (most recent call last):
        ...
    kmsim.errors.KmsimError: a.parquet: cannot be read: expected a Parquet file
    """
    import pyarrow as pa
    from pyarrow import parquet

    if len(data) < 12 or not data.startswith(b"PAR1"):
        raise KmsimError(f"{name}: cannot be read: expected a Parquet file")
    metadata = parquet.read_metadata(BytesIO(data))
    unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    for what, number, most in (("rows", metadata.num_rows, MOST_ROWS), ("bytes unpacked", unpacked, MOST_BYTES)):
        if not 0 <= number <= most:
            raise KmsimError(f"{name}: {number:,} {what}; expected at most {most:,}")
    schema = parquet.read_schema(BytesIO(data))
    check_columns(schema.names, name)
    texts = []
    for column in schema:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts.append(column.name)
        elif not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            told = shown(str(column.type))
            raise KmsimError(f"{name}, column {shown(column.name)}: expected numbers or texts, not {told}")
    table = parquet.ParquetFile(BytesIO(data), read_dictionary=texts).read(use_threads=False)
    for column in texts:
        _check_texts(
            name, column, table.column(schema.get_field_index(column)) if schema.names.count(column) == 1 else None
        )
    return table


def _check_texts(name: str, column: str, cells: pa.ChunkedArray | None) -> None:
    """Refuse texts that are no UTF-8, or longer than a cell may be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if cells is None:
        raise KmsimError(f"{name}: column {shown(column)!a}: expected a name of its own, such as theta")
    longest, row = 0, 0
    for chunk in cells.chunks:
        words = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        try:
            words.validate(full=True)
        except pa.ArrowException:
            raise KmsimError(
                f"{name}, row {row + _first_bad(chunk)}, column {shown(column)}: expected text in UTF-8"
            ) from None
        longest = max(longest, pc.max(pc.utf8_length(words)).as_py() or 0)
        row += len(chunk)
    if longest > MOST_CELL or longest * len(cells) > MOST_TEXT:
        raise KmsimError(
            f"{name}, column {shown(column)}: a text of {longest:,} characters; expected at most {MOST_CELL:,}, "
            f"and fewer in a table of many rows"
        )


def _first_bad(chunk: pa.Array) -> int:
    """The row in a chunk, from 1, of the first text that is no UTF-8."""
    import pyarrow as pa

    dictionary = pa.types.is_dictionary(chunk.type)
    words = chunk.dictionary if dictionary else chunk
    large = pa.types.is_large_string(words.type)
    raw = words.view(pa.large_binary() if large else pa.binary()).to_pylist()
    bad = {i for i, word in enumerate(raw) if word is not None and not _is_utf8(word)}
    codes = chunk.indices.to_pylist() if dictionary else range(len(chunk))
    return next((i for i, code in enumerate(codes, start=1) if code in bad), 1)


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
