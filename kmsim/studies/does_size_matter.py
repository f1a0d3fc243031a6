"""Does the size of a network matter? Doing it well by size at each quality of collaboration, and what hierarchy costs."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from kmsim.report.frames import shown_cell
from kmsim.report.style import FONT, INK, RC, styles
from kmsim.studies import drawing
from kmsim.studies.page import Said, row, table
from kmsim.studies.running import Found, Values
from kmsim.studies.telling import Difference, cell, difference, difference_words, listed

WELL = "doing_it_well"
MOMENTS = {WELL: "funding_end", "sustained": "end"}
SHARES = {WELL: "when funding ends", "sustained": "three years on"}


def tell(found: Found) -> Said:
    """What size does at each quality, what quality does at each size, and from which size hierarchies lose."""
    networks = found["networks"]
    sizes, qualities = networks.choices("cluster_size"), networks.choices("collaboration")
    finding = []
    for outcome, when in SHARES.items():
        parts = [
            f"at {quality:g}, {difference_words(outcome, size_effect(networks, outcome, quality))}"
            for quality in qualities
        ]
        finding.append(
            f"**Size.** What changes in doing it well {when} from {sizes[0]} to {sizes[-1]} schools, by collaboration (of 1): "
            f"{'; '.join(parts)}."
        )
        finding.append(
            f"**Quality.** What changes from collaboration {qualities[0]:g} to {qualities[-1]:g}, at {sizes[-1]} schools: "
            f"{difference_words(outcome, quality_effect(networks, outcome, sizes[-1]))}. {_compared(networks, outcome)}"
        )
    finding += [_hierarchies(found["hierarchies"], outcome) for outcome in SHARES]
    return Said(finding, _changes(found))


def size_effect(v: Values, outcome: str, quality: float) -> Difference:
    """The largest size less the smallest, at one quality of collaboration."""
    sizes = v.choices("cluster_size")
    one, other = (_at(v, outcome, size, quality) for size in (sizes[-1], sizes[0]))
    return difference(one, other)


def quality_effect(v: Values, outcome: str, size: int) -> Difference:
    """The best collaboration less the poorest, at one size."""
    qualities = v.choices("collaboration")
    one, other = (_at(v, outcome, size, quality) for quality in (qualities[-1], qualities[0]))
    return difference(one, other)


def _at(v: Values, outcome: str, size: int, quality: float) -> np.ndarray:
    return v.at(outcome, "networks", MOMENTS[outcome], cluster_size=size, collaboration=quality)


def _compared(v: Values, outcome: str) -> str:
    """The largest swing of means over sizes against the largest over qualities, and where the former lies."""
    sizes, qualities = v.choices("cluster_size"), v.choices("collaboration")
    means = np.array([[_at(v, outcome, size, quality).mean() for quality in qualities] for size in sizes])
    over_size, over_quality = np.ptp(means, axis=0).max(), np.ptp(means, axis=1).max()
    if over_quality <= 0:
        return "Neither size nor quality changes anything in these runs."
    beyond = np.ptp(means[1:], axis=0).max()
    said = f"Over all sizes run the means of one quality lie within {100 * over_size:.1f} points"
    if len(sizes) > 2:
        said += f" (from {sizes[1]} schools on, within {100 * beyond:.1f})"
    return f"{said}, over all qualities those of one size within {100 * over_quality:.1f}: size moves {100 * over_size / over_quality:.0f}% of what collaboration does."


def pairs(v: Values) -> dict[int, tuple[str, str]]:
    """Schools -> the arms that are a network and a hierarchy of so many, from the coverage that each has."""
    schools = v.counts()["schools"]
    found: dict[int, dict[str, str]] = {}
    for arm, data in v.part.arms.items():
        size = round(schools * data["levers"]["recruit"]["coverage"])
        kind = "hierarchy" if data["levers"].get("form_clusters", {}).get("hierarchy") else "network"
        found.setdefault(size, {})[kind] = arm
    return {size: (kinds["network"], kinds["hierarchy"]) for size, kinds in sorted(found.items())}


def kept(v: Values, outcome: str, size: int) -> np.ndarray:
    """What a hierarchy of so many schools reaches as a share of what a network of the same schools does, a value a seed."""
    network, hierarchy = (v.at(outcome, arm, MOMENTS[outcome]) for arm in pairs(v)[size])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(network > 0, hierarchy / network, np.nan)


def _hierarchies(v: Values, outcome: str) -> str:
    parts, lost = [], []
    for size, (network, hierarchy) in pairs(v).items():
        d = difference(*(v.at(outcome, arm, MOMENTS[outcome]) for arm in (hierarchy, network)))
        share = cell(kept(v, outcome, size))
        told = f"{100 * share.mean:.0f}% ({100 * share.low:.0f} to {100 * share.high:.0f})" if share.known else "n/a"
        parts.append(f"{told} with {size}")
        if d.sign < 0:
            lost.append(size)
    first = (
        f"Beyond chance they do worse with {listed([str(size) for size in lost])}."
        if lost
        else "At no size can the runs tell them apart."
    )
    return f"**Hierarchies**, {SHARES[outcome]}: of what a network of the same schools reaches, a hierarchy reaches {listed(parts)} schools. {first}"


def _changes(found: Found) -> list[str]:
    networks, hierarchies = found["networks"], found["hierarchies"]
    sizes, best = networks.choices("cluster_size"), networks.choices("collaboration")[-1]
    costs = {
        size: networks.at("cost_per_pupil_gbp", "networks", cluster_size=size, collaboration=best) for size in sizes
    }
    largest = [*pairs(hierarchies)][-1]
    network, hierarchy = (hierarchies.at("cost_per_pupil_gbp", arm) for arm in pairs(hierarchies)[largest])
    return [
        f"Money. Cash a pupil, a network of {sizes[-1]} schools less one of {sizes[0]}: "
        f"{difference_words('cost_per_pupil_gbp', difference(costs[sizes[-1]], costs[sizes[0]]))}. A hierarchy of {largest} less a "
        f"network of the same schools: {difference_words('cost_per_pupil_gbp', difference(hierarchy, network))}.",
        f"Clusters that hardly meet. With little collaboration a network of {sizes[-1]} schools brings "
        f"{shown_cell(WELL, cell(_at(networks, WELL, sizes[-1], networks.choices('collaboration')[0])))} of all teachers to doing it "
        f"well when funding ends, with much {shown_cell(WELL, cell(_at(networks, WELL, sizes[-1], best)))}.",
    ]


def numbers(found: Found) -> pd.DataFrame:
    """Every cell of the figure: what, schools, collaboration, outcome, mean, low, high, n."""
    v, h = found["networks"], found["hierarchies"]
    rows = [
        row(cell(_at(v, outcome, size, quality)), outcome, what="network", schools=size, collaboration=quality)
        for outcome in MOMENTS
        for size in v.choices("cluster_size")
        for quality in v.choices("collaboration")
    ]
    rows += [
        row(cell(kept(h, outcome, size)), outcome, what="hierarchy, share of a network's", schools=size)
        for outcome in MOMENTS
        for size in pairs(h)
    ]
    return table(rows)


def draw(found: Found) -> Figure:
    """Doing it well by size, a line a quality, when funding ends and later; and what hierarchies reach of what networks do."""
    v, h = found["networks"], found["hierarchies"]
    sizes, qualities = v.choices("cluster_size"), v.choices("collaboration")
    with mpl.rc_context(RC):
        fig = drawing.page(found, 5.45)
        for i, (outcome, when) in enumerate(SHARES.items()):
            ax = drawing.axes_at(fig, 0.55 + 3.3 * i, 1.3, 2.1, 2.75)
            drawn = [
                drawing.Line(f"at {q:g}", sizes, [cell(_at(v, outcome, size, q)) for size in sizes], f"at {q:g}")
                for q in qualities
            ]
            _panel(ax, drawn, f"Networks, {when}:\n% of teachers doing it\nwell, by collaboration", sizes)
        ax = drawing.axes_at(fig, 7.2, 1.3, 1.8, 2.75)
        drawn = [
            drawing.Line(name, [*pairs(h)], [cell(kept(h, outcome, size)) for size in pairs(h)], name)
            for outcome, name in ((WELL, "funding ends"), ("sustained", "3 years on"))
        ]
        ax.axhline(100, color=INK, linewidth=1, zorder=1)
        _panel(ax, drawn, "Hierarchies: doing it well,\n% of what a network of the\nsame schools reaches", [*pairs(h)])
    return fig


def _panel(ax: Axes, drawn: list[drawing.Line], title: str, sizes: list[int]) -> None:
    ax.set_xscale("log")
    ax.set_xlim(sizes[0], sizes[-1])
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_major_formatter(FuncFormatter(drawing.plain_tick))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("Schools")
    ax.set_title(title, fontsize=FONT, pad=8)
    drawing.limits(ax, drawn, 100)
    drawing.lines(ax, drawn, styles([line.arm for line in drawn]), 100)
