"""The scenario of the page: what it is made of, how it is read, and what `kmsim run` would be given for each of its policies."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kmsim import configuration
from kmsim.bounds import Bound, bounded
from kmsim.errors import BadValue, unknown
from kmsim.parameters import PARAMETERS, resolve
from kmsim.policies.levers import archetypes
from kmsim.policies.policy import Policy, read_policy
from kmsim.scenario import Practice, Scenario, read_scenario
from kmsim.workshop.labels import network_name, plain_name
from kmsim.workshop.levers import LEVERS, TURNOVER, no_network, turned_over, values_of
from kmsim.workshop.place import Place
from kmsim.workshop.reading import choice, some, table

VERSION = 1
IDS = "ABCD"
TICKS_PER_YEAR = 6
TICKS_PER_TERM = 2
SHARED = ("budget", "funded_years", "turnover")
DEFAULTS: dict[str, Any] = {
    "budget": PARAMETERS["budget_per_pupil"].default,
    "funded_years": 3,
    "years": 10,
    "turnover": 1.0,
    "practice": "formative_assessment",
    "seed": 1,
    "parameters": {},
}


def presets() -> dict[str, Policy]:
    """The policies to start from: those that kmsim knows by name, as the user's own files have them now."""
    return _presets(configuration.own_digest("policy"))


def preset_policy(name: str) -> Policy:
    """The policy of this name, as it is now. Raises UnknownName for one whose file is gone.

    >>> preset_policy("coaching").name
    'coaching'
    """
    known = presets()
    if name not in known:
        raise unknown("policy", name, known, "a policy")
    return known[name]


def practices() -> dict[str, Practice]:
    """The practices that kmsim knows by name, as the user's own files have them now."""
    return _practices(configuration.own_digest("practice"))


@lru_cache(maxsize=1)
def _presets(own: str) -> dict[str, Policy]:
    """own: what the user's own policies contain, as a hash: the cache is of that content."""
    return {name: read_policy(name) for name in configuration.names("policy")}


@lru_cache(maxsize=1)
def _practices(own: str) -> dict[str, Practice]:
    """own: what the user's own practices contain, as a hash: the cache is of that content."""
    return {name: Practice.read(name) for name in configuration.names("practice")}


def editable(name: str) -> bool:
    """Whether an assumption can be changed on the page: those that a lever moves cannot, nor those with no range.

    >>> editable("theta"), editable("budget_per_pupil")
    (True, False)
    """
    low, high = PARAMETERS[name].prior
    return low < high and name != "budget_per_pupil"


@dataclass(frozen=True)
class Arm:
    """One policy of a scenario: where it starts from and what was moved. levers: (id, value) in the page's order."""

    id: str
    preset: str
    network: str | None = None
    levers: tuple[tuple[str, float], ...] = ()

    @property
    def base(self) -> Policy:
        """The policy before any lever was moved."""
        policy = preset_policy(self.preset)
        return policy.with_network({"archetype": self.network}) if self.network else policy

    @property
    def label(self) -> str:
        """Its name as readers see it."""
        name = plain_name(self.preset)
        return f"{name} as {network_name(self.network)}" if self.network else name

    @property
    def named(self) -> str:
        """Its name with its letter, and whether levers were moved."""
        return f"{self.label}{', changed' if self.levers else ''} ({self.id})"

    def told(self) -> dict[str, Any]:
        """As the page sends it."""
        return {"id": self.id, "preset": self.preset, "network": self.network, "levers": dict(self.levers)}


@dataclass(frozen=True)
class Setup:
    """A scenario of the page, checked. budget: GBP a pupil; turnover: times what it is now; parameters: edited assumptions."""

    arms: tuple[Arm, ...]
    budget: float
    funded_years: int
    years: int
    turnover: float
    practice: str
    seed: int
    parameters: tuple[tuple[str, float], ...] = ()

    def told(self) -> dict[str, Any]:
        """As the page sends it, whole."""
        return {
            "version": VERSION,
            "policies": [arm.told() for arm in self.arms],
            "budget": self.budget,
            "funded_years": self.funded_years,
            "years": self.years,
            "turnover": self.turnover,
            "practice": self.practice,
            "seed": self.seed,
            "parameters": dict(self.parameters),
        }

    def arm(self, place: str, name: Any) -> Arm:
        """The policy of this letter. Raises UnknownName."""
        return self.arms[IDS.index(choice(place, name, [arm.id for arm in self.arms], "a policy of the scenario"))]

    def settings(self, arm: Arm, pupils: float) -> dict[str, Any]:
        """What `kmsim run` is given for one policy, but for the system: keys of the command line with their values.

        pupils: of the system, which a budget other than the default is multiplied by.
        """
        default = self.budget == DEFAULTS["budget"]
        return {
            "policy": arm.preset,
            "network": arm.network,
            "practice": self.practice,
            "seed": self.seed,
            "years": self.years,
            "funded_years": self.funded_years,
            "budget": "auto" if default else float(round(self.budget * pupils)),
            **{f"network.{name}": value for name, value in arm.levers},
            **{f"parameters.{name}": value for name, value in self.parameter_values().items()},
        }

    def parameter_values(self) -> dict[str, float]:
        """The parameters that differ from their defaults, by turnover or by hand."""
        return dict(sorted((turned_over(self.turnover) | dict(self.parameters)).items()))

    def scenario(self, arm: Arm, place: Place) -> Scenario:
        """What the model runs for one policy, with the first seed: the same as from the command line."""
        given = self.settings(arm, place.pupils) | {"policy": preset_policy(arm.preset)}
        return read_scenario(**place.planned, **given)

    def command(self, arm: Arm, place: Place) -> str:
        """The command that runs one policy's first seed."""
        defaults = {"network": None, "seed": 1, "years": 10, "funded_years": 3, "practice": "formative_assessment"}
        given = self.settings(arm, place.pupils).items()
        words = [f"{key}={value!s}" for key, value in given if defaults.get(key, "auto") != value]
        return " ".join(["kmsim run", place.words, *map(shlex.quote, words)])


def read_setup(data: Any, place: str = "scenario") -> Setup:
    """A scenario as the page sent it. Every name, number and key is checked. Raises BadValue or UnknownName.

    >>> setup = read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}]})
    >>> setup.arms[0].label, setup.years
    ('Coaching', 10)
    """
    given = DEFAULTS | table(place, data, ("version", "policies"), DEFAULTS)
    if given["version"] != VERSION or isinstance(given["version"], bool):
        raise BadValue(f"{place}.version", str(given["version"])[:20], f"{VERSION}: this page cannot open another")
    sent = some(f"{place}.policies", given["policies"], len(IDS))
    shared = {name: LEVERS[name].read(f"{place}.{name}", given[name]) for name in SHARED}
    setup = Setup(
        arms=tuple(_arm(f"{place}.policies[{i}]", IDS[i], arm) for i, arm in enumerate(sent)),
        budget=shared["budget"],
        funded_years=int(shared["funded_years"]),
        years=bounded(f"{place}.years", given["years"], "page.years"),
        turnover=shared["turnover"],
        practice=choice(f"{place}.practice", given["practice"], practices(), "a practice"),
        seed=bounded(f"{place}.seed", given["seed"], "page.seed"),
        parameters=_parameters(f"{place}.parameters", given["parameters"]),
    )
    if setup.funded_years > setup.years:
        raise BadValue(f"{place}.funded_years", setup.funded_years, f"at most years, which is {setup.years}")
    moved = [name for name, _ in setup.parameters if name in TURNOVER]
    if moved and setup.turnover != 1:
        raise BadValue(f"{place}.parameters", moved[0], "turnover as now where its own numbers are changed")
    return setup


def _arm(place: str, letter: str, data: Any) -> Arm:
    given = {"network": None, "levers": {}} | table(place, data, ("id", "preset"), ("network", "levers"))
    if given["id"] != letter:
        raise BadValue(f"{place}.id", str(given["id"])[:20], letter)
    preset = choice(f"{place}.preset", given["preset"], presets(), "a policy")
    network = given["network"]
    if network is not None:
        network = choice(f"{place}.network", network, archetypes(), "a network")
    levers = table(
        f"{place}.levers", given["levers"], (), [n for n, lever in LEVERS.items() if lever.scope == "policy"]
    )
    if preset_policy(preset).recruits is None and (network or levers):
        raise no_network(f"{place}.preset", preset)
    arm = Arm(letter, preset, network)
    stands = values_of(arm.base) if levers else {}
    moved = {name: LEVERS[name].read(f"{place}.levers.{name}", value) for name, value in levers.items()}
    return replace(arm, levers=tuple((n, moved[n]) for n in LEVERS if n in moved and abs(moved[n] - stands[n]) > 1e-9))


def _parameters(place: str, data: Any) -> tuple[tuple[str, float], ...]:
    known = [name for name in PARAMETERS if editable(name)]
    found = []
    for name, value in table(place, data, (), known).items():
        low, high = PARAMETERS[name].prior
        good = round(bounded(f"{place}.{name}", value, Bound(low, high)), 9)
        if good != PARAMETERS[name].default:
            found.append((name, good))
    resolve(dict(found))
    return tuple(sorted(found))
