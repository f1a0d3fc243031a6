"""Neighbours against brute force; the Hilbert curve against its definition."""

from __future__ import annotations

import numpy as np

from kmsim.system import build
from kmsim.system.places import _along_curve, hilbert, neighbours


def test_neighbours_are_the_nearest_of_the_phase_by_distance_and_row():
    system = build("london")
    x, y = system.schools["x"].astype(float), system.schools["y"].astype(float)
    phase, near = system.schools["phase"], system.schools["neighbours"]
    rows = np.arange(system.n_schools)
    for s in range(0, system.n_schools, 7):
        others = rows[(phase == phase[s]) & (rows != s)]
        away = (x[others] - x[s]) ** 2 + (y[others] - y[s]) ** 2
        assert near[s].tolist() == others[np.lexsort((others, away))][:8].tolist()


def test_neighbours_on_one_spot_come_in_row_order():
    spot = np.zeros(12, np.float32)
    near = neighbours(spot, spot, np.zeros(12, np.uint8))
    assert near[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert near[11].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_missing_neighbours_are_marked():
    village = build("village").schools["neighbours"]
    assert (village[:4] >= 0).sum(axis=1).tolist() == [3, 3, 3, 3]
    assert (village[4] == -1).all()


def test_the_curve_goes_through_every_cell_in_steps_of_one():
    side = 32
    across, up = (v.ravel() for v in np.meshgrid(np.arange(side), np.arange(side)))
    number = _along_curve(across.astype(np.int64), up.astype(np.int64))
    order = np.argsort(number)
    assert np.array_equal(number[order], np.arange(side * side))
    steps = np.abs(np.diff(across[order])) + np.abs(np.diff(up[order]))
    assert (steps == 1).all()


def test_schools_on_one_spot_or_line_have_numbers():
    zero = np.zeros(3, np.float32)
    assert hilbert(zero, zero).tolist() == [0, 0, 0]
    assert len(set(hilbert(np.float32([0, 1, 2]), zero).tolist())) == 3
