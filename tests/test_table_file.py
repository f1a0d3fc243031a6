"""Files that a user names as tables: regular, bounded, and decoded by their bytes."""

from __future__ import annotations

import os

import pytest

from kmsim.errors import BadValue, KmsimError
from kmsim.table_file import check_columns, decode, read_bytes, shown


def test_a_regular_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    assert read_bytes(tmp_path / "a.csv", "path") == read_bytes(tmp_path / "link.csv", "path") == b"a,b\n"


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, kind in (("", "folder"), ("pipe", "pipe"), ("to_pipe", "pipe"), ("nowhere", "no such"), ("loop", "")):
        with pytest.raises(BadValue) as error:
            read_bytes(tmp_path / name, "system.path")
        assert error.value.key == "system.path"
        assert kind in str(error.value)
    with pytest.raises(BadValue, match="NUL"):
        read_bytes("a\0b", "system.path")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(BadValue, match="at most"):
        read_bytes(tmp_path / "sparse.csv", "path")
    (tmp_path / "a.csv").write_bytes(b"abc")
    assert read_bytes(tmp_path / "a.csv", "path", most=3) == b"abc"
    with pytest.raises(BadValue):
        read_bytes(tmp_path / "a.csv", "path", most=2)


@pytest.mark.parametrize("text", ["St Anne’s\n", "plain\n", "Ynys Môn\nCafé\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_bytes_decide_the_encoding(text, encoding):
    assert decode(text.encode(encoding), "a.csv", windows=True) == text


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"a\r\nb\r\nSt Anne\x81s\r\n", 3, "0x81"),
        (b"a\rb\rSt Anne\x81s\r", 3, "0x81"),
        (b"\xef\xbb\xbfa\nCaf\xe9\n", 2, "0xe9"),
        ("a\nCafé\n".encode() + b"Caf\xe9\n", 3, "two encodings"),
        (b"a\nb\0c\n", 2, "NUL"),
    ],
)
def test_bytes_without_a_meaning_are_told_by_line(data, line, word):
    with pytest.raises(KmsimError) as error:
        decode(data, "a.csv", windows=True)
    assert f"a.csv, line {line}" in str(error.value)
    assert word in str(error.value)


def test_windows_letters_are_refused_where_only_utf8_is_read():
    with pytest.raises(KmsimError, match="line 2.*CSV UTF-8"):
        decode(b"a\nCaf\xe9\n", "a.csv")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"\x1f\x8brest", "gzip"),
        (b"PAR1rest", "Parquet"),
        ("URN,a\n".encode("utf-16"), "UTF-16"),
        ("URN,a\n".encode("utf-16-le"), "UTF-16"),
        ("URN,a\n".encode("utf-32-be"), "UTF-16"),
        (b"<!DOCTYPE html><html>", "web page"),
    ],
)
def test_what_is_no_text_is_told(data, word):
    with pytest.raises(KmsimError, match=word):
        decode(data, "a.csv", windows=True)


def test_names_of_columns_are_bounded():
    check_columns(["theta", ""], "a.csv")
    for names in (["x"] * 2_001, ["x" * 201], ["a\u202eb"], ["a\nb"]):
        with pytest.raises(KmsimError, match="a.csv") as error:
            check_columns(names, "a.csv")
        assert str(error.value).isprintable()
        assert len(str(error.value)) < 300


def test_what_is_shown_is_short_and_prints():
    assert shown("a\u202e\n") == r"a\u202e\n"
    assert len(shown("\n" * 1000)) <= 60
