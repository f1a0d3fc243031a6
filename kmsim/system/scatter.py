"""Invented places: a clustered process fitted to where England's schools are (system.md 1.8).

28% of sites lie anywhere; the others in neighbourhoods round cities, many small and a few dense; 15% of sites hold two.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from kmsim import rng
from kmsim.system.staff import draws

RURAL, TWIN = 0.28, 0.15
CITIES_PER_KM2, CITY_SHAPE, CITY_KM = 1.4e-4, 0.93, 14.2
HOOD_SCHOOLS, HOOD_SHAPE, HOOD_KM = 8.85, 0.375, 0.80
TWIN_KM = 0.05
FIRST = 16  # the first of this module's streams of draws
STREAMS = ("twin", "rural", "rural_x", "rural_y", "city_g", "city_x", "city_y", "hood_n", "hood_city", "hood_x", "hood_y",
           "in_x", "in_y", "twin_x", "twin_y")  # fmt: skip


def scatter(n: int, density: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y [km, float32] of n schools in a square that gives them this density [schools to a km2].

    What would fall outside the square is reflected into it. If there is only one city, it is of
    mean size and lies in the middle.

    >>> x, y = scatter(100, 1.0, seed=1)
    >>> bool(x.min() >= 0 and x.max() <= 10)
    True
    """
    u = {name: draws(n, seed, rng.BUILD_SCHOOLS, FIRST + i).astype(np.float64) for i, name in enumerate(STREAMS)}
    side = np.sqrt(n / density)
    rural = u["rural"] < RURAL
    hood = _neighbourhoods(u, side, n)
    sites = np.stack([u["rural_x"], u["rural_y"]]) * side
    sites[:, ~rural] = hood[:, : n - rural.sum()]
    schools = np.repeat(np.arange(n), 1 + (u["twin"] < TWIN))[:n]  # the site of each school
    second = np.append(False, schools[1:] == schools[:-1])
    nudge = TWIN_KM * second * special.ndtri(np.stack([u["twin_x"], u["twin_y"]]))
    x, y = _reflected(sites[:, schools] + nudge, side)
    return x.astype(np.float32), y.astype(np.float32)


def _neighbourhoods(u: dict[str, np.ndarray], side: float, n: int) -> np.ndarray:
    """Sites in neighbourhoods, (2, at least n) km, one neighbourhood after the other."""
    cities = max(1, int(CITIES_PER_KM2 * side**2 + 0.5))
    weight = special.gammaincinv(CITY_SHAPE, u["city_g"][:cities]) / CITY_SHAPE if cities > 1 else np.ones(1)
    city = np.searchsorted(np.cumsum(weight) / weight.sum(), u["hood_city"])
    spread = CITY_KM * np.sqrt(weight[city])
    centre = (np.stack([u["city_x"][city], u["city_y"][city]]) if cities > 1 else np.full((2, n), 0.5)) * side
    centre += spread * special.ndtri(np.stack([u["hood_x"], u["hood_y"]]))
    number = _number_of_schools(u["hood_n"])
    number[-1] += max(0, n - number.sum())
    hood = np.repeat(np.arange(n), number)[:n]
    within = HOOD_KM * np.sqrt(number[hood] / HOOD_SCHOOLS)
    return centre[:, hood] + within * special.ndtri(np.stack([u["in_x"], u["in_y"]]))


def _number_of_schools(u: np.ndarray) -> np.ndarray:
    """Schools to a neighbourhood: a Poisson number whose mean is gamma, which is a negative binomial one."""
    at_most = special.betainc(HOOD_SHAPE, np.arange(1, 500), HOOD_SHAPE / (HOOD_SHAPE + HOOD_SCHOOLS))
    return np.searchsorted(at_most, u)


def _reflected(km: np.ndarray, side: float) -> np.ndarray:
    folded = np.mod(km, 2 * side)
    return np.minimum(folded, 2 * side - folded)
