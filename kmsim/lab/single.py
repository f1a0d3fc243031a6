"""One run: a policy, a seed, its outcomes over the years. And what decides a run or a comparison, as plain data."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kmsim.lab.planning import checked_outcomes
from kmsim.lab.pool import system_of
from kmsim.lab.provenance import config_hash, now, plain, versions, write_beside
from kmsim.lab.spreadsheets import write_csv
from kmsim.lab.words import columns, shown_by, stand_at
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.policy import describe
from kmsim.posterior import point
from kmsim.scenario import Scenario, read_scenario

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
    asked: dict[str, Any] = field(default_factory=dict, repr=False)  # the keys it was asked for with

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

        settings = {key: value for key, value in self.asked.items() if key != "policy"}
        policies = [self.asked["policy"]] if "policy" in self.asked else list(self.config["policies"])
        return compare(policies, replicates=1, workers=1, **settings).report(path)

    def write(self, folder: str | Path) -> Path:
        """Write outcomes, table, config and manifest into a folder that exists. Returns the folder."""
        folder = Path(folder)
        write_csv(self.outcomes, folder / "outcomes.csv")
        write_beside(folder, self.table(), self.config, self.manifest)
        return folder


def run(outcomes: Sequence[str] | None = None, **settings: Any) -> RunResult:
    """One policy, one seed, to the end. settings: the keys of `kmsim.Model`; outcomes: those to keep, all if none.

    Raises UnknownName or BadValue before anything runs.

    >>> run(system="village", policy="coaching", years=2, funded_years=1).outcomes.policy.iloc[0]
    'coaching'
    """
    from kmsim.model import Model

    started = time.time()
    names = checked_outcomes(outcomes)
    scenario = read_scenario(**settings)
    model = Model(system=system_of(scenario.system), scenario=scenario).run()
    frame = model.outcomes
    if outcomes is not None:
        frame = frame[frame.outcome.isin(names)].reset_index(drop=True)
    config = configuration_of([scenario], 1, outcomes)
    label = f"one run, one seed; {stand_at(scenario.parameters)}"
    found = manifest(config, [scenario.seed], started, label)
    return RunResult(frame, model.ledger, config, found, label, list(model.notes), asked=settings)


def configuration_of(
    scenarios: list[Scenario], replicates: int, outcomes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Everything that decides the comparison, resolved, as plain data: what config.yaml holds and the hash is of."""
    first = scenarios[0]
    return plain(
        {
            "policies": [s.policy.name for s in scenarios],
            "levers": {
                s.policy.name: [{lever.key: describe(lever)} for lever in s.funded_policy().levers] for s in scenarios
            },
            "system": {key: value for key, value in asdict(first.system).items() if value not in (None, ())},
            "practice": [asdict(p) for p in first.practices],
            "network": first.network,
            "seed": first.seed,
            "replicates": replicates,
            "years": first.years,
            "funded_years": first.funded_years,
            "taper": first.taper,
            "ticks_per_year": first.ticks_per_year,
            "budget": first.budget,
            "outcomes": list(outcomes) if outcomes and list(outcomes) != list(OUTCOMES) else "all",
            "parameters": first.parameters,
        }
    )


def manifest(config: dict[str, Any], seeds: list[int], started: float, label: str) -> dict[str, Any]:
    """Where a result comes from: version, model, git hash of the package's own checkout, packages, seeds, time.

    label: what its ranges are over, in words.
    """
    return versions() | {
        "config_hash": config_hash({k: v for k, v in config.items() if k != "budget_gbp"}),
        "seeds": list(map(int, seeds)),
        "seconds": round(time.time() - started, 1),
        "time": now(),
        "label": label,
    }
