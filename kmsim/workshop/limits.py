"""How often an address or a phone may ask: so many times in a while, or at a pace that makes those who come too early wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

MOST_KEYS = 10_000  # as many addresses as no room has: forget them rather than grow


class Limit:
    """So many times in so many seconds for each key.

    >>> limit = Limit(2, 60.0, lambda: 0.0)
    >>> [limit.take("a") for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self.most, self.seconds, self.clock = most, seconds, clock
        self._times: dict[str, deque[float]] = {}

    def full(self, key: str) -> bool:
        """Whether this key has no turn left."""
        times = self._times.get(key)
        now = self.clock()
        while times and times[0] <= now - self.seconds:
            times.popleft()
        if times is not None and not times:
            del self._times[key]
        return times is not None and len(times) >= self.most

    def take(self, key: str) -> bool:
        """Take a turn; False if there is none."""
        if self.full(key):
            return False
        if len(self._times) > MOST_KEYS:
            self._times.clear()
        self._times.setdefault(key, deque()).append(self.clock())
        return True


class Pace:
    """Turns of each key: so many at once, then so many a second. Who comes too early waits, at most so many seconds.

    >>> pace = Pace(at_once=2, a_second=10.0, most_seconds=0.15, clock=lambda: 0.0)
    >>> [pace.wait("a") for _ in range(4)]
    [0.0, 0.0, 0.1, None]
    """

    def __init__(
        self, at_once: int, a_second: float, most_seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self.at_once, self.a_second, self.most_seconds, self.clock = at_once, a_second, most_seconds, clock
        self._next: dict[str, float] = {}  # when the key's turns are used up to, at the pace alone

    def wait(self, key: str) -> float | None:
        """Take a turn: the seconds until it comes, or None if it would be too many, and then none is taken."""
        now = self.clock()
        if len(self._next) > MOST_KEYS:
            self._next = {one: until for one, until in self._next.items() if until > now}
        until = max(now, self._next.get(key, now))
        seconds = until - now - (self.at_once - 1) / self.a_second
        if seconds > self.most_seconds:
            return None
        self._next[key] = until + 1 / self.a_second
        return max(0.0, round(seconds, 6))
