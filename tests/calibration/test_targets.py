"""The fitting code sees CAL rows and nothing else: all others may be poison, and the fit's bits are the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kmsim.calibration.fit import calibrate
from kmsim.calibration.targets import Target, misses, targets
from kmsim.errors import UnknownName
from kmsim.evidence import checks


class Poison:
    """A check of which nothing but its kind may be read."""

    def __init__(self, kind):
        self._kind = kind

    def __getattribute__(self, name):
        if name == "kind":
            return object.__getattribute__(self, "_kind")
        raise AssertionError(f"the fit read {name} of a check that is not CAL")


def test_targets_are_the_cal_checks():
    assert [t.name for t in targets()] == [c.name for c in checks.CHECKS if c.kind == "CAL"]
    assert all(t.kind == "CAL" for t in targets())
    by_name = {c.name: c for c in checks.CHECKS}
    for target in targets():
        assert target.accept == by_name[target.name].accept
        assert target.statistic is by_name[target.name].statistic


def test_no_check_of_another_kind_can_be_asked_for():
    for check in checks.CHECKS:
        if check.kind != "CAL":
            with pytest.raises(UnknownName):
                targets([check.name])


def test_the_fit_has_the_same_bits_if_all_that_is_not_cal_is_poison(kept, budget, tmp_path, monkeypatch):
    poisoned = tuple(c if c.kind == "CAL" else Poison(c.kind) for c in checks.CHECKS)
    assert sum(isinstance(c, Poison) for c in poisoned) > 20
    monkeypatch.setattr(checks, "CHECKS", poisoned)
    again = calibrate(tmp_path / "poisoned", budget, seed=1, workers=1)
    assert again.posterior.equals(kept[0].posterior)
    assert again.predicted.equals(kept[0].predicted)
    assert again.trace.equals(kept[0].trace)


def test_poison_does_harm():
    with pytest.raises(AssertionError, match="read accept"):
        _ = Poison("VAL").accept


def test_the_fit_moves_with_a_cal_range(kept, budget, tmp_path, monkeypatch):
    """The same test would see it if ranges were not read at all."""
    moved = tuple(replace(c, accept=(0.45, 0.5)) if c.name == "F38.median" else c for c in checks.CHECKS)
    monkeypatch.setattr(checks, "CHECKS", moved)
    other = calibrate(tmp_path / "moved", budget, seed=1, workers=1)
    assert not other.posterior.equals(kept[0].posterior)


def test_a_miss_is_nought_inside_and_infinite_for_what_is_no_number():
    wanted = [Target("a", "", "", None, (None, 1.0)), Target("b", "", "", None, (0.0, None))]
    assert misses(np.array([[0.5, 0.5], [2.0, -3.0]]), wanted).tolist() == [[0.0, 0.0], [1.0, 3.0]]
    assert misses(np.array([[np.nan, 1.0]]), wanted).tolist() == [[np.inf, 0.0]]
    assert [t.width for t in wanted] == [0.1, 1e-9]
