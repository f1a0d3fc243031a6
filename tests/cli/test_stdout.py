"""A stdout or stderr that takes nothing: the result is stored all the same, in one line or none, never an internal error."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kmsim.cli import NOBODY_READS, main
from kmsim.cli.streams import StdoutError, standard_streams

FULL = Path("/dev/full")
VILLAGE = ["system=village", "years=2", "funded_years=1"]
RUN = ["run", *VILLAGE, "policy=coaching", "name=a"]
COMPARE = ["compare", *VILLAGE, "policies=business_as_usual,coaching", "replicates=1", "workers=1", "name=a"]
SWEEP = ["sweep", *VILLAGE, "policies=coaching", "design.vary.theta=2,3", "design=grid", "executor=serial", "name=a"]
SWEPT = "results/sweep/a"


class Broken:
    """A stdout that takes nothing, for this reason."""

    encoding = "utf-8"

    def __init__(self, number: int) -> None:
        self.number = number

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))

    flush = write

    def fileno(self) -> int:
        raise OSError("not a file")


def said(words: str, to: str, place: Path | None = None) -> subprocess.CompletedProcess[str]:
    line = f'exec "{sys.executable}" -m kmsim.cli {words} {to}'
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, cwd=place)


@pytest.fixture
def ended(tmp_path, monkeypatch, capsys):
    """Call the command line with a stdout that fails; gives the exit code and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(number: int, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", None if number == errno.EBADF else Broken(number))
            code = main(words)
        return code, capsys.readouterr().err

    return call


# -- what is stored ------------------------------------------------------------------
@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EBADF])
@pytest.mark.parametrize(
    ("words", "file"),
    [(RUN, "results/run/a/outcomes.csv"), (COMPARE, "results/compare/a/report.html"), (SWEEP, f"{SWEPT}/plan.parquet")],
    ids=["run", "compare", "sweep"],
)
def test_a_result_is_stored_whatever_becomes_of_stdout(ended, capsys, number, words, file):
    code, err = ended(number, *words)
    assert Path(file).is_file()
    assert "internal error" not in err
    if number == errno.EPIPE:
        assert code == NOBODY_READS
        assert "kmsim: " not in err
    else:
        assert code == 2
        last = err.splitlines()[-1]
        assert last.startswith("kmsim: stdout")
        assert str(Path(file).parent) in last
    assert main(words) == 0  # shown again, or nothing is missing
    assert capsys.readouterr().out


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EBADF])
@pytest.mark.parametrize(
    "words",
    [
        ["resume", SWEPT, "executor=serial"],
        ["status", SWEPT],
        ["compact", SWEPT],
        ["query", SWEPT, "SELECT * FROM runs"],
        ["query", SWEPT, "SELECT * FROM runs", "format=csv"],
        ["list", "policies"],
        ["show", "coaching"],
        ["--help"],
        ["--version"],
        ["run", "--help"],
    ],
)
def test_every_verb_ends_in_the_documented_code(ended, capsys, number, words):
    assert main(SWEEP) == 0
    code, err = ended(number, *words)
    assert code == (NOBODY_READS if number == errno.EPIPE else 2)
    assert sum(line.startswith("kmsim: ") for line in err.splitlines()) == (0 if number == errno.EPIPE else 1)
    assert "internal error" not in err
    assert main(words) == 0


def test_a_scorecard_a_study_a_calibration_and_the_diffusion_study_store_before_they_show(ended, monkeypatch):
    """Each of them is a stand-in here that takes no time; what is asked is the order."""
    stored: list[str] = []
    monkeypatch.setattr("kmsim.evidence.scorecard.score", lambda *a, **k: None)
    monkeypatch.setattr("kmsim.cli.scorecard.told_as_text", lambda card: "card")
    monkeypatch.setattr("kmsim.report.scorecard.write", lambda *a: stored.append("scorecard"))
    monkeypatch.setattr("kmsim.evidence.standing.write", lambda card: stored.append("standing"))
    assert ended(errno.EPIPE, "scorecard", "name=a", "refresh=true")[0] == NOBODY_READS
    assert stored == ["scorecard", "standing"]

    def calibrated(folder, *more):
        folder.mkdir(parents=True)

    monkeypatch.setattr("kmsim.calibration.fit.calibrate", calibrated)
    monkeypatch.setattr("kmsim.calibration.words.told", lambda found: "told")
    assert ended(errno.ENOSPC, "calibrate", "calibration=tiny", "name=a")[0] == 2
    assert Path("results/calibrate/a/table.txt").read_text(encoding="utf-8") == "told\n"

    written: list[str] = []

    def unread(study, *more):
        written.append(study.number)
        raise StdoutError(errno.EPIPE)

    monkeypatch.setattr("kmsim.cli.study._one", unread)
    assert ended(errno.EPIPE, "study", "01", "02", "size=small")[0] == NOBODY_READS
    assert written == ["01", "02"]


# -- real streams --------------------------------------------------------------------
def test_a_reader_that_leaves_costs_nothing_and_is_told_by_the_exit_code(tmp_path):
    """As with `kmsim run ... 2>&1 | true`: neither stdout nor stderr has a reader."""
    read, write = os.pipe()
    os.close(read)
    try:
        came = subprocess.run([sys.executable, "-m", "kmsim.cli", *RUN], cwd=tmp_path, stdout=write, stderr=write)
    finally:
        os.close(write)
    assert came.returncode == NOBODY_READS
    assert (tmp_path / "results/run/a/outcomes.csv").is_file()


def test_a_stderr_without_a_reader_changes_nothing_on_stdout(tmp_path):
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "kmsim.cli", *RUN]
    try:
        came = subprocess.run(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=write, text=True)
    finally:
        os.close(write)
    assert came.returncode == 0
    assert came.stdout.startswith("coaching")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_take_no_file_and_no_result(tmp_path, closed):
    came = said(" ".join(COMPARE), closed, tmp_path)
    assert came.returncode == (2 if ">&-" in closed.split() else 0)
    assert "internal error" not in came.stderr
    folder = tmp_path / "results/compare/a"
    assert (folder / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert not list(folder.parent.glob(".a.*"))
    again = said(" ".join(COMPARE), "", tmp_path)
    assert again.stdout.rstrip() == (folder / "table.txt").read_text(encoding="utf-8").rstrip()


def test_stdout_that_may_grow_no_further_is_one_line(tmp_path):
    """A limit on the size of files, which the process sets for itself."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); "
        "from kmsim.cli import main; sys.exit(main(['list', 'policies']))"
    )
    with (tmp_path / "out").open("w") as out:
        came = subprocess.run([sys.executable, "-c", code], stdout=out, stderr=subprocess.PIPE, text=True)
    assert came.returncode == 2
    assert came.stderr.startswith("kmsim: stdout: the answer cannot be written: ")
    assert came.stderr.count("\n") == 1


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["list policies", "--help"])
def test_a_full_disk_is_one_line(words):
    came = said(words, f"> {FULL}")
    assert came.stderr == "kmsim: stdout: the answer cannot be written: no space left on device\n"
    assert came.returncode == 2


def test_a_closed_stdout_is_one_line():
    came = said("list policies", ">&-")
    assert came.stderr.startswith("kmsim: stdout is closed: ")
    assert came.stderr.count("\n") == 1
    assert came.returncode == 2


def test_a_closed_stderr_takes_nothing_to_stdout():
    came = said("list polices", "2>&-")
    assert (came.returncode, came.stdout, came.stderr) == (2, "", "")


# -- letters --------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_an_encoding_lacks_are_replaced_by_readable_ones(tmp_path, encoding):
    env = os.environ | {"PYTHONIOENCODING": encoding}
    words = [sys.executable, "-m", "kmsim.cli", *RUN]
    came = subprocess.run(words, cwd=tmp_path, capture_output=True, env=env, check=False)
    assert came.returncode == 0
    assert "paid: " in came.stdout.decode(encoding)
    assert ("GBP " if encoding == "ascii" else "£") in came.stdout.decode(encoding)


def test_csv_is_utf8_whatever_the_terminal_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(SWEEP) == 0
    words = [sys.executable, "-m", "kmsim.cli", "query", SWEPT, "SELECT 'Genève £' AS place", "format=csv"]
    came = subprocess.run(words, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=False)
    assert came.stdout.decode("utf-8").splitlines()[-1] == "Genève £"


def test_streams_are_put_back(capsys):
    before = sys.stdout, sys.stderr
    with standard_streams():
        assert sys.stdout is not before[0]
        print("through")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == "through\n"
