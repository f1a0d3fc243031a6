"""Where schools are: kilometres, who is near whom, and the order along a Hilbert curve."""

from __future__ import annotations

import numpy as np

from kmsim.jit import compiled, inner
from kmsim.system.built import NEIGHBOURS

KM_LON, KM_LAT = 67.0, 111.2  # km to a degree, in the middle of England (MODEL section 10)
BITS = 16  # the Hilbert curve runs over a grid of 2^16 by 2^16


def from_degrees(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y [km, float32] of places in degrees; off by up to 6% east to west at England's northern and southern ends.

    >>> [float(v[0]) for v in from_degrees(np.array([-1.0]), np.array([50.0]))]
    [-67.0, 5560.0]
    """
    return (KM_LON * lon).astype(np.float32), (KM_LAT * lat).astype(np.float32)


def neighbours(x: np.ndarray, y: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """The 8 nearest schools of the same phase for each school: rows, int32 of shape (n, 8), nearest first, -1 for none.

    Schools equally near come in row order, so the answer is one and the same however it is searched for.

    >>> neighbours(np.float32([0, 1, 3, 9]), np.zeros(4, np.float32), np.uint8([0, 0, 0, 1]))[0].tolist()
    [1, 2, -1, -1, -1, -1, -1, -1]
    """
    near = np.full((len(x), NEIGHBOURS), -1, np.int32)
    for kind in np.unique(phase):
        rows = np.flatnonzero(phase == kind)
        rows = rows[np.argsort(y[rows], kind="stable")]
        _nearest(near, rows, x[rows].astype(np.float64), y[rows].astype(np.float64))
    return near


@compiled
def _nearest(near, rows, x, y):
    """Schools are in order of y: look south and north of each until no school further on could be near enough."""
    n, most = len(rows), near.shape[1]
    away = np.empty(most)
    for i in range(n):
        own = near[rows[i]]
        away[:] = np.inf
        for step in (-1, 1):
            j = i + step
            while 0 <= j < n and (y[j] - y[i]) ** 2 <= away[most - 1]:
                _insert(own, away, rows[j], (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2)
                j += step


@inner
def _insert(own, away, row, distance):
    """Put a school in its place among the nearest so far, if it has one; ordered by (distance, row)."""
    at = len(own)
    while at > 0 and (distance < away[at - 1] or (distance == away[at - 1] and row < own[at - 1])):
        at -= 1
    if at < len(own):
        for j in range(len(own) - 1, at, -1):
            own[j], away[j] = own[j - 1], away[j - 1]
        own[at], away[at] = row, distance


def hilbert(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The place of each school along a Hilbert curve (int64, below 2^32): near in number is near on the ground.

    The curve fills the smallest square that starts at the lowest x and y and holds all the schools. Schools on one spot
    share a number: order by (number, row). Source: Hilbert (1891).

    >>> hilbert(np.float32([0, 0, 1, 1]), np.float32([0, 1, 1, 0])).argsort().tolist()
    [0, 1, 2, 3]
    """
    side = float(max(np.ptp(x), np.ptp(y))) or 1.0
    cells = 2**BITS - 1
    across = ((x.astype(np.float64) - x.min()) / side * cells).astype(np.int64)
    up = ((y.astype(np.float64) - y.min()) / side * cells).astype(np.int64)
    return _along_curve(across, up)


@compiled
def _along_curve(across, up):
    numbers = np.zeros(len(across), np.int64)
    for i in range(len(across)):
        a, b = across[i], up[i]
        half = 1 << (BITS - 1)
        while half > 0:
            right, top = a & half != 0, b & half != 0
            quarter = 2 + (not top) if right else 1 * top  # the curve visits the four quarters: up, across, down
            numbers[i] += quarter * half * half
            a, b = a & (half - 1), b & (half - 1)
            if not top:  # in the lower quarters the curve lies on its side
                if right:
                    a, b = half - 1 - a, half - 1 - b
                a, b = b, a
            half >>= 1
    return numbers
