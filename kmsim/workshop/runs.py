"""What a worker process does: runs of one policy with some seeds, and of one of them what each school went through.

Example
-------
>>> from kmsim.scenario import read_scenario
>>> found = simulate(read_scenario("village", "coaching", years=4, funded_years=1), [1, 2])
>>> len(found), found[0].seed
(2, 1)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kmsim.agents import School
from kmsim.lab import workers
from kmsim.lab.compilation import compile_model
from kmsim.lab.pool import system_of
from kmsim.model import Model
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.outcomes.totals import INDEX
from kmsim.scenario import Scenario
from kmsim.system.settings import Settings

TICKS_PER_TERM = 2
QUARTER = 0.25
SEEN = ("aware", "trying", "in_use", "well", "q_users", "signed_up", "ever_member", "fund", "cluster", "head_tenure")
HALVES = (
    "well_most",
    "well_least",
)  # doing it well in the most and the least disadvantaged fifth: the halves of the gap
NAMES = (*OUTCOMES, *HALVES)


@dataclass(frozen=True)
class Run:
    """One run. values: (outcomes in order of NAMES, ticks + 1), float64; ledger: GBP by category, in order.

    joined: schools that ever were members; using: those in which a quarter of teachers use it at the end, bool (S,).
    """

    seed: int
    values: np.ndarray
    ledger: dict[str, float]
    joined: np.ndarray
    using: np.ndarray


@dataclass(frozen=True)
class Watched:
    """What every school went through in one run: column of SEEN -> (terms + 1, S), the start first."""

    seed: int
    columns: dict[str, np.ndarray]


def begin(settings: Settings) -> None:
    """Make a worker ready: the system built, the model compiled, deaf to Ctrl-C, ended when its asker is gone."""
    workers.begin()
    compile_model()
    system_of(settings)


def ready(settings: Settings) -> int:
    """Nothing, once the worker is ready: its process's id."""
    system_of(settings)
    return os.getpid()


def simulate(scenario: Scenario, seeds: Sequence[int]) -> list[Run]:
    """Runs of a scenario with these seeds, the same bits as `kmsim run` gives."""
    return [_run_of(_model(replace(scenario, seed=seed)).run()) for seed in seeds]


def watch(scenario: Scenario) -> tuple[Run, Watched]:
    """The run of a scenario's own seed, and what was seen at the end of every term (two ticks of six a year)."""
    model = _model(scenario)
    frames = {name: [_column(model, name)] for name in SEEN}
    while model.tick < model.ticks:
        model.step()
        if model.tick % TICKS_PER_TERM == 0:
            for name in SEEN:
                frames[name].append(_column(model, name))
    return _run_of(model), Watched(scenario.seed, {name: np.array(rows) for name, rows in frames.items()})


def _model(scenario: Scenario) -> Model:
    return Model(system=system_of(scenario.system), scenario=scenario)


def _run_of(model: Model) -> Run:
    """What is kept of a run that is over."""
    arrays = model.outcome_arrays()
    table = model.tables[School]
    return Run(
        seed=model.given.seed,
        values=np.array([*(arrays[name][0] for name in OUTCOMES), *_halves(model)]),
        ledger=model.ledger,
        joined=np.array(table["ever_member"][0] > 0),
        using=np.array(table["in_use"][0] >= QUARTER * table["size"]),
    )


def _halves(model: Model) -> list[np.ndarray]:
    """Doing it well in the most and in the least disadvantaged fifth of schools, as shares of their posts."""
    table = model.tables[School]
    fifth = np.minimum(4, (table["fsm_rank"] * 5).astype(np.int32))
    posts = [max(1, int(table["size"][fifth == which].sum())) for which in (4, 0)]
    return [model.totals[:, 0, INDEX[name]] / n for name, n in zip(HALVES, posts, strict=True)]


def _column(model: Model, name: str) -> np.ndarray:
    column = model.tables[School][name]
    return np.array(column[0] if School.fields()[name].per_practice else column)
