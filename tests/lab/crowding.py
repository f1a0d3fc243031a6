"""How crowded the processors are, so that a promise of seconds is held to what a machine of one's own would take."""

from __future__ import annotations

import time


def crowding(cpu: float = 0.3) -> float:
    """Seconds that pass for each second of work, now: 1 on a processor of one's own, 2 on one that is shared with another."""
    began, worked = time.monotonic(), time.process_time()
    while time.process_time() - worked < cpu:
        pass
    return max(1.0, (time.monotonic() - began) / cpu)
