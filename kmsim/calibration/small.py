"""Small versions of the scorecard's experiments, run in this process when a statistic asks for them, and nothing kept on disk.

A statistic is the scorecard's own, given fewer seeds (and every sixth programme of many). Of trials the effect is what
tests would show on average over pupils, so that it has the same mean and less noise.

Example
-------
>>> from kmsim.calibration.targets import targets
>>> found = evaluate({"theta": 2.0}, targets(["F27.use"]), seed=1)
>>> found.shape
(1,)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kmsim.agents import School
from kmsim.evidence.observing import Seen as Watching
from kmsim.evidence.seen import RunSeen, Seen
from kmsim.evidence.trial import allotted, expected
from kmsim.lab.pool import system_of

if TYPE_CHECKING:
    from kmsim.calibration.targets import Target
    from kmsim.evidence.experiment import Experiment
    from kmsim.lab.plan import Plan
    from kmsim.scenario import Scenario

SEEDS = {"trials": 4, "after the money": 8, "reach": 3, "nothing": 2, "post": 3}  # others: 6 at most
MOST_SEEDS = 6
EACH = 6  # of an experiment with one seed and many scenarios, one scenario in so many is run


class SmallSeen(Seen):
    """What is seen of a small experiment: each run is simulated when it is first asked for. values: the free parameters."""

    def __init__(
        self, experiment: Experiment, values: Mapping[str, float], seed: int, seeds: int | None = None
    ) -> None:
        self.experiment, self.values, self.seed = experiment, dict(values), seed
        self._plan = _plan(experiment)
        own = seeds or SEEDS.get(experiment.name, MOST_SEEDS)
        self.seeds = min(experiment.seeds, own) if seeds is None or experiment.seeds == 1 else own
        self._read_runs: dict[tuple[str, int, int], RunSeen] = {}
        self._ends: dict[tuple[str, int, int], dict[str, float]] = {}

    def runs(self, arm: str, scenario: int | None = 0) -> list[RunSeen]:
        """The runs of an arm in one scenario, or in a sample of them all, in the order of scenarios and seeds."""
        return [self._one(*key) for key in self._keys(arm, scenario)]

    def outcome(self, name: str, arm: str, scenario: int | None = 0) -> np.ndarray:
        """An outcome of the lab at the end of each run of an arm."""
        keys = self._keys(arm, scenario)
        for key in keys:
            self._one(*key)
        return np.array([self._ends[key][name] for key in keys], float)

    def varied(self, key: str, arm: str) -> np.ndarray:
        """What a key was in each run of an arm, in the order of `runs(arm, None)`."""
        return np.array([self._plan.scenario(scenario)[key] for _, scenario, _ in self._keys(arm, None)], float)

    def _keys(self, arm: str, scenario: int | None) -> list[tuple[str, int, int]]:
        count = self._plan.table.count
        few = self.experiment.seeds == 1 and count > EACH * EACH
        every = _sampled(self._plan, self.seed % EACH) if few else range(count)
        wanted = every if scenario is None else [scenario]
        return [(arm, number, replicate) for number in wanted for replicate in range(self.seeds)]

    def _one(self, arm: str, scenario: int, replicate: int) -> RunSeen:
        key = (arm, scenario, replicate)
        if key not in self._read_runs:
            self._read_runs[key], self._ends[key] = self._simulate(arm, scenario, replicate)
        return self._read_runs[key]

    def _scenario(self, arm: str, scenario: int, replicate: int) -> Scenario:
        policy = self._plan.policies.index(arm)
        run = self._plan.run((scenario * self._plan.replicates) * len(self._plan.policies) + policy)
        row = {k.partition(".")[2]: float(v) for k, v in self._plan.scenario(scenario).items() if "parameters." in k}
        found = self._plan.scenario_of(run)
        return replace(found, parameters=found.parameters | self.values | row, seed=self.seed + replicate)

    def _simulate(self, arm: str, scenario: int, replicate: int) -> tuple[RunSeen, dict[str, float]]:
        from kmsim.model import Model

        given = self._scenario(arm, scenario, replicate)
        system = system_of(given.system)
        side = np.full(system.n_schools, -1, np.int8)
        if self.experiment.trial:
            model, side = allotted(given, system, scenario if self.experiment.fresh else 0)
        else:
            model = Model(system=system, scenario=given)
        watching = Watching(model)
        while model.tick < model.ticks:
            model.step()
            watching.look()
        series = dict(watching.series)
        if self.experiment.trial:
            inside = side >= 0
            gain = model.tables[School]["attainment"][0][inside].astype(float)
            series["trial"] = vars(expected(gain, side[inside] == 1))
        ends = {name: float(found[0, -1]) for name, found in model.outcome_arrays(["attainment_sd"]).items()}
        return RunSeen(watching.columns(side), series), ends


_PLANS: dict[int, tuple[Experiment, Plan]] = {}


def _plan(experiment: Experiment) -> Plan:
    """The experiment's plan, made once: what takes longest of all that is not simulating."""
    if id(experiment) not in _PLANS:
        _PLANS[id(experiment)] = experiment, experiment.plan()
    return _PLANS[id(experiment)][1]


def _sampled(plan: Plan, start: int) -> list[int]:
    """One in six of many programmes: in the order of their true effect, every sixth from a start."""
    effects = plan.table["practice.effect"].values if "practice.effect" in plan.table else np.arange(plan.table.count)
    return sorted(np.argsort(effects, kind="stable")[start::EACH].tolist())


def evaluate(
    values: Mapping[str, float],
    wanted: Sequence[Target],
    seed: int,
    seeds: int | None = None,
    make: Callable[..., Seen] = SmallSeen,
) -> np.ndarray:
    """Every statistic at these parameters, (targets,): about two seconds for all of them. The same seed gives the same bits.

    values: name -> value, others at their defaults. seeds: of each experiment, its small number if None. NaN where a
    statistic cannot be told.
    """
    from kmsim.evidence.experiments import EXPERIMENTS

    seen: dict[str, Seen] = {}
    out = np.full(len(wanted), np.nan)
    for i, target in enumerate(wanted):
        if target.experiment not in seen:
            seen[target.experiment] = make(EXPERIMENTS[target.experiment], values, seed, seeds)
        out[i] = target.statistic(seen[target.experiment]).value
    return out
