"""A tiny system made by hand from random numbers, with all that a built system holds."""

from __future__ import annotations

import random

import numpy as np

from kmsim.system.built import NEIGHBOURS, System

LABELS = {
    "region": ["North", "South"],
    "la": ["North A", "North B", "South A"],
    "trust": ["First Trust", "Second Trust"],
    "federation": ["A Federation"],
}
TYPICAL_SIZE = {0: 9, 1: 16}


def tiny(seed: int = 1, schools: int = 5, regions: int = 1) -> System:
    """About 12 posts a school; every fourth school is a secondary; most are in a trust, some in a federation."""
    dice = random.Random(seed)
    phase = [1 if s % 4 == 3 else 0 for s in range(schools)]
    size = [max(3, TYPICAL_SIZE[phase[s]] + dice.randint(-2, 4)) for s in range(schools)]
    region = [s * regions // schools for s in range(schools)]
    place = [(dice.uniform(0, 40), dice.uniform(0, 40)) for _ in range(schools)]
    fsm = [dice.uniform(0.02, 0.6) for _ in range(schools)]
    hilbert = list(range(schools))
    dice.shuffle(hilbert)
    first = [sum(size[:s]) for s in range(schools)]
    arrays = {
        "urn": np.arange(100000, 100000 + schools),
        "name": np.array([f"School {s}" for s in range(schools)]),
        "phase": np.array(phase, dtype=np.int8),
        "pupils": np.array([20 * n for n in size], dtype=np.float32),
        "fsm": np.array(fsm, dtype=np.float32),
        "fsm_rank": np.array([_rank(s, phase, fsm) for s in range(schools)], dtype=np.float32),
        "region": np.array(region, dtype=np.int32),
        "la": np.array([2 if region[s] == 1 else s % 2 for s in range(schools)], dtype=np.int32),
        "trust": np.array([(0, 0, 0, 1, -1, 1)[s % 6] for s in range(schools)], dtype=np.int32),
        "federation": np.array([0 if s % 5 < 2 else -1 for s in range(schools)], dtype=np.int32),
        "x": np.array([x for x, _ in place], dtype=np.float32),
        "y": np.array([y for _, y in place], dtype=np.float32),
        "hilbert": np.array(hilbert, dtype=np.int64),
        "size": np.array(size, dtype=np.int32),
        "first_post": np.array(first, dtype=np.int32),
        "climate": np.array([dice.betavariate(4, 4) for _ in range(schools)], dtype=np.float32),
        "neighbours": np.array([_nearest(s, phase, place) for s in range(schools)], dtype=np.int32),
        "posts_source": np.zeros(schools, dtype=np.int8),
    }
    posts, start, to = _posts_and_ties(dice, phase, size, first)
    return System(name="tiny", schools=arrays, posts=posts, tie_start=start, tie_to=to, labels=LABELS, thinned=1.0)


def _rank(s: int, phase: list[int], fsm: list[float]) -> float:
    peers = [fsm[other] for other in range(len(fsm)) if phase[other] == phase[s]]
    return sum(1 for value in peers if value < fsm[s]) / (len(peers) - 1) if len(peers) > 1 else 0.5


def _nearest(s: int, phase: list[int], place: list[tuple[float, float]]) -> list[int]:
    others = [o for o in range(len(place)) if o != s and phase[o] == phase[s]]
    others.sort(key=lambda o: (place[o][0] - place[s][0]) ** 2 + (place[o][1] - place[s][1]) ** 2)
    return (others + [-1] * NEIGHBOURS)[:NEIGHBOURS]


def _posts_and_ties(dice: random.Random, phase: list[int], size: list[int], first: list[int]):
    school, role, department, start, to = [], [], [], [0], []
    for s, n in enumerate(size):
        senior, middle = max(1, round(0.16 * n)) - 1, round(0.2 * n)
        for place in range(n):
            school.append(s)
            role.append(3 if place == 0 else 2 if place <= senior else 1 if place <= senior + middle else 0)
            department.append(place % max(1, round(n / (8 if phase[s] else 4))))
            inside = [first[s] + other for other in range(n) if other != place]
            ties = dice.sample(inside, min(len(inside), dice.randint(3, 5)))
            if dice.random() < 0.3:
                elsewhere = dice.choice([other for other in range(len(size)) if other != s])
                ties[-1] = first[elsewhere] + dice.randrange(size[elsewhere])
            to += ties
            start.append(len(to))
    count = len(school)
    posts = {
        "school": np.array(school, dtype=np.int32),
        "role": np.array(role, dtype=np.int8),
        "department": np.array(department, dtype=np.int16),
        "experience": np.array([int(dice.gammavariate(2.09, 6.23)) for _ in range(count)], dtype=np.int16),
        "openness": np.array([dice.gauss(0, 1) for _ in range(count)], dtype=np.float32),
        "aptitude": np.array([dice.gauss(0, 1) for _ in range(count)], dtype=np.float32),
        "base_workload": np.array([min(1.0, max(0.0, dice.gauss(0.5, 0.15))) for _ in range(count)], dtype=np.float32),
    }
    return posts, np.array(start, dtype=np.int64), np.array(to, dtype=np.int32)
