"""Plain text for terminals: aligned columns that fit the width, the last one wrapped."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill, wrap
from typing import Any

GAP = 2


def width() -> int:
    """How many letters a line may have: the terminal's, else 100.

    >>> width() >= 40
    True
    """
    return max(40, shutil.get_terminal_size((100, 24)).columns)


def rows(cells: Iterable[Sequence[str]], titles: Sequence[str] = (), indent: int = 0) -> str:
    """Rows of texts as aligned columns; the last column is wrapped to the width, under itself. Titles are underlined.

    >>> print(rows([["a", "one"], ["bcd", "two"]], ["key", "value"]))
    key  value
    ---  -----
    a    one
    bcd  two
    """
    body = [[*row] for row in cells]
    table = ([[*titles], ["-" * len(title) for title in titles]] if titles else []) + body
    if not table:
        return ""
    widths = [max(len(row[c]) for row in table) for c in range(len(table[0]) - 1)]
    if titles:
        table[1] = ["-" * size for size in widths] + [table[1][-1]]
    room = max(20, width() - indent - sum(widths) - GAP * len(widths))
    lines = []
    for row in table:
        last = wrap(row[-1], room) or [""]
        for i, text in enumerate(last):
            start = [cell.ljust(size) if i == 0 else " " * size for cell, size in zip(row, widths, strict=False)]
            lines.append((" " * indent + (" " * GAP).join([*start, text])).rstrip())
    return "\n".join(lines)


def fields(values: Mapping[str, str]) -> str:
    """Names and what belongs to them, one a line, indented under a heading."""
    return rows(list(values.items()), indent=2)


def paragraph(text: str) -> str:
    """A text wrapped to the width."""
    return fill(" ".join(text.split()), width())


def shown(text: str) -> str:
    r"""A text that steers no terminal: what no letter stands for is written out.

    >>> shown("\x1b[31mred")
    '\\x1b[31mred'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain(value: Any) -> str:
    """A setting as a user would write it.

    >>> plain(0.5), plain(True), plain(None), plain(("a", "b"))
    ('0.5', 'true', 'null', '[a,b]')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(plain, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def gbp(value: float) -> str:
    """A sum in GBP, pence where it is small.

    >>> gbp(1234.5), gbp(0.25)
    ('1,234', '0.25')
    """
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:.2f}"
