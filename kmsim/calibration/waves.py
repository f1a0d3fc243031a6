"""The first stage, wave by wave, kept in a folder block by block: the same call goes on with what is missing.

Example
-------
>>> moves(np.arange(9.0), np.array([[0.0, 0.1], [1.0, 1.1], [4.0, 4.1]]))
True
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import qmc

from kmsim.calibration import files
from kmsim.calibration.budget import Budget
from kmsim.calibration.crew import Crew
from kmsim.calibration.emulator import Emulator, fit
from kmsim.calibration.matching import Matched, Region, match, spread
from kmsim.calibration.seeds import digest
from kmsim.calibration.small import evaluate
from kmsim.calibration.space import Space
from kmsim.calibration.targets import Target, targets

BLOCK = 64  # evaluations kept at a time
SURE = 1e-3  # a statistic that seeds alone spread so wide less often than this is moved by the parameters
WAVES = "waves.json"
POOL = 8  # places for each particle of the first generation, so that few are drawn twice
HALF = 0.5  # of the time: no wave is begun beyond it

Tell = Callable[[str, int, int], Any]  # what is done, how much of it, of how much


@dataclass(frozen=True)
class Stage:
    """What the first stage found. design: a row an evaluation, with wave, unit parameters (`u.` before) and statistics.

    fitted: the targets that the parameters move; unmoved: those that they do not; matched: one a wave; checked: how the
    emulators did on the next wave, before they saw it; pool: places spread over what is left.
    """

    design: pd.DataFrame
    fitted: tuple[Target, ...]
    unmoved: tuple[str, ...]
    matched: tuple[Matched, ...]
    checked: pd.DataFrame
    region: Path
    pool: np.ndarray
    noise: Mapping[str, float]


@dataclass(frozen=True)
class Work:
    """Where and with what a calibration is done."""

    folder: Path
    space: Space
    budget: Budget
    seed: int
    crew: Crew
    tell: Tell
    deadline: float

    def read(self, name: str) -> pd.DataFrame | None:
        """A table that is kept, if it is there."""
        return files.read_table(self.folder / f"{name}.parquet")

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Keep a table, whole or not at all."""
        files.write_table(self.folder / f"{name}.parquet", frame)


def first_stage(work: Work) -> Stage:
    """Every wave: design, emulators, what is left. Raises RunFailed if a worker dies, KmsimError without scikit-learn."""
    budget, space = work.budget, work.space
    every, places, design, fitted, unmoved = start(work)
    frames, matched, checked = [_named(space, 1, places, every, design)], [], []
    region, pool = Path(), places
    emulators: dict[str, Emulator] = {}
    started, whole = time.monotonic(), max(1.0, work.deadline - time.monotonic())
    waves, done = budget.waves, work.folder / WAVES
    ended = files.read_json(done, len)
    if ended is not None:  # the stage ended so, perhaps by the clock: what came after stands on it
        waves = ended
    for wave in range(1, waves + 1):
        data = pd.concat(frames, ignore_index=True)
        region = work.folder / f"region_{wave}.npz"
        emulators = _emulators(work, wave, data, fitted, region)
        inside, told, found = match(emulators, fitted, len(space), digest(work.seed, "places", wave))
        matched.append(told)
        if not region.exists():
            inside.write(region)
        last = wave == waves or (ended is None and time.monotonic() - started > HALF * whole)
        number = max(budget.wave, POOL * budget.particles) if last else budget.wave
        pool = spread(inside, found, number, digest(work.seed, "spread", wave))
        if last:
            break
        values = evaluated(work, f"design/wave_{wave + 1}", pool, fitted)
        frames.append(_named(space, wave + 1, pool, fitted, values))
        checked.append(_check(wave, emulators, pool, fitted, values))
    noise = {name: emulator.noise_sd for name, emulator in emulators.items()}
    files.write_json(done, [asdict(m) for m in matched])
    kept = pd.concat(checked, ignore_index=True) if checked else pd.DataFrame(columns=_CHECKED)
    data = pd.concat(frames, ignore_index=True)
    return Stage(data, fitted, unmoved, tuple(matched), kept, region, pool, noise)


def start(
    work: Work,
) -> tuple[tuple[Target, ...], np.ndarray, np.ndarray, tuple[Target, ...], tuple[str, ...]]:
    """The first wave: all targets, places (n, d), statistics (n, targets), the targets to fit and the names of the others."""
    n, every = work.budget.design, targets(work.budget.targets)
    places = qmc.Sobol(len(work.space), seed=digest(work.seed, "design")).random(_power(n))[:n]
    design = evaluated(work, "design/wave_1", places, every)
    return every, places, design, *_moved(work, every, places, design)


def evaluated(work: Work, name: str, places: np.ndarray, wanted: Sequence[Target]) -> np.ndarray:
    """Statistics (n, targets) at places (n, d), each with a seed of its own; what is kept under this name is not done again."""
    names = [target.name for target in wanted]
    seeds = [digest(work.seed, name, i) for i in range(len(places))]
    found: list[np.ndarray] = []
    for block, start in enumerate(range(0, len(places), BLOCK)):
        kept = work.read(f"{name}.{block:03d}")
        if kept is None:
            rows = slice(start, start + BLOCK)
            values = [work.space.named(v) for v in work.space.values(places[rows])]
            one = partial(evaluate_named, names=names, seeds=work.budget.seeds)
            came = []
            for row in work.crew.each(one, values, seeds[rows]):
                came.append(row)
                work.tell(name, start + len(came), len(places))
            kept = pd.DataFrame(np.array(came), columns=names)
            work.write(f"{name}.{block:03d}", kept)
        found.append(kept[names].to_numpy(float))
    return np.concatenate(found)


def evaluate_named(values: Mapping[str, float], seed: int, names: Sequence[str], seeds: int | None) -> np.ndarray:
    """In a worker: the statistics of the targets of these names."""
    return evaluate(values, targets(names), seed, seeds)


def moves(values: np.ndarray, twice: np.ndarray) -> bool:
    """Whether a statistic spreads more over the design than seeds alone make it. twice: (n, 2), the same place two times."""
    values, twice = values[np.isfinite(values)], twice[np.isfinite(twice).all(1)]
    if len(values) < 3 or len(twice) < 2:
        return False
    noise = float(((twice[:, 0] - twice[:, 1]) ** 2).mean() / 2)
    spread = float(values.var(ddof=1))
    if noise == 0:
        return spread > 0
    return float(stats.f.sf(spread / noise, len(values) - 1, len(twice))) < SURE


def _moved(
    work: Work, every: Sequence[Target], places: np.ndarray, design: np.ndarray
) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """The targets that free parameters move, and the names of those that they do not. Targets that were named all count."""
    if work.budget.targets is not None:
        return tuple(every), ()
    n = work.budget.noise
    again = evaluated(work, "design/again", places[:n], every)
    good = [moves(design[:, i], np.stack([design[:n, i], again[:, i]], 1)) for i in range(len(every))]
    fitted = tuple(target for target, moved in zip(every, good, strict=True) if moved)
    return fitted, tuple(target.name for target, moved in zip(every, good, strict=True) if not moved)


def _named(space: Space, wave: int, places: np.ndarray, wanted: Sequence[Target], values: np.ndarray) -> pd.DataFrame:
    columns: dict[str, Any] = {"wave": np.full(len(places), wave)}
    columns |= {f"u.{name}": places[:, i] for i, name in enumerate(space.names)}
    return pd.DataFrame(columns | {target.name: values[:, i] for i, target in enumerate(wanted)})


def _emulators(work: Work, wave: int, data: pd.DataFrame, fitted: Sequence[Target], kept: Path) -> dict[str, Emulator]:
    """An emulator a target, fitted to all that was evaluated; those of a region that is kept are read."""
    if (region := files.sound(kept, lambda: Region.read(kept))) is not None:
        there = region.emulators
        return {target.name: there[target.name] for target in fitted}
    x = data[[f"u.{name}" for name in work.space.names]].to_numpy(float)
    found = {}
    seeds = [digest(work.seed, "emulator", wave, target.name) for target in fitted]
    made = work.crew.each(fit, [x] * len(fitted), [data[t.name].to_numpy(float) for t in fitted], seeds)
    for target, emulator in zip(fitted, made, strict=True):
        found[target.name] = emulator
        work.tell(f"emulators of wave {wave}", len(found), len(fitted))
    return found


_CHECKED = ("wave", "target", "explained", "covered", "n")


def _check(
    wave: int, emulators: Mapping[str, Emulator], places: np.ndarray, fitted: Sequence[Target], values: np.ndarray
) -> pd.DataFrame:
    """How emulators of one wave foretell the next: share of variance explained, and how many of their 95% intervals hold."""
    rows = []
    for i, target in enumerate(fitted):
        y = values[:, i]
        good = np.isfinite(y)
        mean, sd = emulators[target.name].predict(places[good])
        wide = 1.959964 * np.sqrt(sd**2 + emulators[target.name].noise_sd ** 2)
        left = y[good] - mean
        explained = 1 - float((left**2).mean() / y[good].var()) if y[good].var() > 0 else np.nan
        rows.append((wave, target.name, explained, float((np.abs(left) <= wide).mean()), int(good.sum())))
    return pd.DataFrame(rows, columns=_CHECKED)


def _power(n: int) -> int:
    """The next power of two: Sobol' points are balanced at those."""
    return 1 << max(0, n - 1).bit_length()
