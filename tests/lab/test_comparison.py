"""A comparison is a plan on the lab: it says what the model says, whatever order or session its runs were done in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import kmsim
from kmsim.errors import RunFailed
from kmsim.lab.comparison import compare
from kmsim.model import Model

SETTINGS = {"system": "village", "years": 3, "funded_years": 1, "practice": ["metacognition", "scripted_language"]}
POLICIES = ["business_as_usual", "coaching", "codesigned_networks"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return compare(POLICIES, 3, workers=1, folder=tmp_path_factory.mktemp("kept") / "experiment", seed=5, **SETTINGS)


def test_it_says_what_the_model_says(found):
    """Every value of a run's outcomes, as the store keeps them."""
    own = Model(policy="coaching", seed=6, **SETTINGS).run().outcomes
    names = ["practice", "tick", "outcome"]
    both = own.merge(found.trajectories.query("policy == 'coaching' and seed == 6"), on=names, suffixes=("", "_found"))
    assert len(both) == len(own)
    assert np.array_equal(both.value.to_numpy(np.float32), both.value_found.to_numpy(np.float32), equal_nan=True)
    ledger = [Model(policy="coaching", seed=s, **SETTINGS).run().ledger for s in (5, 6, 7)]
    assert found.manifest["ledger_gbp"]["coaching"]["cover"] == pytest.approx(np.mean([row["cover"] for row in ledger]))


def test_what_was_lost_is_run_again_and_nothing_else_changes(found, tmp_path):
    """Runs taken away part by part, as by an interruption, and the same call once more."""
    folder = tmp_path / "experiment"
    first = compare(POLICIES, 3, workers=1, folder=folder, seed=5, **SETTINGS)
    for part in sorted((folder / "runs").iterdir())[::2]:
        part.unlink()
    again = compare(POLICIES, 3, workers=1, folder=folder, seed=5, **SETTINGS)
    for name in ("summary", "paired", "trajectories"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(first, name))
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))


def test_its_runs_can_be_asked(tmp_path):
    compare(POLICIES, 2, workers=1, folder=tmp_path / "experiment", **SETTINGS)
    asked = kmsim.lab.open(tmp_path / "experiment")
    assert asked.done == asked.planned == 6
    paired = asked.paired("codesigned_networks").filter("outcome = 'aware' AND moment = 'end'").df()
    assert (paired.difference >= 0).all()


def test_a_run_that_breaks_is_told(tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("it broke")

    monkeypatch.setattr("kmsim.lab.work.do.__defaults__", (broken,))
    with pytest.raises(RunFailed, match="6 of 6 runs failed and 0 are missing; the first: ValueError: it broke"):
        compare(POLICIES, 2, workers=1, folder=tmp_path / "experiment", **SETTINGS)
