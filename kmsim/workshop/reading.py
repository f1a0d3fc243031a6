"""Reading what a browser sent: strictly, within bounds, with a sentence for whatever cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kmsim.errors import BadValue, unknown

LONGEST = 80  # characters of a name


def table(place: str, data: Any, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """A mapping that has all the required keys and none but these. Raises BadValue or UnknownName.

    >>> table("request", {"runs": 10}, ["runs"])
    {'runs': 10}
    """
    known = [*required, *optional]
    if not isinstance(data, Mapping):
        raise BadValue(place, _brief(data), f"a table with {', '.join(known)}")
    for key in data:
        if key not in known:
            raise unknown(f"{place}.{key[:LONGEST]}", key[:LONGEST], known, f"a key of {place}")
    for key in required:
        if key not in data:
            raise BadValue(f"{place}.{key}", "", "a value: the key is missing")
    return dict(data)


def text(place: str, value: Any, longest: int = LONGEST) -> str:
    """A text that is there and not too long. Raises BadValue.

    >>> text("client", "a1")
    'a1'
    """
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise BadValue(place, _brief(value), f"a text of 1 to {longest} letters")
    return value


def choice(place: str, value: Any, known: Collection[str], what: str) -> str:
    """One of the known names. Raises BadValue or UnknownName.

    >>> choice("kind", "csv", ["csv", "png"], "a kind of file")
    'csv'
    """
    name = text(place, value)
    if name not in known:
        raise unknown(place, name, known, what)
    return name


def some(place: str, value: Any, most: int) -> list[Any]:
    """A list of 1 to so many. Raises BadValue.

    >>> some("policies", [1], 4)
    [1]
    """
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise BadValue(place, _brief(value), f"a list of 1 to {most}")
    return value


def _brief(value: Any) -> str:
    return str(value)[:LONGEST] if isinstance(value, str | int | float | bool | None) else type(value).__name__
