"""Where names go so that none covers another: pure geometry in points, no drawing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kmsim.report.style import FONT


def spread(values: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Places for labels of ascending values: at least `step` apart, within bounds where there is room, each as near as may be.

    >>> [float(v) for v in spread([0, 0, 0.1, 5], 1, 0, 6)]
    [0.0, 1.0, 2.0, 5.0]
    """
    blocks: list[list[float]] = []  # each: sum of wished-for starts, count
    for i, value in enumerate(values):
        blocks.append([value - i * step, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    starts = [total / count for total, count in blocks for _ in range(int(count))]
    last = max(low, high - (len(values) - 1) * step)
    return [min(max(start, low), last) + i * step for i, start in enumerate(starts)]


def place_names(points: np.ndarray, widths: Sequence[float], marks: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boxes for names near points: off each other before all, then off marks, leads off others' points, names and leads, then near.

    points (n, 2), widths (n), marks (m, 4) and size (2) in points of the axes; returns (n, 4): left, bottom, right, top.

    >>> place_names(np.array([[50.0, 50.0]]), [40.0], np.zeros((0, 4)), np.array([200.0, 100.0])).shape
    (1, 4)
    """
    n = len(points)
    choices = [_places(point, width, size) for point, width in zip(points, widths, strict=True)]
    ends = [lead_end(boxes, point) for boxes, point in zip(choices, points, strict=True)]
    alone = [
        np.hypot(*(end - p).T) + 120 * _meet(boxes, marks, 1).sum(1) + 120 * _through(end, p, _apart(points, p)).sum(1)
        for boxes, end, p in zip(choices, ends, points, strict=True)
    ]
    chosen = [-1] * n
    for _ in range(4):  # again: a name may find a better place once the others stand
        before = list(chosen)
        for i in range(n):
            others = [j for j in range(n) if j != i and chosen[j] >= 0]
            bad = alone[i].copy()
            if others:
                boxes = np.array([choices[j][chosen[j]] for j in others])
                tips = np.array([ends[j][chosen[j]] for j in others])
                bad += 10_000 * _meet(choices[i], boxes, 3).sum(1)
                bad += 300 * _through(ends[i], points[i], boxes).sum(1)
                bad += 300 * _through(tips, points[others], choices[i]).sum(0)
                bad += 100 * _cross(ends[i], points[i], tips, points[others]).sum(1)
            chosen[i] = int(np.argmin(bad))
        if chosen == before:
            break
    return np.array([choices[i][chosen[i]] for i in range(n)])


def _places(point: np.ndarray, width: float, size: np.ndarray) -> np.ndarray:
    """Places for a name around its point, all inside the axes: (m, 4)."""
    far = np.array([11, 20, 30, 42, 56, 72, 90, 110, 135, 165, 200])
    turn = np.arange(24) * np.pi / 12
    way = np.column_stack([np.cos(turn), np.sin(turn)])
    ends = (point + far[:, None, None] * way).reshape(-1, 2)
    east = np.tile(way[:, 0], len(far))
    over = (0.5, 0.3, 0.7, 0.1, 0.9)  # how far along a name that stands above or below its point is over it
    lefts = np.concatenate(
        [np.where(east > 0, ends[:, 0], ends[:, 0] - width), *(ends[:, 0] - x * width for x in over)]
    )
    middles = np.tile(ends[:, 1], 1 + len(over))
    use = np.concatenate([np.full(len(ends), True), *[np.abs(east) < 0.3] * len(over)])
    boxes = np.column_stack([lefts, middles - FONT * 0.65, lefts + width, middles + FONT * 0.65])[use]
    inside = (boxes[:, 0] >= 2) & (boxes[:, 2] <= size[0] + 4) & (boxes[:, 1] >= 2) & (boxes[:, 3] <= size[1])
    fallback = np.array([[max(2, size[0] - width), 2.0, size[0], 2.0 + FONT * 1.3]])
    return boxes[inside] if inside.any() else fallback


def _apart(points: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Boxes of the marks that do not stand on a point's own, so that a lead to it can go round them."""
    others = points[np.hypot(*(points - point).T) > 8]
    return np.hstack([others - 5, others + 5])


def lead_end(boxes: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Where a name's lead leaves its box: the middle of a side, or above or below the point."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    x = np.clip(point[0], boxes[:, 0] - 2, boxes[:, 2] + 2)
    over = (x > boxes[:, 0] - 2) & (x < boxes[:, 2] + 2)
    y = np.where(over, np.clip(point[1], boxes[:, 1], boxes[:, 3]), middle)
    return np.column_stack([x, y])


def _meet(a: np.ndarray, b: np.ndarray, gap: float) -> np.ndarray:
    """Which boxes of a (m, 4) meet which of b (k, 4): (m, k)."""
    a, b = a[:, None, :], b[None, :, :]
    return (
        (a[..., 0] < b[..., 2] + gap)
        & (b[..., 0] < a[..., 2] + gap)
        & (a[..., 1] < b[..., 3] + gap)
        & (b[..., 1] < a[..., 3] + gap)
    )


def _through(ends: np.ndarray, point: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which leads, from ends (m, 2) to a point, or a point each, go through which boxes (k, 4): (m, k)."""
    t = np.linspace(0, 0.9, 30)[:, None, None]
    along = ends + (point - ends) * t
    x, y = along[..., 0][..., None], along[..., 1][..., None]
    return ((x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])).any(0)


def _cross(ends: np.ndarray, point: np.ndarray, tips: np.ndarray, bases: np.ndarray) -> np.ndarray:
    """Which leads, from ends (m, 2) to a point, cross which other leads, from tips (k, 2) to bases (k, 2): (m, k)."""

    def side(a, b, c):
        return np.sign(
            (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
        )

    a, b = ends[:, None, :], np.broadcast_to(point, ends.shape)[:, None, :]
    p, q = tips[None], bases[None]
    return (side(a, b, p) * side(a, b, q) < 0) & (side(p, q, a) * side(p, q, b) < 0)
