"""Whether a figure can be read: every text whole, large enough, and off every other."""

from __future__ import annotations

import matplotlib as mpl

from kmsim.report.figures.paper import texts
from kmsim.report.style import FONT, RC


def assert_legible(fig):
    """Raise AssertionError for a text that is cut off, smaller than FONT or over another."""
    with mpl.rc_context(RC):
        fig.canvas.draw()
        renderer = fig.canvas.get_renderer()
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts(fig)]
    seen = {}
    for text, box in boxes:
        seen[(text, round(box.x0), round(box.y0))] = box
    places = [(key[0], box) for key, box in seen.items() if box.width > 1]
    width, height = fig.get_size_inches() * fig.dpi
    for text, box in places:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    for i, (a, p) in enumerate(places):
        for b, q in places[i + 1 :]:
            over = min(p.x1, q.x1) - max(p.x0, q.x0), min(p.y1, q.y1) - max(p.y0, q.y0)
            assert not (over[0] > 1 and over[1] > 2), f"{a!r} and {b!r} overlap"
    assert all(t.get_fontsize() >= FONT for t in texts(fig))
