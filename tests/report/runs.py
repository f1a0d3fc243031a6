"""A made-up comparison: the shape of a real one, with numbers that are known, values that are missing and hostile names."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from kmsim.outcomes.definitions import OUTCOMES

EIGHT = [
    "business_as_usual",
    "guidance_only",
    "national_mandate",
    "train_the_trainer",
    "hub_and_spoke",
    "coaching",
    "codesigned_networks",
    "targeted_networks",
]
HOSTILE = [
    "business_as_usual",
    "<script>alert(1)</script>",
    "=cmd()|'/C calc'!A0",
    '$x^2$ & "co" --> _y',
    "a" * 120,
    "codesigned_networks",
]
LEVEL = {
    "business_as_usual": 0.0,
    "guidance_only": 0.002,
    "national_mandate": 0.02,
    "train_the_trainer": 0.05,
    "hub_and_spoke": 0.08,
    "coaching": 0.11,
    "codesigned_networks": 0.22,
    "targeted_networks": 0.215,
}


def made_up(
    policies=tuple(EIGHT), seeds=12, practices=("formative_assessment",), years=8, noise=0.01, levels=None, seed=3
):
    """A comparison of made-up runs; the frames are computed as the lab computes them, from values by seed."""
    rng = np.random.default_rng(seed)
    per_year, end = 6, 3.0
    ticks = np.arange(years * per_year + 1)
    year = ticks / per_year
    levels = levels or LEVEL
    pieces = []
    for k, practice in enumerate(practices):
        luck = rng.normal(0, noise, seeds)
        for i, policy in enumerate(policies):
            level = levels.get(policy, 0.03 * i) * (1 if k == 0 else 0.4)
            for s in range(seeds):
                rise = np.clip(year / end, 0, 1) ** 2 * np.exp(-np.clip(year - end, 0, None) * 0.12)
                well = np.clip(rise * level * (1 + 8 * (luck[s] + rng.normal(0, noise)) * (level > 0)), 0, 1)
                values = _values(well, year, level, end, policy == "business_as_usual", rng.normal(0, noise * 3))
                for outcome, v in values.items():
                    shared = OUTCOMES[outcome].shared and len(practices) > 1
                    if shared and k:
                        continue
                    pieces.append(
                        pd.DataFrame(
                            {
                                "policy": policy, "seed": s + 1, "practice": "all" if shared else practice, "tick": ticks,
                                "year": year, "outcome": outcome, "value": v,
                            }
                        )
                    )  # fmt: skip
    trajectories = pd.concat(pieces, ignore_index=True)
    summary, paired = _summaries(trajectories, list(policies), {"funding_end": end, "end": float(years)})
    return SimpleNamespace(
        summary=summary,
        paired=paired,
        trajectories=trajectories,
        config={
            "policies": list(policies), "system": {"name": "borough", "la": ["Camden"]}, "years": years, "funded_years": 3.0,
            "ticks_per_year": per_year, "budget": "auto", "budget_gbp": 690_000.0, "seed": 1, "replicates": seeds,
            "practice": [{"name": p, "effect": 0.12, "evidence_strength": 4, "summary": f"About {p}.", "source": "F20e"} for p in practices],
        },
        manifest={
            "version": "0.1.0", "model": "abc123", "git_hash": "f" * 40, "config_hash": "65b8c07c68ff", "seeds": list(range(1, seeds + 1)),
            "command": "kmsim compare system=borough", "packages": {"numpy": "2.0", "mesa": "3.3.1"}, "time": "2031-01-02T03:04:05Z", "seconds": 12.3,
            "ledger_gbp": {p: {"cover": 1000.0 * i, "experts": 200.0 * i, "central": 0.0} for i, p in enumerate(policies)},
        },
        counts={"schools": 62, "posts": 1619, "pupils": 22921},
        policies=list(policies),
        policy_summaries={p: f"What {p} is." for p in policies},
        system_name="borough",
        funding_end=end,
        notes=["left out, no pupils: <b>School</b> & co", "=HYPERLINK()"],
        label="chance only; parameters set by hand",
    )  # fmt: skip


def _values(well, year, level, end, baseline, tilt):
    users = np.clip(well * 1.8 + 0.002, 0, 1)
    nobody = np.full(len(year), np.nan)
    after = np.where(year >= end + 3, np.interp(end + 3, year, well), np.nan)
    start = np.interp(end, year, well)
    cost = 0.0 if baseline else min(30.0, 200 * level + 0.4)
    sd = 0.1 * well
    return {
        "spread_teachers": users,
        "spread_schools": np.clip(users * 1.5, 0, 1),
        "doing_it_well": well,
        "depth": nobody if baseline else np.where(year > 0.3, 0.3 + level, np.nan),
        "sustained": after,
        "sustained_ratio": np.where(year >= end + 3, after / start if start >= 0.01 else np.nan, np.nan),
        "ownership": nobody if baseline else np.where(year > 0.3, 0.1 + level, np.nan),
        "gap": well * tilt * 4,
        "months": np.round(sd / 0.07, 1),
        "months_disadvantaged": np.round(sd * 1.2 / 0.07, 1),
        "attainment_sd": sd,
        "attainment_disadvantaged_sd": sd * 1.2,
        "cost_gbp": np.clip(year / end, 0, 1) * cost * 22921,
        "cost_per_pupil_gbp": np.clip(year / end, 0, 1) * cost,
    }


def _summaries(trajectories, policies, moments):
    rows, pairs = [], []
    for (outcome, practice), part in trajectories.groupby(["outcome", "practice"], sort=False):
        for moment, year in moments.items():
            at = part[np.isclose(part.year, year)].pivot(index="seed", columns="policy", values="value")[policies]
            for policy in policies:
                rows.append(
                    {"policy": policy, "practice": practice, "outcome": outcome, "moment": moment, "year": year}
                    | _range(at[policy])
                )
            sense = -1 if OUTCOMES[outcome].better == "less" else 1
            means = at.mean()
            rivals = [("baseline", "business_as_usual")] if "business_as_usual" in policies else []
            if means.notna().any() and len(policies) > 1:
                rivals.append(("best", (sense * means).idxmax()))
            for role, other in rivals:
                for policy in policies:
                    if policy == other:
                        continue
                    difference = at[policy] - at[other]
                    found = _range(difference)
                    pairs.append(
                        {"policy": policy, "practice": practice, "against": other, "role": role, "outcome": outcome, "moment": moment, "year": year,
                         "difference": found["mean"], "low": found["low"], "high": found["high"],
                         "ahead": int((sense * difference > 0).sum()), "n": found["n"]}
                    )  # fmt: skip
    columns = [
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
    return pd.DataFrame(rows), pd.DataFrame(pairs, columns=columns)


def _range(values):
    good = values.dropna()
    if good.empty:
        return {"mean": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    return {"mean": good.mean(), "low": good.quantile(0.05), "high": good.quantile(0.95), "n": len(good)}


def over_draws(luck, seeds=4, draws=12):
    """Made-up runs taken as draws of parameters, each of so many seeds whose luck moves everything by so much either way."""
    c = made_up(seeds=draws, noise=0.002, levels=LEVEL | {"codesigned_networks": 0.3})
    c.summary = c.summary.assign(chance_low=c.summary["mean"] - luck, chance_high=c.summary["mean"] + luck)
    c.paired = c.paired.assign(chance_low=c.paired.difference - luck, chance_high=c.paired.difference + luck)
    c.manifest |= {"draws": draws, "seeds": list(range(1, seeds + 1))}
    c.decision = pd.DataFrame(columns=["outcome", "practice", "policy", "best", "draws", "regret"])
    return c
