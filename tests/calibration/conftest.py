"""A calibration small enough for tests, made once."""

from __future__ import annotations

import pytest

from kmsim.calibration.budget import Budget
from kmsim.calibration.fit import calibrate

SMALLEST = {"design": 12, "wave": 6, "noise": 2, "particles": 6, "evaluations": 80, "one_generation": 60, "draws": 8}


@pytest.fixture(scope="session")
def budget():
    return Budget.read("tiny", SMALLEST)


@pytest.fixture(scope="session")
def kept(tmp_path_factory, budget):
    """A calibration of three parameters, and its folder."""
    folder = tmp_path_factory.mktemp("calibration") / "kept"
    return calibrate(folder, budget, seed=1, workers=1), folder
