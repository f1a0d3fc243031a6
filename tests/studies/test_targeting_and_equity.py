"""Targeting: effects are full less none at one budget, and the assumed gain can be told from reach."""

from __future__ import annotations

import pytest

from kmsim.studies import targeting_and_equity as study
from kmsim.studies.telling import Difference


def test_an_effect_is_full_targeting_less_none(small):
    v = small["05_targeting_and_equity"]["targeting"]
    full, none = (study.at(v, "gap", degree, 30).mean() for degree in (1, 0))
    assert study.effect(v, "gap", 30).mean == pytest.approx(full - none)


def test_the_judged_gain_is_switched_off_in_half_of_its_runs(small):
    v = small["05_targeting_and_equity"]["bonus"]
    assert {row["parameters.d_target"] > 0 for row in v.scenarios} == {True, False}
    assert "d_target" in study._bonus(v)


def test_small_gains_are_told_in_thousandths():
    assert study._milli(Difference(0.0123, 0.01, 0.015, 9, 9)) == "+12.3 thousandths of an SD (+10.0 to +15.0)"
    assert "cannot" not in study._milli(Difference(0.0123, 0.01, 0.015, 9, 9))
    assert "no difference that the runs can tell" in study._milli(Difference(0.0, -0.01, 0.015, 5, 9))
