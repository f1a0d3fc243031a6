"""The communities: who adopted in which period, who named whom, and which half is fitted.

Example
-------
>>> innovation("physicians").n_communities
4
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from kmsim.errors import unknown

SPLIT = "kmsim"  # what communities are hashed with, to part them into halves


@dataclass(frozen=True)
class Setting:
    """What an innovation was. period: the data's unit of time; dt: its length in years; periods: how many were seen."""

    what: str
    people: str
    period: str
    dt: float
    periods: int


SETTINGS = {
    "physicians": Setting("tetracycline", "doctors, Illinois", "month", 1 / 12, 17),
    "farmers": Setting("hybrid seed corn", "farmers, Brazil", "year", 1.0, 19),
    "families": Setting("family planning", "women, Korea", "year", 1.0, 10),
}


@dataclass(frozen=True, eq=False)
class Innovation:
    """People and ties of some communities, in rows: those of community c are rows first[c] to first[c + 1].

    time: the period of adoption, periods + 1 if not seen; began: each community's first; person: the row in the whole
    data, to which draws belong; those whom row i named are tie_to[tie_start[i]:tie_start[i + 1]], each once, not oneself.

    >>> where = innovation("physicians")
    >>> where.communities, where.sizes.tolist(), where.curves().shape
    ((1, 2, 3, 4), [62, 24, 21, 18], (4, 17))
    """

    name: str
    dt: float
    periods: int
    communities: tuple[int, ...]
    first: np.ndarray
    began: np.ndarray
    time: np.ndarray
    person: np.ndarray
    tie_start: np.ndarray
    tie_to: np.ndarray

    @property
    def n_communities(self) -> int:
        """How many communities."""
        return len(self.communities)

    @property
    def n_people(self) -> int:
        """How many people, of all communities."""
        return len(self.time)

    @property
    def sizes(self) -> np.ndarray:
        """People by community."""
        return np.diff(self.first)

    @property
    def community(self) -> np.ndarray:
        """Each person's community, by its place among these.

        >>> where = innovation("physicians")
        >>> np.bincount(where.community).tolist() == where.sizes.tolist()
        True
        """
        return np.repeat(np.arange(self.n_communities), self.sizes)

    def curves(self) -> np.ndarray:
        """The share that had adopted by the end of each period: (communities, periods).

        >>> curves = innovation("physicians").curves()
        >>> bool((np.diff(curves) >= 0).all()), bool(curves.max() <= 1)
        (True, True)
        """
        by_then = self.time[:, None] <= np.arange(1, self.periods + 1)
        return np.add.reduceat(by_then, self.first[:-1], axis=0) / self.sizes[:, None]

    def only(self, places: Sequence[int]) -> Innovation:
        """These communities alone, in this order; places: their places among these.

        >>> where = innovation("physicians")
        >>> where.only([2, 0]).communities == (where.communities[2], where.communities[0])
        True
        """
        rows = np.concatenate([np.arange(self.first[c], self.first[c + 1]) for c in places])
        new = np.full(self.n_people, -1, np.int32)
        new[rows] = np.arange(len(rows), dtype=np.int32)
        named = [self.tie_to[self.tie_start[i] : self.tie_start[i + 1]] for i in rows]
        return Innovation(
            self.name,
            self.dt,
            self.periods,
            tuple(self.communities[c] for c in places),
            _starts([self.sizes[c] for c in places]),
            self.began[list(places)],
            self.time[rows],
            self.person[rows],
            _starts([len(row) for row in named]),
            new[np.concatenate([*named, np.zeros(0, np.int32)])].astype(np.int32),
        )


@cache
def innovation(name: str) -> Innovation:
    """All communities of an innovation: physicians, farmers or families. Raises UnknownName.

    A tie is a nomination of any kind: who named somebody looks to them. Source: Valente (1995), kmsim/data/README.md.

    >>> innovation("families").n_people
    1047
    """
    if name not in SETTINGS:
        raise unknown("innovation", name, SETTINGS, "an innovation")
    people = _read("adoption_people", name).sort_values(["community", "id"]).reset_index(drop=True)
    ties = _read("adoption_ties", name)
    row = {key: i for i, key in enumerate(zip(people.community, people.id, strict=True))}
    from_to = {
        (row[community, a], row[community, b])
        for community, a, b in zip(ties.community, ties["from"], ties.to, strict=True)
        if a != b
    }
    ordered = np.array(sorted(from_to), np.int32)
    sizes = people.groupby("community", sort=True).size()
    began = people.groupby("community", sort=True).time.min()
    return Innovation(
        name,
        SETTINGS[name].dt,
        SETTINGS[name].periods,
        tuple(int(c) for c in sizes.index),
        _starts(sizes.to_list()),
        began.to_numpy(np.int32),
        people.time.to_numpy(np.int32),
        np.arange(len(people), dtype=np.int32),
        _starts(np.bincount(ordered[:, 0], minlength=len(people)).tolist()),
        ordered[:, 1].copy(),
    )


def left_out(name: str) -> str:
    """How many nominations of an innovation's data are no ties, and why: a note, "" if all are.

    >>> left_out("farmers")
    'farmers: of 2,747 nominations 893 are no ties of their own (838 repeated, 55 of oneself)'
    """
    ties = _read("adoption_ties", name)
    oneself = int((ties["from"] == ties.to).sum())
    repeated = len(ties) - oneself - len(innovation(name).tie_to)
    if not oneself + repeated:
        return ""
    kinds = ", ".join(f"{count:,} {kind}" for count, kind in ((repeated, "repeated"), (oneself, "of oneself")) if count)
    return f"{name}: of {len(ties):,} nominations {oneself + repeated:,} are no ties of their own ({kinds})"


def halves(whole: Innovation) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The places of the communities of each half, by a hash of their names: nobody chose them. The first has the odd one.

    >>> [len(half) for half in halves(innovation("farmers"))]
    [6, 5]
    """

    def key(place: int) -> bytes:
        text = f"{SPLIT}/{whole.name}/{whole.communities[place]}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()

    order = sorted(range(whole.n_communities), key=key)
    middle = (len(order) + 1) // 2
    return tuple(sorted(order[:middle])), tuple(sorted(order[middle:]))


def _starts(counts: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _read(file: str, name: str) -> pd.DataFrame:
    with files("kmsim.data").joinpath(f"{file}.parquet").open("rb") as source:
        table = pd.read_parquet(source)
    return table[table.innovation == name]
