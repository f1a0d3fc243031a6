"""A seed for everything that is drawn, made of what it is for."""

from __future__ import annotations

import hashlib
from typing import Any


def digest(*parts: Any) -> int:
    """A seed below 2^31 made of anything that prints.

    >>> digest(1, "a") == digest(1, "a") != digest(1, "b")
    True
    """
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=4).digest(), "little") >> 1
