"""The report: one self-contained HTML page on a comparison, with no script and no outside request.

`render` makes its text, `write` puts it in a file. The same comparison gives the same bytes: no time, no chance ids.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from kmsim.errors import KmsimError
from kmsim.evidence import standing
from kmsim.outcomes.definitions import MONTHS, OUTCOMES, SCORECARD
from kmsim.parameters import PARAMETERS
from kmsim.policies.policy import without_label
from kmsim.report import figures, frames, words
from kmsim.report.frames import Comparison, shown, shown_year
from kmsim.report.style import STYLES, Style, plain_name, styles
from kmsim.report.tables import Table, brief_range, outcomes_table, tables
from kmsim.strict_yaml import to_yaml

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


WRONG = {
    "VAL": "Of its failures these are tests, findings that were never fitted:",
    "CAL": "These it was fitted to, and still misses:",
    "built in": "These are what the rules themselves were made to show, and do not:",
}


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
    practices, look, where = frames.practices(c), styles(c.policies), standing.read()
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
        outcomes=outcomes_table(c),
        parameters=_parameters_words(),
        from_memory=[OUTCOMES[o].label for o in OUTCOMES if "from memory" in OUTCOMES[o].source],
        by_hand="set by hand" in c.label,
        draws=int(c.manifest.get("draws", 0)),
        runs_each=len(c.manifest.get("seeds", ())),
        ticks=TICK_NAMES.get(c.config.get("ticks_per_year", 6), f"{c.config.get('ticks_per_year')} steps a year"),
        origin=_origin(c),
        config=_dump(c.config),
        plain_name=plain_name,
        standing=where,
        wrong=[(kind, told) for kind, told in WRONG.items() if where.failures(kind)],
        left_out=_left_out(c),
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
                    "range": brief_range(outcome, found),
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
                "tables": [replace(t, caption=frames.said(c, t.caption)) for t in tables(c, practice, name, one.table)],
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


# -- method and origin ----------------------------------------------------------
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


def _left_out(c: Comparison) -> list[str]:
    """The shipped policies that were not compared; none if one of those compared is not shipped."""
    own = {without_label(p)[0] for p in c.policies}
    return [plain_name(p) for p in STYLES if p not in own] if own <= set(STYLES) else []


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
        ("From its folder", "kmsim rerun FOLDER, the folder in which this report was written"),
        ("kmsim version", m.get("version")),
        ("Model fingerprint", m.get("model")),
        ("Git commit", m.get("git_hash")),
        ("Config hash", m.get("config_hash")),
        ("Seeds", _seed_words(m.get("seeds", ()))),
        ("Python", m.get("python")),
        ("Packages", ", ".join(f"{k} {v}" for k, v in sorted(dict(m.get("packages") or {}).items()))),
    ]
    return [
        (name, str(value) if not isinstance(value, list | tuple) else shlex.join(map(str, value)))
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
        return to_yaml(config)
    except KmsimError:
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


__all__ = ["render", "scorecard", "swatch", "write"]
