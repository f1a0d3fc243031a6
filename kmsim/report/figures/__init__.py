"""The figures of a comparison, each with the table under it and a sentence in words computed from the same numbers.

One file a figure: its `draw` returns a matplotlib Figure, `table` the frame that it draws and `words` what it shows in a
sentence or two (the alternative text). No pyplot, no state: the same comparison gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from kmsim.report import frames
from kmsim.report.figures import cost_effect, fan_chart, four_dimensions, gap, paired_differences, ranking
from kmsim.report.figures.saving import Drawing, drawing, pixels, write_png
from kmsim.report.frames import Comparison
from kmsim.report.style import RC

FIGURES: dict[str, tuple[Callable[..., Figure], Callable[..., pd.DataFrame], Callable[..., str]]] = {
    "fan_chart": (fan_chart.draw, fan_chart.table, fan_chart.words),
    "four_dimensions": (four_dimensions.draw, four_dimensions.table, four_dimensions.words),
    "paired_differences": (paired_differences.draw, paired_differences.table, paired_differences.words),
    "cost_effect": (cost_effect.draw, cost_effect.table, cost_effect.words),
    "gap": (gap.draw, gap.table, gap.words),
    "ranking": (ranking.draw, ranking.table, ranking.words),
}
OVER_POSTERIOR = ("ranking",)  # drawn only of a comparison over a posterior
Drawn = dict[tuple[str, str], Drawing]


def draw_all(c: Comparison) -> Drawn:
    """Every figure of every practice, drawn once: give it to `save_all`, `render` and `write` to spare them the work.

    Returns (figure's name, practice) -> Drawing; the second and later practices have their number in `stem`.
    """
    c, drawn = frames.read(c), {}
    for i, practice in enumerate(frames.practices(c)):
        for name, (draw, table, words) in FIGURES.items():
            if name in OVER_POSTERIOR and frames.decision(c) is None:
                continue
            stem = name if i == 0 else f"{name}_{i + 1}"
            with mpl.rc_context(RC):  # ticks are made when they are first asked for
                fig, told = draw(c, practice), words(c, practice)
                if name not in OVER_POSTERIOR:
                    told = frames.said(c, told)
                    for text in fig.findobj(Text):
                        text.set_text(frames.said(c, text.get_text()))
                drawn[name, practice] = drawing(fig, stem, table(c, practice), told)
    return drawn


def save_all(c: Comparison, folder: str | Path, drawn: Drawn | None = None) -> list[Path]:
    """Write every figure as PNG (150 dpi) and SVG into a folder, made if it is not there. Returns the paths in order.

    With several practices the second and later have their number in the name: `gap_2.png`. drawn: from `draw_all`, if it
    is there already. Raises OSError if it cannot write.

    >>> save_all(comparison, "figures")  # doctest: +SKIP
    [PosixPath('figures/fan_chart.png'), PosixPath('figures/fan_chart.svg'), ...]
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written, packing = [], []
    with ThreadPoolExecutor(1) as packer:  # one figure is packed while the next is drawn
        for one in (drawn or draw_all(c)).values():
            png, svg = folder / f"{one.stem}.png", folder / f"{one.stem}.svg"
            packing.append(packer.submit(write_png, pixels(one.figure), png))
            svg.write_text(one.svg(one.words, standalone=True), encoding="utf-8", newline="\n")
            written += [png, svg]
        for job in packing:
            job.result()
    return written
