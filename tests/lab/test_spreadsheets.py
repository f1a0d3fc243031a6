"""CSV that no spreadsheet runs: cells and column names, whatever stands before a formula, and what is quoted."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.lab.spreadsheets import FORMULA, csv_text, harmless, original, rows_to, write_csv

BEFORE = ["", "\t", "\r", "\n", "\r\n", " ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\x00", "\t \r"]
SIGNS = [*FORMULA, "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_is_found_behind_what_is_not_seen(before, sign):
    text = f"{before}{sign}1+1"
    assert harmless(text) == f"'{text}" or text.lstrip("+-").isdigit()
    assert harmless(f"{before}{sign}cmd()") == f"'{before}{sign}cmd()"
    assert original(harmless(text)) == text


@pytest.mark.parametrize("text", ["-0.5", "+3", "-1e-9", "-.5", "1", "a=b", "", " ", "2020-01-01", "'tis", "\t"])
def test_numbers_and_other_texts_stay(text):
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["-1+1", "\t-0.5", "-0.5 to 0.5", "+44 20", "--1", "-", "=1", "-0.5\n"])
def test_what_only_begins_as_a_number_does_not(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("kind", ["object", "string", "category"])
def test_every_kind_of_text_column_and_every_name_is_made_harmless(kind):
    frame = pd.DataFrame({"=n": [-0.5, 2.0], "\t@t": pd.Series(["=1", "b"], dtype=kind), 3: [None, "-x"]})
    rows = [*csv.reader(io.StringIO(csv_text(frame), newline=""))]
    assert rows == [["'=n", "'\t@t", "3"], ["-0.5", "'=1", ""], ["2.0", "b", "'-x"]]
    assert list(frame) == ["=n", "\t@t", 3]  # the table itself is as it was


@given(st.lists(st.lists(st.text(alphabet="ab=+-@,\"'\r\n\t é＝", max_size=5), min_size=2, max_size=2), min_size=1))
def test_every_text_comes_back(rows):
    stream = io.StringIO(newline="")
    rows_to(stream).writerows([[harmless(cell) for cell in row] for row in rows])
    found = [*csv.reader(io.StringIO(stream.getvalue(), newline=""))]
    assert all(cell.lstrip()[:1] not in FORMULA for row in found for cell in row)
    assert [[original(cell) for cell in row] for row in found] == [
        [cell if not cell.startswith("'") else original(cell) for cell in row] for row in rows
    ]


def test_a_line_end_inside_a_cell_is_quoted(tmp_path):
    frame = pd.DataFrame({"a": ["x\r=1+1", "y\n=2", "z"]})
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b'a\n"x\r=1+1"\n"y\n=2"\nz\n'
