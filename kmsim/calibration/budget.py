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
from kmsim.errors import BadValue, unknown
from kmsim.scenario import number

_LIMITS = {
    "design": (4, 1_000_000),
    "waves": (1, 20),
    "wave": (4, 1_000_000),
    "noise": (2, 10_000),
    "particles": (4, 100_000),
    "generations": (1, 100),
    "evaluations": (4, 10_000_000),
    "one_generation": (4, 10_000_000),
    "draws": (4, 100_000),
}


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
        for key, (low, high) in _LIMITS.items():
            found[key] = number(f"calibration.{key}", data.get(key), low, high, whole=True)
        found["alpha"] = number("calibration.alpha", data.get("alpha"), 0.05, 0.95)
        found["max_minutes"] = number("calibration.max_minutes", data.get("max_minutes"), 0.01, 100_000)
        if data.get("seeds") is not None:
            found["seeds"] = number("calibration.seeds", data["seeds"], 1, 1000, whole=True)
        for key in ("targets", "parameters"):
            if data.get(key) is not None:
                value = [data[key]] if isinstance(data[key], str) else data[key]
                if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
                    raise BadValue(f"calibration.{key}", value, "a list of names")
                found[key] = tuple(value)
        if found["noise"] > found["design"]:
            raise BadValue("calibration.noise", found["noise"], f"at most the design's {found['design']} places")
        return cls(**found)
