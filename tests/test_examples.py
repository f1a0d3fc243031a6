"""The examples in docstrings run, and say what they say: every module of kmsim that has any.

Where an extra is not installed, the modules that need it are skipped. Rules are run as plain Python, in a process of their
own: compiling each for a call from Python takes ten seconds in all, and tests/rules holds the two to each other. They are
run compiled nightly.
"""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import kmsim

PACKAGE = Path(kmsim.__file__).parent
LONG = {"kmsim.lab.ablation"}  # minutes
NEEDS = {  # what examples ask for that importing the module does not
    "kmsim.calibration.emulator": "sklearn",
    "kmsim.diffusion.threshold": "ndlib",
    "kmsim.evidence.trial": "statsmodels",
}
INTERPRETED = """
import doctest, importlib, sys
import numpy
numpy.set_printoptions(legacy="1.25")  # a NumPy number is written as the Python number that compiled rules return
found = [doctest.testmod(importlib.import_module(name)) for name in sys.argv[1:]]
sys.exit(any(each.failed or not each.attempted for each in found))
"""


def module_name(file: Path) -> str:
    """The dotted name of a file of the package."""
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def has_examples(file: Path) -> bool:
    """Whether an example stands in the file that is to be run."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return any(line.lstrip().startswith(">>> ") and "doctest: +SKIP" not in line for line in lines)


MODULES = [module_name(file) for file in sorted(PACKAGE.rglob("*.py")) if has_examples(file)]
RULES = [name for name in MODULES if name.startswith("kmsim.rules.")]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder of its own, and only the configs that are shipped."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KMSIM_CONFIGS", raising=False)


@pytest.mark.parametrize(
    "module", [pytest.param(name, marks=[pytest.mark.long] if name in {*LONG, *RULES} else []) for name in MODULES]
)
def test_every_example_runs(module, elsewhere):
    needed = NEEDS.get(module)
    if needed and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("kmsim"):
            raise
        pytest.skip(f"{error.name} is not installed")
    result = doctest.testmod(found)
    assert result.failed == 0
    assert result.attempted > 0


def test_every_example_of_the_rules_runs(elsewhere):
    ran = subprocess.run(
        [sys.executable, "-c", INTERPRETED, *RULES],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
