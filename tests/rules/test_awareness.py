"""Awareness: who hears of a practice, and from what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmsim.rules.awareness import awareness_rate, earliness
from tests.rules.points import HAND, Senses, between, by_hand, compiled, hours, senses_of, unit

RATE = {"early": between(1, 3), "broadcast": unit, "aware_share": unit, "hours": hours}


@pytest.mark.parametrize(
    ("table", "name"), senses_of(Senses(awareness_rate, RATE, "+early +broadcast +aware_share +hours"))
)
@given(data=st.data())
def test_senses(table, name, data):
    table.check(data, name)


@given(*RATE.values())
def test_the_rate_is_never_negative_and_adds_up(early, broadcast, aware_share, hours):
    rate = compiled(awareness_rate, early, broadcast, aware_share, hours)
    alone = [
        compiled(awareness_rate, early, 0, 0, 0),
        compiled(awareness_rate, 0, broadcast, 0, 0),
        compiled(awareness_rate, 0, 0, aware_share, 0),
        compiled(awareness_rate, 0, 0, 0, hours),
    ]
    assert min(alone) >= 0
    assert float(rate) == pytest.approx(float(np.sum(np.float64(alone))), rel=1e-5, abs=1e-7)


def test_by_hand():
    assert by_hand(awareness_rate, 1.0, 0.0, 0.0, 0.0) == pytest.approx(0.04, rel=1e-6)
    assert by_hand(awareness_rate, 3.0, 1.0, 0.5, 12.0) == pytest.approx(
        0.04 * 3 + 0.25 + 0.07 * 0.5 + 12 / 6, rel=1e-6
    )
    assert by_hand(awareness_rate, 1.5, 0.2, 0.25, 3.0) == pytest.approx(0.06 + 0.05 + 0.0175 + 0.5, rel=1e-6)


def test_leaders_hear_sooner():
    early = [float(earliness(role, HAND)) for role in range(4)]
    assert early == [1.0, 1.5, 3.0, 3.0]
    assert early == [float(earliness.py_func(role, HAND)) for role in range(4)]
