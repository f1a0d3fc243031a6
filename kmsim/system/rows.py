"""Schools as rows: the one form in which every source hands its schools to `build`.

A `Rows` is a dict of equally long arrays, one value a school, with the columns of `blank`. Missing numbers are NaN,
missing text is empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

Rows = dict[str, np.ndarray]


def blank(n: int) -> Rows:
    """n schools of which nothing is known yet; a source fills in what it knows.

    urn, name; phase (index in PHASES); pupils; fsm (share eligible for free meals); la, region, trust, federation
    (names); x, y [km] and whether the place is an estimate; headcount and fte [teachers] and whether fte is an estimate.

    >>> len(blank(3)["pupils"])
    3
    """
    rows: Rows = {key: np.full(n, "", object) for key in ("name", "la", "region", "trust", "federation")}
    rows |= {key: np.full(n, np.nan, np.float32) for key in ("pupils", "fsm", "x", "y", "headcount", "fte")}
    rows |= {key: np.zeros(n, bool) for key in ("place_estimated", "fte_estimated")}
    return rows | {"urn": np.arange(1, n + 1, dtype=np.int32), "phase": np.zeros(n, np.uint8)}


def take(rows: Rows, which: np.ndarray) -> Rows:
    """The rows that a mask or an array of row numbers picks out, as copies.

    >>> take(blank(3), np.array([True, False, True]))["urn"].tolist()
    [1, 3]
    """
    return {key: column[which] for key, column in rows.items()}


def text(values: Iterable[str | None]) -> np.ndarray:
    """A column of text, empty where there is none.

    >>> text(["Camden", None]).tolist()
    ['Camden', '']
    """
    return np.array([value or "" for value in values], object)


def labelled(values: np.ndarray, least: int = 1) -> tuple[np.ndarray, list[str]]:
    """A column of names as whole numbers, and the names in alphabetical order. -1: none, or fewer than `least` share it.

    >>> labelled(np.array(["b", "", "a", "b"], object), least=2)
    (array([ 0, -1, -1,  0], dtype=int32), ['b'])
    """
    counts = Counter(values.tolist())
    labels = sorted(name for name, count in counts.items() if name and count >= least)
    index = {name: i for i, name in enumerate(labels)}
    return np.array([index.get(name, -1) for name in values.tolist()], np.int32), labels
