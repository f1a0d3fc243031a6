"""What was seen of an experiment's runs, read back from its folder: schools by year, series, trials, the lab's outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from kmsim.evidence.observing import FOLDER, META
from kmsim.evidence.trial import Estimate

if TYPE_CHECKING:
    import pandas as pd


class RunSeen:
    """One run: `at(column, year)` is a value a school, `series` what was noted beside, `trial` the estimate of a trial.

    columns: name -> (years + 1, schools).

    >>> run = RunSeen({"size": np.array([[10, 30], [10, 30]]), "ever_member": np.array([[0, 0], [1, 0]])}, {})
    >>> run.years, run.members(1).tolist(), run.at("size", 0).tolist()
    (1, [True, False], [10.0, 30.0])
    """

    def __init__(self, columns: Mapping[str, np.ndarray], series: Mapping[str, Any]) -> None:
        self.series = series
        self._columns = columns
        self.years = len(columns["size"]) - 1

    @classmethod
    def read(cls, file: Path) -> RunSeen:
        """The run that was kept in a file."""
        table = pq.read_table(file)
        years = int(table.column("year")[-1].as_py()) + 1
        columns = {name: table.column(name).to_numpy().reshape(years, -1) for name in table.column_names}
        return cls(columns, json.loads(table.schema.metadata[META]))

    def at(self, column: str, year: int) -> np.ndarray:
        """A column's values at the end of a year (0: the start), a school each, as floats."""
        return self._columns[column][year].astype(float)

    def members(self, year: int) -> np.ndarray:
        """Which schools had ever been members by then."""
        return self._columns["ever_member"][year] > 0

    @property
    def trial(self) -> Estimate:
        """What the trial reported.

        >>> trial = {"effect": 0.1, "low": 0.02, "high": 0.18}
        >>> RunSeen({"size": np.array([[10]])}, {"trial": trial}).trial.null
        False
        """
        return Estimate(**self.series["trial"])


class Seen:
    """All runs of an experiment, by arm and scenario in the order of seeds."""

    def __init__(self, folder: str | Path) -> None:
        from kmsim.lab import open as open_experiment

        self.folder = Path(folder)
        self._experiment = open_experiment(folder)
        self.rows: list[tuple[str, int, int, str]] = (
            self._experiment.plan().project("policy, scenario, seed, key").order("policy, scenario, seed").fetchall()
        )
        self._read: dict[str, RunSeen] = {}

    def runs(self, arm: str, scenario: int | None = 0) -> list[RunSeen]:
        """The runs of an arm in one scenario, or in all of them, in the order of scenarios and seeds."""
        wanted = [row for row in self.rows if row[0] == arm and scenario in (None, row[1])]
        if not wanted:
            raise KeyError(f"{self.folder}: no runs of {arm} in scenario {scenario}")
        return [self._run(key) for *_, key in wanted]

    def each(self, arm: str, of: Callable[[RunSeen], float], scenario: int | None = 0) -> np.ndarray:
        """A number of each run of an arm."""
        return np.array([of(run) for run in self.runs(arm, scenario)], float)

    def outcome(self, name: str, arm: str, scenario: int | None = 0) -> np.ndarray:
        """An outcome of the lab at the end of each run of an arm, in the order of `runs`."""
        frame = self._outcomes
        rows = frame[(frame.policy == arm) & (frame.moment == "end")]
        rows = rows if scenario is None else rows[rows.scenario == scenario]
        return rows.sort_values(["scenario", "seed"])[name].to_numpy(float)

    def varied(self, key: str, arm: str) -> np.ndarray:
        """What a key was in each run of an arm, in the order of `runs(arm, None)`."""
        found = self._experiment.plan().df()
        return found[found.policy == arm].sort_values(["scenario", "seed"])[key].to_numpy(float)

    def _run(self, key: str) -> RunSeen:
        if key not in self._read:
            self._read[key] = RunSeen.read(self.folder / FOLDER / f"{key}.parquet")
        return self._read[key]

    @cached_property
    def _outcomes(self) -> pd.DataFrame:
        return self._experiment.runs().df()
