"""Batches done one after the other in this process: for small ensembles, debuggers and tests."""

from __future__ import annotations

from collections.abc import Generator

from kmsim.lab.executors import Take
from kmsim.lab.work import Came, Work


class Serial:
    """Whoever asks does the work. A run that kills its process kills the asker: what it has written stays."""

    width = 1

    def look(self) -> None:
        """Nothing can be wrong."""

    def each(self, work: Work, take: Take) -> Generator[Came, None, None]:
        """Do batches until there are none."""
        while (batch := take()) is not None:
            yield work(batch)
