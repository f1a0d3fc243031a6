"""The state-funded schools of England of January 2019, from the file in the package (see kmsim/data/README.md)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from kmsim.system.built import PHASES
from kmsim.system.places import from_degrees
from kmsim.system.rows import Rows, blank, text

FILE = "england_schools_2019.parquet"
MULTI = "Multi-academy trust"


@cache
def england() -> Rows:
    """All 21,946 schools in order of URN, read once; take copies, do not write in it. Source: kmsim/data/README.md.

    >>> len(england()["urn"])
    21946
    """
    table = _columns()
    rows = blank(len(table["urn"]))
    rows["urn"] = np.array(table["urn"], np.int32)
    rows["name"] = text(name or f"URN {urn}" for name, urn in zip(table["name"], table["urn"], strict=True))
    index = {phase: np.uint8(i) for i, phase in enumerate(PHASES)}
    rows["phase"] = np.array([index[phase] for phase in table["phase"]], np.uint8)
    rows["la"], rows["region"] = text(table["la_name"]), text(table["region"])
    rows["trust"] = text(
        name if kind == MULTI else "" for name, kind in zip(table["trust_name"], table["trust_type"], strict=True)
    )
    rows["federation"] = text(f"Federation {uid}" if uid is not None else "" for uid in table["federation_uid"])
    rows["pupils"], rows["fsm"] = _numbers(table["pupils"]), _numbers(table["fsm_pct"]) / np.float32(100)
    rows["headcount"], rows["fte"] = _numbers(table["teachers_headcount"]), _numbers(table["teachers_fte"])
    rows["fte_estimated"] = np.array([bool(flag) for flag in table["teachers_fte_is_estimate"]])
    rows["place_estimated"] = np.array(table["coord_is_estimate"])
    rows["x"], rows["y"] = from_degrees(np.array(table["lon"]), np.array(table["lat"]))
    return rows


def _columns() -> dict[str, list]:
    """The file as lists: from Arrow straight to NumPy goes by way of pandas, whose import takes longer than all else."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    table = ParquetFile(pa.BufferReader((files("kmsim") / "data" / FILE).read_bytes())).read()
    return {name: table[name].to_pylist() for name in table.column_names}


def _numbers(values: list) -> np.ndarray:
    return np.array(values, np.float32)
