"""Mutations: a seeded choice of what hostile, careless and unlucky people put into words, texts, tables and bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

# Values that have broken programs of this kind before.
NASTY = (
    "",
    " ",
    "\t",
    "nan",
    "inf",
    "-inf",
    ".nan",
    "1e999",
    "1e-999",
    "-0",
    "9" * 400,
    "0x10",
    "010",
    "1_000",
    "1,104",
    "1.2.3",
    "--5",
    "٣",
    "½",
    "null",
    "None",
    "true",
    "yes",
    "NO",
    "~",
    "1:30",
    "2001-99-99",
    "[1,2",
    "{a: 1}",
    "[[[[]]]]",
    "!!python/object/apply:os.system [id]",
    "&a [*a]",
    "*a",
    "<<: *a",
    "${oc.env:HOME}",
    "${system.la}",
    "$(id)",
    "`id`",
    "%s%n",
    "../../x",
    "a/b",
    "a\\b",
    ".",
    "..",
    "con",
    "x" * 5000,
    "é" * 300,
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "a\u0000b",
    "a\nb",
    "a\rb",
    "\x1b[31m",
    "\ud800",
    "<script>alert(1)</script>",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "'; DROP TABLE runs; --",
    '"',
    "'",
    "King's",
    "a,b",
    "a=b",
    "=",
    "#",
    "?",
    "*",
)


def text(choose: random.Random, given: str) -> str:
    """A text that differs from the one given: a nasty value in its place, or letters lost, doubled, swapped or added."""
    for _ in range(20):
        changed = choose.choice(_TEXTS)(choose, given)
        if changed != given:
            return changed
    return given + "?"


def _replaced(choose: random.Random, given: str) -> str:
    return choose.choice(NASTY)


def _inserted(choose: random.Random, given: str) -> str:
    at = choose.randint(0, len(given))
    return given[:at] + choose.choice(NASTY)[:40] + given[at:]


def _dropped(choose: random.Random, given: str) -> str:
    at = choose.randrange(max(1, len(given)))
    return given[:at] + given[at + 1 :]


def _doubled(choose: random.Random, given: str) -> str:
    at = choose.randrange(max(1, len(given)))
    return given[:at] + given[at : at + 1] * 2 + given[at + 1 :]


def _swapped(choose: random.Random, given: str) -> str:
    letters = [*given]
    if len(letters) > 1:
        at = choose.randrange(len(letters) - 1)
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def _cased(choose: random.Random, given: str) -> str:
    return given.swapcase()


_TEXTS: Sequence[Callable[[random.Random, str], str]] = (
    _replaced,
    _replaced,
    _inserted,
    _dropped,
    _doubled,
    _swapped,
    _cased,
)


def data(choose: random.Random, given: bytes) -> bytes:
    """Bytes that differ from those given: flipped, cut, repeated, or with something foreign put in."""
    for _ in range(20):
        changed = choose.choice(_BYTES)(choose, given)
        if changed != given:
            return changed
    return given + b"\xff"


def _flipped(choose: random.Random, given: bytes) -> bytes:
    changed = bytearray(given or b"\0")
    for _ in range(choose.choice((1, 1, 1, 4, 40))):
        changed[choose.randrange(len(changed))] ^= 1 << choose.randrange(8)
    return bytes(changed)


def _cut(choose: random.Random, given: bytes) -> bytes:
    return given[: choose.randint(0, len(given))]


def _cut_out(choose: random.Random, given: bytes) -> bytes:
    start, end = sorted(choose.randint(0, len(given)) for _ in range(2))
    return given[:start] + given[end:]


def _repeated(choose: random.Random, given: bytes) -> bytes:
    start, end = sorted(choose.randint(0, len(given)) for _ in range(2))
    return given[:end] + given[start:]


def _foreign(choose: random.Random, given: bytes) -> bytes:
    at = choose.randint(0, len(given))
    thing = choose.choice(
        (
            b"\0",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\x80",
            b"\xed\xa0\x80",
            b"\r",
            b"\x1a",
            b"\t",
            b'"',
            b"PK\x03\x04",
            b"&a [*a]",
            b"!!set {a}",
        )
    )
    return given[:at] + thing + given[at:]


def _line_moved(choose: random.Random, given: bytes) -> bytes:
    lines = given.split(b"\n")
    line = lines.pop(choose.randrange(len(lines)))
    if choose.random() < 0.7:
        lines.insert(choose.randint(0, len(lines)), line)
    if choose.random() < 0.5:
        lines.insert(choose.randint(0, len(lines)), line)
    return b"\n".join(lines)


def _encoded(choose: random.Random, given: bytes) -> bytes:
    return given.decode("utf-8", "replace").encode(
        choose.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037")), "ignore"
    )


def _line_ends(choose: random.Random, given: bytes) -> bytes:
    return given.replace(b"\n", choose.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", b"\x85")))


_BYTES: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _flipped,
    _flipped,
    _cut,
    _cut_out,
    _repeated,
    _foreign,
    _line_moved,
    _encoded,
    _line_ends,
)
