"""What tests look for in an experiment's folder: its tables as sorted frames, and that nothing is torn, double or left over."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from kmsim.lab.store import Store

ORDER = ("key", "practice", "moment", "tick", "category")


def table(folder: Path, name: str = "runs") -> pd.DataFrame:
    """All rows of a table, sorted; the parts are read one by one, as they stand."""
    frames = [pq.ParquetFile(file).read().to_pandas() for file in sorted((folder / name).glob("*.parquet"))]
    whole = pd.concat(frames, ignore_index=True)
    return whole.sort_values([c for c in ORDER if c in whole], ignore_index=True)


def bits(folder: Path, name: str = "runs") -> bytes:
    """All rows of a table, sorted, as bytes."""
    frame = table(folder, name)
    return frame.to_csv(index=False).encode() + frame.select_dtypes("number").to_numpy("float64").tobytes()


def check_whole(folder: Path) -> None:
    """Every planned run stands in the folder once, and there is nothing else in it."""
    store = Store.open(folder)
    scan = store.scan()
    assert scan.count == store.planned
    assert scan.odd == {}
    runs = table(folder)
    assert not runs.duplicated(["key", "practice", "moment"]).any()
    assert runs["key"].nunique() == store.planned
    assert table(folder, "ledger")["key"].nunique() == store.planned
    assert not list(folder.rglob("*.tmp"))
    assert not (folder / "failures.parquet").exists()
