"""The slower questions: why a policy does what it does, what an effect costs, and what would have to be true for the other to win."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kmsim.lab.ablation import OFF
from kmsim.parameters import PARAMETERS
from kmsim.report.frames import Cell, shown
from kmsim.workshop import numbers
from kmsim.workshop.axes import axis
from kmsim.workshop.crew import SLOW
from kmsim.workshop.levers import LEVERS, TURNOVER, no_network, values_of
from kmsim.workshop.results import Found, Results
from kmsim.workshop.setup import Arm, Setup, editable, preset_policy, presets

OUTCOME = "doing_it_well"
FLIP_RUNS = 6
NOTHING = 0.01  # share of teachers under which there is nothing at the end that a feature could be thanked for
# The assumptions that are least known and that the effect of a policy hangs on; each is tried at either end of its range.
UNCERTAIN = tuple(name for name, row in PARAMETERS.items() if row.grade == "free" and editable(name))


async def why(results: Results, setup: Setup, arm: Arm) -> dict[str, Any]:
    """Each feature of a policy's network switched off, one at a time, the same runs. Raises BadValue for one with no network."""
    if preset_policy(arm.preset).recruits is None:
        raise no_network("policy", arm.preset)
    stands = values_of(arm.base) | dict(arm.levers)
    on = [name for name, value in stands.items() if value > OFF]
    count = results.steps[0]
    arms = [arm, *(replace(arm, levers=_without(arm, name)) for name in on)]
    whole, *others = await _each(results, setup, arms, count)
    rows: list[dict[str, Any]] = []
    for name, found in zip(on, others, strict=True):
        gap = numbers.difference(OUTCOME, found.of(OUTCOME)[:, -1], whole.of(OUTCOME)[:, -1])
        told = {"id": name, "label": LEVERS[name].label, "text": numbers.change(OUTCOME, gap.cell), "clear": gap.clear}
        rows.append(told | {"middle": gap.cell.mean, "low": gap.cell.low, "high": gap.cell.high})
    rows.sort(key=lambda row: row["middle"])
    ends = [row[end] for row in rows for end in ("low", "high")] or [0.0]
    return {
        "runs": count,
        "outcome": f"Doing it well, year {setup.years}",
        "sentence": _why_sentence(setup, arm, numbers.cell(whole.of(OUTCOME)[:, -1]), rows),
        "axis": axis(min(ends), max(ends), lambda v: f"{100 * v:+.3g}".replace("-", "−") if v else "0"),
        "rows": rows,
    }


def _without(arm: Arm, name: str) -> tuple[tuple[str, float], ...]:
    moved = dict(arm.levers) | {name: OFF}
    return tuple((n, moved[n]) for n in LEVERS if n in moved)


def _why_sentence(setup: Setup, arm: Arm, whole: Cell, rows: Sequence[dict[str, Any]]) -> str:
    if whole.mean < NOTHING:
        return (
            f"With {arm.named}, {numbers.shown(OUTCOME, whole.mean)} of teachers are doing it well in year {setup.years}: "
            "there is next to nothing left to lose, so that switching a feature off says little of what it is worth."
        )
    worse = [row for row in rows if row["clear"] and row["middle"] < 0]
    if not worse:
        return f"Switched off alone, no feature of {arm.named} makes a difference that these runs can tell from chance."
    named = " or ".join(row["label"] for row in worse[:2])
    amounts = " or ".join(numbers.shown_change(OUTCOME, row["middle"]) for row in worse[:2])
    return f"What counts most in {arm.named}: switch off {named} and doing it well changes by {amounts}."


async def frontier(results: Results, setup: Setup) -> dict[str, Any]:
    """Cost a pupil against doing it well at the end: every preset and the scenario's own policies, at the same budget."""
    own = {(arm.preset, arm.network, arm.levers) for arm in setup.arms}
    others = [Arm(name, name) for name in presets() if (name, None, ()) not in own]
    count = results.steps[0]
    found = await _each(results, setup, [*setup.arms, *others], count)
    points = [_point(one, len(setup.arms) > i) for i, one in enumerate(found)]
    for point in points:
        point["frontier"] = round(point["y"], 4) > 0 and not any(
            other["x"] <= point["x"]
            and other["y"] >= point["y"]
            and (other["x"], other["y"]) != (point["x"], point["y"])
            for other in points
        )
    edge = sorted((i for i, point in enumerate(points) if point["frontier"]), key=lambda i: points[i]["x"])
    labels = [points[i]["label"] for i in edge]
    return {
        "runs": count,
        "sentence": f"By the means of {count} runs, "
        + (f"no policy does better for less than: {', '.join(labels)}." if labels else "no policy reaches anything."),
        "note": _unsure([found[i] for i in edge], labels),
        "x": {"label": "Cash a pupil"} | axis(0, max(p["x"] for p in points), lambda v: f"£{v:.3g}"),
        "y": {"label": f"Doing it well, year {setup.years}"}
        | axis(0, max(p["high"] for p in points), lambda v: numbers.tick(OUTCOME, v)),
        "points": points,
    }


def _unsure(found: Sequence[Found], labels: Sequence[str]) -> str:
    """Which steps up the frontier the same runs do not tell from chance. found, labels: the cheapest first."""
    steps = [
        f"{labels[i + 1]} from {labels[i]}"
        for i in range(len(found) - 1)
        if not numbers.difference(OUTCOME, found[i + 1].of(OUTCOME)[:, -1], found[i].of(OUTCOME)[:, -1]).clear
    ]
    return f"Run by run, these do not tell {' nor '.join(steps)}." if steps else ""


def _point(found: Found, own: bool) -> dict[str, Any]:
    effect = numbers.cell(found.of(OUTCOME)[:, -1])
    cost = float(np.mean(found.of("cost_per_pupil_gbp")[:, -1]))
    label = found.arm.named if own else found.arm.label
    text = f"{label}: {shown('cost_per_pupil_gbp', cost)} a pupil, {numbers.level(OUTCOME, effect)}"
    if preset_policy(found.arm.preset).recruits is not None and not any(run.joined.any() for run in found.runs):
        text = f"{label}: could not run here, as no school could join"
    return {
        "id": found.arm.id,
        "label": label,
        "x": cost,
        "y": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "text": text,
    }


async def flip(results: Results, setup: Setup) -> dict[str, Any]:
    """What would have to be true for the other of A and B to be ahead: uncertain assumptions at either end, one at a time."""
    pair = replace(setup, arms=setup.arms[:2])
    count = min(FLIP_RUNS, results.steps[0])
    now = _ahead(await results.of(pair, count, SLOW))
    ends = [(name, end) for name in UNCERTAIN for end in PARAMETERS[name].prior if end != PARAMETERS[name].default]
    if setup.turnover != 1:
        ends = [(name, end) for name, end in ends if name not in TURNOVER]
    worlds = [
        replace(pair, parameters=tuple(sorted((dict(setup.parameters) | {name: end}).items()))) for name, end in ends
    ]
    found = await asyncio.gather(*(results.of(world, count, SLOW, keep=False) for world in worlds))
    rows: list[dict[str, Any]] = []
    for (name, end), there in zip(ends, map(_ahead, found), strict=True):
        row = PARAMETERS[name]
        value = f"{_two(end)} (now {_two(dict(setup.parameters).get(name, row.default))})"
        rows.append(
            {
                "parameter": name,
                "label": row.meaning,
                "value": end,
                "value_text": value,
                "text": numbers.ahead(there, "A", "B"),
                "flips": bool(there.cell.mean * now.cell.mean < 0),
                "clear": there.clear,
                "_": there.cell.mean,
            }
        )
    sign = 1 if now.cell.mean >= 0 else -1
    rows.sort(key=lambda row: sign * row.pop("_"))
    leader = "A" if sign > 0 else "B"
    return {
        "runs": count,
        "leader": leader if now.clear else None,
        "checked": len(rows),
        "sentence": _flip_sentence(now, leader, rows),
        "rows": rows,
    }


def _two(value: float) -> str:
    """A number with two digits that count, as people write it.

    >>> _two(0.2513), _two(-0.5), _two(120.0)
    ('0.25', '−0.5', '120')
    """
    return f"{float(f'{value:.2g}'):g}".replace("-", "−")


def _ahead(found: Sequence[Found]) -> numbers.Difference:
    a, b = (one.of(OUTCOME)[:, -1] for one in found)
    return numbers.difference(OUTCOME, a, b)


def _flip_sentence(now: numbers.Difference, leader: str, rows: Sequence[dict[str, Any]]) -> str:
    other = "B" if leader == "A" else "A"
    if not now.clear:
        return f"As things are, {now.cell.n} runs do not tell A from B on teachers doing it well, so there is no lead to turn over."
    flips = [row for row in rows if row["flips"]]
    sure = [row for row in flips if row["clear"]]
    if not flips:
        return f"{leader} stays ahead at either end of every assumption tried ({len(rows)} changes, one at a time)."
    told = f"{leader} stays ahead in {len(rows) - len(flips)} of {len(rows)} changes of one assumption"
    if not sure:
        return f"{told}; in the others the mean turns over, but these runs do not tell {other} from {leader}."
    return f"{told}; {other} is ahead, beyond chance, if {sure[0]['label']} is {_two(sure[0]['value'])}."


async def _each(results: Results, setup: Setup, arms: Sequence[Arm], count: int) -> list[Found]:
    """Runs of each policy in a scenario of its own, so that any number can be set side by side."""
    return await results.of(replace(setup, arms=tuple(arms)), count, SLOW)
