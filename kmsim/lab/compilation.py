"""Compiling a model before its first run: two processes at once, and each finds in the cache what the other has compiled."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any


def compile_model(processes: int = 1) -> None:
    """Have every compiled function in the cache, if it is not there: phases first, then a year of the village.

    processes: how many there may be; a second one compiles half of it meanwhile. What it does not get done is compiled here.
    """
    from kmsim import jit  # before Numba, which it tells where to keep what it compiles

    if jit.CACHE is None or jit.INTERPRETED or jit.is_warm():  # nowhere to keep it, not wanted, or there
        return
    from kmsim.lab.workers import beside
    from kmsim.model import Model
    from kmsim.phases.money import money
    from kmsim.phases.networks import networks
    from kmsim.phases.schools import schools
    from kmsim.phases.turnover import yearly_noise

    with beside(_compile_slowest) if processes > 1 else nullcontext():
        model = Model(system="village", policy="codesigned_networks", years=1, funded_years=1)
        _compile((networks, money, schools, yearly_noise))
    model.run()


def _compile_slowest() -> None:
    """The two phases that take as long as the others together, with the building of systems."""
    from kmsim.phases.teachers import teachers
    from kmsim.phases.turnover import turnover

    _compile((turnover, teachers))


def _compile(phases: Iterable[Any]) -> None:
    from numba import int64, typeof

    from kmsim.model import empty_world

    world = typeof(empty_world())
    for phase in phases:
        phase.compile((world, int64))
