"""What a worker of the scorecard does: the lab's batch, with every school seen at the end of each year and kept beside the parts.

A run's file observed/KEY.parquet is written before the run counts as done, so that a run that is done has its file.
"""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kmsim.agents import School, Teacher
from kmsim.evidence.trial import allotted, estimate
from kmsim.lab import work as lab_work
from kmsim.lab.parts import write_whole
from kmsim.lab.pool import system_of
from kmsim.names import ROLES, STAGES

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan, Run
    from kmsim.lab.work import Batch, Came, Found
    from kmsim.model import Model

FOLDER = "observed"
FIXED = ("phase", "size", "pupils", "fsm_rank", "head_tenure")
BY_PRACTICE = ("ever_member", "signed_up", "joined", "cluster", "in_use", "well", "aware", "q_users", "attainment")
META = b"kmsim.series"


def work(batch: Batch) -> Came:
    """Do a batch as the lab does, keeping what is seen of each run in the experiment's folder."""
    folder = Path(batch.job.folder) / FOLDER
    folder.mkdir(exist_ok=True)
    return lab_work.do(batch, partial(simulate, folder=folder))


def simulate(plan: Plan, run: Run, funding_end: float, folder: Path) -> Found:
    """One run, seen as it goes, and estimated if it is a trial."""
    from kmsim.model import Model

    scenario = plan.scenario_of(run)
    system = system_of(scenario.system)
    draw = run.scenario if plan.design["fresh"] else 0
    if plan.design["trial"]:
        model, arm = allotted(scenario, system, draw)
    else:
        model = Model(system=system, scenario=scenario)
        arm = np.full(system.n_schools, -1, np.int8)
    seen = Seen(model)
    while model.tick < model.ticks:
        model.step()
        seen.look()
    series: dict[str, Any] = dict(seen.series)
    if plan.design["trial"]:
        inside = arm >= 0
        gain = model.tables[School]["attainment"][0][inside].astype(float)
        series["trial"] = vars(estimate(gain, arm[inside] == 1, scenario.seed, draw))
    table = seen.table(arm).replace_schema_metadata({META: json.dumps(series)})
    write_whole(folder / f"{run.key}.parquet", lambda stream: pq.write_table(table, stream, compression="zstd"))
    return lab_work.found_in(plan, run, funding_end, model)


class Seen:
    """A model's schools at the end of each year, who is aware at each tick, and what became of people each year.

    series: aware, role -> share at each tick; left and moved, share of posts in each year; novices, share of those in their
    first year at the start who are still there after each year; fidelity, median and 90th centile of users in funded schools.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.rows: list[dict[str, np.ndarray]] = []
        teachers = model.tables[Teacher]
        self._who = teachers["aptitude"].copy()
        self._novices = self._who[teachers["experience"] == 0].copy()
        self.series: dict[str, Any] = {"aware": {role: [] for role in ROLES}, "left": [], "moved": []}
        self.series |= {"novices": [], "fidelity": []}
        self._hear()
        self._year()

    def look(self) -> None:
        """See the model after a tick."""
        self._hear()
        if self.model.tick % self.model.given.ticks_per_year == 0:
            self._year()

    def _hear(self) -> None:
        teachers = self.model.tables[Teacher]
        aware = teachers["stage"][0] > STAGES.index("unaware")
        for number, role in enumerate(ROLES):
            self.series["aware"][role].append(_mean(aware[teachers["role"] == number]))

    def _year(self) -> None:
        schools, teachers = self.model.tables[School], self.model.tables[Teacher]
        who = teachers["aptitude"]
        new = who != self._who
        moved = new & np.isin(who, self._who)
        if self.model.tick:
            self.series["left"].append(float((new & ~moved).mean()))
            self.series["moved"].append(float(moved.mean()))
            self.series["novices"].append(_mean(np.isin(self._novices, who)))
        self._who = who.copy()
        using = (teachers["stage"][0] == STAGES.index("using")) & (schools["fund"][0] > 0)[teachers["school"]]
        fidelity = teachers["fidelity"][0][using]
        self.series["fidelity"].append(
            [float(np.quantile(fidelity, q)) for q in (0.5, 0.9)] if len(fidelity) else [math.nan, math.nan]
        )
        row = {name: np.array(schools[name]) for name in FIXED}
        row |= {name: np.array(schools[name][0]) for name in BY_PRACTICE}
        row["came"] = np.bincount(teachers["school"][new], minlength=len(row["size"]))
        row["year"] = np.full(len(row["size"]), self.model.tick // self.model.given.ticks_per_year, np.int16)
        row["school"] = np.arange(len(row["size"]), dtype=np.int32)
        self.rows.append(row)

    def columns(self, arm: np.ndarray) -> dict[str, np.ndarray]:
        """Name -> (years + 1, schools). arm: each school's in a trial."""
        found = {name: np.stack([row[name] for row in self.rows]) for name in self.rows[0]}
        return found | {"arm": np.tile(arm, (len(self.rows), 1))}

    def table(self, arm: np.ndarray) -> pa.Table:
        """A row a school and year. arm: each school's in a trial."""
        return pa.table({name: values.ravel() for name, values in self.columns(arm).items()})


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
