"""How a policy looks: one colour, dash, marker and plain name each, the same in every figure, table and page.

Colours are Okabe and Ito's where they reach; none is told from another by colour alone, and red never stands against green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from kmsim.policies.policy import without_label

INK, MUTED, LINES, PAGE, CONTROL, BAND = "#1b2733", "#4a5560", "#e1e6eb", "#f6f7f9", "#1f4e79", "#eef1f5"
LONGEST = 48  # characters of a name in a sentence
FONT = 12.0  # points: nothing in a figure is smaller

# Settings of a session, not of a figure: these stay as they are.
_OF_THE_SESSION: tuple[str, ...] = (
    "backend",
    "interactive",
    "toolbar",
    "timezone",
    "docstring.hardcopy",
    "savefig.directory",
)
_OF_THE_SESSION += ("webagg.", "tk.", "figure.max_open_warning", "figure.raise_window", "figure.hooks")

# All of matplotlib's own defaults under ours, so that no settings file of a user's changes a figure.
RC: Any = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith(_OF_THE_SESSION)} | {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same widths on every machine
    "font.size": FONT,
    "axes.titlesize": FONT + 1,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "text.color": INK,
    "text.parse_math": False,  # names are text, whatever signs they hold
    "text.usetex": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # said, so that it is not looked for at every drawing
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "grid.color": LINES,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": False,
    "figure.autolayout": False,
    "path.simplify": True,
    "lines.linewidth": 2.0,
    "lines.markersize": 7.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "kmsim",
}


@dataclass(frozen=True)
class Style:
    """How one policy is drawn. `colour` for lines and marks, `text` (darker) for words; `dash` and `marker` as matplotlib's.

    dash: "-" or (offset, (on, off, ...)) in line widths.

    >>> STYLES["codesigned_networks"].colour
    '#0072B2'
    """

    name: str
    colour: str
    text: str
    dash: Any
    marker: str


_SOLID, _DASHED, _DASHDOT, _LONG = "-", (0, (4, 1.6)), (0, (5, 1.4, 1, 1.4)), (0, (6, 1.8))
_DOTTED, _DASHDOTDOT, _SHORT = (0, (1, 1.3)), (0, (5, 1.2, 1, 1.2, 1, 1.2)), (0, (2, 1.1))

# The four that people will set against each other most have WORKSHOP's A to D.
STYLES: dict[str, Style] = {
    "codesigned_networks": Style("Co-designed networks", "#0072B2", "#0072B2", _SOLID, "o"),
    "targeted_networks": Style("Targeted networks", "#D55E00", "#B84A00", _DASHED, "s"),
    "coaching": Style("Coaching", "#009E73", "#00735C", _DASHDOT, "^"),
    "hub_and_spoke": Style("Hub schools", "#CC79A7", "#9C4A7A", _LONG, "D"),
    "business_as_usual": Style("Business as usual", "#6b7680", "#4a5560", _DOTTED, "X"),
    "guidance_only": Style("Guidance only", "#7A5195", "#6A4385", _SHORT, "P"),
    "national_mandate": Style("National mandate", "#E69F00", "#8A5A00", _DASHDOTDOT, "v"),
    "train_the_trainer": Style("Train the trainer", "#56B4E9", "#1F6F9F", _DASHED, "<"),
    "scripted_programme": Style("Scripted programme", "#1b2733", "#1b2733", _SOLID, "d"),
    "regional_advocates": Style("Regional advocates", "#A6447E", "#8F3269", _DASHDOT, ">"),
    "grassroots": Style("Grassroots", "#8C6D1F", "#73570F", _DOTTED, "p"),
    "peer_review": Style("Peer review", "#8B4513", "#7A3A0C", _LONG, "h"),
    "trust_led": Style("Trust-led", "#3F51A3", "#34458F", _SHORT, "*"),
    "strong_weak_pairing": Style("Strong-weak pairs", "#2F7F86", "#226168", _DASHDOTDOT, "H"),
    "test_bed_then_scale": Style("Test bed, then scale", "#0A3166", "#0A3166", _DASHED, "8"),
}
_SPARE: tuple[tuple[str, str, Any, str], ...] = (
    ("#0072B2", "#0072B2", _DOTTED, "o"),
    ("#D55E00", "#B84A00", _SOLID, "D"),
    ("#7A5195", "#6A4385", _LONG, "s"),
    ("#E69F00", "#8A5A00", _DASHED, "^"),
    ("#2F7F86", "#226168", _SOLID, "v"),
    ("#1b2733", "#1b2733", _DASHDOT, "P"),
    ("#CC79A7", "#9C4A7A", _SHORT, "h"),
)


def plain_name(policy: str) -> str:
    """A policy's name as readers see it. One that is not shipped is its own name with spaces, cut if it is very long.

    policy: any text, with the label of its network if that was replaced. Never raises.

    >>> plain_name("codesigned_networks"), plain_name("my_own-plan"), plain_name("coaching (maths_hub)")
    ('Co-designed networks', 'My own-plan', 'Coaching (maths hub)')
    """
    if policy in STYLES:
        return STYLES[policy].name
    own, label = without_label(policy)
    if label and own in STYLES:
        return f"{STYLES[own].name} ({label.replace('_', ' ')})"
    text = " ".join(str(policy).replace("_", " ").split())
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    return text[:1].upper() + text[1:] or "(no name)"


def width_of(text: str) -> float:
    """How wide a text is in a figure, in points.

    >>> 130 < width_of("Co-designed networks") < 140
    True
    """
    with mpl.rc_context(RC):
        font = FontProperties(family="DejaVu Sans", size=FONT)
        return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


@lru_cache(maxsize=256)
def short_name(policy: str, widest: float = 142.0) -> str:
    """The plain name cut to what fits beside a line. Cut names end with an ellipsis.

    widest: points.

    >>> short_name("coaching"), short_name("a_policy_with_a_name_that_never_ends")[-1]
    ('Coaching', '…')
    """
    name = plain_name(policy)
    if width_of(name) <= widest:
        return name
    while name and width_of(name + "…") > widest:
        name = name[:-1]
    return name.rstrip() + "…"


def styles(policies: Sequence[str]) -> dict[str, Style]:
    """The style of each policy, in order: a shipped policy always has its own, others get spare ones in the order they come.

    More spare policies than spare styles: the colours come again with other dashes and markers.

    >>> styles(["coaching", "mine"])["mine"].name
    'Mine'
    """
    found: dict[str, Style] = {}
    used: set[str] = set()
    own = {p: p if p in STYLES else without_label(p)[0] for p in policies}
    taken = {STYLES[p].colour for p in own.values() if p in STYLES}
    spares, spare = sorted(_SPARE, key=lambda s: s[0] in taken), 0  # colours that no other has come first
    dashes: tuple[Any, ...]
    dashes, marks = (_SOLID, _DASHED, _DASHDOT, _LONG, _DOTTED, _DASHDOTDOT, _SHORT), "osD^vPhXd*<>pH8"
    for policy in policies:
        if policy in STYLES:
            found[policy] = STYLES[policy]
            continue
        if own[policy] in STYLES and own[policy] not in used and own[policy] not in policies:
            used.add(own[policy])
            found[policy] = replace(STYLES[own[policy]], name=plain_name(policy))
            continue
        colour, text, dash, marker = spares[spare % len(spares)]
        turn = spare // len(spares)
        if turn:
            dash = dashes[(spare + turn) % len(dashes)]
            marker = marks[(spare * 4 + turn) % len(marks)]
        found[policy] = Style(plain_name(policy), colour, text, dash, marker)
        spare += 1
    return found
