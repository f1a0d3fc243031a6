"""The rules on people: the model's own, in the model's order, and forecasts that agree with what is thought along the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim.diffusion.communities import innovation
from kmsim.diffusion.process import ALIKE, ANYBODY, TIES, follow, forecast
from kmsim.rules.adoption import reinforcement, try_rate
from kmsim.rules.awareness import awareness_rate
from kmsim.rules.numbers import F
from tests.diffusion.small import communities, line, parameters


def chance(rate: float) -> float:
    return 1 - np.exp(-rate)


def test_the_first_chances_are_the_rules_own():
    p = parameters(b_openness=0.0, theta=1.0)
    chances = follow(line([1, 6, 6]), p)
    zero, one, half = F(0), F(1), F(0.5)

    def expected(share: float, n: float) -> float:
        hears = chance(awareness_rate(one, zero, F(share), zero, p))
        return hears * chance(try_rate(one, one, zero, reinforcement(F(n), p), zero, zero, half, zero, zero, p))

    assert chances[1] == pytest.approx([0, expected(1, 1), expected(0, 0)], rel=1e-5)
    assert (chances[0] == 0).all()


def test_openness_is_drawn_from_all_people_and_those_who_wait_are_less_open():
    where = line([1, 41, 41], periods=40)
    alike, spread = (
        follow(where, parameters(b_openness=b, p_aware=20, q_aware=0, b_reinforcement=0, b0=-3)) for b in (0, 1)
    )
    assert alike[5, 1] == pytest.approx(alike[30, 1], rel=1e-3)
    assert spread[1, 1] > alike[1, 1]
    assert spread[30, 1] < 0.9 * spread[2, 1]


def test_with_no_effect_of_others_it_does_not_matter_whom_one_meets():
    where = innovation("physicians")
    p = parameters(q_aware=0, b_reinforcement=0, p_aware=2)
    on_ties, anybody, alike = (follow(where, p, meets) for meets in (TIES, ANYBODY, ALIKE))
    assert np.array_equal(on_ties, anybody)
    assert np.array_equal(on_ties, alike)


def test_anybody_and_alike_are_what_they_say():
    star = communities([[1, 6, 6, 6]], [[[], [0], [0, 2, 3], []]])
    p = parameters(p_aware=1.0)
    anybody, alike = follow(star, p, ANYBODY)[1], follow(star, p, ALIKE)[1]
    assert anybody[3] < anybody[1] < anybody[2]
    assert alike[1] == alike[2] == alike[3]


def test_two_worlds_a_community_is_none_of_another_s_business():
    times, ties = [1, 2, 6, 6], [[], [0], [0, 1], [2]]
    p = parameters(p_aware=1.0)
    here = communities([times, [1, 6, 6, 6]], [ties, ties])
    there = communities([times, [1, 2, 2, 2]], [ties, [[1, 2, 3], [0], [0], [0]]])
    assert np.array_equal(follow(here, p)[:, :4], follow(there, p)[:, :4])
    one, other = (forecast(where, p, TIES, 1, 30) for where in (here, there))
    assert np.array_equal(one[0][:, 0], other[0][:, 0])
    assert np.array_equal(one[1][:4], other[1][:4])


def test_a_forecast_starts_from_what_was_seen_and_never_falls():
    where = innovation("farmers")
    counts, when = forecast(where, parameters(p_aware=0.3), TIES, 1, 20)
    seen = np.round(where.curves() * where.sizes[:, None])
    for c, began in enumerate(where.began):
        assert (counts[:, c, :began] == seen[c, :began]).all()
    assert (np.diff(counts, axis=2) >= 0).all()
    assert ((when >= where.began[where.community]) & (when <= where.periods + 1)).all()


@pytest.mark.parametrize("meets", [TIES, ANYBODY, ALIKE])
def test_the_next_period_of_a_forecast_comes_with_the_chance_that_was_thought(meets):
    where = innovation("families")
    p = parameters(p_aware=0.4, q_aware=0.0, b0=-1.0)
    runs = 400
    counts, _ = forecast(where, p, meets, 3, runs)
    thought = follow(where, p, meets)
    for c in range(0, where.n_communities, 6):
        began, rows = where.began[c], slice(where.first[c], where.first[c + 1])
        chances = thought[began, rows][where.time[rows] > began].astype(float)
        came = (counts[:, c, began] - counts[:, c, began - 1]).mean()
        assert came == pytest.approx(chances.sum(), abs=4 * np.sqrt((chances * (1 - chances)).sum() / runs))


def test_the_same_seed_gives_the_same_bits_and_another_others():
    where, p = innovation("physicians"), parameters(p_aware=2.0)
    one, again, other = (forecast(where, p, TIES, seed, 5)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@given(st.floats(0, 5), st.floats(0.5, 4), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_more_contacts_that_adopted_never_lower_the_chance(b, theta, more):
    p = parameters(b_reinforcement=b, theta=theta, p_aware=1.0, q_aware=0.0)
    few = communities([[1] * 5 + [6]], [[[], [], [], [], [], [0]]])
    many = communities([[1] * 5 + [6]], [[[], [], [], [], [], list(range(more + 1))]])
    low, high = follow(few, p)[1, 5], follow(many, p)[1, 5]
    assert 0 <= low <= high * (1 + 1e-6) <= 1 + 1e-6
