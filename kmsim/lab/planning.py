"""From what a user said to a plan: everything is read and checked here, before anything is written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from kmsim import configuration, contents
from kmsim.bounds import BOUNDS, Bound, bounded, bounded_list
from kmsim.errors import BadValue, KmsimError, unknown
from kmsim.lab.plan import FILE, SINGLE, TRAJECTORIES, Plan
from kmsim.lab.pool import system_of
from kmsim.lab.provenance import plain
from kmsim.lab.scenarios import Column, Scenarios
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.eligibility import named
from kmsim.policies.levers import PhaseIn
from kmsim.policies.policy import Policy, read_policy
from kmsim.scenario import GROUPS, Practice, read_scenario
from kmsim.system.built import System
from kmsim.system.settings import Settings, content_of, own_settings

MOST_RUNS = 10_000_000
# Settings of which a range may be given; of every other that is no group's, each value is read.
_RANGED = ("budget", "years", "funded_years", "taper", "system.scale", "system.seed", "system.n_schools")
_ENOUGH = 10  # texts where a number is meant: two of them, auto and null, can be right
_RANGED_GROUPS = ("parameters.", "network.", "practice.")


def read_plan(
    policies: Sequence[Any],
    scenarios: Scenarios | None = None,
    replicates: int = 1,
    outcomes: Sequence[str] | None = None,
    trajectories: str = "none",
    design: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Plan:
    """The plan of these policies in these scenarios. settings: the keys of `kmsim.Model` but `policy`.

    Everything is checked before it returns: the settings, every policy, and every scenario against the parameter table and
    the bounds of each setting. Raises UnknownName or BadValue; an error in a scenario tells its row, counted from 1.
    """
    table = Scenarios({}) if scenarios is None else scenarios
    with contents.noted() as files:
        levers = _checked_policies(policies)
    replicates = bounded("replicates", replicates)
    seed = bounded("seed", settings.pop("seed", 1))
    if seed > BOUNDS["seed"].high - replicates + 1:
        most = Bound(0, int(BOUNDS["seed"].high) - replicates + 1, whole=True)
        raise BadValue("seed", seed, f"{most}, for replicates={replicates:,} take as many seeds")
    if len(levers) * table.count * replicates > MOST_RUNS:
        size = f"{len(levers)} policies x {table.count} scenarios x {replicates} replicates"
        raise BadValue("design", size, f"at most {MOST_RUNS:,} runs")
    if trajectories not in TRAJECTORIES:
        raise unknown("trajectories", trajectories, TRAJECTORIES, "a choice of trajectories")
    with contents.noted() as more:
        shared, meanings = _shared(levers[0], table, settings), _meanings(table)
    named = checked_outcomes(outcomes)
    plan = Plan(
        levers, plain(shared), table, replicates, seed, named, trajectories, design, plain(meanings), files=files | more
    )
    check_rows(plan)
    return plan


def _meanings(table: Scenarios) -> dict[str, dict[str, Any]]:
    """What the names of practices and systems that vary stand for: key -> name -> its settings, but those that vary."""
    found: dict[str, dict[str, Any]] = {}
    if "practice" in table:
        found["practice"] = _read_names(table, "practice", lambda name: asdict(Practice.read(name)))
    if "system" in table:
        found["system"] = _read_names(table, "system", _system)
    meant = {key: {name: _without(own, key, table) for name, own in names.items()} for key, names in found.items()}
    if FILE in table:
        meant[FILE] = {path: {contents.SHA256: content_of(path)} for path in table[FILE].names(FILE)}
    return meant


def _read_names(table: Scenarios, key: str, read: Callable[[str], Any]) -> dict[str, Any]:
    """What each name in a column stands for. Errors tell the first row that has the name, from 1."""
    column, found = table[key], {}
    for code, name in enumerate(column.choices or (column[0],)):
        try:
            if not isinstance(name, str):
                raise BadValue(key, name, "names only")
            found[name] = read(name)
        except KmsimError as error:
            row = 0 if column.choices is None else int(np.argmax(column.values == code))
            raise KmsimError(f"{table.origin} {row + 1}: {error}") from None
    return found


def _shared(policy: Policy, table: Scenarios, given: Mapping[str, Any]) -> dict[str, Any]:
    """What all scenarios share, resolved and without what varies. Of systems and practices, if these vary, what is laid over them."""
    for key in table:
        if key in given:
            raise BadValue(key, given[key], "no value beside the design, for the design varies it")
    try:
        first = read_scenario(policy=policy, **dict(given) | table.row(0))
    except KmsimError as error:
        key = re.split("[=:]", str(error), maxsplit=1)[0]
        of_this_row = key == "funded_years" and "years" in table
        groups = tuple(name.partition(".")[0] for name in table)
        if of_this_row or (key not in given and str(error).startswith(groups)):  # it is what varies that is wrong
            raise KmsimError(f"{table.origin} 1: {error}") from None
        raise
    shared: dict[str, Any] = {key: getattr(first, key) for key in SINGLE if key not in table}
    shared["system"] = _given_of("system", given) if "system" in table else own_settings(first.system)
    shared["practice"] = _given_of("practice", given) if "practice" in table else [asdict(p) for p in first.practices]
    shared["network"] = dict(first.network)
    if "network" in table:
        shared["network"].pop("archetype", None)
    shared["parameters"] = first.parameters
    return shared | {group: _without(shared[group], group, table) for group in GROUPS}


def _given_of(group: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a group that were given one by one."""
    own = {key.removeprefix(f"{group}."): value for key, value in given.items() if key.startswith(f"{group}.")}
    return _with_content(own) if group == "system" else own


def _without(value: Any, group: str, varied: Mapping[str, Any]) -> Any:
    """Settings of a group but those that vary, and without the SHA-256 of a path that varies."""
    if isinstance(value, Mapping) and group == "system" and FILE in varied:
        value = {key: item for key, item in value.items() if key != contents.SHA256}
    if isinstance(value, list):
        return [_without(item, group, varied) for item in value]
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if f"{group}.{key}" not in varied}
    return value


def _system(name: str) -> dict[str, Any]:
    """A named system's settings as they stand in its config, with the SHA-256 of the file that they name."""
    return _with_content({"name": Path(name).stem} | configuration.read("system", name))


def _with_content(system: dict[str, Any]) -> dict[str, Any]:
    """Settings of a system with the SHA-256 of the file that they name, if they name one."""
    path = system.get("path")
    if path is None or system.get(contents.SHA256) is not None:
        return system
    return system | {contents.SHA256: content_of(path)}


def _checked_policies(policies: Sequence[Any]) -> list[Policy]:
    if not isinstance(policies, list | tuple) or not policies:
        raise BadValue("policies", policies, "at least one policy, as a list")
    bounded_list("policies", policies)
    levers = [read_policy(policy) for policy in policies]
    names = [policy.name for policy in levers]
    if len(set(names)) < len(names):
        raise BadValue("policies", ",".join(names), "each policy once")
    return levers


def checked_outcomes(outcomes: Sequence[str] | None) -> list[str]:
    """The outcomes named, in the order of tables; all if none are. Raises BadValue or UnknownName.

    >>> checked_outcomes(["depth", "spread_teachers"])
    ['spread_teachers', 'depth']
    """
    if outcomes is None:
        return list(OUTCOMES)
    if not isinstance(outcomes, list | tuple) or not outcomes:
        raise BadValue("outcomes", outcomes, "at least one outcome, as a list")
    for name in outcomes:
        if not isinstance(name, str) or name not in OUTCOMES:
            raise unknown("outcomes", name, OUTCOMES, "an outcome")
    return [name for name in OUTCOMES if name in set(outcomes)]


def check_rows(plan: Plan) -> None:
    """Check every scenario, by reading whole those that tell of all: see `_telling_rows`. Errors tell the row, from 1."""
    with_network = next((i for i, policy in enumerate(plan.levers) if policy.recruits is not None), None)
    features = [key for key in plan.varied if key == "network" or key.startswith("network.")]
    if with_network is None and features:
        raise BadValue("policies", ",".join(plan.policies), f"one with a network, for the design varies {features[0]}")
    systems: dict[str, tuple[int, Settings]] = {}
    for row in _telling_rows(plan.table):
        with _told_by_row(plan, row):
            scenario = plan.read(with_network or 0, plan.scenario(row))
            alike = replace(scenario.system, seed=1)
            systems.setdefault(repr(alike), (row, alike))
    for row, settings in systems.values():
        with _told_by_row(plan, row):
            _check_system(system_of(settings), plan.levers)


@contextmanager
def _told_by_row(plan: Plan, row: int) -> Iterator[None]:
    """Errors tell which scenario they are in, if there are several."""
    try:
        yield
    except KmsimError as error:
        key = error.key if isinstance(error, BadValue) else ""
        if not plan.varied or (key.startswith("network.") and key not in plan.table):  # it is the same in all
            raise
        raise KmsimError(f"{plan.table.origin} {row + 1}: {error}") from None


def _check_system(system: System, policies: Sequence[Policy]) -> None:
    """Check that the regions and authorities that policies name are the system's. Raises UnknownName."""
    for policy in policies:
        for lever in policy.levers:
            lever.eligible.mask(system)
            if isinstance(lever, PhaseIn):
                named(system, "region", tuple(region for phase in lever.phases for region in phase["regions"]))


def _telling_rows(table: Scenarios) -> list[int]:
    """The rows that stand for all: if each of these can be used, every row can.

    What a setting allows is a range, so the least and the largest of a column stand for all between them, beside the first
    that is no number, not whole, or 0. Names are all read, and those of systems in all their combinations. Two settings
    hang together: the row in which funded_years is most beyond years.
    """
    rows = {0}
    for key, column in table.items():
        ranged = key in _RANGED or key.startswith(_RANGED_GROUPS)
        rows |= set(_ends(column) if ranged else _first_of_each(column))
    of_system = [
        column.values for key, column in table.items() if key.startswith("system") and column.choices is not None
    ]
    if len(of_system) > 1:
        rows |= set(np.unique(np.stack(of_system), axis=1, return_index=True)[1].tolist())
    if {"years", "funded_years"} <= set(table) and table["years"].choices is table["funded_years"].choices is None:
        rows.add(int(np.argmax(table["funded_years"].values - table["years"].values)))
    return sorted(rows)


def _first_of_each(column: Column) -> list[int]:
    """The first row of each value."""
    return np.unique(column.values, return_index=True)[1].tolist()


def _ends(column: Column) -> list[int]:
    """The rows of the least and the largest number, and of the first of each odd kind: no number, 0, not whole, not finite."""
    values = column.values
    if column.choices is None:
        odd = (~np.isfinite(values), values == 0, values != np.floor(values))
        return [int(np.argmin(values)), int(np.argmax(values)), *(int(np.argmax(mask)) for mask in odd)]
    told = {row: column[row] for row in _first_of_each(column)}
    numbers = [row for row, value in told.items() if type(value) in (int, float) and math.isfinite(value)]
    numbers.sort(key=told.__getitem__)
    others = [row for row in told if row not in set(numbers)]
    return numbers[:1] + numbers[-1:] + others[:_ENOUGH]
