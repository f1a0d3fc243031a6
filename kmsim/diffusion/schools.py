"""Within-school ties of a generated system, held to the ranges of real advice networks.

Example
-------
>>> sorted(RANGES)
['density', 'out_degree', 'reciprocity']
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmsim.system.built import PHASES, System

# The least and the most of 15 real schools' advice networks (MODEL section 2).
RANGES = {"density": (0.055, 0.386), "out_degree": (1.25, 5.40), "reciprocity": (0.10, 0.62)}
MEANINGS = {
    "density": "ties within the school, as a share of all there could be",
    "out_degree": "ties within the school that a post has, on average",
    "reciprocity": "share of ties within the school that are returned",
}


def school_ties(system: System) -> pd.DataFrame:
    """Each school's advice ties among its own posts: phase, posts, density, out_degree, reciprocity, a row a school.

    Reciprocity is the share of ties that are returned, nan in a school without any. Ties that leave the school are left
    out, as a survey of one school would.

    >>> from kmsim.system import build
    >>> len(school_ties(build("village")))
    5
    """
    start = np.repeat(np.arange(system.n_posts), np.diff(system.tie_start)).astype(np.int64)
    end = system.tie_to.astype(np.int64)
    school = system.posts["school"]
    inside = school[start] == school[end]
    start, end = start[inside], end[inside]
    returned = np.isin(end * system.n_posts + start, start * system.n_posts + end)
    posts = system.schools["size"].astype(int)
    ties = np.bincount(school[start], minlength=system.n_schools)
    mutual = np.bincount(school[start], returned, minlength=system.n_schools)
    return pd.DataFrame(
        {
            "phase": [PHASES[phase] for phase in system.schools["phase"]],
            "posts": posts,
            "density": ties / (posts * (posts - 1.0)),
            "out_degree": ties / posts,
            "reciprocity": np.divide(mutual, ties, out=np.full(len(ties), np.nan), where=ties > 0),
        }
    )


def within(schools: pd.DataFrame) -> pd.DataFrame:
    """How many schools lie within the ranges of real ones, by statistic and phase: statistic, phase, schools, median, least,
    most, below, within, above (shares of schools). `all` stands for every phase.

    >>> from kmsim.system import build
    >>> list(within(school_ties(build("village"))).columns[:3])
    ['statistic', 'phase', 'schools']
    """
    rows = []
    for name, (low, high) in RANGES.items():
        for phase, part in [*schools.groupby("phase", sort=False), ("all", schools)]:
            x = part[name].dropna()
            shares = ((x < low).mean(), ((x >= low) & (x <= high)).mean(), (x > high).mean())
            rows.append((name, phase, len(x), x.median(), x.min(), x.max(), *shares))
    names = ["statistic", "phase", "schools", "median", "least", "most", "below", "within", "above"]
    return pd.DataFrame(rows, columns=names)
