"""What every process that runs models needs: how many there may be, and systems built once."""

from __future__ import annotations

import os
from typing import Any

from kmsim.bounds import bounded
from kmsim.system.build import build
from kmsim.system.built import System
from kmsim.system.settings import Settings


def cpus() -> int:
    """The processors this process may use, by affinity and by the control group's quota.

    >>> cpus() >= 1
    True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as stream:
            quota, period = stream.read().split()
        allowed = min(allowed, max(1, int(quota) // int(period))) if quota != "max" else allowed
    except (OSError, ValueError):
        pass
    return max(1, allowed)


def checked_workers(given: Any) -> int | None:
    """How many processes a user asked for; None, one for each processor, if none were. Raises BadValue.

    >>> checked_workers(2)
    2
    """
    return None if given is None else bounded("workers", given)


_built: dict[str, System] = {}


def system_of(settings: Settings) -> System:
    """The built system of these settings: the last two are kept, for the next run on the same schools.

    >>> from kmsim.system.settings import settings
    >>> system_of(settings("village")) is system_of(settings("village"))
    True
    """
    key = repr(settings)
    if key not in _built:
        while len(_built) >= 2:
            del _built[next(iter(_built))]
        _built[key] = build(settings)
    return _built[key]
