"""Content of files: what is noted, what is refused, and what of a path counts."""

from __future__ import annotations

import os

import pytest

from kmsim import contents
from kmsim.errors import BadValue, KmsimError


def test_what_is_read_is_noted_with_its_content(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"one")
    with contents.noted() as outer:
        with contents.noted() as inner:
            assert contents.read(file, "system.path") == b"one"
        with contents.unnoted():
            contents.note("elsewhere", b"")
    assert inner == outer == {str(file): contents.sha256_of(b"one")}
    contents.read(file, "system.path")
    assert len(outer) == 1


def test_other_content_is_refused_though_size_and_time_are_the_same(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"one")
    planned, told = contents.sha256_of(b"one"), file.stat()
    assert contents.read_planned(file, planned, "system.path") == b"one"
    file.write_bytes(b"two")
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    with pytest.raises(KmsimError, match=r"system.path=.*a.csv: has changed since it was planned"):
        contents.read_planned(file, planned, "system.path")


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe.csv", "a\0b"):
        with pytest.raises(BadValue, match="system.path="):
            contents.read(path, "system.path")


def test_a_path_counts_only_where_no_content_stands_beside_it():
    one = {"files": [{"path": "a", "sha256": "x"}], "system": {"path": "a", "sha256": "x"}, "path": "a"}
    assert contents.without_paths(one) == {"files": [{"sha256": "x"}], "system": {"sha256": "x"}, "path": "a"}
