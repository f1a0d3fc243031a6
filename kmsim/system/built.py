"""What exists before the first tick: schools, the posts in them and the ties between posts, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

PHASES = ("primary", "secondary", "special", "nursery", "pru")
ROLES = ("teacher", "middle leader", "senior leader", "head")
NEIGHBOURS = 8
POSTS_SOURCES = ("headcount", "fte", "fitted")


@dataclass(frozen=True, eq=False)
class System:
    """A built system, never changed by a run. Schools are rows of `schools`, posts rows of `posts`, in school order.

    schools: urn, name, phase (index in PHASES), pupils, fsm (share), fsm_rank (within phase, 0 least to 1 most),
    region, la, trust, federation (index in `labels`, -1 none), x, y [km], hilbert (place along the curve), size [posts],
    first_post, climate, neighbours (n, 8; nearest of the phase first, -1 for none), posts_source (index in POSTS_SOURCES).
    posts: school, role (index in ROLES), department, experience [years], openness, aptitude, base_workload.
    tie_start, tie_to: the out-ties of post i are posts tie_to[tie_start[i]:tie_start[i + 1]].
    thinned: how many schools of the real system one school here stands for (1: all of them).

    >>> from kmsim.system import build
    >>> village = build("village")
    >>> village.schools["name"][4], PHASES[village.schools["phase"][4]]
    ('The Wharf School', 'secondary')
    >>> [ROLES[role] for role in village.posts["role"][:3]]
    ['head', 'middle leader', 'teacher']
    """

    name: str
    schools: dict[str, np.ndarray]
    posts: dict[str, np.ndarray]
    tie_start: np.ndarray
    tie_to: np.ndarray
    labels: dict[str, list[str]]
    thinned: float = 1.0
    notes: tuple[str, ...] = field(default=())

    def __deepcopy__(self, memo: object) -> System:
        """Itself: a copy of a run is a run on the same system."""
        return self

    @property
    def n_schools(self) -> int:
        """How many schools."""
        return len(self.schools["size"])

    @property
    def n_posts(self) -> int:
        """How many teaching posts."""
        return len(self.posts["school"])

    @cached_property
    def followers(self) -> tuple[np.ndarray, np.ndarray]:
        """The ties turned round: for each post, who has a tie to it, as (start, from) like tie_start and tie_to.

        >>> from kmsim.system import build
        >>> village = build("village")
        >>> start, who = village.followers
        >>> all(0 in village.tie_to[slice(*village.tie_start[i : i + 2])] for i in who[: start[1]])
        True
        """
        sources = np.repeat(np.arange(self.n_posts, dtype=np.int32), np.diff(self.tie_start))
        order = np.argsort(self.tie_to, kind="stable")
        start = np.zeros(self.n_posts + 1, np.int32)
        np.cumsum(np.bincount(self.tie_to, minlength=self.n_posts), out=start[1:])
        return start, sources[order]
