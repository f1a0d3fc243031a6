"""Make `adoption_people.parquet` and `adoption_ties.parquet` from the project's classic adoption data. Run once by hand.

Use: python kmsim/data/make_adoption.py /path/to/diffusion (the folder with *_nodes.csv and *_ties.csv)
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

INNOVATIONS = ("physicians", "farmers", "families")
WHOLE = pa.int16()
PEOPLE = {"community": WHOLE, "id": WHOLE, "time": WHOLE, "adopted": pa.bool_()}
TIES = {"community": WHOLE, "from": WHOLE, "to": WHOLE, "kind": pa.string()}


def make(source: Path, target: Path) -> tuple[int, int]:
    """Write people and ties of all innovations, in the order of the source. Returns how many of each."""
    return (
        _join(source, "nodes", PEOPLE, target / "adoption_people.parquet"),
        _join(source, "ties", TIES, target / "adoption_ties.parquet"),
    )


def _join(source: Path, what: str, columns: dict[str, pa.DataType], target: Path) -> int:
    tables = []
    for name in INNOVATIONS:
        options = csv.ConvertOptions(column_types=columns, include_columns=list(columns))
        table = csv.read_csv(source / f"{name}_{what}.csv", convert_options=options)
        tables.append(table.add_column(0, "innovation", pa.array([name] * table.num_rows)))
    whole = pa.concat_tables(tables)
    parquet.write_table(whole, target, compression="zstd", compression_level=19)
    return whole.num_rows


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one argument: the folder of the classic adoption data")
    people, ties = make(Path(sys.argv[1]), Path(__file__).parent)
    print(people, "people,", ties, "ties")
