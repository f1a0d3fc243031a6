"""The British National Grid: from degrees to kilometres east and north, and which places are in England.

England is where the shipped schools are: squares of 20 km with a school in them, and the squares around these.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

SIDE = 20.0  # km
SQUARES = 72  # squares of the grid, east and north: 1,440 km
_A, _B, _F0 = 6_377_563.396, 6_356_256.909, 0.9996012717  # Airy 1830, scale on the central meridian
_LAT0, _LON0, _E0, _N0 = math.radians(49), math.radians(-2), 400_000.0, -100_000.0


def to_grid(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Easting and Northing [km] of places in degrees, to about 0.1 km: the shift between WGS84 and OSGB36 is left out.

    Source: Ordnance Survey, A guide to coordinate systems in Great Britain, annex C.

    >>> [round(float(v[0])) for v in to_grid(np.array([-0.1276]), np.array([51.5072]))]
    [530, 180]
    """
    lon, lat = np.radians(lon), np.radians(lat)
    e2 = (_A**2 - _B**2) / _A**2
    n = (_A - _B) / (_A + _B)
    nu = _A * _F0 / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    rho = _A * _F0 * (1 - e2) / (1 - e2 * np.sin(lat) ** 2) ** 1.5
    eta2 = nu / rho - 1
    apart, total = lat - _LAT0, lat + _LAT0
    arc = (
        (1 + n + 1.25 * n**2 + 1.25 * n**3) * apart
        - (3 * n + 3 * n**2 + 2.625 * n**3) * np.sin(apart) * np.cos(total)
        + (1.875 * n**2 + 1.875 * n**3) * np.sin(2 * apart) * np.cos(2 * total)
        - 35 / 24 * n**3 * np.sin(3 * apart) * np.cos(3 * total)
    ) * (_B * _F0)
    d, sin, cos, tan2 = lon - _LON0, np.sin(lat), np.cos(lat), np.tan(lat) ** 2
    north = arc + _N0 + nu / 2 * sin * cos * d**2 + nu / 24 * sin * cos**3 * (5 - tan2 + 9 * eta2) * d**4
    east = _E0 + nu * cos * d + nu / 6 * cos**3 * (nu / rho - tan2) * d**3
    return east / 1000, north / 1000


def in_england(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Which places [km on the grid] are in England, or within 20 km of it. NaN is in no place.

    >>> in_england(np.array([530.0, 180.0, 52.6]), np.array([180.0, 530.0, 1.3])).tolist()
    [True, False, False]
    """
    with np.errstate(invalid="ignore"):
        fits = (east >= 0) & (east < SIDE * SQUARES) & (north >= 0) & (north < SIDE * SQUARES)
    column = np.where(fits, east, 0).astype(np.float64) // SIDE
    row = np.where(fits, north, 0).astype(np.float64) // SIDE
    return fits & _squares()[column.astype(np.int64), row.astype(np.int64)]


@cache
def centres() -> dict[str, tuple[float, float, float]]:
    """Authority of 2019, in lower case -> the mean place of its schools and their greatest distance from it [km on the grid].

    >>> east, north, radius = centres()["hackney"]
    >>> round(east), round(north), radius < 6
    (534, 185, True)
    """
    from kmsim.system.england import england

    east, north = _schools()
    found = {}
    of_la = england()["la"]
    for la in set(of_la.tolist()):
        e, n = east[of_la == la], north[of_la == la]
        found[la.casefold()] = (float(e.mean()), float(n.mean()), float(np.hypot(e - e.mean(), n - n.mean()).max()))
    return found


@cache
def _schools() -> tuple[np.ndarray, np.ndarray]:
    """The shipped schools' places on the grid [km]."""
    from kmsim.system.england import england
    from kmsim.system.places import KM_LAT, KM_LON

    rows = england()
    return to_grid(rows["x"].astype(np.float64) / KM_LON, rows["y"].astype(np.float64) / KM_LAT)


@cache
def _squares() -> np.ndarray:
    """Which squares have a school of England in them or beside them: (SQUARES, SQUARES), by column and row."""
    east, north = _schools()
    own = np.zeros((SQUARES + 2, SQUARES + 2), bool)
    own[(east // SIDE).astype(int) + 1, (north // SIDE).astype(int) + 1] = True
    around = [own[1 + i : SQUARES + 1 + i, 1 + j : SQUARES + 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return np.logical_or.reduce(around)
