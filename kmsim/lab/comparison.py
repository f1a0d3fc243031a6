"""Comparing policies: the same schools, the same budget, the same draws; what differs is the policy.

A comparison is a plan of one scenario in the lab, or of as many as there are draws of a posterior: `compare` has it run,
`Comparison` holds what came out as frames and writes it down.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from kmsim import contents
from kmsim.bounds import bounded
from kmsim.errors import BadValue, KmsimError, RunFailed, unknown
from kmsim.lab import ranges
from kmsim.lab import uncertainty as apart
from kmsim.lab.ensemble import run_plan
from kmsim.lab.plan import Plan
from kmsim.lab.planning import read_plan
from kmsim.lab.pool import system_of
from kmsim.lab.provenance import config_hash, write_beside
from kmsim.lab.single import LABEL, configuration_of, manifest
from kmsim.lab.spreadsheets import write_csv
from kmsim.lab.store import Scan, Store
from kmsim.lab.stored_settings import read_stored
from kmsim.lab.words import paired_text, scorecard_text, stand_at
from kmsim.parameters import PARAMETERS
from kmsim.policies.policy import network_label
from kmsim.posterior import Posterior, shipped
from kmsim.posterior import read as read_posterior
from kmsim.scenario import Scenario

CHANCE, POSTERIOR = "chance", "posterior"
SEEDS = 20
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

    Over a posterior a "seed" of the frames is a draw of parameters, each the mean of its own seeds, so that ranges are over
    parameters; summary and paired then have chance_low and chance_high, over seeds alone, and decision is as `uncertainty.decision` has it.
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
    decision: pd.DataFrame | None = None

    def table(self) -> str:
        """The scorecard, the paired differences and over a posterior how sure the ranking is, as text for a terminal."""
        parts = [scorecard_text(self), paired_text(self)]
        return "\n\n".join(parts if self.decision is None else [*parts, apart.text(self)])

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
        write_csv(self.summary, folder / "summary.csv")
        write_csv(self.paired, folder / "paired.csv")
        frame = self.trajectories.astype({"value": np.float32})
        if self.decision is not None:
            write_csv(self.decision, folder / "decision.csv")
            frame = frame.rename(columns={"seed": "draw"})
        frame.to_parquet(folder / "trajectories.parquet", compression="zstd", index=False)
        (folder / "figures").mkdir()
        drawn = draw_all(self)
        save_all(self, folder / "figures", drawn)
        write(self, folder / "report.html", drawn)
        write_beside(folder, self.table(), self.config, self.manifest)
        return folder


def compare(
    policies: Sequence[Any] = DEFAULT_POLICIES,
    replicates: int | None = None,
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
    replicates: seeds, 20 if None. uncertainty="posterior": over draws (32) of the calibrated posterior that is shipped, or
    of the one in the folder `posterior`, with 4 seeds each unless replicates says otherwise. All that the config.yaml of a
    comparison holds is accepted too: `compare(**config)`.

    Raises UnknownName or BadValue before anything runs, RunFailed if a run broke.

    >>> found = compare(["business_as_usual", "coaching"], replicates=2, workers=1, system="village", years=2, funded_years=1)
    >>> found.policies
    ['business_as_usual', 'coaching']
    """
    plan = plan_of(policies, replicates, outcomes, **settings)
    with _somewhere(folder) as where:
        return compare_plan(plan, where, workers, progress)


def plan_of(
    policies: Sequence[Any],
    replicates: int | None = None,
    outcomes: Sequence[str] | None = None,
    uncertainty: str = CHANCE,
    draws: int | None = None,
    posterior: str | Mapping[str, str] | None = None,
    **settings: Any,
) -> Plan:
    """The plan of a comparison: one scenario or one a draw, every trajectory kept. Everything is checked, as `read_plan` does.

    settings: as of `compare`, or all that its config.yaml holds. Every file that is named is read once, and noted in the plan.
    """
    with contents.noted() as files:
        stored = read_stored(settings | {"policies": policies, "outcomes": outcomes})
        given = stored.settings
        policies, outcomes = given.pop("policies"), given.pop("outcomes", None)
        plan = _plan_of(policies, replicates, outcomes, uncertainty, draws, posterior, **given)
    plan.files = stored.files | files
    if stored.design is not None and contents.without_paths(stored.design) != contents.without_paths(plan.design):
        raise KmsimError("posterior: holds other sets of parameters than those that config.yaml was written with")
    return plan


def _plan_of(
    policies: Sequence[Any],
    replicates: int | None,
    outcomes: Sequence[str] | None,
    uncertainty: str,
    draws: int | None,
    posterior: str | Mapping[str, str] | None,
    **settings: Any,
) -> Plan:
    if uncertainty not in (CHANCE, POSTERIOR):
        raise unknown("uncertainty", uncertainty, (CHANCE, POSTERIOR), "a kind of uncertainty")
    if uncertainty == CHANCE:
        for key, value in (("draws", draws), ("posterior", posterior)):
            if value is not None:
                raise BadValue(key, value, "uncertainty=posterior beside it")
        return read_plan(policies, None, SEEDS if replicates is None else replicates, outcomes, "all", **settings)
    found = _posterior(posterior)
    number_of = min(apart.DRAWS, len(found)) if draws is None else bounded("draws", draws)
    table = apart.table_of(found, number_of, settings)
    design = {"kind": POSTERIOR, "draws": number_of, "origin": found.origin}
    design["stands"] = config_hash({"rows": table.digests().tobytes().hex()})
    if posterior is not None:
        path = posterior["path"] if isinstance(posterior, Mapping) else str(posterior)
        design["posterior"] = {"path": path, contents.SHA256: found.sha256}
    seeds = apart.SEEDS if replicates is None else replicates
    return read_plan(policies, table, seeds, outcomes, "all", design, **settings)


def _posterior(named: str | Mapping[str, str] | None) -> Posterior:
    """The posterior in a folder, as config.yaml has it with the SHA-256 of its sets, or the one that is shipped.

    Raises KmsimError if there is none, or one of other sets.
    """
    if isinstance(named, Mapping):
        if named.keys() != {"path", contents.SHA256}:
            raise BadValue("posterior", dict(named), "a folder, or its path and sha256")
        found: Posterior | None = read_posterior(named["path"], named[contents.SHA256])
    else:
        found = shipped() if named is None else read_posterior(named)
    if found is None:
        raise KmsimError(
            "uncertainty=posterior: no posterior is shipped with this version; make one with kmsim calibrate and give its "
            "folder, such as posterior=results/calibrate/NAME"
        )
    return found


def is_posterior(plan: Plan) -> bool:
    """Whether a comparison's plan is over draws of a posterior."""
    return plan.design.get("kind") == POSTERIOR


def config_of(plan: Plan) -> dict[str, Any]:
    """Everything that decides a comparison, as plain data: what config.yaml holds and the hash is of."""
    config = configuration_of(scenarios_of(plan), plan.replicates, plan.outcomes, plan.files)
    if is_posterior(plan):
        varied = {key.partition(".")[2] for key in plan.varied}
        config["parameters"] = {name: value for name, value in config["parameters"].items() if name not in varied}
        config |= {"uncertainty": POSTERIOR, "draws": plan.design["draws"]}
        if "posterior" in plan.design:
            config["posterior"] = plan.design["posterior"]
        config["design"] = dict(plan.design)
    return config


def label_of(plan: Plan) -> str:
    """What the ranges of a comparison are over."""
    if not is_posterior(plan):
        return f"chance only; {stand_at(scenarios_of(plan)[0].parameters)}"
    draws, seeds = plan.table.count, plan.replicates
    which = f"the calibrated parameters, {len(plan.varied)} of {len(PARAMETERS)}"
    return (
        f"{which}, over {draws} draws of a posterior {plan.design['origin']}; each draw averages {seeds} runs of chance"
    )


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
        more = f"; kmsim status {shlex.quote(str(folder))} tells more" if command else ""  # else the folder may be gone
        raise RunFailed((f"{lost}; the first: {first}" if first else lost) + more)
    return _collect(plan, store, started, command)


@contextmanager
def _somewhere(folder: str | Path | None) -> Iterator[Path]:
    """The folder, or one that is gone afterwards."""
    if folder is not None:
        yield Path(folder)
        return
    with TemporaryDirectory(prefix="kmsim-") as made:
        yield Path(made) / "experiment"


def _collect(plan: Plan, store: Store, started: float, command: Sequence[str]) -> Comparison:
    """From the runs in a store to frames."""
    scenarios, over = scenarios_of(plan), is_posterior(plan)
    first, names, scan = scenarios[0], plan.policies, store.scan()
    practices = [p.name for p in first.practices]
    system, per_year = system_of(first.system), first.ticks_per_year
    seeds = [plan.seed + r for r in range(plan.replicates)]
    every = _values(plan, store, scan, practices, first.years * per_year)
    values = apart.averaged(every) if over else {name: array[:, 0] for name, array in every.items()}
    end = min(max(s.funding_end for s in scenarios), first.years)
    moments = {"funding_end": round(end * per_year), "end": first.years * per_year}
    config = config_of(plan)
    pupils = float(system.schools["pupils"].sum())
    config["budget_gbp"] = first.budget_gbp(pupils)
    about = names, practices, moments, per_year
    label = label_of(plan)
    facts = manifest(config, seeds, started, label, command) | {"ledger_gbp": _ledgers(plan, store, scan)}
    if over:
        facts["draws"] = plan.table.count
    facts["notes"] = list(system.notes)
    return Comparison(
        summary=apart.summary(every, *about) if over else ranges.summary(values, *about),
        paired=apart.paired(every, *about) if over else ranges.paired(values, *about),
        trajectories=ranges.trajectories(
            values, names, [*range(1, plan.table.count + 1)] if over else seeds, practices, per_year
        ),
        config=config,
        manifest=facts,
        counts={"schools": system.n_schools, "posts": system.n_posts, "pupils": int(pupils)},
        policies=names,
        policy_summaries={name: _summary(s) for name, s in zip(names, scenarios, strict=True)},
        system_name=first.system.name,
        funding_end=end,
        notes=list(system.notes),
        label=label,
        decision=apart.decision(every, *about) if over else None,
    )


def _summary(scenario: Scenario) -> str:
    """A policy in a sentence, and what replaces the features of its network."""
    label = network_label(scenario.network)
    return f"{scenario.policy.summary} Features of its network: {label}.".lstrip() if label else scenario.policy.summary


def _values(plan: Plan, store: Store, scan: Scan, practices: list[str], ticks: int) -> dict[str, np.ndarray]:
    """Outcome -> (policies, draws, seeds, practices, ticks + 1), from the trajectories on disk, whatever parts they stand in."""
    table = _read(store, scan, "trajectories")
    at = (
        _places(table, "policy", plan.policies),
        table.column("scenario").to_numpy(),
        table.column("seed").to_numpy() - plan.seed,
        _places(table, "practice", practices),
        table.column("tick").to_numpy(),
    )
    out = {}
    for name in plan.outcomes:
        shape = len(plan.policies), plan.table.count, plan.replicates, len(practices), ticks + 1
        out[name] = np.full(shape, np.nan)
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
    return store.read(table, scan.parts).combine_chunks()


def _places(table: pa.Table, column: str, names: list[str]) -> np.ndarray:
    """Where in the list each row's name stands."""
    coded = table.column(column).combine_chunks().dictionary_encode()
    places = np.array([names.index(name) for name in coded.dictionary.to_pylist()])
    return places[coded.indices.to_numpy(zero_copy_only=False)]
