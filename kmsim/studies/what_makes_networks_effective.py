"""What makes networks effective? Shapley values of ten features on each outcome, seed by seed, and each feature alone and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kmsim.evidence.factorial import shapley
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.report.frames import ENOUGH, shown_cell, shown_difference
from kmsim.report.style import RC, plain_name
from kmsim.studies import drawing
from kmsim.studies.page import Said, row, table
from kmsim.studies.running import Found, Values
from kmsim.studies.telling import UNTOLD, cell, difference, difference_cell, difference_words, listed, percent

ARM = "networks"
LASTING = "sustained"
# Outcome -> the moment it is read at, and its title in figure and table.
READ = {
    "spread_teachers": ("funding_end", "Spread"),
    "doing_it_well": ("funding_end", "Doing it well"),
    LASTING: ("end", "Still well 3 years on"),
    "ownership": ("funding_end", "Ownership"),
    "cluster_vitality": ("end", "Clusters alive"),
    "attainment_disadvantaged_sd": ("end", "Poorer pupils"),
    "cost_per_pupil_gbp": ("end", "Cash"),
}
NAMES = {"cpd": "CPD", "novelty": "Something new", "cluster_size": "Small network"}


def tell(found: Found) -> Said:
    """Which features carry which outcome, how far they work only together, and what a scripted practice changes."""
    v = found["features"]
    features = features_of(v)
    finding = [_carried(v, outcome) for outcome in READ if outcome != "cost_per_pupil_gbp"]
    finding += [_review(v), _together(v), _idle(v)]
    return Said([text for text in finding if text], _changes(found, features), [_shares_table(v), _alone_table(v)])


def features_of(v: Values) -> list[str]:
    """The features that are on and off, in the order in which they vary."""
    return [key.rpartition(".")[2] for key, values in v.part.vary.items() if len(values) == 2]


def named(feature: str) -> str:
    """A feature as readers know it.

    >>> named("cpd"), named("external_expertise")
    ('CPD', 'External expertise')
    """
    return NAMES.get(feature, plain_name(feature))


def games(v: Values, outcome: str) -> np.ndarray:
    """An outcome of every combination of features, off before on, the first varying slowest: (seeds, combinations).

    Where nobody uses the practice there is no depth or ownership: it counts as none.
    """
    return np.nan_to_num(v.all(outcome, READ[outcome][0])[v.arms.index(ARM)]).T


def worth(v: Values, outcome: str) -> np.ndarray:
    """Shapley values, seed by seed: (seeds, features). A row adds up to what all features on give over all off."""
    return np.array([shapley(game) for game in games(v, outcome)])


def shares(v: Values, outcome: str) -> np.ndarray:
    """Shapley values as shares of what all features together add; NaN in a seed in which they add nothing."""
    values = worth(v, outcome)
    whole = values.sum(axis=1, keepdims=True)
    return values / np.where(np.abs(whole) > 1e-9, whole, np.nan)


def alone(v: Values, outcome: str) -> np.ndarray:
    """What each feature adds to none of the others: (seeds, features)."""
    game = games(v, outcome)
    count = len(features_of(v))
    return np.stack([game[:, 1 << (count - 1 - i)] - game[:, 0] for i in range(count)], axis=1)


def left_out(v: Values, outcome: str) -> np.ndarray:
    """What is lost without each feature where all others are on: (seeds, features)."""
    game = games(v, outcome)
    count = len(features_of(v))
    return np.stack([game[:, -1] - game[:, -1 - (1 << (count - 1 - i))] for i in range(count)], axis=1)


def order(values: np.ndarray) -> list[int]:
    """Places of features by their means over seeds, the largest first."""
    means = np.nanmean(values, axis=0) if np.isfinite(values).any() else np.zeros(values.shape[1])
    return [int(i) for i in np.argsort(-means, kind="stable")]


def _carried(v: Values, outcome: str) -> str:
    """The features that carry an outcome: the first, those the runs cannot tell from it, and how many make up four fifths."""
    part, features = shares(v, outcome), features_of(v)
    title = READ[outcome][1]
    if not np.isfinite(part).any():
        return f"**{title}.** All features together add nothing."
    first, *rest = order(part)
    together = [i for i in rest if not difference(part[:, first], part[:, i]).told]
    if len(part) < ENOUGH:
        sure = f"{len(part)} seeds are too few to tell the order"
    elif together and len(together) < len(rest):
        sure = f"the runs cannot tell it from {listed([named(features[i]) for i in together])}"
    else:
        sure = (
            "none can be told from another"
            if together
            else f"next {named(features[rest[0]])} with {percent(cell(part[:, rest[0]]))}"
        )
    means = np.nanmean(part, axis=0)
    ranked = [first, *rest]
    most = int(np.searchsorted(np.cumsum(means[ranked]), 0.8)) + 1
    game = games(v, outcome)
    off, on = cell(game[:, 0]), cell(game[:, -1])
    carriers = listed([named(features[i]) for i in ranked[: min(most, len(ranked))]])
    return (
        f"**{title}**, {OUTCOMES[outcome].show(off.mean)} with all off, {shown_cell(outcome, on)} with all on: {named(features[first])} has the largest "
        f"share, {percent(cell(part[:, first]))}; {sure}. Four fifths are {carriers}."
    )


REVIEW = (("cpd", "spread_teachers", "transfer"), ("ownership", "cluster_vitality", "sustained collaboration"))


def _review(v: Values) -> str:
    """Whether what the review leads one to expect (F02) came out: CPD carries transfer, ownership sustains collaboration."""
    said, features = [], features_of(v)
    for feature, outcome, what in REVIEW:
        part = shares(v, outcome)
        if feature not in features or not np.isfinite(part).any():
            continue
        i = features.index(feature)
        rival = next(j for j in order(part) if j != i)
        d = difference(part[:, i], part[:, rival])
        verdict = {1: "comes out", -1: "does NOT come out", 0: "cannot be told"}[d.sign]
        beside = f"{percent(cell(part[:, i]))} against {named(features[rival])}'s {percent(cell(part[:, rival]))}"
        said.append(
            f"that {named(feature)} has the largest share of {what} ({READ[outcome][1].lower()}) {verdict}: {beside}"
        )
    return f"**The review's expectation** (F02, built in): {'; '.join(said)}." if said else ""


def _together(v: Values) -> str:
    """Whether features work alone: the sum of what each adds alone against what all add together."""
    game = games(v, LASTING)
    whole, single = game[:, -1] - game[:, 0], alone(v, LASTING)
    best = order(single)[0]
    return (
        f"**Alone or together?** On what lasts (still doing it well three years on), all features together add {difference_words(LASTING, difference(whole))}; "
        f"each switched on alone, they add {difference_words(LASTING, difference(single.sum(axis=1)))} in all, the most by {named(features_of(v)[best])}: "
        f"{difference_words(LASTING, difference(single[:, best]))}."
    )


def _idle(v: Values) -> str:
    """The features whose Shapley value the runs cannot tell from nought, or that do harm, outcome by outcome."""
    features = features_of(v)
    idle, harm = [], []
    for outcome in READ:
        if outcome == "cost_per_pupil_gbp":
            continue
        values = worth(v, outcome)
        for i, feature in enumerate(features):
            d = difference(values[:, i])
            if d.n >= ENOUGH and not d.told:
                idle.append((feature, READ[outcome][1].lower()))
            elif d.sign < 0:
                harm.append((feature, f"{READ[outcome][1].lower()} ({shown_difference(outcome, d.mean)})"))
    said = [f"{named(f)} on {listed([what for g, what in idle if g == f])}" for f in dict.fromkeys(f for f, _ in idle)]
    lost = [f"{named(f)} on {listed([what for g, what in harm if g == f])}" for f in dict.fromkeys(f for f, _ in harm)]
    if not said and not lost:
        return ""
    parts = [f"The runs cannot tell from nought: {'; '.join(said)}."] if said else []
    parts += [f"Below nought beyond chance: {'; '.join(lost)}."] if lost else []
    return f"**Nothing, or less.** {' '.join(parts)}"


def _changes(found: Found, features: Sequence[str]) -> list[str]:
    """What money says, and what a scripted practice does to the order."""
    v, other = found["features"], found["scripted"]
    said = []
    cash, lasting = shares(v, "cost_per_pupil_gbp"), shares(v, LASTING)
    if np.isfinite(cash).any() and np.isfinite(lasting).any():
        gaps = [difference(lasting[:, i], cash[:, i]) for i in range(len(features))]
        dear = [named(f) for f, gap in zip(features, gaps, strict=True) if gap.sign < 0]
        cheap = [named(f) for f, gap in zip(features, gaps, strict=True) if gap.sign > 0]
        said.append(
            f"Money. Of what lasts, {listed(cheap)} {'brings' if len(cheap) == 1 else 'bring'} a larger share than {'it takes' if len(cheap) == 1 else 'they take'} of the cash, "
            f"{listed(dear)} a smaller one."
        )
    own = features_of(other)
    here = {f: cell(_among(v, own)[:, i]).mean for i, f in enumerate(own)}
    there = {f: cell(shares(other, LASTING)[:, i]) for i, f in enumerate(own)}
    gained = [(f, there[f]) for f in own if there[f].known]
    if gained:
        told = [f"{named(f)} {percent(c)} instead of {100 * here[f]:.0f}%" for f, c in gained]
        said.append(
            f"A scripted practice. Of what lasts, shares are then: {'; '.join(told)} (the other features all on)."
        )
    return said


def _among(v: Values, own: Sequence[str]) -> np.ndarray:
    """Shares of what lasts among some features, where all others are on: (seeds, features)."""
    features = features_of(v)
    game = games(v, LASTING).reshape(-1, *(2,) * len(features))
    at = tuple(slice(None) if f in own else 1 for f in features)
    few = game[(slice(None), *at)].reshape(len(game), -1)
    values = np.array([shapley(seed) for seed in few])
    whole = values.sum(axis=1, keepdims=True)
    return values / np.where(np.abs(whole) > 1e-9, whole, np.nan)


Rows = tuple[str, list[str], list[list[str]]]


def _shares_table(v: Values) -> Rows:
    features = features_of(v)
    every: Mapping[str, np.ndarray] = {outcome: shares(v, outcome) for outcome in READ}
    rows = [
        [named(features[i]), *(percent(cell(every[outcome][:, i])) for outcome in READ)] for i in order(every[LASTING])
    ]
    return (
        "Each feature's share (Shapley) of what all add together",
        ["Feature", *(title for _, title in READ.values())],
        rows,
    )


def _alone_table(v: Values) -> Rows:
    features = features_of(v)
    columns = (alone(v, LASTING), worth(v, LASTING), left_out(v, LASTING))
    rows = [
        [named(features[i]), *(difference_cell(LASTING, difference(column[:, i])) for column in columns)]
        for i in order(columns[1])
    ]
    return (
        f"What lasts (still doing it well three years on), percentage points; {UNTOLD}",
        ["Feature", "Added alone", "Shapley value", "Lost if left out"],
        rows,
    )


def numbers(found: Found) -> pd.DataFrame:
    """Every share and value: feature, what, outcome, mean, low, high, n; values in the outcome's own unit."""
    v = found["features"]
    rows = []
    for outcome in READ:
        for what, of in (
            ("share", shares),
            ("shapley value", worth),
            ("added alone", alone),
            ("lost if left out", left_out),
        ):
            values = of(v, outcome)
            rows += [row(cell(values[:, i]), outcome, feature=f, what=what) for i, f in enumerate(features_of(v))]
    return table(rows)


def draw(found: Found) -> Figure:
    """Each feature's share of each outcome, with its range over seeds, the features that matter most for what lasts on top."""
    v = found["features"]
    features = features_of(v)
    every = {outcome: shares(v, outcome) for outcome in READ}
    rows = [named(features[i]) for i in order(every[LASTING])]
    with mpl.rc_context(RC):
        fig = drawing.page(found, 2.6 + 0.36 * len(rows), ("Broad bar", "Thin line"))
        columns = [
            drawing.Column(
                READ[outcome][1],
                {named(f): cell(every[outcome][:, i]) for i, f in enumerate(features)},
                100,
                True,
                True,
            )
            for outcome in READ
        ]
        drawing.grid(
            fig,
            rows,
            columns,
            (0.15, 1.15, drawing.WIDTH - 0.3, 0.36 * len(rows)),
            "Share of what all features together add, %",
            same=True,
        )
    return fig
