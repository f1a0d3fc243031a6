"""Engine and oracle side by side: every stage equal, reals within bounds, at every tick; near misses shown and counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kmsim import configuration
from kmsim.agents import School, Teacher
from kmsim.model import Model
from kmsim.system.built import System
from tests.oracle.model import OracleModel

RELATIVE, ABSOLUTE = 1e-4, 1e-6
NEAR = 1e-5  # a differing stage must have had its draw this near a threshold
TEACHER = {"knowledge": "knowledge", "fidelity": "fidelity", "ownership": "ownership"}
SCHOOL = ("priority", "routine", "expertise", "scripting", "attainment")


@dataclass
class Report:
    """What a comparison found."""

    decisions: int = 0
    near_misses: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the two agree: no difference, and at most one near miss in 100,000 decisions (one is always allowed)."""
        return not self.differences and self.near_misses <= max(1, self.decisions / 100_000)


def side_by_side(system: System, policy: Any, seed: int, *, years: int = 3, most: int = 5, **settings: Any) -> Report:
    """Run both to the end and compare after every tick; stops after `most` differences."""
    settings = {"budget": None, "funded_years": 2} | settings
    engine = Model(system=system, policy=policy, seed=seed, years=years, **settings)
    return _compare(engine, system, policy, settings, most)


def mutated(system: System, policy: Any, seed: int, parameter: str, settings: dict[str, Any] | None = None) -> Report:
    """The same with one constant doubled (or from 0 to .2) in the engine alone: the report must not be equal."""
    settings = {"budget": None, "funded_years": 2, "years": 7} | (settings or {})
    plain = Model(system=system, policy=policy, seed=seed, **settings).parameters
    changed = {f"parameters.{parameter}": plain[parameter] * 2 if plain[parameter] else 0.2}
    resolve_unchecked = {**plain, parameter: changed[f"parameters.{parameter}"]}
    engine = Model(system=system, policy=policy, seed=seed, **settings)
    engine = Model(system=system, scenario=replace(engine.given, parameters=resolve_unchecked))
    return _compare(engine, system, policy, settings, most=1, parameters=plain)


def _compare(
    engine: Model, system: System, policy: Any, settings: dict[str, Any], most: int, parameters: dict | None = None
) -> Report:
    scenario = engine.given
    named = [practice.name for practice in scenario.practices]
    oracle = OracleModel(
        system=system,
        policy=dict(policy) if isinstance(policy, dict) else configuration.read("policy", policy),
        practices=[configuration.read("practice", name) for name in named],
        parameters=parameters or scenario.parameters,
        seed=scenario.seed,
        years=scenario.years,
        funded_years=scenario.funded_years,
        ticks_per_year=scenario.ticks_per_year,
        taper=scenario.taper,
        budget=engine.budget,
    )
    report = Report()
    while engine.tick < engine.ticks and len(report.differences) < most:
        engine.step()
        oracle.step()
        _stages(engine, oracle, report)
        if not report.differences:
            _reals(engine, oracle, report)
    return report


def _stages(engine: Model, oracle: OracleModel, report: Report) -> None:
    stage = engine.tables[Teacher]["stage"]
    for i, teacher in enumerate(oracle.teachers):
        for k in range(len(stage)):
            report.decisions += sum(teacher.decisions[k][kind] is not None for kind in ("aware", "stage"))
            if stage[k, i] == teacher.stage[k]:
                continue
            where = f"tick {engine.tick} post {i} practice {k}: engine {stage[k, i]}, oracle {teacher.stage[k]}"
            if _near(teacher.decisions[k]):
                report.near_misses += 1
                t = engine.tables[Teacher]
                teacher.resync(k, int(stage[k, i]), *(float(t[name][k, i]) for name in TEACHER))
            else:
                report.differences.append(f"{where}; draws {teacher.decisions[k]}")


def _near(decisions: dict) -> bool:
    made = [decisions[kind] for kind in ("aware", "stage") if decisions[kind] is not None]
    return any(abs(draw - threshold) < NEAR for draw, thresholds in made for threshold in thresholds)


def _reals(engine: Model, oracle: OracleModel, report: Report) -> None:
    t, s = engine.tables[Teacher], engine.tables[School]
    practices = range(len(engine.practice_names))
    _settle_ties(engine, oracle, report)
    for name in TEACHER:
        theirs = np.array([[teacher.__dict__[name][k] for teacher in oracle.teachers] for k in practices])
        _close(report, engine.tick, f"teacher {name}", t[name], theirs)
    for name in ("experience", "openness", "aptitude"):
        theirs = np.array([getattr(teacher, name) for teacher in oracle.teachers])
        _close(report, engine.tick, f"teacher {name}", t[name], theirs)
    for name in SCHOOL:
        theirs = np.array([[getattr(school, name)[k] for school in oracle.schools] for k in practices])
        _close(report, engine.tick, f"school {name}", s[name], theirs)
    signed = np.array([[school.signed_up[k] for school in oracle.schools] for k in practices])
    _close(report, engine.tick, "school signed_up", s["signed_up"], signed)
    _close(report, engine.tick, "school climate", s["climate"], np.array([school.climate for school in oracle.schools]))
    for name in ("vitality", "facilitators"):
        ours = np.array([[_of_cluster(engine, k, i, name) for i in range(s.n)] for k in practices])
        theirs = np.array(
            [
                [getattr(x.cluster[k], name) if x.cluster[k] is not None else -1.0 for x in oracle.schools]
                for k in practices
            ]
        )
        _close(report, engine.tick, f"cluster {name}", ours, theirs)
    for category, gbp in engine.ledger.items():
        _close(report, engine.tick, f"ledger {category}", np.array([gbp]), np.array([oracle.ledger[category]]))
    _close(report, engine.tick, "staff_hours", engine.world.money.staff_hours, np.array([oracle.staff_hours]))
    _close(report, engine.tick, "committed", np.array([engine.recruitment.committed]), np.array([oracle.committed]))


def _settle_ties(engine: Model, oracle: OracleModel, report: Report) -> None:
    """A pull counts only if its target is better than what is there: where the two were equal but for rounding, count and resync."""
    t, s = engine.tables[Teacher], engine.tables[School]
    for i, school in enumerate(oracle.schools):
        for k, conditions in enumerate(school.conditions):
            if conditions.tie and _apart(s["expertise"][k, i], school.expertise[k]):
                report.near_misses += 1
                school.expertise[k] = float(s["expertise"][k, i])
    for i, teacher in enumerate(oracle.teachers):
        for k, decisions in enumerate(teacher.decisions):
            if decisions["tie"] and any(_apart(t[name][k, i], teacher.__dict__[name][k]) for name in TEACHER):
                report.near_misses += 1
                teacher.resync(k, teacher.stage[k], *(float(t[name][k, i]) for name in TEACHER))


def _apart(ours: Any, theirs: Any) -> Any:
    """Whether reals differ by more than is allowed."""
    return ~(np.abs(np.asarray(ours, float) - theirs) <= RELATIVE * np.abs(theirs) + ABSOLUTE)


def _of_cluster(engine: Model, k: int, i: int, name: str) -> float:
    row = engine.world.uptake["cluster"][k, i]
    return float(engine.world.clusters[row][name]) if row >= 0 else -1.0


def _close(report: Report, tick: int, what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    wrong = np.argwhere(_apart(ours, theirs))
    if len(wrong):
        at = tuple(wrong[0])
        report.differences.append(
            f"tick {tick}: {what}{list(map(int, at))}: engine {ours[at]}, oracle {theirs[at]} ({len(wrong)} differ)"
        )
