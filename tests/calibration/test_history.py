"""The history of ABC-SMC: damaged ones are made again, a new one is there whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from kmsim.calibration.fit import HISTORY, MANIFEST, calibrate
from kmsim.calibration.history import address, fault, make_sure
from kmsim.errors import KmsimError

FILES = (MANIFEST, "posterior.parquet", "predictive.parquet", "particles.parquet", "trace.parquet")


def half(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without(table):
    def do(file):
        with sqlite3.connect(file) as database:
            database.execute(f"DELETE FROM {table}")

    return do


DAMAGES = {
    "empty": lambda file: file.write_bytes(b""),
    "one byte": lambda file: file.write_bytes(b"S"),
    "the head alone": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "half": half,
    "garbage": lambda file: file.write_bytes(b"garbage " * 1000),
    "text": lambda file: file.write_text("not a database"),
    "garbage in the middle": lambda file: file.write_bytes(file.read_bytes()[:5000] + b"\xff" * 4096 + file.read_bytes()[9096:]),
    "no version": without("version"),
    "no run": without("abc_smc"),
    "no populations": without("populations"),
    "another version": lambda file: sqlite3.connect(file).executescript("UPDATE version SET version_num = '0'"),
    "no tables": lambda file: (file.unlink(), sqlite3.connect(file).executescript("CREATE TABLE a (b)")),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_one_is_found_out(kept, tmp_path, name):
    file = tmp_path / HISTORY
    shutil.copyfile(kept[1] / HISTORY, file)
    assert fault(file) == ""
    DAMAGES[name](file)
    assert fault(file)
    made = []
    with pytest.warns(UserWarning, match=r"history.db: is damaged .* set aside as history.db.damaged and made again"):
        make_sure(file, lambda place: (made.append(place), shutil.copyfile(kept[1] / HISTORY, place[10:])))
    assert len(made) == 1
    assert fault(file) == ""
    assert (tmp_path / f"{HISTORY}.damaged").exists()
    make_sure(file, lambda place: pytest.fail("a sound one is made again"))


@pytest.mark.parametrize("name", ["empty", "half", "no run"])
def test_a_calibration_goes_on_from_a_damaged_one_with_the_same_bits(kept, budget, tmp_path, name):
    folder = tmp_path / "kept"
    shutil.copytree(kept[1], folder)
    (folder / MANIFEST).unlink()
    DAMAGES[name](folder / HISTORY)
    with pytest.warns(UserWarning, match="is damaged"):
        again = calibrate(folder, budget, seed=1, workers=1)
    assert again.posterior.equals(kept[0].posterior)
    assert again.trace.equals(kept[0].trace)


def test_a_new_one_is_there_whole_or_not_at_all(tmp_path):
    file = tmp_path / HISTORY

    def broken_off(place):
        sqlite3.connect(place[10:]).executescript("CREATE TABLE a (b)")
        assert not file.exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sure(file, broken_off)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_refused_and_left(kept, tmp_path):
    other = tmp_path / "others.db"
    other.write_bytes(b"")
    (tmp_path / HISTORY).symlink_to(other)
    with pytest.raises(KmsimError, match=r"history.db: a link"):
        make_sure(tmp_path / HISTORY, lambda place: None)
    assert (tmp_path / HISTORY).is_symlink()
    assert other.read_bytes() == b""


def test_what_is_no_file_is_refused_and_left(tmp_path):
    (tmp_path / HISTORY).mkdir()
    with pytest.raises(KmsimError, match=r"history.db: a folder where a file is expected"):
        make_sure(tmp_path / HISTORY, lambda place: None)


def test_an_address_is_of_a_file(tmp_path):
    assert address(tmp_path / "a.db") == f"sqlite:///{tmp_path.resolve() / 'a.db'}"


def full(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(KmsimError, match=r"history.db: cannot be written: database or disk is full"):
        make_sure(tmp_path / HISTORY, full)
    assert list(tmp_path.iterdir()) == []
