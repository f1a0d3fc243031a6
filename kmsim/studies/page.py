"""A study's README: the template readme.md filled with words computed from the runs, beside its figure and numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import pandas as pd

from kmsim.errors import KmsimError
from kmsim.evidence import standing
from kmsim.fingerprint import VERSION
from kmsim.lab.provenance import asked_with, versions
from kmsim.lab.spreadsheets import write_csv
from kmsim.report.codebook import table as as_table
from kmsim.report.figures.saving import drawing, pixels, write_png
from kmsim.report.frames import Cell
from kmsim.report.style import plain_name
from kmsim.studies.config import Part, Study
from kmsim.studies.drawing import place
from kmsim.studies.running import Found, Values

FILES = ("README.md", "figure.png", "figure.svg", "numbers.csv")


@dataclass(frozen=True)
class Said:
    """What a study says: findings, and what would change them as far as runs can tell, each a paragraph of Markdown; and tables.

    tables: caption, heads and rows of each.
    """

    finding: Sequence[str]
    changes: Sequence[str]
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = ()


def module_of(study: Study) -> ModuleType:
    """The module that measures, draws and tells a study: `tell`, `draw` and `numbers`, each of what was found."""
    return import_module(f"kmsim.studies.{study.name[3:]}")


def write(found: Found, folder: str | Path) -> Path:
    """Write README.md, figure.png, figure.svg and numbers.csv into a folder that exists. Returns the folder.

    The same runs give the same bytes. Raises KmsimError where the disk refuses.
    """
    folder, study = Path(folder), module_of(found.study)
    text = readme(found)
    drawn = drawing(study.draw(found), found.study.number, study.numbers(found), alternative(found))
    try:
        (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
        (folder / "figure.svg").write_text(drawn.svg(drawn.words, standalone=True), encoding="utf-8", newline="\n")
        write_png(pixels(drawn.figure), folder / "figure.png")
        write_csv(drawn.table, folder / "numbers.csv")
    except OSError as error:
        raise KmsimError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return folder


def readme(found: Found) -> str:
    """The README as Markdown. Nothing in it is typed by hand but the config's question, design and caveats."""
    environment = jinja2.Environment(
        autoescape=False, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # Markdown, of our own words
    template = environment.from_string(files("kmsim.studies").joinpath("readme.md").read_text(encoding="utf-8"))
    study, first = found.study, next(iter(found.parts.values()))
    return template.render(
        study=study,
        said=module_of(study).tell(found),
        as_table=as_table,
        alternative=alternative(found),
        parts=[_part(values) for values in found.parts.values()],
        runs=found.runs,
        label=found.label,
        command=f"kmsim study {study.number}" + ("" if study.size == "full" else f" size={study.size}"),
        standing=standing.read(),
        version=VERSION,
        model=first.plan.model,
    )


def alternative(found: Found) -> str:
    """What the figure shows, for those who do not see it: the first finding, as plain text."""
    return f"{found.study.title}: " + module_of(found.study).tell(found).finding[0].replace("**", "")


def _part(values: Values) -> dict[str, str]:
    part, settings = values.part, values.plan.settings
    counts = values.counts()
    varied = [
        f"{_key(key)} {', '.join(_value(v) for v in choices)}" for key, choices in part.vary.items() if len(choices) > 1
    ]
    if part.scale:
        varied.append(f"{_listed(part.scale['parameters'])} times {', '.join(f'{by:g}' for by in part.scale['by'])}")
    return {
        "name": part.name,
        "system": f"{place(settings['system'])}: {counts['schools']:,} schools, {counts['posts']:,} teachers, {counts['pupils']:,} pupils",
        "arms": "; ".join(plain_name(arm) for arm in part.arms),
        "varied": "; ".join(varied) or "nothing else",
        "years": f"{settings['years']} years"
        + (f", {settings['funded_years']:g} funded" if "funded_years" in settings else ""),
        "money": _money(values),
        "seeds": str(values.seeds),
        "runs": f"{len(values.plan):,}",
    }


def _money(values: Values) -> str:
    settings = values.plan.settings
    each = settings["parameters"].get("budget_per_pupil")
    if settings["budget"] is None:
        return "each arm at its own cost"
    return (
        "as varied"
        if each is None
        else f"£{each:g} a pupil"
        if settings["budget"] == "auto"
        else f"£{settings['budget']:,.0f}"
    )


def _key(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else plain_name(str(value)).lower()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


# -- numbers ---------------------------------------------------------------------------
def row(found: Cell, outcome: str, **what: Any) -> dict[str, Any]:
    """A row of numbers.csv: what it is of, the outcome, and mean, 90% range and n over seeds."""
    return what | {"outcome": outcome, "mean": found.mean, "low": found.low, "high": found.high, "n": found.n}


def table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame, numbers to six figures, what they are of first."""
    frame = pd.DataFrame(rows)
    last = ["outcome", "mean", "low", "high", "n"]
    frame = frame[[*(name for name in frame.columns if name not in last), *last]]
    for name in ("mean", "low", "high"):
        frame[name] = [float(f"{value:.6g}") for value in frame[name]]
    return frame


def manifest(found: Found, command: Sequence[str]) -> str:
    """What made the result, as JSON: versions, and the config that decides it."""
    return json.dumps(versions() | asked_with(command) | {"config": found.study.described()}, indent=2) + "\n"


__all__ = ["FILES", "Part", "Said", "manifest", "module_of", "readme", "row", "table", "write"]
