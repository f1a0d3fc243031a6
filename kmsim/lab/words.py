"""What terminals show of a comparison: the scorecard and the paired differences, as aligned columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.parameters import defaults
from kmsim.posterior import point

KEY_OUTCOMES = ("doing_it_well", "sustained", "gap", "months_disadvantaged")


def columns(rows: Sequence[Sequence[str]], widest: int = 24) -> str:
    """Rows as aligned text; the first is the title row, wrapped to keep columns narrow.

    >>> print(columns([["policy", "depth"], ["coaching", "0.6"]]))
    policy    depth
    --------  -----
    coaching  0.6
    """
    titles = [[line for part in title.split("\n") for line in wrap(part, widest) or [""]] for title in rows[0]]
    height = max(map(len, titles))
    head = [[t[line] if line < len(t) else "" for t in titles] for line in range(height)]
    body = [list(row) for row in rows[1:]]
    widths = [max(len(row[c]) for row in head + body) for c in range(len(titles))]
    lines = [*head, ["-" * width for width in widths], *body]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def done_of(done: int, planned: int, failed: int) -> str:
    """How many runs are done of how many planned, how many failed and how many are missing.

    >>> done_of(9, 12, 1)
    '9 of 12 runs are done, 1 failed, 2 missing'
    """
    missing = planned - done - failed
    told = [f"{done:,} of {planned:,} runs are done"]
    told += [f"{failed:,} failed"] if failed else []
    return ", ".join(told + ([f"{missing:,} missing"] if missing > 0 else []))


def counted(number: int, one: str, more: str | None = None) -> str:
    """So many things: the number, and the word for one or for more.

    >>> counted(1, "run"), counted(4000, "run"), counted(2, "policy", "policies")
    ('1 run', '4,000 runs', '2 policies')
    """
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def stand_at(parameters: Mapping[str, float]) -> str:
    """How parameters stand, in words: where they do by default, and what was asked for instead.

    >>> stand_at({"theta": 7.5}).endswith(", but theta=7.5")
    True
    """
    usual = defaults()
    own = [f"{name}={value:g}" for name, value in parameters.items() if value != usual.get(name)]
    more = f" and {len(own) - 3} more set by hand" if len(own) > 3 else ""
    return f"{point()}, but {', '.join(own[:3])}{more}" if own else point()


def scorecard_text(c: Any) -> str:
    """The scorecard in blocks that fit a terminal, those of each practice in turn. c: a Comparison."""
    budget, seeds, draws = c.config.get("budget_gbp"), len(c.manifest["seeds"]), c.manifest.get("draws")
    parts = [
        f"{c.counts['schools']:,} schools, {c.counts['posts']:,} teachers, {c.counts['pupils']:,} pupils ({c.system_name}); "
        f"{f'{draws} draws x ' if draws else ''}{seeds} {'seed' if seeds == 1 else 'seeds'}; {c.config['years']} years, {c.config['funded_years']:g} funded a school; "
        f"budget {'each policy at its own cost' if budget is None else f'£{budget / 1e6:,.2f}m for each funded policy'}\n"
        + (
            f"mean and 90% range over {'draws' if draws else 'seeds'} ({c.label})"
            if seeds > 1 or draws
            else f"one seed, so there is no range ({c.label})"
        )
    ]
    cells = {
        (row.policy, row.practice, row.outcome): row
        for row in c.summary.rename(columns={"mean": "middle"}).itertuples()
        if SCORECARD.get(row.outcome) == row.moment
    }
    for practice, names in _by_practice(c, SCORECARD, {(outcome, practice) for _, practice, outcome in cells}):
        for at in range(0, len(names), 4):
            part = names[at : at + 4]
            titles = ["policy", *(f"{OUTCOMES[o].label}\n[{_when(c, o)}]" for o in part)]
            rows = [[p, *(_level(o, cells[p, practice, o]) for o in part)] for p in c.policies]
            parts.append(_named(c, practice) + columns([titles, *rows]))
    return "\n\n".join(parts)


def paired_text(c: Any) -> str:
    """Differences with the same seeds to business as usual and to the best mean, on the outcomes that matter most."""
    unit = "draws" if c.manifest.get("draws") else "seeds"
    parts = [f"Paired differences, same {unit} (90% range; ahead in k of n {unit})"]
    rows = {
        (row.role, row.policy, row.practice, row.outcome): row
        for row in c.paired.itertuples()
        if row.outcome in KEY_OUTCOMES and row.moment == SCORECARD[row.outcome]
    }
    if not rows:
        return "There is nothing to compare with."
    against = {(role, practice, outcome): row.against for (role, _, practice, outcome), row in rows.items()}
    for practice, names in _by_practice(c, KEY_OUTCOMES, {(outcome, practice) for _, practice, outcome in against}):
        for outcome in names:
            best = against.get(("best", practice, outcome))
            lines = [
                [f"{OUTCOMES[outcome].label}: difference", "to business as usual", "ahead", "to the best mean", "ahead"]
            ]
            for policy in c.policies:
                found = (rows.get((role, policy, practice, outcome)) for role in ("baseline", "best"))
                told = [text for row in found for text in _difference(outcome, row)]
                lines.append([policy + (" (best)" if policy == best else ""), *told])
            parts.append(_named(c, practice) + columns(lines))
    return "\n\n".join(parts)


def _by_practice(c: Any, outcomes: Iterable[str], there: set[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Practices in order, what is shared by all of them last, with those of the outcomes that each has."""
    practices = sorted(dict.fromkeys(c.summary.practice), key=lambda name: name == "all")
    found = [(practice, [o for o in outcomes if (o, practice) in there]) for practice in practices]
    return [(practice, names) for practice, names in found if names]


def _named(c: Any, practice: str) -> str:
    """The practice over its blocks, if there are several."""
    if c.summary.practice.nunique() == 1:
        return ""
    return "all practices together\n" if practice == "all" else f"{practice}\n"


def _when(c: Any, outcome: str) -> str:
    if outcome in ("sustained", "sustained_ratio"):
        return "after its own funding"
    return f"year {c.funding_end if SCORECARD[outcome] == 'funding_end' else c.config['years']:g}"


def _level(outcome: str, row: Any) -> str:
    """A mean with its range."""
    return spanned(shown_by(outcome), row.middle, row.low, row.high, row.n)


def shown_by(outcome: str) -> Callable[[float], str]:
    """How a value of an outcome is written: a gap, being a difference, in points with its sign.

    >>> shown_by("gap")(0.05), shown_by("doing_it_well")(0.05)
    ('+5.0 pts', '5.0%')
    """
    return OUTCOMES[outcome].show_change if outcome == "gap" else OUTCOMES[outcome].show


def _difference(outcome: str, row: Any) -> tuple[str, str]:
    if row is None or not np.isfinite(row.difference):
        return "-", "-"
    text = spanned(OUTCOMES[outcome].show_change, row.difference, row.low, row.high, row.n)
    return text, f"{row.ahead} of {row.n}"


def spanned(show: Callable[[float], str], mean: float, low: float, high: float, n: int) -> str:
    """A mean with its range, the unit once where it can be. No range over one run.

    >>> spanned(shown_by("depth"), 0.5, 0.4, 0.6, 20), spanned(shown_by("depth"), 0.5, 0.5, 0.5, 1)
    ('0.50 (0.40 to 0.60)', '0.50')
    """
    if n < 2:
        return show(mean)
    if low == high and not np.isclose(mean, low, rtol=1e-9, atol=0):
        return f"{show(mean)} ({show(low)} in nearly all)"
    first, last = show(low), show(high)
    for unit in ("%", " pts"):
        if first.endswith(unit) and last.endswith(unit):
            first, last = first.removesuffix(unit), last if unit == "%" else last.removesuffix(unit)
    return f"{show(mean)} ({first} to {last})"
