"""A study run through the lab, part by part, each an experiment in the study's folder; and what came out, to be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kmsim.errors import RunFailed
from kmsim.lab.regular_files import check_tree
from kmsim.lab.single import LABEL
from kmsim.studies.config import Part, Study

if TYPE_CHECKING:
    from kmsim.lab.comparison import Comparison
    from kmsim.lab.plan import Plan

PARTS = "parts"
Progress = Callable[[str, int, int, float], Any]  # part, runs done, runs planned, runs a second


class Values:
    """What the runs of a part came to. `at` gives an outcome of an arm in a scenario, a value a seed.

    arms, scenarios: as the config has them, in order. seeds: how many.
    """

    def __init__(self, part: Part, plan: Plan, folder: Path) -> None:
        self.part, self.plan, self.folder = part, plan, folder
        self.arms, self.scenarios, self.seeds = [*part.arms], part.scenarios(), part.seeds

    @cached_property
    def _moments(self) -> tuple[dict[tuple[str, str], np.ndarray], dict[str, np.ndarray]]:
        from kmsim.lab import open as open_experiment

        frame = open_experiment(self.folder).runs().df()
        shape = (len(self.arms), len(self.scenarios), self.seeds)
        found, years = {}, {}
        for moment, rows in frame.groupby("moment"):
            place = self._places(rows)
            years[str(moment)] = np.full(shape, np.nan)
            years[str(moment)][place] = rows.year.to_numpy(float)
            for outcome in self.plan.outcomes:
                found[outcome, str(moment)] = np.full(shape, np.nan)
                found[outcome, str(moment)][place] = rows[outcome].to_numpy(float)
        return found, years

    @cached_property
    def _ticks(self) -> dict[str, np.ndarray]:
        from kmsim.lab import open as open_experiment

        experiment = open_experiment(self.folder)
        frame = experiment.connection.table("trajectories").df()
        ticks = int(frame.tick.max()) + 1
        found = {}
        for outcome in self.plan.outcomes:
            found[outcome] = np.full((len(self.arms), len(self.scenarios), self.seeds, ticks), np.nan)
            found[outcome][(*self._places(frame), frame.tick.to_numpy())] = frame[outcome].to_numpy(float)
        return found

    def _places(self, frame: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        arms = frame.policy.map({name: i for i, name in enumerate(self.plan.policies)}).to_numpy(int)
        return arms, frame.scenario.to_numpy(int), frame.seed.to_numpy(int) - self.plan.seed

    def scenario(self, **where: Any) -> int:
        """The number of the scenario with these values; a key's last word is enough. The first, if several have them.

        Raises KeyError if there is none.
        """
        for number, row in enumerate(self.scenarios):
            short = {key.rpartition(".")[2]: value for key, value in row.items()}
            if all(short[key] == value for key, value in where.items()):
                return number
        raise KeyError(f"{self.part.name}: no scenario with {where}")

    def choices(self, key: str) -> list[Any]:
        """The values that a key takes, in order; a key's last word is enough."""
        return list(next(values for name, values in self.part.vary.items() if name.rpartition(".")[2] == key))

    def at(self, outcome: str, arm: str, moment: str = "end", number: int | None = None, **where: Any) -> np.ndarray:
        """An outcome at a moment ("funding_end" or "end"), a value a seed. number: of the scenario, instead of its values."""
        scenario = self.scenario(**where) if number is None else number
        return self._moments[0][outcome, moment][self.arms.index(arm), scenario]

    def all(self, outcome: str, moment: str = "end") -> np.ndarray:
        """An outcome of every run: (arms, scenarios, seeds)."""
        return self._moments[0][outcome, moment]

    def year(self, moment: str, number: int = 0) -> float:
        """The year of a moment in a scenario."""
        return float(self._moments[1][moment][0, number, 0])

    def path(self, outcome: str, arm: str, **where: Any) -> np.ndarray:
        """An outcome at every tick: (seeds, ticks + 1). Only where trajectories are kept."""
        return self._ticks[outcome][self.arms.index(arm), self.scenario(**where)]

    @property
    def ticks_per_year(self) -> int:
        """How many ticks a year has."""
        return int(self.plan.settings["ticks_per_year"])

    def counts(self) -> dict[str, int]:
        """How many schools, posts and pupils there are."""
        from kmsim.lab.pool import system_of

        system = system_of(self.plan.scenario_of(self.plan.run(0)).system)
        pupils = int(system.schools["pupils"].sum())
        return {"schools": system.n_schools, "posts": system.n_posts, "pupils": pupils}

    def comparison(self) -> Comparison:
        """The part as a comparison of policies, for a part of one scenario whose trajectories are kept."""
        from kmsim.lab.comparison import compare_plan

        return compare_plan(self.plan, self.folder, workers=1)


class Found:
    """All parts of a study, run whole. label: what every range is over."""

    def __init__(self, study: Study, parts: Mapping[str, Values]) -> None:
        self.study, self.parts, self.label = study, dict(parts), LABEL

    def __getitem__(self, part: str) -> Values:
        return self.parts[part]

    @property
    def runs(self) -> int:
        """How many runs there are in all."""
        return sum(len(values.plan) for values in self.parts.values())


def run(
    study: Study,
    folder: str | Path,
    workers: int | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
) -> Found:
    """Do what is missing of a study's runs in folder/parts, and return what came out. The same call goes on with it.

    Raises KmsimError for a config that cannot be used, before anything runs; RunFailed if a run broke.

    >>> from kmsim.studies.config import read
    >>> run(read("02", "small"), "results/study/mine", workers=1).runs  # doctest: +SKIP
    64
    """
    from kmsim.lab.ensemble import run_plan
    from kmsim.lab.store import Store

    check_tree(Path(folder))
    plans = {name: part.plan(study.name) for name, part in study.parts.items()}
    found = {}
    for name, plan in plans.items():
        where = Path(folder) / PARTS / name
        where.parent.mkdir(parents=True, exist_ok=True)
        told = None if progress is None else _telling(progress, name)
        executor = "serial" if workers == 1 else "processes"
        came = run_plan(plan, where, executor, workers, told, command=command, again="the same command")
        if not came.whole:
            first = next((row["error"] for row in Store.open(where).failures()), "")
            raise RunFailed(f"{study.name}, {name}: {came.failed} of {came.planned} runs failed; the first: {first}")
        found[name] = Values(study.parts[name], plan, where)
    return Found(study, found)


def _telling(progress: Progress, part: str) -> Callable[[int, int, float], Any]:
    return lambda done, planned, rate: progress(part, done, planned, rate)
