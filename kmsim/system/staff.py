"""The posts of each school and who holds them at the start: number, role, department, person."""

from __future__ import annotations

import numpy as np

from kmsim import rng
from kmsim.jit import compiled
from kmsim.system.built import PHASES, POSTS_SOURCES
from kmsim.system.rows import Rows

LEAST_POSTS = 3
# FTE to a headcount, and log(headcount) = a + b log(pupils), by phase as in PHASES (system.md 1.3)
_FTE = np.array([0.90, 0.94, 0.90, 0.90, 0.90])
_LOG_A = np.array([-2.078, -1.942, 0.0, -2.078, 0.0])
_LOG_B = np.array([0.848, 0.888, 1.0, 0.848, 1.0])
_PUPILS_A_TEACHER = np.array([1.0, 1.0, 5.5, 1.0, 5.5])  # special and PRU: a plain ratio
_SENIOR, _MIDDLE = 0.16, 0.20  # share of posts: head and senior leaders; middle leaders
_TEAM, _TEAM_SECONDARY = 4.0, 8.0  # posts to a department (system.md section 2)
# Typed, so that Python alone computes as compiled code does.
_WORKLOAD, _WORKLOAD_SD = np.float64(0.5), np.float64(0.15)
_SECONDARY = PHASES.index("secondary")


def sizes(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Posts of each school (int32, at least 3) and where the number comes from (uint8, index in POSTS_SOURCES).

    Headcount if known, else FTE over .90 (.94 secondary), else the phase's relation to pupils. An FTE that is itself an
    estimate from pupils counts as fitted. Source: MODEL section 10; system.md 1.3.

    >>> from kmsim.system.rows import blank
    >>> posts, source = sizes(blank(3) | {"headcount": np.float32([2, 21, np.nan]), "pupils": np.float32([30, 400, 400])})
    >>> posts.tolist(), [POSTS_SOURCES[s] for s in source]
    ([3, 21, 20], ['headcount', 'headcount', 'fitted'])
    """
    phase, pupils = rows["phase"], rows["pupils"].astype(np.float64)
    fitted = np.exp(_LOG_A[phase] + _LOG_B[phase] * np.log(pupils)) / _PUPILS_A_TEACHER[phase]
    from_fte = rows["fte"].astype(np.float64) / _FTE[phase]
    counted, has_fte = np.isfinite(rows["headcount"]), np.isfinite(from_fte)
    posts = np.where(counted, rows["headcount"], np.where(has_fte, from_fte, fitted))
    measured = np.where(has_fte & ~rows["fte_estimated"], POSTS_SOURCES.index("fte"), POSTS_SOURCES.index("fitted"))
    source = np.where(counted, POSTS_SOURCES.index("headcount"), measured)
    return np.maximum(LEAST_POSTS, np.floor(posts + 0.5)).astype(np.int32), source.astype(np.uint8)


def staff(size: np.ndarray, phase: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The columns of `System.posts` for schools of these sizes and phases, in school order.

    Post 0 of a school is the head; then senior leaders (16% with the head), middle leaders (20%), teachers. Departments
    go round: index modulo their number. Draws: BUILD_* with slot = post. Source: MODEL section 10; system.md 1.10.

    >>> staff(np.array([7], np.int32), np.zeros(1, np.uint8), seed=1)["role"].tolist()
    [3, 1, 0, 0, 0, 0, 0]
    """
    n = int(size.sum())
    school = np.repeat(np.arange(len(size), dtype=np.int32), size)
    role, department = np.zeros(n, np.uint8), np.zeros(n, np.int16)
    _places(size, phase == _SECONDARY, role, department)
    people = {key: np.empty(n, np.float32) for key in ("openness", "aptitude", "base_workload")}
    experience = np.empty(n, np.uint8)
    _people(seed, experience, *people.values())
    return {"school": school, "role": role, "department": department, "experience": experience, **people}


@compiled
def _places(size, secondary, role, department):
    post = 0
    for s in range(len(size)):
        n = size[s]
        leaders = max(1, int(_SENIOR * n + 0.5))
        middle = int(_MIDDLE * n + 0.5)
        departments = max(1, int(n / (_TEAM_SECONDARY if secondary[s] else _TEAM) + 0.5))
        for j in range(n):
            role[post] = 3 if j == 0 else 2 if j < leaders else 1 if j < leaders + middle else 0
            department[post] = j % departments
            post += 1


@compiled
def _people(seed, experience, openness, aptitude, workload):
    n = len(experience)
    draw = np.empty((4, rng.BLOCK), np.float32)
    for first in range(0, n, rng.BLOCK):
        rng.uniform_block(draw[0], seed, rng.BUILD_EXPERIENCE, rng.NONE, first, rng.NONE)
        rng.uniform_block(draw[1], seed, rng.BUILD_OPENNESS, rng.NONE, first, rng.NONE)
        rng.uniform_block(draw[2], seed, rng.BUILD_APTITUDE, rng.NONE, first, rng.NONE)
        rng.uniform_block(draw[3], seed, rng.BUILD_WORKLOAD, rng.NONE, first, rng.NONE)
        for i in range(min(rng.BLOCK, n - first)):
            experience[first + i] = rng.experience(draw[0, i])
            openness[first + i] = rng.normal(draw[1, i])
            aptitude[first + i] = rng.normal(draw[2, i])
            workload[first + i] = min(max(_WORKLOAD + _WORKLOAD_SD * rng.normal(draw[3, i]), 0.0), 1.0)


def draws(n: int, seed: int, purpose: int | np.integer, practice: int = 0, tick: int = 0) -> np.ndarray:
    """The draws of slots 0 to n - 1, as float32 in (0, 1).

    >>> u = draws(3, 1, rng.BUILD_TIES)
    >>> u.shape, bool((u > 0).all() and (u < 1).all()), bool((u == draws(9, 1, rng.BUILD_TIES)[:3]).all())
    ((3,), True, True)
    """
    out = np.empty(-(-n // rng.BLOCK) * rng.BLOCK, np.float32)
    rng.uniform_block(out, seed, purpose, practice, 0, tick)
    return out[:n]


@compiled
def climates(u):
    """The climate of each school from its draw: Beta(4, 4), float32.

    >>> [round(float(climate), 2) for climate in climates(np.float32([0.025, 0.5, 0.975]))]
    [0.18, 0.5, 0.82]
    """
    out = np.empty(len(u), np.float32)
    for s in range(len(u)):
        out[s] = rng.climate_quantile(u[s])
    return out
