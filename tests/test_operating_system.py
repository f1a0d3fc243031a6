"""What the system refuses is one line that names the cause, whoever reports it and however."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from kmsim.cli import main
from kmsim.lab.work import Batch, Came
from kmsim.operating_system import FILES, MEMORY, PROCESSES, is_limit, refusal


def of_library(text: str, cause: BaseException | None = None) -> Exception:
    error = RuntimeError(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "a/b"), "a/b: read-only file system"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES), b"a/b"), "a/b: permission denied"),
        (OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)), "file name too long"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "a"), f"a: {FILES}"),
        (OSError(errno.ENOENT, "No usable temporary directory found in ['/A']"), "no usable temporary directory found in ['/A']"),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), PROCESSES),
        (MemoryError(), MEMORY),
        (of_library("can't start new thread"), PROCESSES),
        (of_library('IO Error: Cannot open file "x": Too many open files'), FILES),
        (of_library("(sqlite3.OperationalError) database or disk is full"), "no space left on device"),
        (ImportError("libx.so: failed to map segment from shared object"), MEMORY),
        (of_library("something else", OSError(errno.ENOSPC, "No space left on device")), "no space left on device"),
    ],
)  # fmt: skip
def test_every_way_of_telling_is_known(error, line):
    assert refusal(error) == line


@pytest.mark.parametrize(
    "error", [ValueError("three"), of_library("x", FileNotFoundError(2, "No such file")), KeyError("memory")]
)
def test_other_errors_are_not_the_systems(error):
    assert refusal(error) is None
    assert not is_limit(error)


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.EMFILE, "x"), OSError(errno.EROFS, os.strerror(errno.EROFS), "results")]
)
def test_any_verb_ends_with_one_line_and_2(tmp_path, monkeypatch, capsys, error):
    def refused(*given, **more):
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kmsim.cli.list.main", refused)
    assert main(["list", "policies"]) == 2
    err = capsys.readouterr().err
    assert err == f"kmsim: {refusal(error)}\n"


@pytest.mark.parametrize(
    ("error", "told"), [(MemoryError(), "not enough memory"), (OSError(errno.EMFILE, "x"), "too many open files")]
)
def test_runs_that_lack_memory_or_files_stop_with_2_and_what_is_done_is_kept(
    tmp_path, monkeypatch, capsys, error, told
):
    def refused(*given, **more):
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kmsim.lab.work.do.__defaults__", (refused,))
    words = ["compare", "system=village", "years=2", "funded_years=1", "policies=coaching", "replicates=1", "workers=1"]
    assert main([*words, "name=a"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"kmsim: {told}")
    assert "0 of 1 runs are kept; go on with: " in last
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert main([*words, "name=a"]) == 0


def test_a_batch_says_whether_the_system_refused():
    batch = Batch(None, (0,))  # type: ignore[arg-type]
    assert not Came(batch).refused


@pytest.mark.parametrize(
    ("limit", "words", "told"),
    [
        ("RLIMIT_AS, (300 << 20, 300 << 20)", ["compare", "system=village"], "not enough memory"),
        ("RLIMIT_AS, (100 << 20, 100 << 20)", ["status", "x"], "not enough memory"),
        (
            "RLIMIT_NOFILE, (16, 16)",
            ["sweep", "system=village", "policies=coaching", "replicates=2", "workers=2", "name=a", "years=2", "funded_years=1"],
            "too many open files",
        ),
    ],
)  # fmt: skip
def test_a_limit_of_the_process_is_one_line(tmp_path, limit, words, told):
    code = f"import resource, sys; resource.setrlimit(resource.{limit}); from kmsim.cli import main; sys.exit(main({words!r}))"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    came = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=env, check=False
    )
    assert came.returncode == 2, came.stderr
    assert "Traceback" not in came.stderr
    assert told in came.stderr.splitlines()[-1]
