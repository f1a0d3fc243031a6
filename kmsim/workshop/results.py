"""Runs by configuration: those that were made are kept, those that are missing are made, the same seeds first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kmsim import configuration
from kmsim.lab.provenance import config_hash
from kmsim.lab.single import configuration_of
from kmsim.scenario import Scenario
from kmsim.workshop import runs
from kmsim.workshop.crew import FIRST, MORE, Crew
from kmsim.workshop.maps import Played, play
from kmsim.workshop.place import Place
from kmsim.workshop.runs import NAMES, Run
from kmsim.workshop.setup import Arm, Setup

MOST_KEPT = 64  # configurations: about a megabyte each with 100 runs
# A system of at most so many posts: runs a policy that are made first, then in all, then in all.
STEPS = ((4_000, (10, 40, 100)), (15_000, (6, 24, 60)), (120_000, (2, 6, 16)), (10**9, (1, 2, 4)))
PIECE = ((4_000, 5), (15_000, 2), (10**9, 1))  # ... and how many a worker is given at once


def steps_for(posts: int) -> tuple[int, ...]:
    """How many runs a policy has at once, then in all, on a system of so many posts.

    >>> steps_for(1619)
    (10, 40, 100)
    """
    return next(steps for most, steps in STEPS if posts <= most)


@dataclass
class Found:
    """Runs of one policy: values (runs, outcomes, ticks + 1), the same seeds for every policy of a scenario."""

    arm: Arm
    scenario: Scenario
    hash: str
    runs: list[Run]

    @property
    def values(self) -> np.ndarray:
        """(runs, outcomes in order of NAMES, ticks + 1)."""
        return np.array([run.values for run in self.runs])

    @property
    def last(self) -> np.ndarray:
        """Every outcome at the end: (runs, outcomes in order of NAMES)."""
        return np.array([run.values[:, -1] for run in self.runs])

    def of(self, outcome: str) -> np.ndarray:
        """One outcome: (runs, ticks + 1).

        Raises ValueError for one that there is not.
        """
        at = NAMES.index(outcome)
        return np.array([run.values[at] for run in self.runs])


@dataclass
class _Kept:
    scenario: Scenario
    hash: str
    runs: dict[int, Run] = field(default_factory=dict)
    playing: asyncio.Task[Played] | None = None  # the first run, watched
    watching: int = 0  # who waits for it
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Results:
    """The runs of a server on its system. One that was made is not made again while it is kept."""

    def __init__(self, crew: Crew, place: Place, most: int = MOST_KEPT) -> None:
        self.crew, self.place, self.most = crew, place, most
        posts = place.system.n_posts
        self.steps = steps_for(posts)
        self._piece = next(size for most_posts, size in PIECE if posts <= most_posts)
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()

    async def of(self, setup: Setup, count: int, urgency: int | None = None, keep: bool = True) -> list[Found]:
        """So many runs of every policy of a scenario, with seeds from its own on, the same for all.

        keep: whether to keep those of configurations that are new; what is kept already is used in any case.
        """
        urgency = (FIRST if count <= self.steps[0] else MORE) if urgency is None else urgency
        return list(await asyncio.gather(*(self._of_arm(setup, arm, count, urgency, keep) for arm in setup.arms)))

    async def played(self, setup: Setup, arm: Arm) -> Played:
        """What every school went through in a policy's first run, and the map's frames of it."""
        return await self._play(self._keep(setup, arm))

    async def _play(self, kept: _Kept) -> Played:
        """The first run, watched, made once for all who wait for it; dropped if none of them waits any more."""
        if kept.playing is None:
            kept.playing = asyncio.create_task(self.crew.do(play, kept.scenario, urgency=FIRST))
        task = kept.playing
        kept.watching += 1
        try:
            found = await asyncio.shield(task)
        except BaseException:
            if kept.playing is task and (task.done() or kept.watching == 1):  # it failed, or nobody else waits for it
                task.cancel()
                kept.playing = None
            raise
        finally:
            kept.watching -= 1
        kept.runs[found.run.seed] = found.run
        return found

    def scenario(self, setup: Setup, arm: Arm) -> Scenario:
        """What the model runs for a policy. Raises KmsimError if it cannot."""
        return self._keep(setup, arm).scenario

    async def _of_arm(self, setup: Setup, arm: Arm, count: int, urgency: int, keep: bool) -> Found:
        kept = self._keep(setup, arm, keep)
        seeds = range(setup.seed, setup.seed + count)
        first = [self._play(kept)] if seeds[0] not in kept.runs and kept.playing is not None else []
        others = seeds[1:] if first else seeds  # who watches the first run makes it
        await asyncio.gather(*first, self._complete(kept, others, urgency))
        return Found(arm, kept.scenario, kept.hash, [kept.runs[seed] for seed in seeds])

    async def _complete(self, kept: _Kept, seeds: Sequence[int], urgency: int) -> None:
        """Make those of the runs that are missing."""
        if any(seed not in kept.runs for seed in seeds):
            async with kept.lock:
                missing = [seed for seed in seeds if seed not in kept.runs]
                size = max(1, min(self._piece, -(-len(missing) // (2 * self.crew.workers))))
                pieces = [missing[i : i + size] for i in range(0, len(missing), size)]
                await asyncio.gather(*(self._make(kept, piece, urgency) for piece in pieces))

    async def _make(self, kept: _Kept, seeds: list[int], urgency: int) -> None:
        for run in await self.crew.do(runs.simulate, kept.scenario, seeds, urgency=urgency):
            kept.runs[run.seed] = run

    def _keep(self, setup: Setup, arm: Arm, keep: bool = True) -> _Kept:
        """The place of a configuration, made if there is none; those that were not asked for longest make room."""
        own = configuration.own_digest("policy"), configuration.own_digest("practice")  # what the names stand for now
        key = (replace(setup, arms=()), arm.preset, arm.network, arm.levers, own)
        found = self._kept.get(key)
        if found is None:
            scenario = setup.scenario(arm, self.place)
            found = _Kept(scenario, config_hash(configuration_of([scenario], 1)))
            if not keep:
                return found
            self._kept[key] = found
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found
