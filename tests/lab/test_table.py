"""Tables of users: numbers are numbers, all else is harmless text, and what cannot be used is told by its row."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.errors import KmsimError
from kmsim.lab.design import read_design
from kmsim.lab.table import read_table


def columns(path) -> dict[str, list]:
    return {name: [column[i] for i in range(len(column))] for name, column in read_table(path).items()}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("theta,r_try\n1,2\n3,4.5\n", {"theta": [1, 3], "r_try": [2.0, 4.5]}),
        ("\ufefftheta\r\n1\r\n", {"theta": [1]}),
        ("theta\r1\r3\r", {"theta": [1, 3]}),
        ("theta\n1\n\n\n", {"theta": [1]}),
        ("budget\n9007199254740993\n0.5\n", {"budget": [2**53 + 1, 0.5]}),
        ("budget\n9223372036854775809\n", {"budget": [2**63 + 1]}),
        ("theta\n 1 \n2.\n.5\n1e-1\n", {"theta": [1.0, 2.0, 0.5, 0.1]}),
        (
            'system.la,budget\n"Bristol, City of",null\nKing\'s,1e6\n',
            {"system.la": ["Bristol, City of", "King's"], "budget": [None, 1e6]},
        ),
        # what a spreadsheet would run, or other programs would take for numbers, stays text
        (
            "theta\n=1+1\n+1\n@x\n0x10\n1_0\nnan\ninf\n٣\n",
            {"theta": ["=1+1", "+1", "@x", "0x10", "1_0", "nan", "inf", "٣"]},
        ),
        ("theta\n<script>alert(1)</script>\n1\n", {"theta": ["<script>alert(1)</script>", 1]}),
        ("theta\n${oc.env:HOME}\n1\n", {"theta": ["${oc.env:HOME}", 1]}),
    ],
)
def test_cells(tmp_path, text, meant):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    assert columns(path) == meant


def test_parquet(tmp_path):
    path = tmp_path / "mine.parquet"
    names = pa.array(["a", "b"]).dictionary_encode()
    pq.write_table(pa.table({"x": [1, 2], "y": pa.array([0.5, 1], pa.float32()), "z": names, "w": [True, False]}), path)
    assert columns(path) == {"x": [1, 2], "y": [0.5, 1.0], "z": ["a", "b"], "w": [True, False]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "expected the names of the columns in the first line"),
        (b"theta\n", "expected at least one row"),
        (b"theta,theta\n1,2\n", "expected each name once"),
        (b"theta;b0\n1;2\n", "expected commas between columns, not semicolons"),
        (b"theta;b0\r1;2\r", "expected commas between columns, not semicolons"),
        (b"theta\tb0\n1\t2\n", "expected commas between columns, not tabs"),
        (b"theta,b0\n1\n", "row 1: 1 cells; expected 2, one for each column"),
        (b"theta\n1\n2\n1,2\n", "row 3: 2 cells; expected 1, one for each column"),
        (b"theta\n1\n\n3\n", "row 2: an empty line; expected a value in each column"),
        (b'theta\n1\n"2\n3\n', "row 2: a quote that is not closed"),
        ("theta\n1\n".encode("utf-16"), "UTF-16; save it as CSV UTF-8"),
        ("system.la\nÉ\n".encode("latin-1"), "line 2: byte 0xc9: expected text in UTF-8; save it as CSV UTF-8"),
        (b"theta,b0\n1,2\n3,\n", "row 2, column b0: empty; expected a number or a name"),
        (b"theta\n1\n\x1b[31m\n", "row 2, column theta: letters that do not print"),
        (b'theta\n"a\nb"\n', "row 1, column theta: letters that do not print"),
        (b"\x00\n1\n", "line 1: a NUL character"),
        (b"theta\n\xff\xfe\n", "line 2: byte 0xff: expected text in UTF-8"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, content, told):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(KmsimError) as error:
        read_table(path)
    assert "mine.csv" in str(error.value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_other_files(tmp_path):
    for name, content, told in (
        ("x.xlsx", b"PK", "expected a .csv or .parquet file"),
        ("x.parquet", b"PAR1", "cannot be read"),
        ("none.csv", None, "no such file"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(KmsimError, match=told):
            read_table(tmp_path / name)
    pq.write_table(pa.table({"x": [[1]]}), tmp_path / "nested.parquet")
    with pytest.raises(KmsimError, match="column x: expected numbers or texts, not list"):
        read_table(tmp_path / "nested.parquet")
    pq.write_table(pa.table({"x": [1, None]}), tmp_path / "null.parquet")
    with pytest.raises(KmsimError, match="row 2, column x: empty"):
        read_table(tmp_path / "null.parquet")
    pq.write_table(pa.table({"x": pa.array([2**63 + 1, 2], pa.uint64())}), tmp_path / "large.parquet")
    assert columns(tmp_path / "large.parquet") == {"x": [2**63 + 1, 2]}
    (tmp_path / "UP.CSV").write_text("theta\n1\n")
    assert columns(tmp_path / "UP.CSV") == {"theta": [1]}


def test_columns_are_keys(tmp_path):
    path = tmp_path / "mine.csv"
    for head, told in (
        ("thta", "did you mean 'theta'"),
        ("theta,parameters.theta", "parameters.theta stands twice"),
        ("policy", "policies are levers"),
        ("ownership", "did you mean 'network.ownership'"),
        (
            "id",
            "column id: not a key that can vary; name a key, such as theta or network.ownership, or remove the column",
        ),
        ("scenario", "column scenario: not a key that can vary; name a key"),
        ("__index_level_0__", "not a key that can vary; name a key"),
        ("theta,", "a column without a name; name a key"),
    ):
        path.write_text(f"{head}\n" + ",".join("1" for _ in head.split(",")) + "\n")
        with pytest.raises(KmsimError, match=told):
            read_design({"kind": "table", "path": str(path)}).scenarios()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_no_file_makes_a_traceback(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "x.csv"
    path.write_bytes(b"theta,b0\n" + content)
    try:
        read_table(path)
    except KmsimError as error:
        assert "\n" not in str(error) and str(error).isprintable()  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 400))
def test_no_damaged_parquet_makes_a_traceback(tmp_path_factory, content, at):
    path = tmp_path_factory.mktemp("t") / "x.parquet"
    pq.write_table(pa.table({"theta": [1.0, 2.0], "practice": ["a", "b"]}), path)
    data = bytearray(path.read_bytes())
    data[at : at + len(content)] = content
    path.write_bytes(data)
    try:
        read_table(path)
    except KmsimError as error:
        assert "\n" not in str(error) and str(error).isprintable()  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("theta\n" + "1e999\n", ("row 1", "theta", "finite")),
        ("theta\n2\n-1e999\n", ("row 2", "theta", "finite")),
        ("practice\na\n" + "x" * 2000 + "\n", ("row 2", "practice", "1,000 characters")),
        ("x" * 500 + "\n1\n", ("at most 200",)),
        ("the\u202eta\n1\n", (r"the\u202eta", "print")),
        (",".join(f"c{i}" for i in range(5000)) + "\n", ("5,000 columns", "at most 2,000")),
    ],
)
def test_names_cells_and_numbers_are_bounded(tmp_path, text, words):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KmsimError) as error:
        read_table(path)
    for word in ("mine.csv", *words):
        assert word in str(error.value)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"theta": [1.0, float("nan")]}, ("row 2", "theta", "finite")),
        ({"theta": [1.0, 2.0, float("inf")]}, ("row 3", "theta", "finite")),
        ({"theta": [{"a": 1}]}, ("theta", "struct")),
        ({"theta": pa.array([1], pa.decimal128(5, 2))}, ("theta", "decimal128")),
        ({"theta": pa.array([1], pa.timestamp("s"))}, ("theta", "timestamp")),
        ({"theta": pa.array([b"a"], pa.binary())}, ("theta", "binary")),
        ({"practice": ["x" * 2000]}, ("practice", "2,000 characters")),
        ({"x" * 500: [1]}, ("at most 200",)),
        ({"a\nb": [1]}, (r"a\nb",)),
        ({f"c{i}": [1] for i in range(2001)}, ("2,001 columns",)),
    ],
)
def test_parquet_is_bounded_by_its_metadata(tmp_path, table, words):
    pq.write_table(pa.table(table), tmp_path / "mine.parquet")
    with pytest.raises(KmsimError) as error:
        read_table(tmp_path / "mine.parquet")
    for word in ("mine.parquet", *words):
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_few_bytes_of_parquet_never_become_many(tmp_path):
    rows = pa.table({"theta": pa.array(np.zeros(3_000_000))})
    pq.write_table(rows, tmp_path / "rows.parquet", compression="zstd")
    with pytest.raises(KmsimError, match="3,000,000 rows; expected at most 2,000,000"):
        read_table(tmp_path / "rows.parquet")
    codes = pa.DictionaryArray.from_arrays(np.zeros(1_000_000, np.int32), ["x" * 900])
    pq.write_table(pa.table({"practice": codes}), tmp_path / "words.parquet", compression="zstd")
    assert (tmp_path / "words.parquet").stat().st_size < 100_000
    with pytest.raises(KmsimError, match="practice: a text of 900 characters"):
        read_table(tmp_path / "words.parquet")


def test_texts_of_parquet_that_are_no_utf8_are_told_by_row(tmp_path):
    bad = pa.array([b"coaching", b"Caf\xe9", b"x"], pa.binary()).view(pa.string())
    for name, column in (("plain", bad), ("coded", bad.dictionary_encode())):
        pq.write_table(pa.table({"practice": column}), tmp_path / f"{name}.parquet")
        with pytest.raises(KmsimError, match="row 2, column practice: expected text in UTF-8"):
            read_table(tmp_path / f"{name}.parquet")


def test_parquet_text_is_read_as_before(tmp_path):
    coded = pa.array(["a", "b", "a"]).dictionary_encode()
    pq.write_table(pa.table({"x": ["1", "2", "3"], "y": coded, "z": [True, False, True]}), tmp_path / "m.parquet")
    assert columns(tmp_path / "m.parquet") == {"x": [1, 2, 3], "y": ["a", "b", "a"], "z": [True, False, True]}


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(KmsimError, match="pipe"):
        read_table(tmp_path / "pipe.csv")
