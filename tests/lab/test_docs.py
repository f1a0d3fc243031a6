"""docs/lab.md is run: every block of bash and Python on it, in order, in one empty folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "lab.md"
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_is_run_from_top_to_bottom(tmp_path):
    pytest.importorskip("distributed")
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, module in {"kmsim": "kmsim.cli", "dask": "dask"}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (commands / name).chmod(0o755)
    place = tmp_path / "empty"
    place.mkdir()
    env = os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(PAGE.parents[1]), *sys.path]),
        "KMSIM_CONFIGS": "",
    }
    assert len(BLOCKS) > 8
    for language, text in BLOCKS:
        words = ["bash", "-e", "-c", text] if language == "bash" else [sys.executable, "-c", text]
        done = subprocess.run(words, cwd=place, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    assert {path.name for path in (place / "results" / "sweep").iterdir()} > {"first", "on-dask", "on-a-cluster"}
