"""The report: one self-contained HTML page on a comparison, with no script and no outside request.

`render` makes its text, `write` puts it in a file. The same comparison gives the same bytes: no time, no chance ids.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml
from markupsafe import Markup

from kmsim.errors import KmsimError
from kmsim.evidence import standing
from kmsim.outcomes.definitions import MONTHS, OUTCOMES, SCORECARD
from kmsim.parameters import PARAMETERS
from kmsim.report import figures, frames, words
from kmsim.report.figures import four_dimensions, ranking
from kmsim.report.frames import Comparison, k_of_n, shown, shown_cell, shown_range, shown_year
from kmsim.report.style import Style, plain_name, styles

TITLES = {
    "fan_chart": "Does it take hold, and does it stay?",
    "four_dimensions": "How wide, how deep, how lasting, whose own?",
    "paired_differences": "Is it better than business as usual?",
    "cost_effect": "What does it cost?",
    "gap": "Who is left behind?",
    "ranking": "How sure is the ranking?",
}
TICK_NAMES = {6: "half-terms", 12: "months", 39: "school weeks", 52: "weeks"}
GRADES = {
    "measured": "measured",
    "derived": "derived from measurements",
    "judged": "judged",
    "free": "free, to be calibrated",
}


@dataclass(frozen=True)
class Table:
    """A table of a page: a caption, heads of columns (the first is the rows' own) and rows; the first cell names its row.

    A cell is a text, or several that stand under each other.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def write(c: Comparison, path: str | Path, drawn: figures.Drawn | None = None) -> Path:
    """Write the report to a file in UTF-8, in a folder that exists. Returns the path.

    drawn: from `figures.draw_all`, if it is there already. Raises KmsimError if the file cannot be written.

    >>> write(comparison, "report.html")  # doctest: +SKIP
    PosixPath('report.html')
    """
    path = Path(path)
    text = render(c, drawn)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise KmsimError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from None
    return path


def render(c: Comparison, drawn: figures.Drawn | None = None) -> str:
    """The report as HTML text: headline, scorecard, figures with their tables, method, limits, how to reproduce.

    c: what `compare` returns, or anything like it (see `frames.Comparison`). Every text in it is escaped. drawn: from
    `figures.draw_all`, if it is there already.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("kmsim.report").joinpath("template.html").read_text(encoding="utf-8"))
    drawn = drawn or figures.draw_all(c)
    c = frames.read(c)
    practices, look = frames.practices(c), styles(c.policies)
    return template.render(
        c=c,
        place=frames.place(c),
        seeds=frames.seeds(c),
        parts=[_part(c, practice, i, drawn) for i, practice in enumerate(practices)],
        practices=[_practice_card(c, practice) for practice in practices],
        policies=[(plain_name(p), p, c.policy_summaries.get(p, ""), swatch(look[p])) for p in c.policies],
        funding_end=shown_year(c.funding_end),
        months_table=Table(
            "The EEF's conversion, as the model has it",
            ["Effect, SD", "Months of progress"],
            [[f"{sd:g}", f"{m:g}"] for sd, m in MONTHS],
        ),
        outcomes=_outcomes_table(c),
        parameters=_parameters_words(),
        from_memory=[OUTCOMES[o].label for o in OUTCOMES if "from memory" in OUTCOMES[o].source],
        by_hand="set by hand" in c.label,
        draws=int(c.manifest.get("draws", 0)),
        runs_each=len(c.manifest.get("seeds", ())),
        ticks=TICK_NAMES.get(c.config.get("ticks_per_year", 6), f"{c.config.get('ticks_per_year')} steps a year"),
        origin=_origin(c),
        config=_dump(c.config),
        plain_name=plain_name,
        standing=standing.read(),
    )


def swatch(style: Style) -> Markup:
    """A policy's dash and marker as a small picture for a table; the name stands beside it, so readers are told nothing twice."""
    dash = "" if style.dash == "-" else ' stroke-dasharray="' + " ".join(f"{2.2 * x:g}" for x in style.dash[1]) + '"'
    return Markup(
        f'<svg class="swatch" viewBox="0 0 44 16" width="44" height="16" aria-hidden="true" focusable="false">'
        f'<path d="M1 8H43" fill="none" stroke="{style.colour}" stroke-width="2.2"{dash}/>'
        f'<path d="{_outline(style.marker)}" fill="{style.colour}" stroke="white" stroke-width="0.8"/></svg>'
    )


def scorecard(c: Comparison, practice: str) -> dict[str, Any]:
    """The scorecard of a practice: groups of columns by moment, and for each policy its cells.

    Returns groups [(title, number of columns)], columns [(label, unit, meaning)] and rows [(name, cells)]; a cell has mean,
    range, sd (for months) and leads (best mean, or not to be told apart from it).
    """
    there = [o for o in SCORECARD if frames.has(c, o)]
    order = [o for o in there if SCORECARD[o] == "funding_end"] + [o for o in there if SCORECARD[o] == "end"]
    leaders = {o: words.leading(c, practice, o, SCORECARD[o]) for o in order}
    end, last = shown_year(frames.moment_year(c, "funding_end")), shown_year(frames.moment_year(c, "end"))
    groups = [(f"When all funding had ended (year {end})", "funding_end"), (f"Later (year {last} unless said)", "end")]
    rows = []
    for policy in c.policies:
        cells = []
        for outcome in order:
            found = frames.cell(c, practice, policy, outcome, SCORECARD[outcome])
            cells.append(
                {
                    "mean": shown(outcome, found.mean).removesuffix(" points"),
                    "range": _brief_range(outcome, found),
                    "sd": _sd(c, practice, policy, outcome),
                    "leads": policy in leaders[outcome],
                }
            )
        rows.append((policy, cells))
    return {
        "groups": [(title, n) for title, moment in groups if (n := sum(SCORECARD[o] == moment for o in order))],
        "columns": [(_column(o), OUTCOMES[o].meaning) for o in order],
        "rows": rows,
    }


def _column(outcome: str) -> str:
    return {
        "spread_teachers": "Spread: teachers",
        "spread_schools": "Spread: schools",
        "sustained": "Still doing it well, 3 years after funding",
        "gap": "Gap, % points",
        "months": "Months: all pupils",
        "months_disadvantaged": "Months: disadvan­taged",
        "cost_gbp": "Cash in all",
        "cost_per_pupil_gbp": "Cash a pupil",
    }.get(outcome, OUTCOMES[outcome].label)


def _brief_range(outcome: str, found: frames.Cell) -> str:
    if not found.known:
        return ""
    if found.n < 2:
        return "one seed"
    if found.low == found.high:
        return "same in all"
    return shown_range(outcome, found.low, found.high).removesuffix(" points").replace("£", "")


def _sd(c: Comparison, practice: str, policy: str, outcome: str) -> str:
    name = {"months": "attainment_sd", "months_disadvantaged": "attainment_disadvantaged_sd"}.get(outcome)
    if name is None or not frames.has(c, name):
        return ""
    found = frames.cell(c, practice, policy, name, SCORECARD[outcome])
    return f"{shown(name, found.mean)} SD" if found.known else ""


# -- figures with their tables ------------------------------------------------
def _part(c: Comparison, practice: str, number: int, drawn: figures.Drawn) -> dict[str, Any]:
    """All that the page says of one practice."""
    tail = "" if number == 0 else f"_{number + 1}"
    shown_figures = []
    for name in figures.FIGURES:
        if (name, practice) not in drawn:
            continue
        one, title = drawn[name, practice], TITLES[name]
        shown_figures.append(
            {
                "id": name.replace("_", "-") + tail,
                "title": title,
                "svg": Markup(one.svg(f"{title} The caption says what the figure shows.")),
                "words": one.words,
                "tables": [
                    replace(t, caption=frames.said(c, t.caption)) for t in _tables(c, practice, name, one.table)
                ],
            }
        )
    return {
        "practice": practice,
        "name": plain_name(practice),
        "tail": tail,
        "headline": words.headline(c, practice),
        "scorecard": scorecard(c, practice),
        "figures": shown_figures,
    }


def _tables(c: Comparison, practice: str, name: str, frame: pd.DataFrame) -> list[Table]:
    if name in ("fan_chart", "gap"):
        outcome = "doing_it_well" if name == "fan_chart" else "gap"
        return [_by_year(c, frame, outcome, f"{OUTCOMES[outcome].label} by year: mean and 90% range")]
    if name == "four_dimensions":
        made = []
        for outcome, title, axis, _ in four_dimensions.DIMENSIONS:
            what = axis.removesuffix(", %").format(year=shown_year(frames.moment_year(c, "funding_end")))
            made.append(_by_year(c, frame[frame.outcome == outcome], outcome, f"{title} ({what}): mean and 90% range"))
        return made
    if name == "ranking":
        return _ranking_tables(frame)
    if name == "cost_effect":
        return [_cost_table(c, frame), *_ledger(c)]
    return _paired_tables(c, practice)


def _by_year(c: Comparison, frame: pd.DataFrame, outcome: str, caption: str) -> Table:
    """Whole years down, policies across."""
    frame = frame[np.isclose(frame.year.astype(float) % 1, 0)] if len(frame) else frame
    cells = {
        (r.policy, r.year): frames.Cell(r.low if r.n == 0 else r.average, r.low, r.high, int(r.n))
        for r in frame.rename(columns={"mean": "average"}).itertuples()
    }
    years = sorted({year for _, year in cells})
    rows = [[shown_year(y), *(_lines(outcome, cells.get((p, y), frames.NOTHING)) for p in c.policies)] for y in years]
    return Table(
        caption + (", percentage points" if outcome == "gap" else ""),
        ["Year", *(plain_name(p) for p in c.policies)],
        rows,
    )


def _lines(outcome: str, found: frames.Cell) -> tuple[str, ...]:
    """Mean and range, under each other."""
    mean = shown(outcome, found.mean).removesuffix(" points")
    return (mean, _brief_range(outcome, found)) if found.known else (mean,)


def _ranking_tables(frame: pd.DataFrame) -> list[Table]:
    """An outcome each: the mean, what parameters and what chance alone do to it, how often a policy is best, and its regret."""
    made = []
    for outcome, part in frame.groupby("outcome", sort=False):
        name = str(outcome)
        rows = [
            [
                plain_name(r.policy),
                shown(name, r.mean).removesuffix(" points"),
                shown_range(name, r.low, r.high),
                shown_range(name, r.chance_low, r.chance_high),
                k_of_n(r.best, r.draws) if r.draws else "n/a",
                ranking.amount(name, r.regret),
            ]
            for r in part.rename(columns={"mean": "average"}).assign(mean=part["mean"]).itertuples()
        ]
        heads = [
            "Policy",
            "Mean",
            "90% range over parameters",
            "90% range of chance alone",
            "Best in draws",
            "Expected regret",
        ]
        made.append(Table(f"{OUTCOMES[name].label}: what is sure of it", heads, rows))
    return made


def _cost_table(c: Comparison, frame: pd.DataFrame) -> Table:
    rows = []
    for r in frame.itertuples():
        when = (
            "When all funding had ended"
            if r.panel == "funding_end"
            else "Three years after funding"
            if r.outcome == "sustained"
            else "At the end"
        )
        seeds = frames.seeds(c)
        cost = frames.Cell(r.cost, r.cost_low, r.cost_high, seeds)
        effect = frames.Cell(r.effect, r.effect_low, r.effect_high, seeds)
        rows.append(
            [
                plain_name(r.policy),
                when,
                shown_cell("cost_per_pupil_gbp", cost),
                shown_cell(r.outcome, effect),
                "yes" if r.frontier else "no",
            ]
        )
    return Table(
        "Cost and effect: mean and 90% range",
        ["Policy", "Moment", "Cash a pupil", "Doing it well", "On the frontier (by means)"],
        rows,
    )


def _ledger(c: Comparison) -> list[Table]:
    """What the money went on, where the manifest has it: means over seeds, categories that any policy pays for."""
    ledger = c.manifest.get("ledger_gbp")
    if not isinstance(ledger, Mapping) or not ledger:
        return []
    used = [
        k
        for k in dict.fromkeys(k for lines in ledger.values() for k in lines)
        if any(lines.get(k, 0) > 0 for lines in ledger.values())
    ]
    if not used:
        return []
    rows = [[plain_name(p), *(f"£{float(ledger[p].get(k, 0)):,.0f}" for k in used)] for p in c.policies if p in ledger]
    return [Table("What the money went on, mean over seeds", ["Policy", *(plain_name(k) for k in used)], rows)]


def _paired_tables(c: Comparison, practice: str) -> list[Table]:
    """Differences to business as usual and to the best, at the scorecard's moments, with the seeds in which each is ahead."""
    made = []
    there = [o for o in SCORECARD if frames.has(c, o)]
    for role, against in (("baseline", "business as usual"), ("best", "the best mean on each outcome")):
        rows, policies = [], [p for p in c.policies if role == "best" or p != frames.BASELINE]
        for outcome in there:
            part = frames.of_practice(c.paired, practice, outcome) if len(c.paired) else c.paired
            if not len(part):
                continue
            part = part[(part.role == role) & (part.moment == SCORECARD[outcome])]
            if part.empty:
                continue
            found = {row.policy: row for row in part.itertuples()}
            rival = part.against.iloc[0]
            cells = [("best",) if p == rival else _paired_cell(found.get(p), outcome) for p in policies]
            rows.append([OUTCOMES[outcome].label, *cells])
        if rows:
            made.append(
                Table(
                    f"Difference to {against}: mean, 90% range, seeds in which the policy is ahead (k of n)",
                    ["Outcome", *(plain_name(p) for p in policies)],
                    rows,
                )
            )
    return made


def _paired_cell(row: Any, outcome: str) -> tuple[str, ...]:
    """Mean, range and seeds ahead, from a row of the paired frame; a dash if there is none."""
    if row is None:
        return ("–",)
    if not np.isfinite(row.difference):
        return ("n/a",)
    mean = frames.shown_difference(outcome, row.difference)
    if row.n < 2:
        return mean, "one seed"
    if row.low == row.high == row.difference == 0:
        return mean, f"equal in all {int(row.n)}"
    return (
        mean,
        frames.shown_difference_range(outcome, row.low, row.high).removesuffix(" points").replace("£", ""),
        k_of_n(row.ahead, row.n),
    )


# -- method and origin ----------------------------------------------------------
def _outcomes_table(c: Comparison) -> Table:
    rows = [[o.label, o.meaning, o.formula, o.unit, o.source] for o in OUTCOMES.values() if frames.has(c, o.name)]
    return Table("What each outcome is", ["Outcome", "What it means", "Formula", "Unit", "Source"], rows)


def _practice_card(c: Comparison, practice: str) -> dict[str, Any]:
    """What is known of a practice: from the configuration, else from the shipped file."""
    named = c.config.get("practice", c.config.get("practices"))
    found = next(
        (
            p
            for p in (named if isinstance(named, list | tuple) else [named])
            if isinstance(p, Mapping) and p.get("name") == practice
        ),
        None,
    )
    if found is None:
        from kmsim import configuration

        try:
            found = configuration.read("practice", practice)
        except KmsimError:
            found = {}
    return {
        "name": plain_name(practice),
        "summary": found.get("summary", ""),
        "effect": found.get("effect"),
        "source": found.get("source", ""),
        "padlocks": found.get("evidence_strength"),
    }


def _parameters_words() -> str:
    """How the model's numbers are founded, counted from the parameter table."""
    counts = Counter(p.grade for p in PARAMETERS.values())
    told = [f"{counts[g]} are {text}" for g, text in GRADES.items() if counts[g]]
    return f"Of the model's {len(PARAMETERS)} numbers, " + ", ".join(told[:-1]) + f" and {told[-1]}."


def _origin(c: Comparison) -> list[tuple[str, str]]:
    """What a reader needs to make the same numbers again; no time, which stands in manifest.json."""
    m = c.manifest
    rows = [
        ("Command", m.get("command")),
        ("kmsim version", m.get("version")),
        ("Model fingerprint", m.get("model")),
        ("Git commit", m.get("git_hash")),
        ("Config hash", m.get("config_hash")),
        ("Seeds", _seed_words(m.get("seeds", ()))),
        ("Python", m.get("python")),
        ("Packages", ", ".join(f"{k} {v}" for k, v in sorted(dict(m.get("packages") or {}).items()))),
    ]
    return [
        (name, str(value) if not isinstance(value, list | tuple) else " ".join(map(str, value)))
        for name, value in rows
        if value
    ]


def _seed_words(seeds: Sequence[int]) -> str:
    """Seeds in brief.

    >>> _seed_words([1, 2, 3]), _seed_words([1, 5])
    ('1 to 3', '1, 5')
    """
    seeds = list(seeds)
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _dump(config: Mapping[str, Any]) -> str:
    try:
        return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    except yaml.YAMLError:
        return json.dumps(config, indent=2, default=str)


def _outline(marker: str) -> str:
    """A marker as an SVG path around (22, 8), from matplotlib's own shape."""
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    points = []
    for polygon in map(np.asarray, path.to_polygons()):
        points.append("M" + "L".join(f"{22 + 10 * x:.2f} {8 - 10 * y:.2f}" for x, y in polygon) + "Z")
    return "".join(points)


__all__ = ["Table", "render", "scorecard", "swatch", "write"]
