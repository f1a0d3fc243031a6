"""Invented schools, drawn from the distributions fitted to England's and London's (system.md 1.2, 1.4, 1.6, 1.8, 1.9).

Each thing drawn has its own stream: BUILD_SCHOOLS with `practice` = what is drawn, slot = school (or authority,
neighbourhood, trust). Draws become variates by inverse distribution functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from kmsim import rng
from kmsim.system.built import PHASES
from kmsim.system.places import hilbert
from kmsim.system.rows import Rows, blank
from kmsim.system.scatter import scatter
from kmsim.system.settings import Settings
from kmsim.system.staff import draws
from kmsim.system.trusts import federations, trusts

PHASE, SIZE_KIND, SIZE, AUTHORITY_SIZE, AUTHORITY_FSM, FSM = range(6)  # what is drawn; scatter has 16 on, trusts 40 on


@dataclass(frozen=True)
class Fit:
    """One region's fitted distributions. Normals are (mean, sd); a share's logit is (mean, sd of authorities, within)."""

    phases: tuple[int, ...]  # schools by phase, as PHASES
    primary: tuple[tuple[float, float, float], ...]  # weight, mean, sd of each form-entry size
    secondary: tuple[float, float]
    fsm_primary: tuple[float, float, float]
    fsm_secondary: tuple[float, float, float]
    density: float  # schools to a km2
    authority: tuple[float, ...]  # schools of an authority, at AUTHORITY_AT of all authorities
    in_trusts: float  # share of schools in trusts of two and more


FITS = {
    "England": Fit(
        phases=(16769, 3448, 986, 391, 352),
        primary=((0.203, 93, 35), (0.356, 212, 33), (0.313, 384, 72), (0.128, 525, 189)),
        secondary=(973, 416),
        fsm_primary=(-1.425, 0.441, 0.848),
        fsm_secondary=(-1.340, 0.424, 0.680),
        density=0.17,
        authority=(27, 53, 71, 98, 164, 324, 631),
        in_trusts=0.407,
    ),
    # London's free meals: the logit moments of its fitted Beta laws, split by England's share between authorities.
    "London": Fit(
        phases=(1816, 513, 145, 79, 58),
        primary=((0.245, 219, 27), (0.344, 408, 58), (0.411, 524, 226)),
        secondary=(1037, 458),
        fsm_primary=(-1.172, 0.421, 0.750),
        fsm_secondary=(-1.078, 0.409, 0.610),
        density=1.6,
        authority=(38, 47, 62, 79, 96, 111, 130),
        in_trusts=0.31,
    ),
}
AUTHORITY_AT = (0, 0.10, 0.25, 0.50, 0.75, 0.90, 1)
SPECIAL_PUPILS, PRU_PUPILS, NURSERY_PUPILS = (3.67, 33.7), (1.02, 47.3), (4.611, 0.381)  # gamma, gamma, lognormal
SPECIAL_FSM = (5.61, 6.32)  # Beta; PRU likewise
LEAST_PRIMARY, SECONDARY_RANGE, LEAST_OTHER = 15, (60, 3000), 2


def synthetic(chosen: Settings) -> Rows:
    """`n_schools` invented schools of a region: the same for the same seed. Number and mix of phases are not random.

    >>> from kmsim.system.settings import settings
    >>> rows = synthetic(settings("synthetic", {"n_schools": 40}))
    >>> len(rows["pupils"]), rows["name"][0]
    (40, 'Primary 1')
    """
    n, seed, region = chosen.n_schools, chosen.seed, chosen.region[0]
    fit = FITS[region]
    rows = blank(n)
    rows["region"][:] = region
    rows["phase"] = _phases(n, fit, seed)
    rows["name"] = np.array([f"{PHASES[p].title()} {i + 1}" for i, p in enumerate(rows["phase"])], object)
    rows["pupils"] = _pupils(rows["phase"], fit, seed)
    rows["x"], rows["y"] = scatter(n, fit.density, seed)
    authority = _authorities(hilbert(rows["x"], rows["y"]), fit, seed)
    rows["la"] = np.array([f"Authority {a + 1}" for a in authority], object)
    rows["fsm"] = _fsm(rows["phase"], authority, fit, seed)
    rows["trust"] = trusts(rows, authority, fit.in_trusts, seed)
    rows["federation"] = federations(rows, authority, seed)
    return rows


def _draw(n: int, seed: int, what: int) -> np.ndarray:
    return draws(n, seed, rng.BUILD_SCHOOLS, what).astype(np.float64)


def _phases(n: int, fit: Fit, seed: int) -> np.ndarray:
    """Phases in the region's proportions, by largest remainder, in an order left to chance."""
    share = np.array(fit.phases) * n / sum(fit.phases)
    number = share.astype(np.int64)
    number[np.argsort(number - share, kind="stable")[: n - number.sum()]] += 1
    phase = np.empty(n, np.uint8)
    phase[np.argsort(_draw(n, seed, PHASE), kind="stable")] = np.repeat(np.arange(len(number)), number)
    return phase


def _pupils(phase: np.ndarray, fit: Fit, seed: int) -> np.ndarray:
    """Pupils by phase (system.md 1.2): form-entry mixture, truncated normal, gamma, lognormal, gamma."""
    kind, u = _draw(len(phase), seed, SIZE_KIND), _draw(len(phase), seed, SIZE)
    weight, mean, sd = np.array(fit.primary).T
    form = np.minimum(np.searchsorted(np.cumsum(weight), kind), len(weight) - 1)
    pupils = np.choose(
        phase,
        [
            _normal_between(u, mean[form], sd[form], LEAST_PRIMARY, np.inf),
            _normal_between(u, *fit.secondary, *SECONDARY_RANGE),
            special.gammaincinv(SPECIAL_PUPILS[0], u) * SPECIAL_PUPILS[1],
            np.exp(NURSERY_PUPILS[0] + NURSERY_PUPILS[1] * special.ndtri(u)),
            special.gammaincinv(PRU_PUPILS[0], u) * PRU_PUPILS[1],
        ],
    )
    return np.floor(np.maximum(pupils, LEAST_OTHER) + 0.5).astype(np.float32)


def _normal_between(u, mean, sd, low, high) -> np.ndarray:
    """A normal variate held between two values by truncation, from a draw."""
    below, above = special.ndtr((low - mean) / sd), special.ndtr((high - mean) / sd)
    return mean + sd * special.ndtri(below + u * (above - below))


def _authorities(along: np.ndarray, fit: Fit, seed: int) -> np.ndarray:
    """The authority of each school: runs along the Hilbert curve, of sizes drawn like those of real authorities."""
    n = len(along)
    size = np.interp(_draw(n, seed, AUTHORITY_SIZE), AUTHORITY_AT, fit.authority)
    ends = np.cumsum(size)[: 1 + np.searchsorted(np.cumsum(size), n)]
    authority = np.empty(n, np.int64)
    authority[np.argsort(along, kind="stable")] = np.searchsorted(ends / ends[-1], (np.arange(n) + 0.5) / n)
    return authority


def _fsm(phase: np.ndarray, authority: np.ndarray, fit: Fit, seed: int) -> np.ndarray:
    """Shares of free meals (system.md 1.4, of 2023): logit-normal within authorities that differ; Beta in special."""
    u = _draw(len(phase), seed, FSM)
    between = special.ndtri(_draw(authority.max() + 1, seed, AUTHORITY_FSM))[authority]
    logit = np.array([fit.fsm_primary, fit.fsm_secondary, fit.fsm_primary, fit.fsm_primary, fit.fsm_primary])
    mean, sd_authority, sd_within = logit[phase].T
    mainstream = special.expit(mean + sd_authority * between + sd_within * special.ndtri(u))
    apart = np.isin(phase, (PHASES.index("special"), PHASES.index("pru")))
    return np.where(apart, special.betaincinv(*SPECIAL_FSM, u), mainstream).astype(np.float32)
