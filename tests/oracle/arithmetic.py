"""The few formulas that every rule shares, in ordinary Python floats."""

from __future__ import annotations

import math

import numpy as np


def single(number) -> float:
    """A number as the engine holds it: rounded to single precision."""
    return float(np.float32(number))


def clip(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(max(x, low), high)


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def chance(rate: float, dt: float) -> float:
    """The probability that a hazard of so much a year strikes within dt."""
    return 1.0 - math.exp(-rate * dt)


def approach(x: float, target: float, rate: float, dt: float) -> float:
    """Exponential approach to a fixed target."""
    return target + (x - target) * math.exp(-rate * dt)


def relax(x: float, pulls: list[tuple[float, float]], loss: float, dt: float) -> float:
    """Upward pulls (strength, target) against a loss towards zero; a pull counts only while its target lies above x."""
    strength, weighted = loss, 0.0
    for pull, target in pulls:
        if target > x:
            strength += pull
            weighted += pull * target
    if strength == 0.0:
        return x
    level = weighted / strength
    return level + (x - level) * math.exp(-strength * dt)


def near_tie(x: float, pulls: list[tuple[float, float]]) -> bool:
    """Whether a pull's target lies so near x that single precision may see it on the other side."""
    return any(strength > 0.0 and abs(target - x) < 1e-6 for strength, target in pulls)


def mean(numbers: list[float]) -> float:
    """The mean, and 0 for nothing."""
    return sum(numbers) / len(numbers) if numbers else 0.0


def nearly_equal_runs(items: list, runs: int) -> list[list]:
    """Consecutive runs whose lengths differ by at most one, the longer ones first (as numpy.array_split cuts)."""
    short, longer = divmod(len(items), runs)
    pieces, at = [], 0
    for number in range(runs):
        length = short + 1 if number < longer else short
        pieces.append(items[at : at + length])
        at += length
    return pieces
