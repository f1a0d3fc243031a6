"""Without Numba's compiler (NUMBA_DISABLE_JIT=1) the model runs as plain Python, slowly, and gives the same bits."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from kmsim.jit import INTERPRETED, as_records
from tests.test_model import bits, make

ASSIGNED = {
    "name": "assigned",
    "levers": [{"recruit": {"assigned": True, "coverage": 1.0}}, {"form_clusters": {"hierarchy": True}}],
}
LEAVING = {"parameters.withdraw_live": 0.03, "parameters.withdraw_dead": 0.15, "parameters.head_leave_primary": 0.14}

# Between them: assigned and chosen members, clusters and pairs, hubs, a hierarchy, a budget, a taper, two practices,
# schools that withdraw and clusters that end.
RUNS = {
    "codesigned": ("codesigned_networks", {}),
    "mandate": ("national_mandate", {"practice": ["formative_assessment", "metacognition"]}),
    "coaching": ("coaching", {"budget": None, "taper": 1}),
    "trusts": ("trust_led", {"budget": None}),
    "pairs": ("strong_weak_pairing", {"ticks_per_year": 12}),
    "hubs": ("hub_and_spoke", {"budget": 60_000}),
    "assigned": (ASSIGNED, {"years": 6, **LEAVING}),
}
SCRIPT = """
import warnings
warnings.simplefilter("error", RuntimeWarning)
from kmsim.jit import INTERPRETED
from tests.test_jit import RUNS, village_bits
assert INTERPRETED
print(*(village_bits(*run) for run in RUNS.values()))
"""


def village_bits(policy, settings) -> str:
    return bits(make("village", policy, 3, check=True, **({"years": 2, "funded_years": 1} | settings)).run())


def test_python_alone_gives_the_same_bits_as_compiled_code():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert dict(zip(RUNS, ran.stdout.split(), strict=True)) == {name: village_bits(*run) for name, run in RUNS.items()}


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
