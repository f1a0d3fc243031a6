"""Tables for spreadsheets: no cell of text may run as a formula."""

from __future__ import annotations

import pandas as pd


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text cells that a spreadsheet would run as a formula made harmless."""
    text = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(
        **{c: frame[c].map(lambda v: f"'{v}" if isinstance(v, str) and v[:1] in "=+-@" and v else v) for c in text}
    )
