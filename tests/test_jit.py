"""Without Numba's compiler (NUMBA_DISABLE_JIT=1) the model runs as plain Python, slowly, and gives the same bits."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from kmsim.jit import INTERPRETED, as_records
from tests.test_model import bits, make

# Between them: assigned and chosen members, clusters and pairs, hubs, a hierarchy, a budget, a taper, two practices.
SETTINGS = {
    "codesigned_networks": {},
    "national_mandate": {"practice": ["formative_assessment", "metacognition"]},
    "coaching": {"budget": None, "taper": 1},
    "trust_led": {},
    "strong_weak_pairing": {"ticks_per_year": 12},
    "hub_and_spoke": {"budget": 60_000},
}
SCRIPT = """
import warnings
warnings.simplefilter("error", RuntimeWarning)
from kmsim.jit import INTERPRETED
from tests.test_jit import SETTINGS, village_bits
assert INTERPRETED
print(*(village_bits(policy) for policy in SETTINGS))
"""


def village_bits(policy: str) -> str:
    return bits(make("village", policy, 3, years=2, funded_years=1, check=True, **SETTINGS[policy]).run())


def test_python_alone_gives_the_same_bits_as_compiled_code():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert dict(zip(SETTINGS, ran.stdout.split(), strict=True)) == {policy: village_bits(policy) for policy in SETTINGS}


def test_the_command_line_runs_without_the_compiler(tmp_path):
    command = [
        sys.executable,
        "-m",
        "kmsim.cli",
        "run",
        "system=village",
        "policy=coaching",
        "years=2",
        "funded_years=1",
    ]
    tables = []
    for disabled in ("0", "1"):
        folder = tmp_path / disabled
        folder.mkdir()
        environment = os.environ | {"NUMBA_DISABLE_JIT": disabled}
        ran = subprocess.run(
            [*command, "name=it"], env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        tables.append((folder / "results/run/it/outcomes.csv").read_bytes())
    assert tables[0] == tables[1]


@pytest.mark.skipif(INTERPRETED, reason="this process compiles nothing")
def test_compiled_code_gets_the_arrays_as_they_are():
    rows = np.zeros(2, [("x", np.float32)])
    assert as_records(rows) is rows
