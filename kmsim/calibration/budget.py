"""How much a calibration may cost: the numbers of a config such as configs/calibration/full.yaml, strictly checked.

Example
-------
>>> Budget.read("full").max_minutes <= 90
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from kmsim import configuration
from kmsim.bounds import bounded
from kmsim.errors import BadValue, unknown


@dataclass(frozen=True)
class Budget:
    """One size of calibration; each field's meaning stands beside it in the config."""

    design: int
    waves: int
    wave: int
    noise: int
    particles: int
    generations: int
    evaluations: int
    one_generation: int
    alpha: float
    draws: int
    max_minutes: float
    seeds: int | None = None
    targets: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None

    @classmethod
    def read(cls, name: str, changes: Mapping[str, Any] | None = None) -> Budget:
        """The budget of this name with a user's changes. Raises UnknownName or BadValue, naming the key.

        >>> Budget.read("tiny", {"draws": 8}).draws
        8
        """
        data = {k: v for k, v in configuration.read("calibration", name).items() if k != "summary"} | dict(
            changes or {}
        )
        names = [field.name for field in fields(cls)]
        for key in data:
            if key not in names:
                raise unknown(f"calibration.{key}", key, names, "a key of a calibration's budget")
        found: dict[str, Any] = {}
        for key in names:
            if key not in ("targets", "parameters") and (key != "seeds" or data.get(key) is not None):
                found[key] = bounded(f"calibration.{key}", data.get(key))
        for key in ("targets", "parameters"):
            if data.get(key) is not None:
                value = [data[key]] if isinstance(data[key], str) else data[key]
                if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
                    raise BadValue(f"calibration.{key}", value, "a list of names")
                found[key] = tuple(value)
        if found["noise"] > found["design"]:
            raise BadValue("calibration.noise", found["noise"], f"at most the design's {found['design']} places")
        return cls(**found)
