"""One run: a policy, a seed, its outcomes over the years. And what decides a run or a comparison, as plain data."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kmsim import contents
from kmsim.lab.planning import checked_outcomes
from kmsim.lab.pool import system_of
from kmsim.lab.provenance import asked_with, config_hash, now, plain, recorded, versions, write_beside
from kmsim.lab.spreadsheets import write_csv
from kmsim.lab.stored_settings import one_policy, read_stored
from kmsim.lab.trust import trusted_code
from kmsim.lab.words import columns, shown_by, stand_at
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.policy import describe
from kmsim.posterior import point
from kmsim.scenario import Scenario, read_scenario
from kmsim.system.settings import own_settings

LABEL = f"chance only; {point()}"


@dataclass
class RunResult:
    """One run: its outcomes as a tidy frame (policy, seed, practice, tick, year, outcome, value), settings and provenance."""

    outcomes: pd.DataFrame
    ledger: dict[str, float]
    config: dict[str, Any]
    manifest: dict[str, Any]
    label: str
    notes: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Every outcome at the end of each second year, as text for a terminal."""
        frame = self.outcomes
        years = sorted(y for y in frame.year.unique() if y == int(y) and y > 0)
        years = [y for y in years if y % 2 == 0 or y == years[-1]] if len(years) > 6 else years
        rows = [["outcome"] + [f"year {y:g}" for y in years]]
        several = frame.practice.nunique() > 1
        for (outcome, practice), part in frame.groupby(["outcome", "practice"], sort=False):
            at = dict(zip(part.year, part.value, strict=True))
            name = OUTCOMES[outcome].label + (f" ({practice})" if several else "")
            rows.append([name] + [shown_by(outcome)(at[y]) for y in years])
        paid = ", ".join(f"{k} £{v:,.0f}" for k, v in self.ledger.items() if v) or "nothing"
        return f"{frame.policy.iloc[0]} ({self.label})\n\n{columns(rows, 40)}\n\npaid: {paid}"

    def report(self, path: str | Path) -> Path:
        """Write the self-contained HTML report, as of a comparison of one policy with one seed, which is run for it.

        Returns its path.
        """
        from kmsim.lab.comparison import compare

        return compare(workers=1, **(self.config | {"outcomes": None})).report(path)

    def write(self, folder: str | Path) -> Path:
        """Write outcomes, table, config and manifest into a folder that exists. Returns the folder."""
        folder = Path(folder)
        write_csv(self.outcomes, folder / "outcomes.csv")
        write_beside(folder, self.table(), self.config, self.manifest)
        return folder


def run(outcomes: Sequence[str] | None = None, **settings: Any) -> RunResult:
    """One policy, one seed, to the end. settings: the keys of `kmsim.Model`, or all that the config.yaml of a run holds.

    outcomes: those to keep, all if none.
    Raises UnknownName or BadValue before anything runs.

    >>> run(system="village", policy="coaching", years=2, funded_years=1).outcomes.policy.iloc[0]
    'coaching'
    """
    return run_planned(plan_run(outcomes, **settings))


@dataclass(frozen=True)
class PlannedRun:
    """A run that is checked and not yet run. config: everything that decides it, files by content."""

    scenario: Scenario
    outcomes: list[str]
    config: dict[str, Any]


def plan_run(outcomes: Sequence[str] | None = None, **settings: Any) -> PlannedRun:
    """The run that these settings ask for, with every file read once. Raises UnknownName or BadValue.

    >>> plan_run(system="village", policy="coaching").config["policies"]
    ['coaching']
    """
    with contents.noted() as files:
        stored = read_stored(settings | {"outcomes": outcomes})
        given = one_policy(stored.settings)
        wanted = given.pop("outcomes", None)
        names = checked_outcomes(wanted)
        scenario = read_scenario(**given)
    return PlannedRun(scenario, names, configuration_of([scenario], 1, wanted, stored.files | files))


def run_planned(planned: PlannedRun, command: Sequence[str] = ()) -> RunResult:
    """Run it. command: the words it was asked for with, for the manifest. Raises KmsimError for a file that has changed."""
    from kmsim.model import Model

    started, scenario = time.time(), planned.scenario
    model = Model(system=system_of(scenario.system), scenario=scenario).run()
    frame = model.outcomes
    if planned.outcomes != list(OUTCOMES):
        frame = frame[frame.outcome.isin(planned.outcomes)].reset_index(drop=True)
    label = f"one run, one seed; {stand_at(scenario.parameters)}"
    found = manifest(planned.config, [scenario.seed], started, label, command) | {"notes": list(model.notes)}
    return RunResult(frame, model.ledger, planned.config, found, label, list(model.notes))


def configuration_of(
    scenarios: list[Scenario],
    replicates: int,
    outcomes: Sequence[str] | None = None,
    files: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Everything that decides the comparison, resolved, as plain data: what config.yaml holds and the hash is of.

    files: every file that was read, path -> SHA-256. Levers are as the policies have them, before `network` is laid over.
    """
    first, code = scenarios[0], trusted_code()
    network = next((s.network for s in scenarios if s.network), {})
    return plain(
        {
            "policies": [s.policy.name for s in scenarios],
            "levers": {s.policy.name: [{lever.key: describe(lever)} for lever in s.policy.levers] for s in scenarios},
            "summaries": {s.policy.name: s.policy.summary for s in scenarios},
            "system": own_settings(first.system),
            "practice": [asdict(p) for p in first.practices],
            "network": network,
            "seed": first.seed,
            "replicates": replicates,
            "years": first.years,
            "funded_years": first.funded_years,
            "taper": first.taper,
            "ticks_per_year": first.ticks_per_year,
            "budget": first.budget,
            "outcomes": list(outcomes) if outcomes and list(outcomes) != list(OUTCOMES) else "all",
            "parameters": first.parameters,
            **({"code": code} if code else {}),
            **recorded(files or {}),
        }
    )


def manifest(
    config: dict[str, Any], seeds: list[int], started: float, label: str, command: Sequence[str] = ()
) -> dict[str, Any]:
    """Where a result comes from: version, model, git hash of the package's own checkout, packages, command, seeds, time.

    label: what its ranges are over, in words. command: the words that asked for it on the command line.
    """
    return (
        versions()
        | asked_with(command)
        | {
            "config_hash": config_hash({k: v for k, v in config.items() if k != "budget_gbp"}),
            "seeds": list(map(int, seeds)),
            "seconds": round(time.time() - started, 1),
            "time": now(),
            "label": label,
        }
    )
