"""Tables for spreadsheets: no cell of text may run as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text cells that a spreadsheet would run as a formula made harmless."""
    text = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(**{c: frame[c].map(lambda v: harmless(v) if isinstance(v, str) else v) for c in text})


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula.

    >>> harmless("=cmd()"), harmless("a=b")
    ("'=cmd()", 'a=b')
    """
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
