"""What each feature of effective networks is worth: co-designed networks with one feature off at a time.

At equal coverage the same schools are members in every arm; at equal budget coverage is what the money buys. A feature
that is off stands at OFF, as in the specification's starting point (MODEL section 9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kmsim.lab.pool import system_of
from kmsim.model import Model
from kmsim.outcomes.totals import INDEX
from kmsim.policies.levers import Recruit
from kmsim.policies.policy import Policy, read_policy
from kmsim.posterior import point
from kmsim.scenario import read_scenario

OFF = 0.05
POLICY = "codesigned_networks"
FEATURES = {
    "CPD": "cpd",
    "external expertise": "external_expertise",
    "collaboration": "collaboration",
    "focus": "focus",
    "ownership": "ownership",
    "capacity building": "capacity_building",
    "something new": "novelty",
}
YEARS = (3, 6, 10)


@dataclass(frozen=True)
class Row:
    """One arm: shares of teachers in member schools, and fidelity of those in use, at years 3, 6 and 10; mean over seeds."""

    arm: str
    in_use: tuple[float, ...]
    well: tuple[float, ...]
    depth: tuple[float, ...]
    members: float
    months: float


def arms(assigned: bool) -> dict[str, Policy]:
    """The arms of the study: all features, each one off, and those that must not matter or must do nothing.

    >>> len(arms(True))
    12
    """
    bundle = read_policy(POLICY)
    mandate, guidance = read_policy("national_mandate"), read_policy("guidance_only")
    found = {"all features": bundle}
    for name, feature in FEATURES.items():
        found[f"{name} off"] = bundle.with_network({feature: OFF})
    found["clusters of 3"] = bundle.with_network({"cluster_size": 3})
    found["network of 60"] = bundle.with_network({"cluster_size": 60})
    found["national mandate"] = mandate
    found["guidance only"] = guidance
    return {name: _assigned(policy) if assigned else policy for name, policy in found.items()}


def _assigned(policy: Policy) -> Policy:
    levers = [
        replace(lever, assigned=True, coverage=0.5) if isinstance(lever, Recruit) else lever for lever in policy.levers
    ]
    return replace(policy, levers=tuple(levers))


def ablation(seeds: Sequence[int] = range(1, 6), equal: str = "coverage", **settings: Any) -> list[Row]:
    """Run every arm. equal: "coverage" (the same half of schools, at once) or "budget" (the default one).

    settings: as of `kmsim.Model`; by default 120 synthetic schools of London.

    >>> rows = ablation(seeds=[1], system="village", years=10)
    >>> rows[0].arm
    'all features'
    """
    settings = {"system": {"source": "synthetic", "n_schools": 120, "region": "London"}, "years": 10} | settings
    settings["budget"] = None if equal == "coverage" else settings.get("budget", "auto")
    return [_row(name, policy, seeds, settings) for name, policy in arms(equal == "coverage").items()]


def _row(name: str, policy: Policy, seeds: Sequence[int], settings: dict[str, Any]) -> Row:
    found = []
    for seed in seeds:
        scenario = read_scenario(policy=policy, seed=seed, **settings)
        model = Model(system=system_of(scenario.system), scenario=scenario).run()
        ticks = [year * scenario.ticks_per_year for year in YEARS]
        totals = model.totals[ticks, 0]
        if policy.recruits is None:
            in_use, well = totals[:, INDEX["in_use"]], totals[:, INDEX["well"]]
            posts = np.full(len(totals), model.system.n_posts, float)
        else:
            in_use, well = _member_use(totals), totals[:, INDEX["well_members"]]
            posts = np.maximum(totals[:, INDEX["posts_members"]], 1)
        depth = totals[:, INDEX["q_users"]] / np.maximum(totals[:, INDEX["in_use"]], 1)
        share = totals[0, INDEX["posts_members"]] / model.system.n_posts
        found.append(
            [
                *(in_use / posts),
                *(well / posts),
                *depth,
                share,
                float(model.outcome_arrays(["months"])["months"][0, -1]),
            ]
        )
    mean = np.mean(found, axis=0)
    return Row(name, tuple(mean[:3]), tuple(mean[3:6]), tuple(mean[6:9]), float(mean[9]), float(mean[10]))


def _member_use(totals: np.ndarray) -> np.ndarray:
    return totals[:, INDEX["in_use_members"]]


def as_markdown(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    head = "| arm | " + " | ".join(f"in use y{y} | well y{y} | depth y{y}" for y in YEARS) + " | members | months y10 |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for row in rows:
        cells = [f"{v:.2f}" for triple in zip(row.in_use, row.well, row.depth, strict=True) for v in triple]
        lines.append(f"| {row.arm} | " + " | ".join(cells) + f" | {row.members:.2f} | {row.months:.1f} |")
    return "\n".join(lines)


def main(path: str = "docs/ablations.md", seeds: int = 10) -> None:
    """Write the study to a Markdown page: both tables, and which of the expectations came out."""
    coverage = ablation(range(1, seeds + 1))
    budget = ablation(range(1, seeds + 1), equal="budget")
    text = _PAGE.format(
        origin=point()[0].upper() + point()[1:],
        coverage=as_markdown(coverage),
        budget=as_markdown(budget),
        checks="\n".join(expectations(coverage)),
        seeds=seeds,
        off=OFF,
    )
    Path(path).write_text(text, encoding="utf-8")


def expectations(rows: list[Row]) -> list[str]:
    """What the review's features must cost, each with whether it came out, computed from the rows."""
    by = {row.arm: row for row in rows}
    base = by["all features"]
    off = {name: by[f"{name} off"] for name in FEATURES}
    use_lost = {name: base.in_use[0] - row.in_use[0] for name, row in off.items()}
    depth_lost = {name: base.depth[0] - row.depth[0] for name, row in off.items()}
    left_lost = [{name: base.well[y] - row.well[y] for name, row in off.items()} for y in (1, 2)]
    kept = {name: [row.well[y] / base.well[y] for y in (0, 1, 2)] for name, row in off.items()}
    checks = [
        (
            "CPD off costs most spread at year 3",
            max(use_lost, key=lambda name: use_lost[name]) == "CPD",
            use_lost["CPD"],
        ),
        (
            "external expertise off costs depth at year 3",
            depth_lost["external expertise"] > 0.1,
            depth_lost["external expertise"],
        ),
        ("collaboration off costs depth at year 3", depth_lost["collaboration"] > 0.1, depth_lost["collaboration"]),
    ]
    for name in ("capacity building", "ownership"):
        for at, year in enumerate((3, 7)):
            worse = kept[name][at + 1] < min(kept[name][0], 1.0)
            checks.append((f"{name} off costs what is left {year} years after funding", worse, left_lost[at][name]))
    same = max(abs(a - b) for a, b in zip(by["network of 60"].well, base.well, strict=True))
    checks.append(("network size at equal cluster quality does not matter (largest difference)", same < 0.02, same))
    checks.append(
        (
            "guidance only does nothing in attainment (months at year 10)",
            by["guidance only"].months < 0.05,
            by["guidance only"].months,
        )
    )
    return [f"- {'came out' if good else 'DID NOT come out'}: {what} ({value:+.2f})" for what, good, value in checks]


_PAGE = """# What each feature is worth: ablations of co-designed networks

Written by `python -m kmsim.lab.ablation`; nothing here is typed by hand. {seeds} seeds, 120 synthetic schools of London,
ten years, three funded. Each arm sets one of the features to {off}. Shares are of teachers in schools that ever
were members (for guidance only: of all teachers); depth is the mean fidelity of those in use. {origin}.

## Did what the review expects come out? (at equal coverage)

{checks}

## At equal coverage: the same half of schools, from the first year

{coverage}

## At equal budget: members are what the money buys

{budget}
"""

if __name__ == "__main__":
    main()
