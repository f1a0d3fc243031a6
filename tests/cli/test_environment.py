"""No setting of the environment changes a number or a figure; what cannot be used is refused in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from kmsim.cli.environment import check_place, in_utf8, usable_environment
from kmsim.errors import KmsimError

COMPARE = ["compare", "system=village", "years=2", "funded_years=1", "replicates=1", "name=a"]
COMPARE += ["policies=business_as_usual,coaching"]
FILES = ("summary.csv", "paired.csv", "figures/fan_chart.svg", "figures/cost_effect.svg", "figures/gap.png")
STYLE = """\
font.size: 30
font.weight: bold
path.sketch: 1, 100, 2
svg.fonttype: path
savefig.bbox: tight
savefig.dpi: 40
axes.linewidth: 5
lines.antialiased: False
text.usetex: True
"""
HOSTILE = {
    "other programs": {
        "MPLBACKEND": "Qt4Agg",
        "NUMBA_NUM_THREADS": "0",
        "NUMBA_OPT": "all",
        "OMP_NUM_THREADS": "many",
        "OPENBLAS_NUM_THREADS": "4",
        "COLUMNS": "0",
        "LINES": "few",
        "TZ": "Nowhere/Land",
        "TERM": "",
        "HYDRA_FULL_ERROR": "1",
        "TMPDIR": "/no/such/folder",
        "NO_COLOR": "1",
    },
    "Python's own": {
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONHASHSEED": "7",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
        "LC_ALL": "POSIX",
        "MPLBACKEND": "nonsense",
    },
}


def called(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """`kmsim` in a folder, with more in the environment."""
    place.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "kmsim.cli", *words]
    path = os.pathsep.join(filter(None, sys.path))
    env = os.environ | {"PYTHONPATH": path} | more
    return subprocess.run(command, cwd=place, capture_output=True, env=env, stdin=subprocess.DEVNULL, check=False)


def test_no_setting_changes_a_number_or_a_figure(tmp_path):
    quiet = called(tmp_path / "quiet", *COMPARE)
    assert quiet.returncode == 0, quiet.stderr
    for name, setting in HOSTILE.items():
        place = tmp_path / f"{name} à Genève"
        place.mkdir()
        (place / "matplotlibrc").write_text(STYLE, encoding="utf-8")
        came = called(place, *COMPARE, **setting)
        assert came.returncode == 0, (name, came.stderr)
        assert b"Traceback" not in came.stderr
        for file in FILES:
            kept, first = place / "results/compare/a" / file, tmp_path / "quiet/results/compare/a" / file
            assert kept.read_bytes() == first.read_bytes(), (name, file)


def test_a_settings_file_of_matplotlib_that_is_no_text_is_one_line(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"font.size: \xff\xfe\n")
    came = called(tmp_path, *COMPARE, "workers=1")
    assert came.returncode == 2
    last = came.stderr.decode().splitlines()[-1]
    assert last.startswith("kmsim: matplotlib")
    assert "matplotlibrc" in last
    assert not (tmp_path / "results").exists()


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    place = tmp_path / "gone"
    place.mkdir()
    line = f'rmdir "{place}" && exec "{sys.executable}" -P -m kmsim.cli status x'
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # Python itself would stop at it
    came = subprocess.run(["sh", "-c", line], cwd=place, capture_output=True, text=True, env=env, check=False)
    assert came.returncode == 2
    assert came.stderr.startswith("kmsim: the folder you are in is gone")
    assert came.stderr.count("\n") == 1


def test_names_that_are_not_utf8_are_one_line(tmp_path):
    odd = os.fsdecode(b"caf\xe9")
    (tmp_path / odd).mkdir()
    for place, words in ((tmp_path / odd, ["status", "x"]), (tmp_path, ["resume", odd])):
        came = called(place, *words)
        assert came.returncode == 2
        assert b"caf\\xe9" in came.stderr
        assert b"UTF-8" in came.stderr
        assert came.stderr.count(b"\n") == 1
    assert called(tmp_path / odd, "list", "policies").returncode == 0


def test_a_locale_without_utf8_begins_again_in_utf8(monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    command, environment = in_utf8(["python", "-m", "kmsim.cli", "run"], {"LANG": "en_GB.ISO-8859-1"})
    assert command == [sys.executable, "-m", "kmsim.cli", "run"]
    assert environment["PYTHONUTF8"] == "1"
    assert environment["PYTHONIOENCODING"] == sys.stdout.encoding  # what the terminal shows
    assert in_utf8(command, environment) is None
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "utf-8")
    assert in_utf8(command, {}) is None


def test_warnings_that_are_errors_are_warnings_and_all_is_put_back(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error,ignore::DeprecationWarning")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        filters = list(warnings.filters)
        with usable_environment():
            assert os.environ["PYTHONWARNINGS"] == "ignore::DeprecationWarning"
            assert os.environ["MPLBACKEND"] == "agg"
            with warnings.catch_warnings(record=True):
                warnings.warn("told", UserWarning, stacklevel=1)
        assert list(warnings.filters) == filters
    assert os.environ["PYTHONWARNINGS"].startswith("error")
    assert "MPLBACKEND" not in os.environ


def test_words_that_are_utf8_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_place(["status", "Genève"])
    with pytest.raises(KmsimError, match="UTF-8"):
        check_place([os.fsdecode(b"\xff")])
