"""A whole calibration: history matching, ABC-SMC, and posterior draws looked at anew, kept in a folder that it goes on with.

Example
-------
>>> from tempfile import TemporaryDirectory
>>> from kmsim.calibration.budget import Budget
>>> with TemporaryDirectory() as folder:  # doctest: +SKIP
...     calibrate(Path(folder) / "mine", Budget.read("tiny")).posterior.shape
(16, 3)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kmsim.calibration import files
from kmsim.calibration.budget import Budget
from kmsim.calibration.crew import Crew
from kmsim.calibration.emulator import INSTALL
from kmsim.calibration.seeds import digest
from kmsim.calibration.space import Space
from kmsim.calibration.targets import Target, targets
from kmsim.calibration.waves import Stage, Tell, Work, evaluated, first_stage
from kmsim.errors import BadValue, KmsimError, RunFailed
from kmsim.fingerprint import code_fingerprint
from kmsim.lab.provenance import differences, plain, versions
from kmsim.lab.regular_files import TEMPORARY, check_tree
from kmsim.strict_yaml import read_yaml, to_yaml

CONFIG, MANIFEST, HISTORY, CLOCK = "config.yaml", "manifest.json", "history.db", "clock.json"
FREE_OF_CLOCK = "max_minutes"  # may be changed when a calibration is gone on with


@dataclass(frozen=True)
class Calibration:
    """What a calibration found. posterior: sets of parameters of equal weight, a column each, the medoid first.

    predicted: the statistics of each of them, simulated anew with other seeds than those by which they were accepted.
    particles, trace: of ABC-SMC; stage: of history matching; manifest: where all comes from.
    """

    posterior: pd.DataFrame
    predicted: pd.DataFrame
    particles: pd.DataFrame
    trace: pd.DataFrame
    design: pd.DataFrame
    checked: pd.DataFrame
    manifest: dict[str, Any]


def calibrate(
    folder: str | Path,
    budget: Budget,
    seed: int = 1,
    workers: int | None = None,
    tell: Tell = lambda what, done, of: None,
    command: list[str] | None = None,
) -> Calibration:
    """Fit the free parameters to the CAL findings. The same call goes on with what is in the folder.

    tell: is told what is done, how much of it, and of how much. Raises KmsimError without the extra `calibrate`, BadValue
    if the folder holds a calibration of other settings, RunFailed if a worker dies or nothing could be accepted.
    """
    folder = Path(folder)
    with opened(folder, budget, seed, workers, tell) as work:
        from kmsim.calibration import smc

        space, every = work.space, targets(budget.targets)
        stage = first_stage(work)
        scales = tuple(float(np.hypot(t.width, stage.noise[t.name])) for t in stage.fitted)
        names = tuple(t.name for t in stage.fitted)
        found = smc.run(
            folder / HISTORY,
            smc.Prior(space, stage.region, stage.pool),
            smc.Simulator(space, names, budget.seeds),
            smc.Miss(names, scales),
            _first(stage, scales, budget.alpha),
            work.crew,
            seed=digest(seed, "smc"),
            particles=budget.particles,
            generations=budget.generations,
            alpha=budget.alpha,
            most=budget.one_generation,
            in_all=budget.evaluations,
            deadline=work.deadline,
            tell=lambda t, accepted, tried: tell(f"generation {t}, {tried} tried", accepted, budget.particles),
        )
        if not len(found.particles):
            raise RunFailed(f"ABC-SMC: {found.why}; a larger calibration.max_minutes or one_generation may help")
        units = _equal(found.particles, space, budget.draws, digest(seed, "resample"))
        values = evaluated(work, "predicted", units, every)
    posterior = pd.DataFrame(space.values(units), columns=list(space.names))
    predicted = pd.DataFrame(values, columns=[t.name for t in every])
    facts = _manifest(budget, seed, space, every, stage, found, scales, units, _spent(folder), command or [])
    result = Calibration(posterior, predicted, found.particles, found.trace, stage.design, stage.checked, facts)
    _keep(result, work)
    return result


@contextmanager
def opened(folder: Path, budget: Budget, seed: int, workers: int | None, tell: Tell) -> Iterator[Work]:
    """A calibration's folder, with a crew to work in it; the time that is spent in it is kept. Raises as `calibrate`."""
    if find_spec("pyabc") is None or find_spec("sklearn") is None:
        raise KmsimError(INSTALL)
    check_tree(folder)
    space = Space.of_table(budget.parameters)
    _keep_config(folder, settings(budget, seed, space, targets(budget.targets)))
    spent, started = _spent(folder), time.monotonic()
    files.clear_temporary(folder)
    with Crew(workers) as crew, files.disk_told(folder / HISTORY):
        try:
            yield Work(folder, space, budget, seed, crew, tell, started + 60 * budget.max_minutes - spent)
        finally:
            with suppress(KmsimError):  # the disk takes nothing more: what went wrong first is what there is to tell
                files.write_json(folder / CLOCK, {"seconds": spent + time.monotonic() - started})


def read(folder: str | Path) -> Calibration:
    """The calibration that is kept in a folder. Raises KmsimError if it is not whole."""
    folder = Path(folder)
    check_tree(folder)
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        frames = [pd.read_parquet(folder / f"{name}.parquet") for name in _TABLES]
    except (OSError, ValueError) as error:
        raise KmsimError(f"{folder}: not a whole calibration: {error}") from None
    posterior, predicted, particles, trace, design, checked = frames
    return Calibration(posterior, predicted, particles, trace, design, checked, facts)


_TABLES = ("posterior", "predictive", "particles", "trace", "design", "emulators")


def settings(budget: Budget, seed: int, space: Space, every: tuple[Target, ...]) -> dict[str, Any]:
    """All that decides a calibration, as plain data: budget, seed, priors, the CAL checks with their ranges, the model."""
    return plain(
        {
            "budget": asdict(budget),
            "seed": seed,
            "priors": {n: [low, high] for n, low, high in zip(space.names, space.low, space.high, strict=True)},
            "targets": {target.name: list(target.accept) for target in every},
            "model": versions()["model"],
        }
    )


def _keep_config(folder: Path, config: dict[str, Any]) -> None:
    """Write the settings into the folder, or see that they are those which stand there."""
    file = folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.exists() and not file.stat().st_size and not [one for one in folder.iterdir() if one != file]:
            file.unlink()  # of a calibration that was killed before it wrote anything
        if file.exists():
            there = read_yaml(file, finite=False)
            if not isinstance(there, dict) or not isinstance(there.get("budget"), dict):
                raise BadValue("name", folder.name, f"another name: {file} is no config of a calibration")
            for config_ in (there, now := json.loads(json.dumps(config))):
                config_["budget"].pop(FREE_OF_CLOCK, None)
            if there != now:
                told = differences(there, now) or "other settings"
                raise BadValue("name", folder.name, f"another name, for {folder} was made with {told}")
        elif any(not one.name.endswith(TEMPORARY) for one in folder.iterdir()):
            raise BadValue("name", folder.name, f"another name: {folder} is there and has no {CONFIG} of kmsim")
        else:
            files.write_text(file, to_yaml(config))
    except OSError as error:
        raise KmsimError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from None


def _spent(folder: Path) -> float:
    """Seconds that earlier sessions took."""
    return files.read_json(folder / CLOCK, lambda kept: float(kept["seconds"])) or 0.0


def _first(stage: Stage, scales: tuple[float, ...], alpha: float) -> float:
    """The first tolerance: a quantile of the distances of the last wave's evaluations."""
    from kmsim.calibration.smc import distances

    last = stage.design[stage.design.wave == stage.design.wave.max()]
    values = last[[t.name for t in stage.fitted]].to_numpy(float)
    return float(np.quantile(distances(values, stage.fitted, np.array(scales)), alpha))


def _equal(particles: pd.DataFrame, space: Space, number: int, seed: int) -> np.ndarray:
    """So many places (number, d) of equal weight: systematic resampling of weighted particles, their medoid first."""
    units = particles[[f"u.{name}" for name in space.names]].to_numpy(float)
    edges = np.cumsum(particles.weight.to_numpy(float))
    marks = (np.arange(number) + np.random.default_rng(seed).uniform()) / number
    chosen = units[np.minimum(np.searchsorted(edges, marks * edges[-1]), len(units) - 1)]
    first = medoid(chosen)
    return np.concatenate([chosen[first : first + 1], np.delete(chosen, first, axis=0)])


def medoid(units: np.ndarray) -> int:
    """Which row is nearest to all others: the least sum of distances in the unit cube; of several, the first.

    >>> medoid(np.array([[0.0], [0.4], [1.0]]))
    1
    """
    apart = np.sqrt(((units[:, None] - units[None]) ** 2).sum(2)).sum(1)
    return int(np.argmin(np.round(apart, 12)))


def _manifest(
    budget: Budget,
    seed: int,
    space: Space,
    every: tuple[Target, ...],
    stage: Stage,
    found: Any,
    scales: tuple[float, ...],
    units: np.ndarray,
    seconds: float,
    command: list[str],
) -> dict[str, Any]:
    """Where the posterior comes from, as plain data."""
    fitted = {t.name: scale for t, scale in zip(stage.fitted, scales, strict=True)}
    return plain(
        versions()
        | {
            "code": code_fingerprint(),
            "command": command,
            "seed": seed,
            "budget": asdict(budget),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(seconds, 1),
            "priors": {n: [low, high] for n, low, high in zip(space.names, space.low, space.high, strict=True)},
            "targets": {
                t.name: {"accept": list(t.accept), "scale": fitted.get(t.name), "noise": stage.noise.get(t.name)}
                for t in every
            },
            "fitted": [t.name for t in stage.fitted],
            "not_moved": list(stage.unmoved),
            "waves": [asdict(matched) for matched in stage.matched],
            "generations": found.trace.to_dict("records"),
            "stopped": found.why,
            "kernel": "split",
            "evaluations": {
                "design": len(stage.design) + (budget.noise if budget.targets is None else 0),
                "smc": int(found.trace.evaluations.sum()),
                "predictive": len(units),
            },
            "draws": len(units),
            "distinct": len(np.unique(units, axis=0)),
        }
    )


def _keep(result: Calibration, work: Work) -> None:
    """Write the tables, the files to ship and, last, the manifest."""
    from kmsim.calibration import ship

    frames = (result.posterior, result.predicted, result.particles, result.trace, result.design, result.checked)
    for name, frame in zip(_TABLES, frames, strict=True):
        work.write(name, frame)
    ship.write(result, work.folder)
    files.write_json(work.folder / MANIFEST, result.manifest)
