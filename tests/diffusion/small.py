"""Communities to try things on: a few people in a line, each naming the one before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kmsim.diffusion.communities import Innovation
from kmsim.parameters import defaults, record


def communities(
    times: Sequence[Sequence[int]], ties: Sequence[Sequence[Sequence[int]]], periods: int = 5, dt: float = 1.0
) -> Innovation:
    """times: by community and person; ties: by community and person, whom they name (numbers within the community)."""
    first = np.concatenate([[0], np.cumsum([len(c) for c in times])]).astype(np.int32)
    named = [[first[c] + j for j in row] for c, rows in enumerate(ties) for row in rows]
    return Innovation(
        "made up",
        dt,
        periods,
        tuple(range(len(times))),
        first,
        np.array([min(c) for c in times], np.int32),
        np.array([t for c in times for t in c], np.int32),
        np.arange(first[-1], dtype=np.int32),
        np.concatenate([[0], np.cumsum([len(row) for row in named])]).astype(np.int32),
        np.array([j for row in named for j in row], np.int32),
    )


def line(times: Sequence[int], periods: int = 5) -> Innovation:
    """One community: person i names i - 1."""
    return communities([times], [[[i - 1] if i else [] for i in range(len(times))]], periods)


def parameters(**values: float) -> np.record:
    """The model's defaults with these in place."""
    return record({**defaults(), **values})
