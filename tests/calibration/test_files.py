"""Files of a calibration: whole or not at all, made again where damaged, and a disk that refuses told by name."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from kmsim.calibration import files
from kmsim.calibration.fit import HISTORY, MANIFEST, calibrate
from kmsim.errors import BadValue, KmsimError, RunFailed
from tests.calibration.conftest import SMALLEST


@pytest.mark.parametrize("name", ["clock.json", "waves.json", "region_1.npz", "design/wave_1.000.parquet"])
@pytest.mark.parametrize("data", [b"", b"{", b"[]x", b"garbage" * 100])
def test_a_damaged_file_is_made_again_with_the_same_bits(kept, budget, tmp_path, name, data):
    folder = tmp_path / "kept"
    shutil.copytree(kept[1], folder)
    (folder / MANIFEST).unlink()
    assert (folder / name).exists()
    (folder / name).write_bytes(data)
    with pytest.warns(UserWarning, match=f"{name.split('/')[-1]}: is damaged"):
        again = calibrate(folder, budget, seed=1, workers=1)
    assert again.posterior.equals(kept[0].posterior)
    assert again.predicted.equals(kept[0].predicted)


def test_what_a_killed_one_left_is_cleared_and_what_is_not_ours_is_not(tmp_path):
    folder, other = tmp_path / "kept", tmp_path / "other.txt"
    (folder / "design").mkdir(parents=True)
    other.write_text("mine")
    (folder / "design" / "table.parquet.0123.tmp").write_bytes(b"half")
    (folder / "history.db.0123.tmp-journal").write_bytes(b"half")
    (folder / "link.tmp").symlink_to(other)
    files.clear_temporary(folder)
    assert [one.name for one in folder.rglob("*.tmp*")] == ["link.tmp"]
    assert other.read_text() == "mine"


def test_a_folder_in_which_nothing_was_written_yet_is_begun_anew(budget, tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "config.yaml").write_bytes(b"")
    late = type(budget)(**(vars(budget) | {"max_minutes": 0.0}))
    with pytest.raises(RunFailed, match="no generation"):
        calibrate(folder, late, seed=1, workers=1)
    assert (folder / "config.yaml").stat().st_size
    (folder / "config.yaml").write_bytes(b"")  # beside results: whose?
    with pytest.raises((BadValue, KmsimError), match="new"):
        calibrate(folder, late, seed=1, workers=1)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EFBIG, "the disk is full"),
        (errno.EROFS, "read-only file system"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_what_the_disk_refuses_is_told_with_the_file(tmp_path, number, told):
    def put(stream):
        raise OSError(number, os.strerror(number))

    with pytest.raises(KmsimError, match=f"table.txt: cannot be written: {told}") as error:
        files.write(tmp_path / "table.txt", put)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_other_errors_are_not_taken_for_the_disks(tmp_path):
    with pytest.raises(OSError, match="Too many open files"), files.disk_told(tmp_path):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "others.parquet").write_bytes(b"mine")
    (tmp_path / "table.parquet").symlink_to(tmp_path / "others.parquet")
    with pytest.raises(KmsimError, match=r"table.parquet: a link"):
        files.read_table(tmp_path / "table.parquet")
    assert (tmp_path / "others.parquet").read_bytes() == b"mine"


def test_set_aside_never_takes_a_name_that_is_there(tmp_path):
    for i in range(3):
        (tmp_path / "a.json").write_text(str(i))
        with pytest.warns(UserWarning, match="set aside"):
            files.set_aside(tmp_path / "a.json", "why")
    assert [one.read_text() for one in sorted(tmp_path.iterdir())] == ["0", "1", "2"]


@pytest.mark.parametrize("size", [30_000, None])
def test_a_limit_on_files_is_told_as_a_full_disk_and_the_same_command_goes_on(kept, tmp_path, size):
    """In a process of its own, whose files may have so many bytes: the history needs more, if by one byte."""
    size = size or (kept[1] / HISTORY).stat().st_size - 1
    words = [sys.executable, "-m", "kmsim.cli", "calibrate", "calibration=tiny", "name=mine", "workers=1"]
    words += [f"calibration.{key}={value}" for key, value in SMALLEST.items()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1])),
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (2, "")
    last = said.stderr.strip().splitlines()[-1]
    assert "history.db" in last
    assert "the disk is full" in last
    assert "Traceback" not in said.stderr
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert said.returncode == 0, said.stderr
    folder = tmp_path / "results" / "calibrate" / "mine"
    assert pd.read_parquet(folder / "posterior.parquet").equals(kept[0].posterior)
