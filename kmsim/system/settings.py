"""What a user can say about a system, checked: plain data in, one record out, one-line errors for everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from kmsim import contents
from kmsim.bounds import LONGEST_PATH, bounded, bounded_list, bounded_name, bounded_text
from kmsim.configuration import SUFFIX, read
from kmsim.errors import BadValue, unknown
from kmsim.system.built import PHASES

SOURCES = ("village", "england", "synthetic", "gias")
OWNED = {
    "n_schools": "synthetic",
    "path": "gias",
    "strict": "gias",
    "sha256": "gias",
    "schools": "village",
}  # keys that only one source reads
NOT_NEEDED = ("n_schools", "strict", "sha256")  # ... and that need not be given
SYNTHETIC_REGIONS = ("England", "London")
Names = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """A system's settings. la, region, trust and phase keep the schools of those names, all of them where empty.

    scale: how many schools one school here stands for (1: all are there). seed: of everything that is generated.
    n_schools: synthetic only; there `region` chooses the fitted distributions. path: gias only; sha256: of the content of
    that file, read when it is not given, and what `build` then insists on. schools: village only.
    strict: gias only; true refuses a file with any row that cannot be used, where a few would be left out and told.

    >>> settings("village").source, settings("synthetic", {"n_schools": 40}).n_schools
    ('village', 40)
    """

    name: str
    source: str
    summary: str = ""
    la: Names = ()
    region: Names = ()
    trust: Names = ()
    phase: Names = ()
    scale: float = 1.0
    seed: int = 1
    n_schools: int = 200
    path: str | None = None
    strict: bool | None = None
    sha256: str | None = None
    schools: tuple[Any, ...] = ()


KEYS = tuple(field.name for field in fields(Settings))


def settings(config: Mapping[str, Any] | str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The checked settings of a named config, a .yaml path or a mapping, with overrides laid over it.

    Keys are those of `Settings`; a null takes a setting's default. Raises BadValue and UnknownName for the first key or
    value that cannot be used.

    >>> settings("borough", {"la": "Hackney"}).la
    ('Hackney',)
    """
    if isinstance(config, Mapping):
        given, default_name = dict(config), None
    else:
        given = read("system", config)
        default_name = Path(config).stem if config.endswith(SUFFIX) else config
    given |= dict(overrides or {})
    for key in given:
        if key not in KEYS:
            raise unknown(f"system.{key}", key, KEYS, "a setting of a system")
    given = {key: value for key, value in given.items() if value is not None}
    source = given.get("source")
    if source not in SOURCES:
        raise unknown("system.source", source, SOURCES, "a source of schools")
    given.setdefault("name", default_name or source)
    chosen = Settings(**{key: _checked(key, value) for key, value in given.items()})
    _check_together(chosen, given)
    return _with_content(chosen)


def _checked(key: str, value: Any) -> Any:
    place = f"system.{key}"
    if key in ("la", "region", "trust", "phase"):
        return _names(place, value)
    if key in ("scale", "seed", "n_schools"):
        return bounded(place, value)
    if key == "strict":
        if not isinstance(value, bool):
            raise BadValue(place, value, "true or false")
        return value
    if key == "schools":
        if not isinstance(value, (list, tuple)) or not value:
            raise BadValue(place, value, "a list of schools")
        return tuple(bounded_list(place, value))
    if key == "name":
        return bounded_name(place, value)
    if not isinstance(value, str) or (key == "path" and len(value) > LONGEST_PATH):
        raise BadValue(place, value, f"text of at most {LONGEST_PATH:,} letters" if key == "path" else "text")
    if key == "summary":
        return bounded_text(place, value)
    if key == "sha256" and not re.fullmatch("[0-9a-f]{64}", value):
        raise BadValue(place, value, "64 hex digits, the SHA-256 of the file that system.path names")
    return value


def _with_content(chosen: Settings) -> Settings:
    """The settings with the SHA-256 of the file that they name: its content decides the schools, not its path."""
    if chosen.path is None or chosen.sha256 is not None:
        return chosen
    return replace(chosen, sha256=content_of(chosen.path))


def content_of(path: Any) -> str:
    """The SHA-256 of an extract's content. Raises BadValue for a file that cannot be read.

    >>> content_of("no/such/file.csv")
    Traceback (most recent call last):
    kmsim.errors.BadValue: system.path=no/such/file.csv: expected a csv file that can be read; no such file or directory
    """
    if not isinstance(path, str):
        raise BadValue("system.path", path, "text")
    return contents.sha256_of(contents.read(path, "system.path", "a csv file"))


def own_settings(chosen: Settings) -> dict[str, Any]:
    """A system's settings as data that `settings` accepts: without those that are empty or that its source does not read.

    >>> sorted(own_settings(settings("synthetic")))
    ['n_schools', 'name', 'region', 'scale', 'seed', 'source', 'summary']
    """
    own = {key: value for key, value in asdict(chosen).items() if OWNED.get(key, chosen.source) == chosen.source}
    return {key: value for key, value in own.items() if value not in (None, ())}


def _check_together(chosen: Settings, given: Mapping[str, Any]) -> None:
    for key, source in OWNED.items():
        if key in given and chosen.source != source:
            raise BadValue(f"system.{key}", given[key], f"none, for only source={source} reads it")
        if key not in NOT_NEEDED and key not in given and chosen.source == source:
            raise BadValue(f"system.{key}", None, f"a value, for source={source} needs it")
    for phase in chosen.phase:
        if phase not in PHASES:
            raise unknown("system.phase", phase, PHASES, "a phase")
    if chosen.source == "synthetic" and (len(chosen.region) != 1 or chosen.region[0] not in SYNTHETIC_REGIONS):
        raise BadValue("system.region", ", ".join(chosen.region) or None, "England or London, for source=synthetic")


def _names(place: str, value: Any) -> Names:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in names):
        raise BadValue(place, value, "a name or a list of names")
    return tuple(bounded_name(place, name).strip() for name in bounded_list(place, names, "names") or names)
