"""Bass and the likelihood by their definitions; and a network that matters is found, by its own measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kmsim.diffusion.communities import halves, innovation
from kmsim.diffusion.fitting import fit
from kmsim.diffusion.measures import next_adopters
from kmsim.diffusion.process import TIES, forecast
from kmsim.diffusion.rivals import BASS, NO_NETWORK, OWN_NUMBER, RIVALS, RULES, likelihood
from tests.diffusion.small import line, parameters


def test_bass_by_its_definition():
    where = line([1, 2, 3, 6])
    chances = BASS.chances(where, {"p": 0.1, "q": 0.5, "m": 1.0})
    for t, share in ((2, 0.25), (3, 0.5), (4, 0.75)):
        assert chances[t - 1, 3] == pytest.approx(1 - np.exp(-(0.1 + 0.5 * share)))
    assert chances[2, 1] == 0  # has adopted


def test_bass_comes_to_hold_those_who_wait_for_people_who_never_will():
    where = line([1, 31, 31, 31], periods=30)
    chances = BASS.chances(where, {"p": 0.3, "q": 0.0, "m": 0.5})
    assert chances[1, 3] == pytest.approx(0.5 * (1 - np.exp(-0.3)))
    assert chances[29, 3] < 0.01 * chances[1, 3]


def test_the_likelihood_is_that_of_each_person_s_periods():
    where = line([1, 3, 6])
    chances = np.full((5, 3), 0.2)
    assert likelihood(where, chances) == pytest.approx([0, np.log(0.8) + np.log(0.2), 4 * np.log(0.8)])
    assert np.isfinite(likelihood(where, np.zeros((5, 3)))).all()


@pytest.mark.parametrize("rival", RIVALS, ids=lambda r: r.name)
def test_who_is_alike_to_a_model_has_one_expected_period(rival):
    where = innovation("physicians")
    values = {f.name: f.starts[0] for f in rival.free}
    when = rival.forecast(where, values, 1, 10).when
    if rival in (BASS, NO_NETWORK):
        assert when is None
    elif rival is OWN_NUMBER:
        later, named = where.time > where.began[where.community], np.diff(where.tie_start)
        same = [when[later & (where.community == 0) & (named == k)] for k in range(5)]
        assert all(len(np.unique(x)) <= 1 for x in same)


def test_a_network_that_matters_is_found_and_the_number_of_contacts_alone_does_not_do():
    """People of our own making: the rules with strong reinforcement on the families' real ties."""
    whole = innovation("families")
    truth = {"p_aware": 5.0, "q_aware": 0.5, "b0": -4.5, "b_reinforcement": 5.0, "theta": 2.0}
    _, when = forecast(whole, parameters(**truth), TIES, 7, 1)
    made = replace(whole, time=when.astype(np.int32))
    near, far = (made.only(half) for half in halves(made))
    found = {rival.name: fit(rival, near, 400) for rival in (RULES, OWN_NUMBER)}
    assert found["rules"].score >= float(likelihood(near, RULES.chances(near, truth)).mean()) - 1e-3
    assert 2 < found["rules"].values["b_reinforcement"] < 9
    right = {r.name: np.nanmean(next_adopters(far, r.chances(far, found[r.name].values))) for r in (RULES, OWN_NUMBER)}
    assert right["rules"] > right["own_number"] + 0.03
