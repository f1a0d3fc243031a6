"""Tables that a user names: the bytes of a regular file, bounded in size, and the text that they hold.

Bytes are read once, so that what is hashed and what is parsed are the same. The encoding is decided by the bytes, and a
byte that has no meaning in it is told by its line.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from kmsim.errors import BadValue, KmsimError

MOST_BYTES = 256 * 2**20
MOST_COLUMNS = 2_000
MOST_NAME = 200  # characters of a column's name
SHOWN = 60  # characters of a name or a cell in an error
MAGIC = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive; save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV UTF-8"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"PAR1", "a Parquet file; its name must end in .parquet where Parquet is read"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "UTF-16; save it as CSV UTF-8"),
    (b"\xfe\xff", "UTF-16; save it as CSV UTF-8"),
)
WEB_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)
NO_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


def read_bytes(path: str | Path, key: str, most: int = MOST_BYTES, what: str = "a file") -> bytes:
    """All bytes of a regular file, read once. A link is followed; what it leads to must be a regular file.

    key: the setting that names the file, what: what it should be, for errors. Raises BadValue for a file that is missing, cannot be read, is a
    folder, a pipe or a device (without waiting for one), or holds more than `most` bytes.

    >>> read_bytes("no/such.csv", "system.path")
    Traceback (most recent call last):
        ...
    kmsim.errors.BadValue: system.path=no/such.csv: expected a file that can be read; no such file or directory
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        problem = (error.strerror or "it cannot be read").lower()
        raise BadValue(key, path, f"{what} that can be read; {problem}") from None
    except ValueError:
        raise BadValue(key, path, "the path of a file, without NUL characters") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise BadValue(key, path, f"{what} that can be read; it is {_kind(status.st_mode)}, not a regular file")
    with os.fdopen(handle, "rb") as file:
        try:
            data = b"" if status.st_size > most else file.read(most + 1)
        except OSError as error:
            raise BadValue(
                key, path, f"{what} that can be read; {(error.strerror or 'it cannot be').lower()}"
            ) from None
    if max(status.st_size, len(data)) > most:
        raise BadValue(key, path, f"a file of at most {most / 2**20:,.0f} MB, not {status.st_size / 2**20:,.0f} MB")
    return data


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def decode(data: bytes, name: str, windows: bool = False) -> str:
    """The text of a table, without a mark at its start. Raises KmsimError as `encoding_of`.

    >>> decode("\ufeffCafé".encode("utf-8"), "a.csv"), decode("Café".encode("cp1252"), "a.csv", windows=True)
    ('Café', 'Café')
    """
    return data.decode(encoding_of(data, name, windows))


def encoding_of(data: bytes, name: str, windows: bool = False) -> str:
    """The encoding of a table's bytes: utf-8-sig (with or without its mark), else cp1252 (Windows-1252) if `windows` allows it.

    name: how the file is called in errors. Raises KmsimError, with the line, for a byte that neither encoding knows, for
    lines in both encodings, for NUL characters, and for a file that is no text (Excel, UTF-16, compressed, a web page).

    >>> encoding_of("Café".encode("utf-8"), "a.csv"), encoding_of("Café".encode("cp1252"), "a.csv", windows=True)
    ('utf-8-sig', 'cp1252')
    """
    for magic, what in MAGIC:
        if data.startswith(magic):
            raise KmsimError(f"{name}: expected a table as CSV text; this is {what}")
    if WEB_PAGE.match(data[:200].removeprefix(b"\xef\xbb\xbf")):
        raise KmsimError(f"{name}: expected a table as CSV text; this is a web page")
    if b"\0" in data:
        if data[:4000].count(b"\0") * 4 > len(data[:4000]):
            raise KmsimError(f"{name}: expected a table as CSV text; this is UTF-16; save it as CSV UTF-8")
        raise KmsimError(f"{name}, line {_line(data, data.index(0))}: a NUL character; expected text")
    marked = data.startswith(b"\xef\xbb\xbf")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        bad = error.start
    where = f"{name}, line {_line(data, bad)}: byte 0x{data[bad]:02x}"
    if marked or not windows:
        raise KmsimError(f"{where}: expected text in UTF-8; save it as CSV UTF-8") from None
    if (other := _line_in_utf8(data)) is not None:
        raise KmsimError(
            f"{where} is not UTF-8, and line {other} is: the file is in two encodings; save it as CSV UTF-8"
        ) from None
    unknown = [at for byte in NO_CP1252 if (at := data.find(byte)) >= 0]
    if unknown:
        at = min(unknown)
        raise KmsimError(
            f"{name}, line {_line(data, at)}: byte 0x{data[at]:02x} is neither UTF-8 nor Windows-1252; "
            "save the file as CSV UTF-8"
        ) from None
    return "cp1252"


def _line(data: bytes, at: int) -> int:
    """The number of the line in which a byte stands, from 1; lines end in LF, CR LF or CR."""
    before = data[:at]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


def _line_in_utf8(data: bytes) -> int | None:
    """The first line with letters beyond ASCII that is valid UTF-8, if there is one."""
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            return number
    return None


def check_columns(names: Iterable[str], where: str) -> None:
    """Raise KmsimError if there are too many columns, or the name of one is too long or does not print.

    >>> check_columns(["theta", "r_try"], "a.csv")
    """
    names = [*names]
    if len(names) > MOST_COLUMNS:
        raise KmsimError(f"{where}: {len(names):,} columns; expected at most {MOST_COLUMNS:,}")
    for place, name in enumerate(names, start=1):
        if len(name) > MOST_NAME:
            raise KmsimError(
                f"{where}, column {place}: a name of {len(name):,} characters ({shown(name)}); expected at most {MOST_NAME}"
            )
        if not name.isprintable():
            raise KmsimError(f"{where}, column {place}: {shown(name)}: expected a name whose characters print")


def shown(text: str) -> str:
    """A cell or a name as errors and notes show it: short, on one line, and what does not print escaped.

    >>> shown("a\\tb"), len(shown("x" * 500))
    ('a\\\\tb', 60)
    """
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
