"""A trial inside the model: half the joiners by chance, pupils tested with noise, the effect estimated as its authors would.

Example
-------
>>> gain = np.where(np.arange(100) < 50, 0.5, 0.0)
>>> found = estimate(gain, gain > 0, seed=1)
>>> found.low < 0.5 < found.high
True
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kmsim.errors import KmsimError
from kmsim.evidence.table import priors

if TYPE_CHECKING:
    from kmsim.model import Model
    from kmsim.scenario import Scenario
    from kmsim.system.built import System

PUPILS = 30  # tested in a school: a class
TEST_BEFORE = 0.7  # correlation of the test with the one before the trial (judged)
INSTALL = "the scorecard's trials need statsmodels: pip install 'kmsim[calibrate]'"


@dataclass(frozen=True)
class Estimate:
    """What a trial reports: an effect in SD and its 95% interval.

    >>> Estimate(0.1, 0.02, 0.18).null
    False
    """

    effect: float
    low: float
    high: float

    @property
    def null(self) -> bool:
        """Whether the interval covers no effect.

        >>> Estimate(0.05, -0.05, 0.15).null
        True
        """
        return self.low <= 0 <= self.high


def allotted(scenario: Scenario, system: System, draw: int = 0) -> tuple[Model, np.ndarray]:
    """A model in which chance has treated half of the schools that would join, and each school's arm: 1, 0, or -1 for none.

    draw: tells apart trials of the same seed. The policy's clusters are formed of the treated schools only.

    >>> from kmsim.scenario import read_scenario
    >>> from kmsim.system.build import build
    >>> model, arm = allotted(read_scenario("village", {"levers": [{"recruit": {"coverage": 0.8}}]}), build("village"))
    >>> sorted(arm.tolist())
    [-1, 0, 0, 1, 1]
    """
    from kmsim.agents import School
    from kmsim.model import Model

    scout = Model(system=system, scenario=_assigning(scenario, None))
    scout.step()
    joiners = np.flatnonzero(scout.tables[School]["ever_member"][0])
    order = _generator(scenario.seed, draw, 1).permutation(joiners)
    arm = np.full(system.n_schools, -1, np.int8)
    arm[joiners] = 0
    arm[order[: len(order) // 2]] = 1
    model = Model(system=system, scenario=_assigning(scenario, 1.0))
    model.recruitment.eligible = arm == 1
    return model, arm


def _assigning(scenario: Scenario, coverage: float | None) -> Scenario:
    """The scenario with schools assigned at once. coverage: of those eligible, the policy's own if None."""
    from kmsim.policies.levers import Recruit

    levers = [
        replace(lever, assigned=True, coverage=lever.coverage if coverage is None else coverage)
        if isinstance(lever, Recruit)
        else lever
        for lever in scenario.policy.levers
    ]
    return replace(scenario, policy=replace(scenario.policy, levers=tuple(levers)))


def pupils(gain: np.ndarray, seed: int, draw: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pupils of schools that gained so much (SD): school, earlier test, later test. The same seed gives the same pupils.

    Tests have unit variance, of which P43's share lies between schools.

    >>> school, before, after = pupils(np.array([0.0, 5.0]), seed=1, draw=0)
    >>> len(school), bool((after[school == 1] - before[school == 1]).mean() > 3)
    (60, True)
    """
    icc = float(priors()["P43"].value)  # type: ignore[arg-type]
    generator = _generator(seed, draw, 2)
    school = np.repeat(np.arange(len(gain)), PUPILS)

    def scores() -> np.ndarray:
        between, within = generator.normal(size=len(gain)), generator.normal(size=len(school))
        return np.sqrt(icc) * between[school] + np.sqrt(1 - icc) * within

    before = scores()
    after = TEST_BEFORE * before + np.sqrt(1 - TEST_BEFORE**2) * scores() + gain[school]
    return school, before, after


def estimate(gain: np.ndarray, treated: np.ndarray, seed: int, draw: int = 0) -> Estimate:
    """The trial's estimate: pupils in schools, a random intercept a school, the earlier test as covariate (REML).

    gain: what each school's pupils truly gain, SD; treated: its arm. Raises KmsimError if statsmodels is not there.

    >>> gain, treated = np.zeros(60), np.arange(60) % 2
    >>> estimate(gain, treated, seed=1) == estimate(gain, treated, seed=1)
    True
    """
    school, before, after = pupils(gain, seed, draw)
    design = np.column_stack([np.ones(len(school)), treated[school].astype(float), before])
    fitted = _mixed(after, design, school)
    half = 1.959964 * float(fitted.bse[1])
    effect = float(fitted.params[1])
    return Estimate(effect, effect - half, effect + half)


def expected(gain: np.ndarray, treated: np.ndarray) -> Estimate:
    """What `estimate` gives on average over pupils and tests: the same effect with no noise of testing, and its usual interval.

    For schools of equal numbers of pupils the mixed model's estimate is the difference between the arms' means.

    >>> round(expected(np.array([0.2, 0.2, 0.0, 0.0]), np.array([1, 1, 0, 0])).effect, 6)
    0.2
    """
    arms = [gain[treated.astype(bool)], gain[~treated.astype(bool)]]
    icc = float(priors()["P43"].value)  # type: ignore[arg-type]
    left = 1 - TEST_BEFORE**2  # of the test's variance, what the test before does not tell
    error = np.sqrt(sum((left * (icc + (1 - icc) / PUPILS) + arm.var()) / len(arm) for arm in arms))
    effect, half = float(arms[0].mean() - arms[1].mean()), 1.959964 * float(error)
    return Estimate(effect, effect - half, effect + half)


def _mixed(after: np.ndarray, design: np.ndarray, school: np.ndarray) -> Any:
    try:
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ImportError:
        raise KmsimError(INSTALL) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a variance at its bound is told by a warning and is no fault
        return MixedLM(after, design, groups=school).fit(reml=True, method="bfgs")


def _generator(seed: int, draw: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, draw * 8 + purpose]))
