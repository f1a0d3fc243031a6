"""The compiled engine against the plain-Mesa oracle, and the proof that a changed constant would be seen.

Seeds were fixed before looking. Every policy, three years with turnover, on a village and on a borough of 300 teachers.
"""

import numpy as np
import pytest

from kmsim import configuration
from kmsim.parameters import PARAMETERS
from kmsim.system import build
from tests.oracle.compare import side_by_side

POLICIES = configuration.names("policy")
SEED = 2019


@pytest.fixture(scope="module")
def village():
    return build("village")


@pytest.fixture(scope="module")
def borough():
    """About 300 teachers of Camden: one school in six."""
    return build("borough", {"scale": 6})


@pytest.mark.parametrize("policy", POLICIES)
def test_village(village, policy):
    report = side_by_side(village, policy, SEED)
    assert report.equal, report.differences


@pytest.mark.parametrize("policy", POLICIES)
def test_borough(borough, policy):
    report = side_by_side(borough, policy, SEED, budget="auto")
    assert report.equal, report.differences


@pytest.mark.parametrize(
    "settings",
    [
        {"practice": ["formative_assessment", "scripted_language"]},
        {"ticks_per_year": 12},
        {"taper": 1.0},
        {"network": None, "years": 5, "funded_years": 1},
        {"budget": 40_000},
        {"budget": 0},
    ],
    ids=str,
)
def test_other_settings(borough, settings):
    report = side_by_side(borough, "codesigned_networks", SEED, **settings)
    assert report.equal, report.differences


def test_the_oracle_agrees_that_a_borough_is_busy(borough):
    """The comparison would be worth little if nothing happened in it."""
    from kmsim.model import Model

    model = Model(system=borough, policy="codesigned_networks", seed=SEED, budget=None, years=3, funded_years=2).run()
    in_use = model.outcome_arrays(["spread_teachers"])["spread_teachers"][0, -1]
    assert in_use > 0.05
    assert (model.world.clusters.members > 0).any()


# Constants of money, and those that only other policies or settings than the three below use, are told apart in `UNSEEN`.
MUTATED = [name for name in PARAMETERS if name not in {"budget_per_pupil", "c_staff_hour"}]
BUSY = ("codesigned_networks", "national_mandate", "scripted_programme", "strong_weak_pairing", "hub_and_spoke", "trust_led", "train_the_trainer", "coaching", "peer_review", "guidance_only")


@pytest.mark.long
@pytest.mark.parametrize("name", MUTATED)
def test_a_changed_constant_is_seen(borough, name):
    """With one rule constant changed in the engine alone, some policy's comparison turns red."""
    from tests.oracle import compare

    assert any(not compare.mutated(borough, policy, SEED, name).equal for policy in BUSY), f"{name} may be anything"


@pytest.mark.parametrize("name", ["a_q", "b_reinforcement", "tau_v", "leave_0", "r_drop", "e_gain", "o_fade", "r_loss"])
def test_some_changed_constants_are_seen(borough, name):
    from tests.oracle import compare

    assert not compare.mutated(borough, "codesigned_networks", SEED, name).equal


def test_near_misses_are_few(borough):
    found = [side_by_side(borough, policy, seed) for policy in ("coaching", "codesigned_networks") for seed in (1, 2, 3)]
    assert sum(r.near_misses for r in found) <= max(1, np.sum([r.decisions for r in found]) / 100_000)
