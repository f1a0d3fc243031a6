"""The real thing, small: a run and a comparison on the village, from words to files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import kmsim as kmsim_package

SMALL = ("system=village", "years=2", "funded_years=1")


def test_a_run_of_the_village(kmsim):
    said = kmsim("run", *SMALL, "policy=coaching", "name=first")
    assert said.code == 0, said.err
    assert "coaching" in said.out
    here = Path("results/run/first")
    assert {"outcomes.csv", "table.txt", "config.yaml", "manifest.json"} <= {p.name for p in here.iterdir()}
    again = kmsim("run", *SMALL, "policy=coaching", "name=first")
    assert (again.code, again.out) == (0, said.out)
    assert "shown again" in again.err
    other = kmsim("run", *SMALL, "policy=coaching", "name=first", "seed=2")
    assert other.code == 2
    assert "seed 1 (now 2)" in other.err


@pytest.fixture(scope="module")
def words() -> tuple[str, ...]:
    return ("compare", *SMALL, "policies=business_as_usual,coaching", "replicates=2", "workers=1", "name=two")


def test_a_comparison_of_two_policies_on_the_village(kmsim, words):
    said = kmsim(*words)
    assert said.code == 0, said.err
    for policy in ("business_as_usual", "coaching"):
        assert policy in said.out
    assert "of 2" in said.out
    here = Path("results/compare/two")
    there = {p.name for p in here.iterdir()}
    assert {"summary.csv", "paired.csv", "trajectories.parquet", "report.html", "config.yaml", "manifest.json"} <= there
    assert {p.suffix for p in (here / "figures").iterdir()} >= {".png", ".svg"}
    config = yaml.safe_load((here / "config.yaml").read_text(encoding="utf-8"))
    assert (config["years"], config["replicates"], config["system"]["name"]) == (2, 2, "village")
    manifest = json.loads((here / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seeds"] == [1, 2]
    again = kmsim(*words)
    assert (again.code, again.out) == (0, said.out)
    refused = kmsim(*words, "budget=1")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "budget auto (now 1" in refused.err


def test_workers_never_change_what_is_kept(kmsim, words):
    kmsim(*words)
    again = kmsim(*[w for w in words if not w.startswith("workers")], "workers=2")
    assert again.code == 0
    assert "shown again" in again.err


def test_the_readmes_example_runs(capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    seen: dict = {}
    exec(example, seen)
    assert list(seen["model"].outcomes.columns) == ["policy", "seed", "practice", "tick", "year", "outcome", "value"]
    assert "teachers" in capsys.readouterr().out


def test_a_file_in_the_folder_that_has_a_modules_name_is_never_run(tmp_path):
    for name in ("numexpr.py", "random.py", "kmsim.py"):
        (tmp_path / name).write_text("open('it_ran', 'w')\n")
    words = ("sweep", *SMALL, "policies=coaching", "design=grid", "replicates=2", "workers=2")
    command = [sys.executable, "-P", "-m", "kmsim.cli", *words]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 runs are done" in done.stdout + done.stderr
    assert not (tmp_path / "it_ran").exists()


def test_a_run_from_python_takes_numpys_numbers_and_has_a_report(tmp_path):
    found = kmsim_package.run(system="village", policy="coaching", years=np.int64(2), funded_years=1, seed=np.int32(3))
    assert set(found.outcomes.seed) == {3}
    page = found.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Illustrative model, not a forecast" in page
