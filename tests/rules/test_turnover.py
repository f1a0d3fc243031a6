"""Turnover: who leaves, and what a newcomer finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.turnover import leave_chance, newcomer_heard, newcomer_known, strain
from tests.rules.points import HAND, P, Senses, by_hand, compiled, senses_of, unit


@pytest.mark.parametrize(("table", "name"), senses_of(Senses(strain, {"fsm_rank": unit}, "+fsm_rank")))
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(st.integers(0, 250))
def test_leaving_by_experience(years):
    """F65: .113, .086, .049, .028 in years 0-1, 2-3, 4-5, 6-9; then .085, and .25 from year 30."""
    bands = ((2, 0.113), (4, 0.086), (6, 0.049), (10, 0.028), (30, 0.085), (1000, 0.25))
    expected = next(rate for below, rate in bands if years < below)
    assert float(leave_chance(np.uint8(years), HAND)) == pytest.approx(expected, rel=1e-6)
    assert float(leave_chance.py_func(years, HAND)) == pytest.approx(expected, rel=1e-6)


@given(unit, st.integers(0, 250))
def test_nobody_leaves_or_moves_for_certain(fsm_rank, years):
    m = compiled(strain, fsm_rank)
    assert 0 < (leave_chance(np.uint8(years), P) + P.move) * m < 1


@given(unit, unit)
def test_newcomers_know_no_more_than_routine_holds(a, b):
    low, high = sorted((a, b))
    for less, more in zip(compiled(newcomer_known, low), compiled(newcomer_known, high), strict=True):
        assert 0 <= less <= more <= high


@given(st.integers(0, 250), unit, unit, unit)
def test_newcomers_hear_by_routine_or_by_having_taught_among_those_who_have(years, aware_share, routine, draw):
    heard = compiled(newcomer_heard, np.int64(years), aware_share, routine, draw)
    assert heard == (routine > P.routine_known or (years > 0 and draw < aware_share))


def test_by_hand():
    assert by_hand(strain, 0.5) == 1
    assert by_hand(strain, 1.0) == pytest.approx(1.21, rel=1e-6)
    assert by_hand(strain, 0.0) == pytest.approx(0.79, rel=1e-6)
    assert by_hand(newcomer_known, 0.5) == pytest.approx((0.3, 0.25), rel=1e-6)
