"""Invented trusts and federations: how many schools each has, and which (system.md 1.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from kmsim import rng
from kmsim.system.built import PHASES
from kmsim.system.rows import Rows
from kmsim.system.staff import draws

LOG_MEAN, LOG_SD = 1.386, 0.960  # a trust's schools: lognormal, from 2 up, in whole numbers
ALL_PRIMARY, ALL_SECONDARY = 0.34, 0.09  # of trusts; the others are mixed
ONE_AUTHORITY, ELSEWHERE = 0.59, 0.39  # of trusts; of the members of the others: in other authorities (16% of all)
FEDERATED, PAIRS = 0.08, 0.8  # of schools in no trust; of federations (the others have three schools)
TRUST_SIZE, TRUST_KIND, TRUST_START, TRUST_WHERE, FEDERATION_SIZE, FEDERATION_START = range(40, 46)  # streams of draws


@dataclass(frozen=True)
class Kind:
    """A kind of group: which schools may be in it, and which of them it may start from (masks)."""

    runs: np.ndarray
    starts: np.ndarray


def trusts(rows: Rows, authority: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The trust of each school, as a column of names; trusts are made until they hold this share of all schools.

    Each starts at a school and takes the nearest free ones of the phases it runs. Mixed ones start at a secondary.

    >>> from kmsim.system.rows import blank
    >>> rows = blank(8) | {"x": np.arange(8.0), "y": np.zeros(8)}
    >>> trusts(rows, np.zeros(8, int), share=0.5, seed=2).tolist()
    ['', '', '', '', 'Trust 1', 'Trust 1', 'Trust 1', 'Trust 1']
    """
    n = len(authority)
    primary, secondary = (rows["phase"] == PHASES.index(phase) for phase in ("primary", "secondary"))
    kinds = [Kind(primary, primary), Kind(secondary, secondary), Kind(np.ones(n, bool), secondary)]
    kind = np.searchsorted([ALL_PRIMARY, ALL_PRIMARY + ALL_SECONDARY], _draw(n, seed, TRUST_KIND))
    lowest = special.ndtr((np.log(1.5) - LOG_MEAN) / LOG_SD)
    size = np.exp(LOG_MEAN + LOG_SD * special.ndtri(lowest + (1 - lowest) * _draw(n, seed, TRUST_SIZE)))
    away = np.where(_draw(n, seed, TRUST_WHERE) < ONE_AUTHORITY, 0.0, ELSEWHERE)
    plan = zip(np.floor(size + 0.5), (kinds[k] for k in kind), away, strict=True)
    return _groups("Trust", plan, rows, authority, _draw(n, seed, TRUST_START), share * n)


def federations(rows: Rows, authority: np.ndarray, seed: int) -> np.ndarray:
    """The federation of each school, as a column of names: pairs, some of three, of neighbouring primaries in no trust.

    >>> from kmsim.system.rows import blank
    >>> rows = blank(25) | {"x": np.arange(25.0), "y": np.zeros(25)}
    >>> int((federations(rows, np.zeros(25, int), seed=1) != "").sum())
    2
    """
    n = len(authority)
    no_trust = rows["trust"] == ""
    free = no_trust & (rows["phase"] == PHASES.index("primary"))
    size = np.where(_draw(n, seed, FEDERATION_SIZE) < PAIRS, 2, 3)
    plan = ((s, Kind(free, free), 0.0) for s in size)
    start = _draw(n, seed, FEDERATION_START)
    return _groups("Federation", plan, rows, authority, start, FEDERATED * no_trust.sum())


def _groups(what, plan, rows, authority, order, wanted) -> np.ndarray:
    """Groups of neighbours made one by one, in order of a draw, until `wanted` schools are in one or the plan ends."""
    names = np.full(len(authority), "", object)
    free = np.ones(len(authority), bool)
    number = 0
    for size, kind, away in plan:
        size = int(min(size, wanted - (~free).sum()))
        starts = np.flatnonzero(free & kind.starts)
        if size < 2:
            break
        if len(starts) == 0:
            continue
        first = starts[np.argmin(order[starts])]
        members = _members(first, size, away, free & kind.runs, rows, authority)
        if len(members) >= 2:
            number += 1
            names[members] = f"{what} {number}"
            free[members] = False
    return names


def _members(first: int, size: int, away: float, free: np.ndarray, rows: Rows, authority: np.ndarray) -> np.ndarray:
    """The first school and the nearest free ones: a share of them in other authorities, where there are others."""
    others = np.flatnonzero(free)
    others = others[others != first]
    near = (rows["x"][others] - rows["x"][first]) ** 2 + (rows["y"][others] - rows["y"][first]) ** 2
    others = others[np.argsort(near, kind="stable")]
    at_home = authority[others] == authority[first]
    elsewhere = others[~at_home][: int(away * size + 0.5)]
    return np.concatenate([[first], others[at_home][: size - 1 - len(elsewhere)], elsewhere]).astype(np.int64)


def _draw(n: int, seed: int, what: int) -> np.ndarray:
    return draws(n, seed, rng.BUILD_SCHOOLS, what).astype(np.float64)
