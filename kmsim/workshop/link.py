"""The scenario in a link: a short text with the version of its format, checked when it is opened like any request.

Example
-------
>>> from kmsim.workshop.setup import read_setup
>>> setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}]})
>>> opened, note = unpacked(packed(setup, "Camden"), "Camden")
>>> opened == setup, note
(True, '')
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from kmsim.errors import KmsimError
from kmsim.fingerprint import VERSION as KMSIM
from kmsim.workshop.reading import table, text
from kmsim.workshop.setup import DEFAULTS, VERSION, Setup, read_setup

LONGEST = 4000  # characters of a link
MOST = 20_000  # bytes it may unfold to
_OTHER = "this link was made by a {} version of the workshop page (format {}), which this one cannot read: {}"


def packed(setup: Setup, place: str) -> str:
    """The text of a scenario: its format's version, a dot, and what differs from the defaults, packed."""
    told = setup.told()
    short: dict[str, Any] = {key: value for key, value in told.items() if value != DEFAULTS.get(key, ...)}
    del short["version"]
    short["policies"] = [[a.preset, a.network or "", dict(a.levers)] for a in setup.arms]
    held = {"s": short, "at": place, "by": KMSIM}
    data = zlib.compress(json.dumps(held, separators=(",", ":"), sort_keys=True).encode(), 9)
    return f"{VERSION}.{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def unpacked(code: Any, place: str) -> tuple[Setup, str]:
    """The scenario in a link's text, and what is to be known of it. Raises KmsimError, saying why it cannot be opened."""
    version, dot, rest = text("code", code, LONGEST).partition(".")
    if not dot or not version.isascii() or not version.isdecimal() or len(version) > 4:
        raise KmsimError("the link does not hold a scenario: it may have been cut off; copy it again, whole")
    if int(version) != VERSION:
        older = int(version) < VERSION
        advice = "make it again here" if older else "bring kmsim up to date, or ask for the scenario's file"
        raise KmsimError(_OTHER.format("older" if older else "newer", int(version), advice))
    held = table("link", _unfolded(rest), ("s", "at", "by"))
    at, by = text("link.at", held["at"], 200), text("link.by", held["by"], 40)
    short = table("link.s", held["s"], ("policies",), DEFAULTS)
    setup = read_setup({**short, "version": VERSION, "policies": [_arm(i, p) for i, p in enumerate(_list(short))]})
    notes = []
    if at != place:
        notes.append(f"The link was made for {at}; here are the same policies on the schools of {place}.")
    if by != KMSIM:
        notes.append(f"It was made with kmsim {by}; this is {KMSIM}, whose numbers may differ.")
    return setup, " ".join(notes)


def _unfolded(rest: str) -> Any:
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=b"-_", validate=True), MOST)
        if not unpacker.eof:
            raise ValueError
        return json.loads(data, parse_constant=_no_number)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise KmsimError("the link is damaged: it may have been cut off or changed; copy it again, whole") from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _list(short: dict[str, Any]) -> list[Any]:
    return short["policies"] if isinstance(short["policies"], list) else [short["policies"]]


def _arm(i: int, data: Any) -> Any:
    if not isinstance(data, list) or len(data) != 3:
        raise KmsimError("the link is damaged: a policy in it is not whole; copy it again")
    return {"id": "ABCD"[i % 4], "preset": data[0], "network": data[1] or None, "levers": data[2]}
