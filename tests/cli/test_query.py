"""`kmsim query`: what is shown of an answer keeps every digit and every name, and mistakes name the nearest right thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmsim.cli import query
from kmsim.lab.ensemble import run_plan
from tests.lab import stand_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("query") / "mine"
    run_plan(stand_in.plan_of(4), folder, "serial", work=stand_in.do)
    return folder


def answered(kmsim, folder: Path, sql: str, *words: str) -> list[str]:
    said = kmsim("query", str(folder), sql, *words)
    assert (said.code, said.err) == (0, "")
    return said.out.removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    ("sql", "cell"),
    [
        ("9007199254740993", "9007199254740993"),
        ("4611686018427387905", "4611686018427387905"),
        ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
        ("0.1::FLOAT", "0.1"),
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.30000000000000004"),
        ("1.50::DECIMAL(5, 2)", "1.50"),
        ("'nan'::DOUBLE", '""'),
        ("[1, 2]", '"[1, 2]"'),
        ("{'a': 9007199254740993, 'b': NULL}", '"{""a"": 9007199254740993, ""b"": null}"'),
        ("'a'::BLOB || '\\x00'::BLOB", "a\\x00"),
        ("'=cmd()'", "'=cmd()"),
        ("chr(9) || '=1+1'", "'\t=1+1"),
        ("'x' || chr(13) || '=1+1'", '"x\r=1+1"'),
        ("'＝1+1'", "'＝1+1"),
        ("'-0.5'", "-0.5"),
        ("'-0.5 to 1'", "'-0.5 to 1"),
        ("-0.5::DOUBLE", "-0.5"),
        ("TIMESTAMP '2020-01-01 10:00:00'", "2020-01-01 10:00:00"),
    ],
)
def test_csv_keeps_every_digit_beside_a_null(kmsim, folder, sql, cell):
    assert answered(kmsim, folder, f"SELECT unnest([{sql}, NULL]) AS a", "format=csv") == ["a", cell, '""']


def test_a_title_is_no_formula(kmsim, folder):
    assert answered(kmsim, folder, 'SELECT 1 AS "\t=a"', "format=csv") == ["'\t=a", "1"]


def test_bytes_that_are_no_utf8_are_told(kmsim, folder):
    said = kmsim("query", str(folder), "SELECT \udc80")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "UTF-8" in said.err


def test_csv_of_no_rows_is_a_title(kmsim, folder):
    assert answered(kmsim, folder, "SELECT 1 AS a WHERE false", "format=csv") == ["a"]


def test_the_example_of_the_help_has_each_column_once(kmsim, folder):
    sql = next(line for line in query.help_text().splitlines() if "JOIN plan" in line).split("'")[1]
    title, *rows = answered(kmsim, folder, sql, "format=csv")
    names = title.split(",")
    assert len(names) == len(set(names))
    assert len(rows) == 8


def test_a_table_breaks_no_name_and_hides_no_digit(kmsim, folder):
    name = "parameters.c_reinforcement of a very long name"
    lines = answered(kmsim, folder, f'SELECT 7927500.25::DOUBLE AS "{name}", 1e-9, 1e300, [1, NULL]')
    assert lines[0].startswith(f"{name}  ")
    assert lines[2].split() == ["7927500", "1e-09", "1e+300", "[1,", "null]"]


def test_a_title_steers_no_terminal(kmsim, folder):
    assert answered(kmsim, folder, 'SELECT 1 AS "\x1b[31m"')[0] == "\\x1b[31m"


def test_a_comment_may_come_first(kmsim, folder):
    assert answered(kmsim, folder, "-- hello\nSELECT 1 AS a", "format=csv") == ["a", "1"]
    assert answered(kmsim, folder, "--hello\nSELECT 1 AS a", "format=csv") == ["a", "1"]


def test_pivot_works_with_its_values(kmsim, folder):
    sql = "PIVOT runs ON moment IN ('funding_end', 'end') USING count(*) GROUP BY policy"
    assert answered(kmsim, folder, sql, "format=csv") == ["policy,funding_end,end", "coaching,4,4"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("PIVOT runs ON moment USING count(*)", "PIVOT needs the values to make columns of, such as: PIVOT runs ON"),
        (
            "SELECT theta FROM plan",
            'Referenced column "theta" not found in FROM clause; did you mean "parameters.theta" of plan?',
        ),
        (
            "SELECT parameters.theta FROM plan",
            'Referenced table "parameters" not found; did you mean "parameters.theta" of plan?',
        ),
        ("SELECT p.sede FROM plan p", 'does not have a column named "sede"; did you mean "seed"?'),
        (
            "SELECT bb FROM (SELECT 1 AS bbb)",
            'Referenced column "bb" not found in FROM clause! Candidate bindings: "bbb"',
        ),
        ("SELECT xyzzyx FROM plan", 'Referenced column "xyzzyx" not found in FROM clause! Candidate'),
        ("SELECT * FROM rnus", "rnus: not a table of this experiment; did you mean 'runs'?"),
        ("SELECT avgg(seed) FROM plan", "avgg: not a function that a query may call; did you mean 'avg'?"),
        ("SELECT sleep_ms(1)", "sleep_ms: a query may not call this function"),
        ("SELECT 1 +", "syntax error at or near"),
    ],
)
def test_what_the_engine_refuses_is_told_with_the_nearest_right_thing(kmsim, folder, sql, told):
    said = kmsim("query", str(folder), sql)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("kmsim: query: ")
    assert told in said.err
    assert "Error:" not in said.err


def test_the_example_of_its_mistakes_is_one_that_works(kmsim):
    said = kmsim("query")
    assert said.code == 2
    assert said.err.endswith('such as: kmsim query results/sweep/first "SELECT * FROM runs"\n')
