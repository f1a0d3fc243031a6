"""A figure's sheet: its size, axes placed in inches, heading and foot, and the texts that stand on it."""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from kmsim.policies.policy import network_label
from kmsim.report import frames
from kmsim.report.frames import Comparison
from kmsim.report.style import FONT, MUTED, plain_name

WIDTH = 10.4  # inches: 12 point text is then 16 pixels on a page 1,000 pixels wide
DPI = 150


def sheet(height: float) -> Figure:
    """An empty figure of the common width, so many inches high."""
    fig = Figure(figsize=(WIDTH, height), dpi=DPI)
    FigureCanvasAgg(fig)
    return fig


def axes_at(fig: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in inches."""
    across, up = fig.get_size_inches()
    return fig.add_axes((left / across, bottom / up, width / across, height / up))


def nothing(ax: Axes, why: str = "n/a") -> None:
    """What stands in axes that have nothing to show."""
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=MUTED)


def heading(fig: Figure, title: str, about: str) -> None:
    """The title, and under it what the figure is about."""
    up = fig.get_size_inches()[1]
    fig.text(0.15 / WIDTH, 1 - 0.12 / up, title, fontsize=FONT + 4, fontweight="bold", va="top", ha="left")
    fig.text(0.15 / WIDTH, 1 - 0.45 / up, about, fontsize=FONT, color=MUTED, va="top", ha="left")


def foot(fig: Figure, text: str) -> None:
    """What stands under a figure: what is drawn, and what it is not."""
    up = fig.get_size_inches()[1]
    fig.text(
        0.15 / WIDTH, 0.1 / up, fill(text, 116), fontsize=FONT, color=MUTED, va="bottom", ha="left", linespacing=1.25
    )


def about(c: Comparison, practice: str) -> str:
    """Where, how many schools, which practice, and which network's features stand in place of the policies' own."""
    text = f"{frames.place(c)}, {c.counts.get('schools', 0):,} schools; {plain_name(practice).lower()}"
    if label := network_label(c.config.get("network") or {}):
        text += f"; network: {label.replace('_', ' ')}"
    return text if len(text) <= 90 else text[:89] + "…"


def mean_and_range(c: Comparison, middle: str, span: str) -> str:
    """What is drawn: the mean and the range, with the label that every range carries."""
    n = frames.seeds(c)
    if n == 1:
        return f"{middle}: one seed, so there is no range ({c.label})."
    return f"{middle}: mean of {n} seeds. {span}: 90% of them ({c.label})."


def texts(fig: Figure) -> list[Text]:
    """Every text of a figure that is seen and not empty, tick labels within their axes among them: what a test of overlaps looks at."""
    beyond = set()
    for ax in fig.axes:
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            low, high = min(limits), max(limits)
            slack = 1e-6 * (high - low)
            for tick in axis.get_major_ticks():
                if not low - slack <= tick.get_loc() <= high + slack:
                    beyond |= {id(tick.label1), id(tick.label2)}
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in beyond]
