"""What a study asks and runs, read from experiments/NN_name/config.yaml: parts, each a plan of the lab, at two sizes.

Example
-------
>>> read("01").name
'01_policies_at_equal_budget'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmsim import configuration
from kmsim.errors import BadValue, unknown
from kmsim.strict_yaml import read_yaml

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

SIZES = ("full", "small")
CONFIG = "config.yaml"
_NAME = re.compile(r"\d\d_[a-z0-9_]+")
_SETTINGS = ("system", "practice", "years", "funded_years", "taper", "budget")


@dataclass(frozen=True)
class Part:
    """One plan of a study: arms in scenarios with seeds. Arms are policies, or policies with other settings of their levers.

    vary: key -> values, every combination a scenario. scale: parameters and the numbers `by` which all of them are multiplied, a set
    of scenarios each, in the order of `by`. settings: keys of `kmsim.Model`. trajectories: "all" keeps every tick of every run.
    """

    name: str
    arms: Mapping[str, Any]
    seeds: int
    outcomes: Sequence[str]
    vary: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    scale: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    trajectories: str = "none"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def scenarios(self) -> list[dict[str, Any]]:
        """What each scenario sets: scaled parameters vary slowest, then the first key of `vary`."""
        from kmsim.parameters import PARAMETERS

        rows = [dict(zip(self.vary, values, strict=True)) for values in product(*self.vary.values())]
        if not self.scale:
            return rows
        scaled = {name: PARAMETERS[name].default for name in self.scale["parameters"]}
        sets = [{f"parameters.{name}": times * value for name, value in scaled.items()} for times in self.scale["by"]]
        return [row | more for more in sets for row in rows]

    def plan(self, study: str) -> Plan:
        """The lab's plan of it. Raises UnknownName or BadValue for arms, settings or values that cannot be used."""
        from kmsim.lab.planning import read_plan
        from kmsim.lab.scenarios import Column, Scenarios

        rows = self.scenarios()
        table = Scenarios({key: Column.of([row[key] for row in rows]) for key in rows[0]})
        return read_plan(
            [_arm(name, data, f"{study}.{self.name}") for name, data in self.arms.items()],
            table,
            self.seeds,
            list(self.outcomes),
            self.trajectories,
            design={"kind": "study", "study": study, "part": self.name},
            **self.settings,
        )


@dataclass(frozen=True)
class Study:
    """A study's words and parts. caveats: what would change the answer and no run here can tell. size: full or small."""

    name: str
    title: str
    question: str
    design: str
    caveats: tuple[str, ...]
    parts: Mapping[str, Part]
    size: str = "full"

    @property
    def number(self) -> str:
        """Its two digits."""
        return self.name[:2]

    def described(self) -> dict[str, Any]:
        """What decides its results, as plain data."""
        return {
            "study": self.name,
            "size": self.size,
            "parts": {
                name: {f.name: _plain(getattr(part, f.name)) for f in fields(part)} for name, part in self.parts.items()
            },
        }


def names() -> list[str]:
    """The names of all studies, in order.

    >>> names()[0]
    '01_policies_at_equal_budget'
    """
    return sorted(entry.name for entry in _folder().iterdir() if entry.is_dir() and _NAME.fullmatch(entry.name))


def named(word: str) -> str:
    """The study that a word means: its number, its name, or its name without the number. Raises UnknownName.

    >>> named("1") == named("01") == named("policies_at_equal_budget")
    True
    """
    short = {name[3:]: name for name in names()} | {name[:2]: name for name in names()}
    found = word if word in names() else short.get(word.zfill(2) if word.isdecimal() else word)
    if found is None:
        raise unknown("study", word, [*short], "a study")
    return found


def read(word: str, size: str = "full") -> Study:
    """A study at a size, its config checked. size: "full", or "small" for one that runs in seconds and tells nothing.

    Raises UnknownName for a study, a size, or a key of the config that is not known; BadValue for one that is missing.

    >>> read("01", "small").parts["budget"].seeds < read("01").parts["budget"].seeds
    True
    """
    if size not in SIZES:
        raise unknown("size", size, SIZES, "a size of a study")
    name = named(word)
    data = read_yaml(_folder().joinpath(name, CONFIG))
    _known(data, ("title", "question", "design", "caveats", "parts", "small"), name)
    parts = {key: _part(key, value, name) for key, value in data["parts"].items()}
    if size == "small":
        parts = {key: _smaller(part, data["small"].get(key, {}), name) for key, part in parts.items()}
    words = {key: " ".join(str(data[key]).split()) for key in ("title", "question", "design")}
    caveats = tuple(" ".join(text.split()) for text in data["caveats"])
    return Study(name, caveats=caveats, parts=parts, size=size, **words)


def _part(key: str, data: Mapping[str, Any], study: str) -> Part:
    own = [f.name for f in fields(Part) if f.name not in ("name", "settings")]
    _known(data, (*own, *_SETTINGS), f"{study}.parts.{key}")
    for needed in ("arms", "seeds", "outcomes"):
        if needed not in data:
            raise BadValue(f"{study}.parts.{key}.{needed}", None, "a value: every part has its own")
    given = {name: data[name] for name in own if name in data}
    arms = data["arms"]
    given["arms"] = dict.fromkeys(arms) if isinstance(arms, list) else arms
    return Part(key, settings={name: data[name] for name in _SETTINGS if name in data}, **given)


def _smaller(part: Part, data: Mapping[str, Any], study: str) -> Part:
    """A part with fewer seeds, smaller schools, fewer arms (named) or values."""
    _known(data, ("seeds", "arms", "vary", *_SETTINGS), f"{study}.small.{part.name}")
    settings = dict(part.settings) | {key: data[key] for key in _SETTINGS if key in data}
    arms = {name: part.arms[name] for name in data.get("arms", part.arms)}
    vary = dict(part.vary) | data.get("vary", {})
    return replace(part, seeds=data.get("seeds", part.seeds), settings=settings, arms=arms, vary=vary)


def _arm(name: str, data: Any, where: str) -> dict[str, Any]:
    """A policy as plain data: the shipped one of this name, or another's (`of`) with settings laid over its levers."""
    data = data or {}
    _known(data, ("of", "levers"), f"{where}.{name}")
    policy = configuration.read("policy", data.get("of", name))
    levers = [dict(lever) for lever in policy["levers"]]
    for key, changes in data.get("levers", {}).items():
        there = next((lever for lever in levers if key in lever), None)
        if there is None:
            levers.append({key: dict(changes)})
        else:
            there[key] = (there[key] or {}) | changes
    return {"name": name, "summary": policy.get("summary", ""), "levers": levers}


def _known(data: Any, keys: Sequence[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise BadValue(where, data, "settings, one 'key: value' a line")
    for key in data:
        if key not in keys:
            raise unknown(f"{where}.{key}", key, keys, "a key of a study's config")


def _folder() -> Traversable:
    """The studies that are shipped; in a checkout they lie beside the package."""
    inside = files("kmsim").joinpath("experiments")
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "experiments"


def _plain(value: Any) -> Any:
    from kmsim.lab.provenance import plain

    return plain(value)


__all__ = ["CONFIG", "SIZES", "Part", "Study", "named", "names", "read"]
