"""Make `england_schools_2019.parquet` from the project's table of schools. Run once by hand; the product never does.

Use: python kmsim/data/make.py /path/to/england_schools_2019.csv.gz
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

COLUMNS = {
    "urn": pa.int32(),
    "name": pa.string(),
    "phase": pa.string(),
    "pupils": pa.float32(),
    "fsm_pct": pa.float32(),
    "la_name": pa.string(),
    "region": pa.string(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "coord_is_estimate": pa.bool_(),
    "trust_uid": pa.float64(),
    "trust_name": pa.string(),
    "trust_type": pa.string(),
    "federation_uid": pa.float64(),
    "teachers_fte": pa.float32(),
    "teachers_fte_is_estimate": pa.bool_(),
    "teachers_headcount": pa.float32(),
}


def make(source: Path, target: Path) -> int:
    """Write the columns that the model reads, one row a school in order of URN. Returns the number of schools."""
    options = csv.ConvertOptions(column_types=COLUMNS, include_columns=list(COLUMNS), strings_can_be_null=True)
    table = csv.read_csv(source, convert_options=options).sort_by("urn")
    for uid in ("trust_uid", "federation_uid"):  # whole numbers, written as floats where some are missing
        table = table.set_column(table.schema.get_field_index(uid), uid, table[uid].cast(pa.int32()))
    parquet.write_table(table, target, compression="zstd", compression_level=19)
    return table.num_rows


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one argument: the path of england_schools_2019.csv.gz")
    print(make(Path(sys.argv[1]), Path(__file__).with_name("england_schools_2019.parquet")), "schools")
