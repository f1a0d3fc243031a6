"""Who a lever is for: a mask of schools from a few plain conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kmsim.bounds import bounded, bounded_name
from kmsim.errors import BadValue, unknown
from kmsim.names import PHASES
from kmsim.system.built import System


def _list(value: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in (value if isinstance(value, list | tuple) else [value]))


@dataclass(frozen=True)
class Eligibility:
    """Conditions that a school must all meet; an empty one is met by every school.

    phase, region, la: lists of names. fsm_rank_min, fsm_rank_max: rank of free meals within the phase, [0, 1].
    in_trust: true for schools of a multi-academy trust only.

    >>> from kmsim.system import build
    >>> bool(Eligibility().mask(build("village")).all())
    True
    """

    phase: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    la: tuple[str, ...] = ()
    fsm_rank_min: float = 0.0
    fsm_rank_max: float = 1.0
    in_trust: bool = False

    @classmethod
    def read(cls, data: Any, where: str) -> Eligibility:
        """From YAML. Raises UnknownName for an unknown condition, BadValue for one that makes no sense.

        >>> Eligibility.read({"phase": "primary", "fsm_rank_min": 0.5}, "mine.yaml").phase
        ('primary',)
        >>> Eligibility.read({"phase": "prmary"}, "mine.yaml")
        Traceback (most recent call last):
            ...
        kmsim.errors.UnknownName: mine.yaml.phase=prmary: not a phase; did you mean 'primary'?
        """
        if data is None:
            return cls()
        if not isinstance(data, dict):
            raise BadValue(where, data, "conditions such as {phase: [primary]}")
        fields: dict[str, Any] = {}
        for key, value in data.items():
            if key not in cls.__dataclass_fields__:
                raise unknown(f"{where}.{key}", key, cls.__dataclass_fields__, "a condition")
            if key in ("phase", "region", "la"):
                fields[key] = tuple(bounded_name(f"{where}.{key}", name) for name in _list(value))
            elif key == "in_trust":
                if not isinstance(value, bool):
                    raise BadValue(f"{where}.in_trust", value, "true or false")
                fields[key] = value
            else:
                fields[key] = bounded(f"{where}.{key}", value, f"eligible.{key}")
        for phase in fields.get("phase", ()):
            if phase not in PHASES:
                raise unknown(f"{where}.phase", phase, PHASES, "a phase")
        return cls(**fields)

    def mask(self, system: System) -> np.ndarray:
        """Which schools meet the conditions: bool (S,).

        >>> from kmsim.system import build
        >>> Eligibility(phase=("secondary",)).mask(build("village")).tolist()
        [False, False, False, False, True]
        """
        s = system.schools
        keep = (s["fsm_rank"] >= self.fsm_rank_min) & (s["fsm_rank"] <= self.fsm_rank_max)
        if self.phase:
            keep &= np.isin(s["phase"], [PHASES.index(p) for p in self.phase])
        for kind in ("region", "la"):
            wanted = getattr(self, kind)
            if wanted:
                keep &= named(system, kind, wanted)
        if self.in_trust:
            keep &= s["trust"] >= 0
        return keep


def named(system: System, kind: str, wanted: tuple[str, ...]) -> np.ndarray:
    """The schools whose region or authority is one of these names. Raises UnknownName for one the system has not.

    >>> from kmsim.system import build
    >>> named(build("village"), "la", ("village",)).tolist()
    [True, True, True, True, True]
    """
    known = {label.lower(): i for i, label in enumerate(system.labels[kind])}
    for name in wanted:
        if name.lower() not in known:
            raise unknown(f"eligible.{kind}", name, system.labels[kind], f"a {kind} of {system.name}")
    return np.isin(system.schools[kind], [known[name.lower()] for name in wanted])
