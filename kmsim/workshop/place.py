"""Where the workshop's schools are: the words of the command line, the settings they make, the system built, and its names."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kmsim.lab.pool import system_of
from kmsim.system.built import System
from kmsim.system.settings import Settings, settings


@dataclass(frozen=True)
class Place:
    """A system by its name and the keys laid over it, without `system.`: what `kmsim run` would be given.

    >>> Place("borough", {"la": "Hackney"}).label
    'Hackney'
    """

    name: str
    keys: Mapping[str, Any]

    @cached_property
    def settings(self) -> Settings:
        """Checked. Raises BadValue or UnknownName."""
        return settings(self.name, self.keys)

    @cached_property
    def system(self) -> System:
        """Built."""
        return system_of(self.settings)

    @property
    def pupils(self) -> float:
        """All pupils of the system."""
        return float(self.system.schools["pupils"].sum())

    @property
    def label(self) -> str:
        """Its name as readers know it: the authorities where they are named."""
        named = self.settings.la
        return ", ".join(named) if 0 < len(named) <= 3 else self.settings.name.replace("_", " ").capitalize()

    @property
    def real(self) -> str:
        """What its schools are."""
        return "invented" if self.settings.source in ("village", "synthetic") else "real"

    @property
    def sentence(self) -> str:
        """The system in a sentence."""
        system = self.system
        counts = f"{system.n_schools:,} {self.real} schools, {system.n_posts:,} teachers, {self.pupils:,.0f} pupils"
        return f"{self.label}: {counts}"

    @property
    def given(self) -> dict[str, Any]:
        """The settings that name this system to `kmsim.run`."""
        return {"system": self.name, **{f"system.{key}": value for key, value in self.keys.items()}}

    @property
    def planned(self) -> dict[str, Any]:
        """The same, with the content of the file that it names: what a server shows stays of one content."""
        sha256 = self.settings.sha256
        return self.given | ({} if sha256 is None else {"system.sha256": sha256})

    @property
    def words(self) -> str:
        """The words that name this system on the command line."""
        return shlex.join(f"{key}={_written(value)}" for key, value in self.given.items())


def _written(value: Any) -> str:
    return "[" + ",".join(f"'{v}'" for v in value) + "]" if isinstance(value, list | tuple) else str(value)
