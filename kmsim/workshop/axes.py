"""Axes with round numbers: made from the data, and kept as they are while the data fit, so that they stay put as a lever moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kmsim.bounds import bounded
from kmsim.workshop.reading import table

MOST_TICKS = 6


def axis(
    low: float, high: float, show: Callable[[float], str], held: tuple[float, float] | None = None
) -> dict[str, Any]:
    """An axis over at least low to high and 0, with its ticks. held: the ends it had, kept if the data fit.

    >>> axis(0, 0.37, lambda v: f"{v:.0%}")["max"]
    0.4
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if held and held[0] <= low and high <= held[1]:
        low, high = held
    elif held:
        low, high = min(low, held[0]), max(high, held[1])
    if high - low < 1e-9:
        high = low + 0.01
    step = _round_step((high - low) / (MOST_TICKS - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(i * step, 10) + 0.0 for i in range(first, last + 1)]
    return {"min": ticks[0], "max": ticks[-1], "ticks": [{"at": at, "text": show(at)} for at in ticks]}


def held(place: str, data: Any, names: list[str]) -> dict[str, tuple[float, float]]:
    """The ends of axes that a page sends back. Raises BadValue for what is none."""
    if data is None:
        return {}
    found = {}
    for name, one in table(place, data, (), (*names, "year")).items():
        ends = table(f"{place}.{name}", one, ("min", "max"), ("ticks",))
        low, high = (bounded(f"{place}.{name}.{end}", ends[end], "page.axis") for end in ("min", "max"))
        if low < high:
            found[name] = (low, high)
    return found


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= least * (1 - 1e-9))
