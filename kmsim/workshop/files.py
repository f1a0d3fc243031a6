"""Files to take away: the curves as CSV, the fan chart as PNG, the report, and the scenario with the commands that repeat it.

Each says what it is of: version, model, hash of the configuration, seeds.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kmsim.fingerprint import VERSION
from kmsim.lab import ranges
from kmsim.lab.comparison import Comparison
from kmsim.lab.provenance import config_hash, versions
from kmsim.lab.single import LABEL, configuration_of
from kmsim.lab.spreadsheets import csv_text
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.policy import describe
from kmsim.workshop import labels
from kmsim.workshop.place import Place
from kmsim.workshop.results import Found
from kmsim.workshop.setup import TICKS_PER_YEAR, Setup

KINDS = {"csv": "text/csv", "png": "image/png", "report": "text/html", "json": "application/json"}
ENDINGS = {"report": "html"}


def name_of(place: Place, hashed: str, kind: str) -> str:
    """The file's name: place, hash and kind, plain letters only.

    >>> name_of(Place("borough", {"la": "King's Lynn"}), "5b1c", "report")
    'king-s-lynn-5b1c.html'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", place.label.lower()).strip("-")[:40]
    return f"{plain}-{hashed}.{ENDINGS.get(kind, kind)}"


def hash_of(runs: Sequence[Found], count: int) -> str:
    """8 hex digits over all configurations of a comparison."""
    return config_hash({"runs": [one.hash for one in runs], "count": count})[:8]


def caption(setup: Setup, place: Place, count: int) -> str:
    """What stands over every result: label, place, years and how many runs."""
    runs = f"{count} {'run' if count == 1 else 'runs'} a policy"
    return (
        f"{labels.LABEL}. {place.label}, {place.system.n_schools:,} {place.real} schools, {setup.years} years, {runs}"
    )


def comparison(setup: Setup, place: Place, runs: Sequence[Found]) -> Comparison:
    """The runs as a comparison of the lab, for the same report and figures. Policies go by letter and name."""
    names = [f"{found.arm.id}: {found.arm.label}{', changed' if found.arm.levers else ''}" for found in runs]
    first, count = runs[0].scenario, len(runs[0].runs)
    practices = [p.name for p in first.practices]
    arrays = np.array([found.values for found in runs])  # policies, seeds, outcomes, ticks
    values = {outcome: arrays[:, :, i, None, :] for i, outcome in enumerate(OUTCOMES)}
    end = min(max(found.scenario.funding_end for found in runs), setup.years)
    moments = {"funding_end": round(end * TICKS_PER_YEAR), "end": setup.years * TICKS_PER_YEAR}
    seeds = list(range(setup.seed, setup.seed + count))
    config = configuration_of([first], count) | {
        "policies": names,
        "levers": {
            name: [{lever.key: describe(lever)} for lever in found.scenario.funded_policy().levers]
            for name, found in zip(names, runs, strict=True)
        },
        "workshop": setup.told(),
        "commands": [setup.command(found.arm, place) for found in runs],
    }
    config.pop("network")
    return Comparison(
        summary=ranges.summary(values, names, practices, moments, TICKS_PER_YEAR),
        paired=ranges.paired(values, names, practices, moments, TICKS_PER_YEAR),
        trajectories=ranges.trajectories(values, names, seeds, practices, TICKS_PER_YEAR),
        config=config | {"budget_gbp": first.budget_gbp(place.pupils)},
        manifest=versions() | {"config_hash": hash_of(runs, count), "seeds": seeds, "label": LABEL},
        counts={"schools": place.system.n_schools, "posts": place.system.n_posts, "pupils": int(place.pupils)},
        policies=names,
        policy_summaries={name: found.scenario.policy.summary for name, found in zip(names, runs, strict=True)},
        system_name=place.label,
        funding_end=end,
        notes=list(place.system.notes),
    )


def written(kind: str, c: Comparison, title: str) -> bytes:
    """The bytes of a file: `report`, `png` or `csv`. Done by a worker, for drawing takes seconds."""
    if kind == "report":
        from kmsim.report.report import render

        return render(c).encode()
    return _png(c, title) if kind == "png" else _csv(c, title)


def as_json(setup: Setup, place: Place, runs: Sequence[Found]) -> bytes:
    """The scenario, the hash of each policy's configuration as `kmsim run` has it, and the commands that repeat its first run."""
    held = {
        "label": labels.LABEL,
        "version": VERSION,
        "model": versions()["model"],
        "scenario": setup.told(),
        "system": place.given,
        "hash": hash_of(runs, len(runs[0].runs)),
        "runs": [
            {
                "policy": found.arm.id,
                "config_hash": found.hash,
                "settings": place.given | setup.settings(found.arm, place.pupils),
                "command": setup.command(found.arm, place),
                "seeds": [run.seed for run in found.runs],
            }
            for found in runs
        ],
    }
    return (json.dumps(held, indent=2, ensure_ascii=False) + "\n").encode()


def _csv(c: Comparison, title: str) -> bytes:
    """Mean and 90% range of every outcome at the end of every year, and paired differences at the end."""
    frame = c.trajectories[c.trajectories.tick % TICKS_PER_YEAR == 0]
    grouped = frame.groupby(["policy", "outcome", "year"], sort=False).value
    curves = grouped.agg(
        mean="mean", low=lambda v: v.quantile(0.05), high=lambda v: v.quantile(0.95), n="count"
    ).reset_index()
    curves.insert(0, "what", "level")
    apart = c.paired[(c.paired.moment == "end") & (c.paired.role == "best")]
    apart = apart.rename(columns={"difference": "mean"})[
        ["policy", "against", "outcome", "year", "mean", "low", "high", "ahead", "n"]
    ]
    apart.insert(0, "what", "difference")
    table = pd.concat([curves, apart], ignore_index=True)
    caption = " ".join(f"{title}; {_origin(c)}".split())  # one line, whatever a name holds
    return f"# {caption}\n{csv_text(table)}".encode()


def _png(c: Comparison, title: str) -> bytes:
    from kmsim.report.figures import fan_chart
    from kmsim.report.frames import practices

    figure = fan_chart.draw(c, practices(c)[0])
    figure.text(0.01, -0.03, title, ha="left", va="top", fontsize=12)
    figure.text(0.01, -0.08, _origin(c), ha="left", va="top", fontsize=12)
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        format="png",
        dpi=150,
        bbox_inches="tight",
        metadata={"Software": f"kmsim {VERSION}", "Description": title},
    )
    return buffer.getvalue()


def _origin(c: Comparison) -> str:
    seeds: Any = c.manifest["seeds"]
    model, hashed = c.manifest["model"], c.manifest["config_hash"]
    return f"kmsim {VERSION}, model {model}, configuration {hashed}, seeds {seeds[0]} to {seeds[-1]}"
