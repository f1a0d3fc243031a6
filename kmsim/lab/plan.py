"""A plan: levers (policies) x uncertainties (scenarios) x replicates, each run named by a key that is a hash of all that decides it.

Runs are numbers from 0 and are made when asked for: a plan of a million runs holds its table of scenarios and no run.
Policies stand innermost and share their seed, so that common random numbers lie side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kmsim import contents
from kmsim.errors import KmsimError
from kmsim.fingerprint import fingerprint
from kmsim.lab.provenance import files_of, plain, recorded
from kmsim.lab.scenarios import DIGEST, Scenarios, canonical
from kmsim.lab.trust import trusted_code
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.policies.levers import Recruit
from kmsim.policies.policy import Policy, describe, network_label, read_policy, with_label
from kmsim.scenario import GROUPS, Scenario, read_scenario

TRAJECTORIES = ("none", "sample", "all")
SAMPLED = 200  # scenarios whose first replicate keeps its trajectory under `sample`
SINGLE = ("years", "funded_years", "taper", "ticks_per_year", "budget")
FILE = "system.path"  # a key that may vary and names a file
_KEPT = 256  # resolved scenarios held at once: all that differ in more than parameters, for most designs


@dataclass(frozen=True)
class Run:
    """One planned run. policy and scenario are places in the plan; key names it in the store: 32 hex digits."""

    index: int
    key: str
    policy: int
    scenario: int
    replicate: int
    seed: int


class Plan:
    """What is to be run, checked. `read_plan` makes one of what a user said; `config` and `from_config` take it to disk and back.

    policies: their names as tables have them, with the label of a network that replaces their own.
    settings: what all runs share, resolved, by group; keys that vary are not in it. A file of schools has its SHA-256 beside it. meanings: key -> name -> what it
    stands for, where scenarios name practices, systems or files of schools. design: how the scenarios were made, for whoever reads the config. code: files of
    trusted code. files: every file that was read, path -> SHA-256: a record, and no part of what decides a run.

    >>> from kmsim.lab.planning import read_plan
    >>> from kmsim.lab.scenarios import Column
    >>> plan = read_plan(["coaching"], Scenarios({"parameters.theta": Column.of([1.0, 2.0])}), 3, system="village")
    >>> len(plan), plan.run(4).scenario, plan.run(4).seed
    (6, 1, 2)
    """

    def __init__(
        self,
        policies: Sequence[Policy],
        settings: Mapping[str, Any],
        scenarios: Scenarios,
        replicates: int = 1,
        seed: int = 1,
        outcomes: Sequence[str] = (),
        trajectories: str = "none",
        design: Mapping[str, Any] | None = None,
        meanings: Mapping[str, Mapping[str, Any]] | None = None,
        model: str | None = None,
        code: Sequence[Mapping[str, str]] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.levers = list(policies)
        self.settings = dict(settings)
        self.table = scenarios
        self.varied = [*scenarios]
        has_network = [policy.recruits is not None for policy in policies]
        self.policies = _shown_names([policy.name for policy in policies], has_network, self.settings, self.varied)
        self.replicates, self.seed = replicates, seed
        self.outcomes = list(outcomes) or list(OUTCOMES)
        self.trajectories = trajectories
        self.design = dict(design or {})
        self.meanings = {key: dict(names) for key, names in (meanings or {}).items()}
        self.model = model or fingerprint()
        self.code = list(trusted_code() if code is None else code)
        self.files = dict(files or {})
        self._digests = scenarios.digests(self.meanings)
        self._policy_digests = [_digest(canonical(_policy_data(policy))) for policy in policies]
        common = contents.without_paths({"settings": self.settings, "model": self.model, "code": self.code})
        self.base_hash = _digest(canonical(common)).hex()
        self._resolved: dict[tuple[Any, ...], Scenario] = {}

    # -- runs --------------------------------------------------------------------
    def __len__(self) -> int:
        return self.table.count * self.replicates * len(self.policies)

    def run(self, index: int) -> Run:
        """The run of this number. Raises IndexError beyond the plan."""
        if not 0 <= index < len(self):
            raise IndexError(f"run {index} of a plan of {len(self)}")
        rest, policy = divmod(index, len(self.policies))
        scenario, replicate = divmod(rest, self.replicates)
        seed = self.seed + replicate
        return Run(index, self._key(policy, scenario, seed).hex(), policy, scenario, replicate, seed)

    def runs(self, start: int = 0, stop: int | None = None) -> Iterator[Run]:
        """Runs in their order, one at a time: scenario by scenario, then replicates, policies innermost."""
        return map(self.run, range(*slice(start, stop).indices(len(self))))

    def keys(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """The keys of some runs or all: (runs, 16) uint8."""
        start, stop, _ = slice(start, stop).indices(len(self))
        each, blake2b = len(self.policies), hashlib.blake2b
        base = bytes.fromhex(self.base_hash)
        heads = [base + digest for digest in self._policy_digests]
        tails = [(self.seed + r).to_bytes(8, "little") for r in range(self.replicates)]
        rows = self._digests.tobytes()
        out = bytearray()
        for index in range(start, stop):
            rest, policy = divmod(index, each)
            scenario, replicate = divmod(rest, self.replicates)
            row = rows[scenario * DIGEST : (scenario + 1) * DIGEST]
            out += blake2b(heads[policy] + row + tails[replicate], digest_size=DIGEST).digest()
        return np.frombuffer(out, np.uint8).reshape(-1, DIGEST)

    def _key(self, policy: int, scenario: int, seed: int) -> bytes:
        text = bytes.fromhex(self.base_hash) + self._policy_digests[policy] + self._digests[scenario].tobytes()
        return _digest(text + seed.to_bytes(8, "little"))

    def keeps_trajectory(self, run: Run) -> bool:
        """Whether this run's trajectory is to be stored."""
        sampled = self.trajectories == "sample" and run.replicate == 0 and run.scenario < SAMPLED
        return self.trajectories == "all" or sampled

    def columns(self, start: int = 0, stop: int | None = None) -> dict[str, np.ndarray]:
        """Some runs or all as columns: index, key (text), policy (name), scenario, replicate, seed and what varies."""
        start, stop, _ = slice(start, stop).indices(len(self))
        index = np.arange(start, stop, dtype=np.int64)
        rest, policy = np.divmod(index, len(self.policies))
        scenario, replicate = np.divmod(rest, self.replicates)
        text = self.keys(start, stop).tobytes().hex()
        keys = np.array([text[at : at + 2 * DIGEST] for at in range(0, len(text), 2 * DIGEST)], object)
        columns = {"index": index, "key": keys, "policy": np.array(self.policies, object)[policy]}
        columns |= {"scenario": scenario, "replicate": replicate, "seed": self.seed + replicate}
        for key, column in self.table.items():
            columns[key] = column.shown()[scenario]
        return columns

    # -- scenarios ---------------------------------------------------------------
    @property
    def scenarios(self) -> Sequence[dict[str, Any]]:
        """What varies, a dict a scenario, made when asked for."""
        return _Rows(self.table)

    def scenario(self, number: int) -> dict[str, Any]:
        """What one scenario sets: dotted key -> value."""
        return self.table.row(number)

    def scenario_of(self, run: Run) -> Scenario:
        """Everything that decides a run, resolved. Where only parameters differ from an earlier one it is made of that."""
        parameters, others = {}, {}
        for key, value in self.table.row(run.scenario).items():
            group, _, name = key.partition(".")
            if group == "parameters":
                parameters[name] = float(value)
            else:
                others[key] = value
        base = self._without_parameters(run.policy, others)
        return replace(base, parameters=base.parameters | parameters, seed=run.seed)

    def _without_parameters(self, policy: int, values: Mapping[str, Any]) -> Scenario:
        key = (policy, *values.values())
        if key not in self._resolved:
            if len(self._resolved) >= _KEPT:
                self._resolved.clear()
            self._resolved[key] = self.read(policy, values)
        return self._resolved[key]

    def check_files(self) -> None:
        """Raise KmsimError, naming the file, if one that the runs read is gone or has other content than was planned."""
        systems = [self.settings.get("system"), *self.meanings.get("system", {}).values()]
        named = [
            (one["path"], one.get(contents.SHA256)) for one in systems if isinstance(one, Mapping) and "path" in one
        ]
        named += [(path, meant[contents.SHA256]) for path, meant in self.meanings.get(FILE, {}).items()]
        for path, sha256 in dict.fromkeys(named):
            contents.read_planned(path, sha256, FILE)

    def read(self, policy: int, values: Mapping[str, Any]) -> Scenario:
        """A policy under these values, read and checked whole. Raises UnknownName or BadValue."""
        meant = {key: self.meanings[key][v] if key in self.meanings else v for key, v in values.items()}
        if FILE in values and FILE in self.meanings:
            meant |= {FILE: values[FILE], "system.sha256": self.meanings[FILE][values[FILE]][contents.SHA256]}
        return resolved(self.levers[policy], self.settings, meant)

    # -- to disk and back -----------------------------------------------------------
    def config(self) -> dict[str, Any]:
        """Plain data of which `from_config` makes the plan again, with the table of scenarios beside it if anything varies.

        Policies stand in it as their levers and named practices and systems as their settings: a file that changes later
        changes nothing here.
        """
        return plain(
            {
                "policies": [_policy_data(policy) for policy in self.levers],
                **self.settings,
                "seed": self.seed,
                "replicates": self.replicates,
                "outcomes": "all" if self.outcomes == list(OUTCOMES) else self.outcomes,
                "trajectories": self.trajectories,
                "design": self.design,
                "scenarios": {"count": self.table.count, "varied": self.varied, "hash": self._table_hash()},
                "meanings": self.meanings,
                "model": self.model,
                "code": self.code,
                **recorded(self.files),
            }
        )

    def write_scenarios(self, path: str | Path) -> None:
        """Write the table of what varies: the Parquet file that `from_config` is given back."""
        self.table.write(Path(path))

    @classmethod
    def from_config(cls, config: Mapping[str, Any], scenarios: str | Path | Scenarios | None = None) -> Plan:
        """The plan of this config. scenarios: the file that `write_scenarios` wrote; none is needed where nothing varies.

        Raises KmsimError where the file is not the one that belongs to the config, and for a config that is no plan's.
        """
        try:
            told = config["scenarios"]
            if scenarios is None:
                table = Scenarios({})
            else:
                table = scenarios if isinstance(scenarios, Scenarios) else Scenarios.read(Path(scenarios))
            plan = cls(
                policies=[read_policy(policy) for policy in config["policies"]],
                settings={key: config[key] for key in (*GROUPS, *SINGLE) if key in config},
                scenarios=table,
                replicates=config["replicates"],
                seed=config["seed"],
                outcomes=() if config["outcomes"] == "all" else config["outcomes"],
                trajectories=config["trajectories"],
                design=config["design"],
                meanings=config["meanings"],
                model=config["model"],
                code=config["code"],
                files=files_of(config),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise KmsimError(f"not the config of a plan: {type(error).__name__}: {error}") from None
        if plan._table_hash() != told["hash"]:
            raise KmsimError(f"{scenarios or 'scenarios'}: not the scenarios that the config was written with")
        return plan

    def _table_hash(self) -> str:
        return _digest(canonical(self.varied).encode() + self._digests.tobytes()).hex()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.config() == other.config()

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key

    def __repr__(self) -> str:
        parts = f"{len(self.policies)} policies, {self.table.count} scenarios, {self.replicates} replicates"
        return f"<Plan of {len(self)} runs: {parts}>"


class _Rows(Sequence[dict[str, Any]]):
    """The rows of a table as dicts made on demand."""

    def __init__(self, table: Scenarios) -> None:
        self._table = table

    def __len__(self) -> int:
        return self._table.count

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        if isinstance(number, slice):
            return [self._table.row(i) for i in range(*number.indices(len(self)))]
        return self._table.row(range(len(self))[number])


def resolved(policy: Policy, settings: Mapping[str, Any], values: Mapping[str, Any]) -> Scenario:
    """The scenario of a policy under a plan's settings with a row's values laid over them. Raises UnknownName or BadValue.

    Features of networks are laid over policies that have one, and pass by the others.
    """
    words = {key: settings[key] for key in SINGLE if key in settings}
    words["parameters"] = settings.get("parameters", {})
    words |= {f"network.{feature}": value for feature, value in settings.get("network", {}).items()}
    for key in ("system", "practice"):
        own = settings.get(key, {})
        if key in values and isinstance(own, Mapping):  # what holds for whichever of them it is
            words |= {f"{key}.{name}": value for name, value in own.items()}
        else:
            words[key] = own
    words |= values
    if "network" in words:
        words["network.archetype"] = words.pop("network")
    if policy.recruits is None:
        words = {key: value for key, value in words.items() if not key.startswith("network.")}
    scenario = read_scenario(policy=policy, **words)
    scenario.funded_policy()
    return scenario


def policy_names(config: Mapping[str, Any]) -> list[str]:
    """The policies of a plan's config as its tables name them: under `network=` with the network's label.

    >>> policy_names({"policies": [{"name": "a", "levers": []}], "network": {"archetype": "nlc"}, "scenarios": {}})
    ['a']
    """
    policies = config["policies"]
    has_network = [any(Recruit.key in lever for lever in policy["levers"]) for policy in policies]
    varied = config["scenarios"].get("varied", ())
    return _shown_names([policy["name"] for policy in policies], has_network, config, varied)


def _shown_names(
    names: Sequence[str], has_network: Sequence[bool], settings: Mapping[str, Any], varied: Sequence[str]
) -> list[str]:
    label = network_label(settings.get("network") or {}, "network" in varied)
    return [with_label(name, label if own else "") for name, own in zip(names, has_network, strict=True)]


def _policy_data(policy: Policy) -> dict[str, Any]:
    levers = [{lever.key: describe(lever)} for lever in policy.levers]
    return plain({"name": policy.name, "summary": policy.summary, "levers": levers})


def _digest(data: str | bytes) -> bytes:
    return hashlib.blake2b(data.encode() if isinstance(data, str) else data, digest_size=DIGEST).digest()
