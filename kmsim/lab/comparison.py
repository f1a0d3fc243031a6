"""Comparing policies: the same schools, the same budget, the same draws; what differs is the policy.

`compare` runs them, `Comparison` holds what came out as frames and writes it down.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from kmsim.errors import BadValue, unknown
from kmsim.fingerprint import VERSION, fingerprint
from kmsim.lab import pool
from kmsim.lab.provenance import config_hash, git_hash, packages, plain
from kmsim.lab.words import columns
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.policies.policy import describe
from kmsim.scenario import Scenario, number, read_scenario

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
BASELINE = "business_as_usual"
LABEL = "chance only; parameters set by hand"
MOMENTS = ("funding_end", "end")
KEY_OUTCOMES = ("doing_it_well", "sustained", "gap", "months_disadvantaged")


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
    progress: Callable[[int, int], Any] | None = None,
    outcomes: Sequence[str] | None = None,
    **settings: Any,
) -> Comparison:
    """Run each policy with seeds seed, seed + 1, ... on the same system and draws, and compare what came out.

    settings: the keys of `kmsim.Model` (system, practice, network, years, funded_years, budget, ...). outcomes: those to
    keep, all if none. workers: processes, never changing the result. progress(done, total) is called after each run.

    Raises UnknownName or BadValue before anything runs, RunFailed if a run broke.

    >>> found = compare(["business_as_usual", "coaching"], replicates=2, workers=1, system="village", years=2, funded_years=1)
    >>> found.policies
    ['business_as_usual', 'coaching']
    """
    started = time.time()
    scenarios = read_comparison(policies, replicates, outcomes, **settings)
    wanted = list(OUTCOMES) if not outcomes else list(outcomes)
    seeds = [scenarios[0].seed + r for r in range(int(replicates))]
    runs = [pool.seeded(s, seed) for seed in seeds for s in scenarios]
    pool.compile_model()
    results = pool.run_all(runs, workers or pool.cpus(), progress)
    return _collect(scenarios, seeds, results, wanted, started)


@dataclass
class RunResult:
    """One run: its outcomes as a tidy frame (policy, seed, practice, tick, year, outcome, value), settings and provenance."""

    outcomes: pd.DataFrame
    ledger: dict[str, float]
    config: dict[str, Any]
    manifest: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    label: str = "one run, one seed; parameters set by hand"

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
            rows.append([name] + [OUTCOMES[outcome].show(at[y]) for y in years])
        paid = ", ".join(f"{k} £{v:,.0f}" for k, v in self.ledger.items() if v) or "nothing"
        return f"{frame.policy.iloc[0]} ({self.label})\n\n{columns(rows, 40)}\n\npaid: {paid}"

    def write(self, folder: str | Path) -> Path:
        """Write outcomes, table, config and manifest into a folder that exists. Returns the folder."""
        folder = Path(folder)
        safe(self.outcomes).to_csv(folder / "outcomes.csv", index=False, lineterminator="\n")
        (folder / "table.txt").write_text(self.table() + "\n", encoding="utf-8")
        (folder / "config.yaml").write_text(
            yaml.safe_dump(self.config, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        (folder / "manifest.json").write_text(json.dumps(self.manifest, indent=2) + "\n", encoding="utf-8")
        return folder


def run(outcomes: Sequence[str] | None = None, **settings: Any) -> RunResult:
    """One policy, one seed, to the end. settings: the keys of `kmsim.Model`; outcomes: those to keep, all if none.

    Raises UnknownName or BadValue before anything runs.

    >>> run(system="village", policy="coaching", years=2, funded_years=1).outcomes.policy.iloc[0]
    'coaching'
    """
    from kmsim.model import Model

    started = time.time()
    for name in outcomes or ():
        if name not in OUTCOMES:
            raise unknown("outcomes", name, OUTCOMES, "an outcome")
    scenario = read_scenario(**settings)
    model = Model(system=pool.system_of(scenario.system), scenario=scenario).run()
    frame = model.outcomes
    if outcomes:
        frame = frame[frame.outcome.isin(list(outcomes))].reset_index(drop=True)
    config = configuration_of([scenario], 1, outcomes)
    found = manifest(config, [scenario.seed], started)
    return RunResult(frame, model.ledger, config, found, list(model.notes))


def read_comparison(
    policies: Sequence[Any], replicates: int, outcomes: Sequence[str] | None = None, **settings: Any
) -> list[Scenario]:
    """The checked scenario of each policy, with the first seed. Raises UnknownName or BadValue."""
    if isinstance(policies, str) or not list(policies):
        raise BadValue("policies", policies, "at least one policy, as a list")
    number("replicates", replicates, 1, 100_000, whole=True)
    for name in outcomes or ():
        if name not in OUTCOMES:
            raise unknown("outcomes", name, OUTCOMES, "an outcome")
    if outcomes is not None and not list(outcomes):
        raise BadValue("outcomes", "[]", "at least one outcome")
    network = settings.pop("network", None)
    features = {key: settings.pop(key) for key in [k for k in settings if k.startswith("network.")]}
    scenarios = []
    for policy in policies:
        plain = read_scenario(policy=policy, **settings)
        has_network = plain.policy.recruits is not None
        scenarios.append(
            read_scenario(policy=policy, network=network, **features, **settings) if has_network else plain
        )
    names = [s.policy.name for s in scenarios]
    if len(set(names)) < len(names):
        raise BadValue("policies", ",".join(names), "each policy once")
    return scenarios


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


def _collect(scenarios, seeds, results, wanted, started) -> Comparison:
    """From the runs' arrays to frames."""
    from kmsim.model import Model

    first = scenarios[0]
    names = [s.policy.name for s in scenarios]
    practices = [p.name for p in first.practices]
    models = [Model(system=pool.system_of(first.system), scenario=s) for s in scenarios]
    system = models[0].system
    end = min(max(m.funding_end for m in models), first.years)
    ticks = first.years * first.ticks_per_year
    # values[outcome]: (policies, seeds, practices, ticks + 1)
    values = {
        name: np.array([[results[r * len(names) + p][1][name] for r in range(len(seeds))] for p in range(len(names))])
        for name in wanted
    }
    moments = {"funding_end": round(end * first.ticks_per_year), "end": ticks}
    config = configuration_of(scenarios, len(seeds), wanted if wanted != list(OUTCOMES) else None)
    pupils = int(system.schools["pupils"].sum())
    config["budget_gbp"] = models[0].budget
    ledgers = {
        policy: {
            category: float(np.mean([results[r * len(names) + p][2][category] for r in range(len(seeds))]))
            for category in results[0][2]
        }
        for p, policy in enumerate(names)
    }
    return Comparison(
        summary=_summary(values, names, practices, moments, first.ticks_per_year),
        paired=_paired(values, names, practices, moments, first.ticks_per_year),
        trajectories=_trajectories(values, names, seeds, practices, first.ticks_per_year),
        config=config,
        manifest=manifest(config, seeds, started) | {"ledger_gbp": ledgers},
        counts={"schools": system.n_schools, "posts": system.n_posts, "pupils": pupils},
        policies=names,
        policy_summaries={s.policy.name: s.policy.summary for s in scenarios},
        system_name=first.system.name,
        funding_end=end,
        notes=list(system.notes),
    )


def _practice_rows(name: str, practices: list[str]) -> list[tuple[int, str]]:
    """Which rows of an outcome to show: one for all practices together where it is shared."""
    return [(0, "all")] if OUTCOMES[name].shared and len(practices) > 1 else list(enumerate(practices))


def _range(x: np.ndarray) -> dict[str, float]:
    good = x[np.isfinite(x)]
    if len(good) == 0:
        return {"mean": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    low, high = np.quantile(good, [0.05, 0.95])
    return {"mean": float(np.mean(good)), "low": float(low), "high": float(high), "n": len(good)}


def _summary(values, names, practices, moments, per_year) -> pd.DataFrame:
    rows = []
    for p, policy in enumerate(names):
        for name, array in values.items():
            for k, practice in _practice_rows(name, practices):
                for moment, tick in moments.items():
                    base = {
                        "policy": policy,
                        "practice": practice,
                        "outcome": name,
                        "moment": moment,
                        "year": tick / per_year,
                    }
                    rows.append(base | _range(array[p, :, k, tick]))
    return pd.DataFrame(rows)


_PAIRED = [
    "policy",
    "practice",
    "against",
    "role",
    "outcome",
    "moment",
    "year",
    "difference",
    "low",
    "high",
    "ahead",
    "n",
]


def _paired(values, names, practices, moments, per_year) -> pd.DataFrame:
    """Differences between policies with the same seed: to business as usual, and to the best by that outcome."""
    rows = []
    for name, array in values.items():
        sense = {"more": 1.0, "less": -1.0, "none": 0.0}[OUTCOMES[name].better]
        for k, practice in _practice_rows(name, practices):
            for moment, tick in moments.items():
                at = array[:, :, k, tick]
                for role, other in _rivals(names, at, sense):
                    for p, policy in enumerate(names):
                        if p == other:
                            continue
                        difference = at[p] - at[other]
                        found = _range(difference)
                        rows.append(
                            {
                                "policy": policy,
                                "practice": practice,
                                "against": names[other],
                                "role": role,
                                "outcome": name,
                                "moment": moment,
                                "year": tick / per_year,
                                "difference": found["mean"],
                                "low": found["low"],
                                "high": found["high"],
                                "ahead": int(np.sum(sense * difference > 0)),
                                "n": found["n"],
                            }
                        )
    return pd.DataFrame(rows, columns=_PAIRED)


def _rivals(names: list[str], at: np.ndarray, sense: float) -> list[tuple[str, int]]:
    rivals = [("baseline", names.index(BASELINE))] if BASELINE in names else []
    means = np.array([np.mean(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in at])
    if sense and np.isfinite(means).any() and len(names) > 1:
        rivals.append(("best", int(np.nanargmax(sense * means))))
    return rivals


def _trajectories(values, names, seeds, practices, per_year) -> pd.DataFrame:
    parts = []
    for name, array in values.items():
        ticks = np.arange(array.shape[3])
        for k, practice in _practice_rows(name, practices):
            n = len(names) * len(seeds) * len(ticks)
            parts.append(
                pd.DataFrame(
                    {
                        "policy": np.repeat(names, len(seeds) * len(ticks)),
                        "seed": np.tile(np.repeat(seeds, len(ticks)), len(names)),
                        "practice": practice,
                        "tick": np.tile(ticks, len(names) * len(seeds)),
                        "year": np.tile(ticks / per_year, len(names) * len(seeds)),
                        "outcome": name,
                        "value": array[:, :, k, :].reshape(n),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def manifest(config: dict[str, Any], seeds: list[int], started: float) -> dict[str, Any]:
    """Where a result comes from: version, model, git hash of the package's own checkout, packages, seeds, time."""
    return {
        "version": VERSION,
        "model": fingerprint(),
        "fingerprint": fingerprint(),
        "git_hash": git_hash(),
        "config_hash": config_hash({k: v for k, v in config.items() if k != "budget_gbp"}),
        "python": platform.python_version(),
        "packages": packages(),
        "seeds": list(map(int, seeds)),
        "seconds": round(time.time() - started, 1),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "label": LABEL,
    }


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text cells that a spreadsheet would run as a formula made harmless."""
    text = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(
        **{c: frame[c].map(lambda v: f"'{v}" if isinstance(v, str) and v[:1] in "=+-@" and v else v) for c in text}
    )


# -- as text ---------------------------------------------------------------
def cell(comparison: Any, policy: str, outcome: str) -> str:
    """A scorecard cell: the mean with its 90% range, as people read it."""
    s = comparison.summary
    row = s[(s.policy == policy) & (s.outcome == outcome) & (s.moment == SCORECARD[outcome])].iloc[0]
    show = OUTCOMES[outcome].show
    if not np.isfinite(row["mean"]):
        return "n/a"
    return f"{show(row['mean'])} ({show(row['low'])} to {show(row['high'])})"


def scorecard_text(c: Comparison) -> str:
    """The scorecard in blocks that fit a terminal."""
    names = [o for o in SCORECARD if o in set(c.summary.outcome)]
    blocks = []
    budget = c.config.get("budget_gbp")
    head = (
        f"{c.counts['schools']:,} schools, {c.counts['posts']:,} teachers, {c.counts['pupils']:,} pupils ({c.system_name}); "
        f"{len(c.manifest['seeds'])} seeds; {c.config['years']} years, {c.config['funded_years']:g} funded a school; "
        f"budget {'each policy at its own cost' if budget is None else f'£{budget / 1e6:,.2f}m for each funded policy'}\n"
        f"mean and 90% range over seeds ({c.label})"
    )
    for at in range(0, len(names), 4):
        part = names[at : at + 4]
        titles = ["policy"] + [f"{OUTCOMES[o].label} [{_when(c, o)}]" for o in part]
        blocks.append(columns([titles] + [[p] + [cell(c, p, o) for o in part] for p in c.policies]))
    return head + "\n\n" + "\n\n".join(blocks)


def _when(c: Comparison, outcome: str) -> str:
    if outcome in ("sustained", "sustained_ratio"):
        return "own clock"
    year = c.funding_end if SCORECARD[outcome] == "funding_end" else c.config["years"]
    return f"year {year:g}"


def paired_text(c: Comparison) -> str:
    """Paired differences to business as usual and to the best, for the outcomes that matter most."""
    blocks = []
    for outcome in [o for o in KEY_OUTCOMES if o in set(c.paired.outcome)]:
        rows = c.paired[(c.paired.outcome == outcome) & (c.paired.moment == SCORECARD[outcome])]
        if rows.empty:
            continue
        lines = [[f"{OUTCOMES[outcome].label}: difference", "to business as usual", "ahead", "to the best", "ahead"]]
        best = rows[rows.role == "best"].against.iloc[0] if (rows.role == "best").any() else None
        for policy in c.policies:
            lines.append(
                [
                    policy + (" (best)" if policy == best else ""),
                    *_pair(rows, policy, "baseline", outcome),
                    *_pair(rows, policy, "best", outcome),
                ]
            )
        blocks.append(columns(lines))
    return "Paired differences, same seeds (90% range; ahead in k of n seeds)\n\n" + "\n\n".join(blocks)


def _pair(rows: pd.DataFrame, policy: str, role: str, outcome: str) -> list[str]:
    row = rows[(rows.policy == policy) & (rows.role == role)]
    if row.empty or not np.isfinite(row.iloc[0]["difference"]):
        return ["-", "-"]
    row, show = row.iloc[0], OUTCOMES[outcome].show_change
    return [f"{show(row['difference'])} ({show(row['low'])} to {show(row['high'])})", f"{row['ahead']} of {row['n']}"]
