"""Rows of words as aligned columns: what terminals show."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap


def columns(rows: Sequence[Sequence[str]], widest: int = 24) -> str:
    """Rows as aligned text; the first is the title row, wrapped to keep columns narrow.

    >>> print(columns([["policy", "depth"], ["coaching", "0.6"]]))
    policy    depth
    --------  -----
    coaching  0.6
    """
    titles = [wrap(title, widest) or [""] for title in rows[0]]
    height = max(map(len, titles))
    head = [[t[line] if line < len(t) else "" for t in titles] for line in range(height)]
    body = [list(row) for row in rows[1:]]
    widths = [max(len(row[c]) for row in head + body) for c in range(len(titles))]
    lines = [*head, ["-" * width for width in widths], *body]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
