"""Maximum likelihood for a few parameters: a simplex search from several starts, within bounds.

The rules reckon in float32, so that a gradient by differences would be noise; a simplex needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import optimize

from kmsim.diffusion.communities import Innovation
from kmsim.diffusion.rivals import Free, Rival, likelihood

STEPS = 1200  # most evaluations from one start
WIDE = 0.15  # of a parameter's range: the first step of the simplex


@dataclass(frozen=True)
class Fit:
    """The values that make what was seen most likely. score: log-likelihood a person, nats."""

    values: Mapping[str, float]
    score: float
    evaluations: int


def fit(rival: Rival, where: Innovation, steps: int = STEPS) -> Fit:
    """Fit a model to communities. Deterministic; the best of the searches from every start.

    steps: most evaluations from each start.

    >>> from kmsim.diffusion.communities import innovation
    >>> from kmsim.diffusion.rivals import BASS
    >>> found = fit(BASS, innovation("physicians").only([0]), steps=40)
    >>> sorted(found.values), found.score < 0
    (['m', 'p', 'q'], True)
    """
    free = rival.free
    low, high = (np.array([_scaled(f, bound) for f, bound in zip(free, ends, strict=True)]) for ends in _bounds(free))
    evaluations = 0

    def cost(x: np.ndarray) -> float:
        nonlocal evaluations
        evaluations += 1
        return -float(likelihood(where, rival.chances(where, _values(free, x))).mean())

    best, found = np.inf, low
    for starts in product(*(f.starts for f in free)):
        x = np.array([_scaled(f, value) for f, value in zip(free, starts, strict=True)])
        for _ in range(2):  # again from where it stopped: a simplex that has shrunk too soon is made wide again
            step = WIDE * (high - low) * np.where(x + WIDE * (high - low) > high, -1, 1)
            simplex = np.vstack([x, x + np.diag(step)])
            options = {"maxfev": steps // 2, "initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-7}
            came = optimize.minimize(
                cost, x, method="Nelder-Mead", bounds=list(zip(low, high, strict=True)), options=options
            )
            x = came.x
        if came.fun < best:
            best, found = float(came.fun), came.x
    return Fit(_values(free, found), -best, evaluations)


def _bounds(free: tuple[Free, ...]) -> tuple[list[float], list[float]]:
    return [f.low for f in free], [f.high for f in free]


def _scaled(free: Free, value: float) -> float:
    return float(np.log(value)) if free.log else value


def _values(free: tuple[Free, ...], x: np.ndarray) -> dict[str, float]:
    return {f.name: float(np.exp(v)) if f.log else float(v) for f, v in zip(free, x, strict=True)}
