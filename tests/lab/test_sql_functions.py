"""Every function of the pinned DuckDB is either allowed in a query or denied, by name."""

from __future__ import annotations

import duckdb
import pytest

from kmsim.lab.sql_functions import ALLOWED, DENIED, TABLES_ALLOWED, TABLES_DENIED, may_call, may_make_table

TABLES = ("table", "table_macro", "pragma")
OPERATORS = ("is distinct from", "is not distinct from")  # never called by name


def functions(tables: bool) -> list[str]:
    rows = duckdb.connect().execute("SELECT DISTINCT lower(function_name), function_type FROM duckdb_functions()")
    return sorted({name for name, kind in rows.fetchall() if (kind in TABLES) == tables})


def test_each_function_is_in_one_list():
    values = [n for n in functions(tables=False) if not may_call(n) and n not in (*DENIED, *OPERATORS)]
    tables = [
        n for n in functions(tables=True) if not may_make_table(n) and n not in (*TABLES_DENIED, *ALLOWED, *DENIED)
    ]
    assert (values, tables) == ([], []), "a new DuckDB has these functions: put each into the right list"
    assert not ALLOWED & DENIED
    assert not TABLES_ALLOWED & TABLES_DENIED


@pytest.mark.parametrize(
    "kind",
    ["setting", "env", "secret", "log", "sleep", "read_", "scan", "glob", "parquet_", "sniff", "pragma", "query"],
)
def test_no_allowed_function_reads_what_is_outside(kind):
    harmless = {"log", "log10", "log2"}  # logarithms
    assert [name for name in ALLOWED | TABLES_ALLOWED if kind in name and name not in harmless] == []


def test_what_the_engine_says_has_side_effects_is_denied():
    """But for chance, the clock and errors, which change nothing outside the query."""
    rows = duckdb.connect().execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE' OR has_side_effects"
    )
    allowed = {name for (name,) in rows.fetchall() if may_call(name)}
    assert allowed <= {"random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error"}
