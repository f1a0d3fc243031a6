"""Comparing policies: the same schools, the same budget, the same draws; what differs is the policy.

A comparison is a plan of one scenario in the lab: `compare` has it run, `Comparison` holds what came out as frames and
writes it down.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from kmsim.errors import RunFailed
from kmsim.lab import ranges
from kmsim.lab.ensemble import run_plan
from kmsim.lab.plan import Plan
from kmsim.lab.planning import read_plan
from kmsim.lab.pool import system_of
from kmsim.lab.single import LABEL, configuration_of, manifest
from kmsim.lab.spreadsheets import safe
from kmsim.lab.store import Scan, Store
from kmsim.lab.words import paired_text, scorecard_text
from kmsim.scenario import Scenario

DEFAULT_POLICIES = (
    "business_as_usual",
    "guidance_only",
    "national_mandate",
    "train_the_trainer",
    "hub_and_spoke",
    "coaching",
    "codesigned_networks",
    "targeted_networks",
)


@dataclass
class Comparison:
    """What a comparison found: frames, settings and provenance. Ranges are the 5th to 95th percentile over seeds.

    summary: policy, practice, outcome, moment, year, mean, low, high, n. paired: policy, practice, against, role, outcome,
    moment, year, difference, low, high, ahead, n. trajectories: policy, seed, practice, tick, year, outcome, value.
    """

    summary: pd.DataFrame
    paired: pd.DataFrame
    trajectories: pd.DataFrame
    config: dict[str, Any]
    manifest: dict[str, Any]
    counts: dict[str, int]
    policies: list[str]
    policy_summaries: dict[str, str]
    system_name: str
    funding_end: float
    notes: list[str] = field(default_factory=list)
    label: str = LABEL

    def table(self) -> str:
        """The scorecard and the paired differences, as text for a terminal."""
        return scorecard_text(self) + "\n\n" + paired_text(self)

    def report(self, path: str | Path) -> Path:
        """Write the self-contained HTML report. Returns its path."""
        from kmsim.report.report import write

        write(self, Path(path))
        return Path(path)

    def write(self, folder: str | Path) -> Path:
        """Write everything into a folder that exists: frames, figures, report, config and manifest. Returns the folder."""
        from kmsim.report.figures import draw_all, save_all
        from kmsim.report.report import write

        folder = Path(folder)
        safe(self.summary).to_csv(folder / "summary.csv", index=False, lineterminator="\n")
        safe(self.paired).to_csv(folder / "paired.csv", index=False, lineterminator="\n")
        frame = self.trajectories.astype({"value": np.float32})
        frame.to_parquet(folder / "trajectories.parquet", compression="zstd", index=False)
        (folder / "figures").mkdir()
        drawn = draw_all(self)
        save_all(self, folder / "figures", drawn)
        write(self, folder / "report.html", drawn)
        (folder / "table.txt").write_text(self.table() + "\n", encoding="utf-8")
        (folder / "config.yaml").write_text(
            yaml.safe_dump(self.config, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        (folder / "manifest.json").write_text(json.dumps(self.manifest, indent=2) + "\n", encoding="utf-8")
        return folder


def compare(
    policies: Sequence[Any] = DEFAULT_POLICIES,
    replicates: int = 20,
    workers: int | None = None,
    progress: Callable[[int, int, float], Any] | None = None,
    outcomes: Sequence[str] | None = None,
    folder: str | Path | None = None,
    **settings: Any,
) -> Comparison:
    """Run each policy with seeds seed, seed + 1, ... on the same system and draws, and compare what came out.

    settings: the keys of `kmsim.Model` (system, practice, network, years, funded_years, budget, ...). outcomes: those to
    keep, all if none. workers: processes, never changing the result. progress is called with runs done, runs in all and
    runs a second. folder: where to keep the runs as an experiment of the lab, which the same call goes on with.

    Raises UnknownName or BadValue before anything runs, RunFailed if a run broke.

    >>> found = compare(["business_as_usual", "coaching"], replicates=2, workers=1, system="village", years=2, funded_years=1)
    >>> found.policies
    ['business_as_usual', 'coaching']
    """
    plan = plan_of(policies, replicates, outcomes, **settings)
    with _somewhere(folder) as where:
        return compare_plan(plan, where, workers, progress)


def plan_of(
    policies: Sequence[Any], replicates: int = 20, outcomes: Sequence[str] | None = None, **settings: Any
) -> Plan:
    """The plan of a comparison: one scenario, every trajectory kept. Everything is checked, as `read_plan` does."""
    return read_plan(policies, None, replicates, outcomes, "all", **settings)


def scenarios_of(plan: Plan) -> list[Scenario]:
    """What each policy of a comparison runs, with the first seed."""
    return [plan.scenario_of(plan.run(policy)) for policy in range(len(plan.policies))]


def compare_plan(
    plan: Plan,
    folder: Path,
    workers: int | None = None,
    progress: Callable[[int, int, float], Any] | None = None,
    command: Sequence[str] = (),
) -> Comparison:
    """Do what is missing of a comparison's plan in a folder, and compare. Raises as `run_plan`, and RunFailed if a run broke."""
    started = time.time()
    executor = "serial" if workers == 1 else "processes"
    came = run_plan(plan, folder, executor, workers, progress, command=command, again="the same command")
    store = Store.open(folder)
    if not came.whole:
        first = next((row["error"] for row in store.failures()), "")
        lost = f"{came.failed} of {came.planned} runs failed and {came.missing} are missing"
        raise RunFailed(f"{lost}; the first: {first}" if first else lost)
    return _collect(plan, store, started)


@contextmanager
def _somewhere(folder: str | Path | None) -> Iterator[Path]:
    """The folder, or one that is gone afterwards."""
    if folder is not None:
        yield Path(folder)
        return
    with TemporaryDirectory(prefix="kmsim-") as made:
        yield Path(made) / "experiment"


def _collect(plan: Plan, store: Store, started: float) -> Comparison:
    """From the runs in a store to frames."""
    scenarios = scenarios_of(plan)
    first, names, scan = scenarios[0], plan.policies, store.scan()
    practices = [p.name for p in first.practices]
    system, per_year = system_of(first.system), first.ticks_per_year
    seeds = [plan.seed + r for r in range(plan.replicates)]
    values = _values(plan, store, scan, practices, first.years * per_year)
    end = min(max(s.funding_end for s in scenarios), first.years)
    moments = {"funding_end": round(end * per_year), "end": first.years * per_year}
    config = configuration_of(scenarios, plan.replicates, plan.outcomes)
    pupils = float(system.schools["pupils"].sum())
    config["budget_gbp"] = first.budget_gbp(pupils)
    return Comparison(
        summary=ranges.summary(values, names, practices, moments, per_year),
        paired=ranges.paired(values, names, practices, moments, per_year),
        trajectories=ranges.trajectories(values, names, seeds, practices, per_year),
        config=config,
        manifest=manifest(config, seeds, started) | {"ledger_gbp": _ledgers(plan, store, scan)},
        counts={"schools": system.n_schools, "posts": system.n_posts, "pupils": int(pupils)},
        policies=names,
        policy_summaries={s.policy.name: s.policy.summary for s in scenarios},
        system_name=first.system.name,
        funding_end=end,
        notes=list(system.notes),
    )


def _values(plan: Plan, store: Store, scan: Scan, practices: list[str], ticks: int) -> dict[str, np.ndarray]:
    """Outcome -> (policies, seeds, practices, ticks + 1), from the trajectories on disk, whatever parts they stand in."""
    table = _read(store, scan, "trajectories")
    at = (
        _places(table, "policy", plan.policies),
        table.column("seed").to_numpy() - plan.seed,
        _places(table, "practice", practices),
        table.column("tick").to_numpy(),
    )
    out = {}
    for name in plan.outcomes:
        out[name] = np.full((len(plan.policies), plan.replicates, len(practices), ticks + 1), np.nan)
        out[name][at] = table.column(name).to_numpy()
    return out


def _ledgers(plan: Plan, store: Store, scan: Scan) -> dict[str, dict[str, float]]:
    """Policy -> category -> GBP, mean over seeds."""
    table = _read(store, scan, "ledger").to_pandas()
    policy_of = {run.key: plan.policies[run.policy] for run in plan.runs()}
    means = (
        table.sort_values(["key", "category"]).groupby([table.key.map(policy_of), "category"], sort=False).gbp.mean()
    )
    return {policy: means[policy].to_dict() for policy in plan.policies}


def _read(store: Store, scan: Scan, table: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(file) for file in store.files(table, scan.parts)]).combine_chunks()


def _places(table: pa.Table, column: str, names: list[str]) -> np.ndarray:
    """Where in the list each row's name stands."""
    coded = table.column(column).combine_chunks().dictionary_encode()
    places = np.array([names.index(name) for name in coded.dictionary.to_pylist()])
    return places[coded.indices.to_numpy(zero_copy_only=False)]
