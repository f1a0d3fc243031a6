"""History matching: space where the emulators say that a statistic cannot be near its range is ruled out, wave by wave.

Implausibility is how far the emulated mean lies outside a finding's range, in standard deviations of emulator and replicate
noise together. No allowance is made for what is wrong with the model: a statistic that no place brings into its range is
held to the best there is, and told as out of reach.

Example
-------
>>> implausible(np.array([0.5, 1.2]), np.array([0.1, 0.1]), 0.0, (0.0, 1.0)).round(1).tolist()
[0.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from scipy.stats import qmc

from kmsim.calibration.emulator import Emulator
from kmsim.calibration.targets import Target
from kmsim.lab.parts import write_whole

CUT = 3.0  # standard deviations: three hold 95% of any distribution with one hump (Pukelsheim's rule)
NEAR = 0.02  # a statistic that fewer places than this reach is held to the best that so many reach
LEAST = 0.002  # of the prior's space that is left at least
LOOK = 14  # 2 to the power: places looked at
STEPS = 24  # of the walk that spreads points over what is left


def implausible(mean: np.ndarray, sd: np.ndarray, noise_sd: float, bounds: tuple[float, float]) -> np.ndarray:
    """Standard deviations by which an emulated mean lies outside a range: nought inside it.

    >>> implausible(np.array([1.5]), np.array([0.1]), 0.0, (0.0, 1.0)).round(1).tolist()
    [5.0]
    """
    miss = np.maximum(np.maximum(bounds[0] - mean, mean - bounds[1]), 0.0)
    return miss / np.sqrt(sd**2 + noise_sd**2 + 1e-30)


@dataclass(frozen=True, eq=False)
class Region:
    """What is not ruled out: where every implausibility is at most its limit. limits: target -> limit.

    >>> line = Emulator(np.zeros((1, 1)), np.zeros(1), np.array([0.0, 1.0]), 1.0, np.full(1, 0.01), 1e-6, 0.0)
    >>> region = Region({"share": line}, {"share": (0.0, 0.5)}, {"share": CUT})
    >>> region.holds(np.array([[0.4], [0.9]])).tolist()
    [True, False]
    """

    emulators: Mapping[str, Emulator]
    bounds: Mapping[str, tuple[float, float]]
    limits: Mapping[str, float]

    def holds(self, units: np.ndarray) -> np.ndarray:
        """Which places (n, d) are left: inside the cube, and not implausible. Each target is asked of what the last left.

        >>> Region({}, {}, {}).holds(np.array([[0.5], [1.5]])).tolist()
        [True, False]
        """
        alive = np.flatnonzero(((units >= 0) & (units <= 1)).all(1))
        for name, emulator in self.emulators.items():
            if not len(alive):
                break
            found = implausible(*emulator.predict(units[alive]), emulator.noise_sd, self.bounds[name])
            alive = alive[found <= self.limits[name]]
        out = np.zeros(len(units), bool)
        out[alive] = True
        return out

    def write(self, file: Path) -> None:
        """Write it as arrays, whole or not at all."""
        arrays = {f"{n}|{key}": a for n, emulator in self.emulators.items() for key, a in emulator.arrays().items()}
        arrays |= {f"{n}|region": np.array([*self.bounds[n], self.limits[n]]) for n in self.emulators}
        write_whole(file, lambda stream: np.savez(stream, **arrays))  # type: ignore[arg-type]

    @classmethod
    def read(cls, file: Path | IO[bytes]) -> Region:
        """The region that was written."""
        with np.load(file, allow_pickle=False) as kept:
            by_name: dict[str, dict[str, np.ndarray]] = {}
            for key in kept.files:
                name, _, part = key.partition("|")
                by_name.setdefault(name, {})[part] = kept[key]
        return cls(
            {name: Emulator.of_arrays(parts) for name, parts in by_name.items()},
            {name: (float(p["region"][0]), float(p["region"][1])) for name, p in by_name.items()},
            {name: float(p["region"][2]) for name, p in by_name.items()},
        )


@dataclass(frozen=True)
class Matched:
    """A wave's outcome. left: share of the prior's space; limits, and out_of_reach: the targets whose limit had to be wider."""

    left: float
    limits: Mapping[str, float]
    out_of_reach: tuple[str, ...]
    cut: float


def match(
    emulators: Mapping[str, Emulator], wanted: Sequence[Target], dimensions: int, seed: int
) -> tuple[Region, Matched, np.ndarray]:
    """What is left, told, and the places (n, d) of it that were come upon."""
    bounds = {target.name: target.bounds for target in wanted}
    places = qmc.Sobol(dimensions, seed=seed).random_base2(LOOK)
    found = {n: implausible(*e.predict(places), e.noise_sd, bounds[n]) for n, e in emulators.items()}
    best = {n: max(CUT, float(np.quantile(i, NEAR))) for n, i in found.items()}
    worst = np.max([i * (CUT / best[n]) for n, i in found.items()], axis=0)
    cut = max(CUT, float(np.quantile(worst, LEAST)))
    order = sorted(found, key=lambda n: float((found[n] <= best[n]).mean()))  # who rules out most is asked first
    limits = {n: best[n] * cut / CUT for n in order}
    region = Region({n: emulators[n] for n in order}, bounds, limits)
    inside = worst <= cut
    out = tuple(n for n in order if best[n] > CUT)
    return region, Matched(float(inside.mean()), limits, out, cut), places[inside]


def spread(region: Region, found: np.ndarray, number: int, seed: int) -> np.ndarray:
    """So many places (number, d) spread evenly over what is left, from some that lie in it: a walk that never leaves it.

    >>> places = spread(Region({}, {}, {}), np.array([[0.2], [0.8]]), 50, seed=1)
    >>> places.shape, bool(((places >= 0) & (places <= 1)).all())
    ((50, 1), True)
    """
    generator = np.random.default_rng(seed)
    if len(found) >= number:
        return found[np.sort(generator.permutation(len(found))[:number])]
    walkers = found[generator.integers(len(found), size=number)]
    wide = np.maximum(found.std(0), 0.02)
    for step in range(STEPS):
        size = wide * (0.25, 0.5, 1.0)[step % 3] * 2.4 / np.sqrt(found.shape[1])
        tried = walkers + generator.normal(size=walkers.shape) * size
        tried = np.where(tried < 0, -tried, np.where(tried > 1, 2 - tried, tried))  # walls throw back
        stays = region.holds(tried)
        walkers = np.where(stays[:, None], tried, walkers)
    return walkers
