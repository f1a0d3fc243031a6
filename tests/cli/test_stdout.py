"""A place for the answer that takes nothing: one line, and never an internal error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def said(words: str, to: str) -> subprocess.CompletedProcess[str]:
    line = f'exec "{sys.executable}" -m kmsim.cli {words} {to}'
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["list policies", "--help"])
def test_a_full_disk_is_one_line(words):
    came = said(words, f"> {FULL}")
    assert came.stderr == "kmsim: stdout: the answer cannot be written: no space left on device\n"
    assert came.returncode == 2


def test_a_closed_stdout_is_one_line():
    came = said("list policies", ">&-")
    assert came.stderr == "kmsim: stdout is closed: expected a place for the answer, such as > answer.txt\n"
    assert came.returncode == 2


def test_a_closed_stderr_takes_nothing_to_stdout():
    came = said("list polices", "2>&-")
    assert (came.returncode, came.stdout, came.stderr) == (2, "", "")
