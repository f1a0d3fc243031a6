"""The diffusion study as a page with its figures: docs/diffusion.md and what `kmsim diffusion` writes.

`python -m kmsim.report.diffusion` runs the full study and writes docs/diffusion.md and its figures (about two minutes;
NDlib must be installed). A test holds the page's small run to a run of it now.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kmsim.diffusion import threshold
from kmsim.diffusion.communities import SETTINGS, SPLIT, halves, innovation
from kmsim.diffusion.schools import MEANINGS, RANGES, within
from kmsim.diffusion.study import ALL, BETTER, CANNOT_TELL, ENOUGH, MEASURES, SIZES, TOO_FEW, WORSE, Study
from kmsim.errors import KmsimError
from kmsim.lab.provenance import asked_with, config_hash, now, versions, write_beside
from kmsim.lab.spreadsheets import write_csv
from kmsim.report.codebook import table
from kmsim.report.figures import diffusion as figures
from kmsim.report.figures.saving import Drawing, drawing, pixels, write_png

FILES = (
    "table.csv",
    "differences.csv",
    "communities.csv",
    "parameters.csv",
    "curves.csv",
    "school_ties.csv",
    "report.md",
)
SYSTEM, PLACE = "borough", "Camden"  # whose schools' ties are shown
MODELS = {
    "rules": "awareness and trying as in the model, on the ties: who is named is looked to. Five parameters",
    "no_network": "the same with nothing known of who is tied to whom: contacts are anybody of the community, and for all as many as are named on average",
    "own_number": "the same, but each has as many contacts as they name, whoever these are: what the number alone tells",
    "bass": "of the m that ever will, each adopts at p + q (share of them that has). Three parameters",
    threshold.NAME: "NDlib's, on the ties: adopts once the share of those named that has reaches a threshold. Two parameters, by least squares on the curves",
}

SAID = {
    "rules": "the model's rules",
    "no_network": "the same rules with no network",
    "own_number": "the same rules with own number of contacts, anybody",
    "bass": "Bass",
    threshold.NAME: "NDlib's threshold model",
}


@dataclass
class Answer:
    """A study with the schools' ties beside it, as text and as files. schools: from `kmsim.diffusion.schools.school_ties`."""

    study: Study
    schools: pd.DataFrame

    @cached_property
    def drawings(self) -> list[Drawing]:
        """The three figures, drawn once."""
        study, schools = self.study, self.schools
        return [
            drawing(figures.adoption_curves(study), "adoption_curves", study.curves, figures.curves_words(study)),
            drawing(
                figures.rules_and_rivals(study), "rules_and_rivals", study.differences(), figures.rivals_words(study)
            ),
            drawing(figures.school_ties_figure(schools, PLACE), "school_ties", schools, figures.ties_words(schools)),
        ]

    def write(self, folder: str | Path, table: str, config: Mapping[str, Any], command: Sequence[str] = ()) -> Path:
        """Write FILES, figures/ (PNG and SVG), table.txt, config.yaml and manifest.json into a folder that exists. Returns it.

        table: the answer as text; config: the settings it was asked with; command: the words. Raises OSError where the disk refuses.
        """
        folder = Path(folder)
        frames = (
            self.study.means(),
            self.study.differences(),
            self.study.communities,
            self.study.parameters,
            self.study.curves,
            self.schools,
        )
        for name, frame in zip(FILES, frames, strict=False):
            write_csv(frame, folder / name)
        self.write_figures(folder / "figures")
        (folder / "report.md").write_text(page(self, "figures/"), encoding="utf-8", newline="\n")
        facts = (
            versions()
            | asked_with(command)
            | {
                "config_hash": config_hash(config),
                "seconds": round(self.study.seconds, 1),
                "time": now(),
            }
        )
        write_beside(folder, table, config, facts)
        return folder

    def write_figures(self, folder: Path) -> None:
        """Write each figure as PNG and SVG."""
        folder.mkdir(parents=True, exist_ok=True)
        for one in self.drawings:
            write_png(pixels(one.figure), folder / f"{one.stem}.png")
            (folder / f"{one.stem}.svg").write_text(one.svg(one.words, standalone=True), encoding="utf-8", newline="\n")


def answer(size: str = "full", progress: Any = None) -> Answer:
    """Run the study and build the schools. Raises as `study`."""
    from kmsim.diffusion.schools import school_ties
    from kmsim.diffusion.study import study
    from kmsim.system import build

    return Answer(study(size, progress), school_ties(build(SYSTEM)))


HEAD = ["communities", "model", *(m.label for m in MEASURES.values()), "in 90% range"]


def cells(study: Study, intervals: bool = True) -> list[list[str]]:
    """A row an innovation and model, under HEAD: each measure's mean over held-out communities, with its 95% interval."""
    frame = study.means().set_index(["innovation", "model", "measure"])
    rows = []
    for name in frame.index.get_level_values(0).unique():
        for model, label in study.labels.items():
            found = [frame.loc[name, model, measure] for measure in MEASURES]
            covered = float(frame.loc[name, model, "coverage"]["mean"])
            n = int(max(one["communities"] for one in found))
            rows.append([f"{name} ({n})", label, *(_mean(one, intervals) for one in found), f"{covered:.0%}"])
    return rows


def in_short(study: Study) -> list[str]:
    """What came out, a few sentences a measure, in words that are computed from the differences' intervals."""
    means, differences, best = study.means(), study.differences(), study.best()
    where = str(best.innovation.iloc[-1])
    said = []
    for measure in MEASURES.values():
        own = means[(means.innovation == where) & (means.measure == measure.name)].set_index("model")["mean"]
        top = best[(best.innovation == where) & (best.measure == measure.name)].model.iloc[0]
        lead = f"**{measure.label.capitalize()}** ({measure.meaning}). Over {_place(where)} the best mean is that of {SAID[top]}, {own[top]:.3f}"
        lead += "." if top == "rules" else f"; the rules have {own['rules']:.3f}."
        found = differences[differences.measure == measure.name]
        told = [
            _against(found[found.innovation == where], verdict) for verdict in (BETTER, WORSE, CANNOT_TELL, TOO_FEW)
        ]
        parts = [
            _against(found[found.innovation == name], verdict, name)
            for name in study.communities.innovation.unique()
            if name != where
            for verdict in (BETTER, WORSE)
        ]
        said.append(" ".join([lead, *filter(None, [*told, *parts])]))
    return said


def plainly(study: Study) -> str:
    """Who wins, in a few sentences: the rules against Bass, and against the same rules with no network."""
    frame = study.differences()
    where = str(frame.innovation.iloc[-1])
    said = []
    for rival in ("bass", "no_network"):
        own = frame[(frame.innovation == where) & (frame.rival == rival)]
        sides = []
        for verdict, words in (
            (BETTER, "win by"),
            (WORSE, "lose by"),
            (CANNOT_TELL, "cannot be told from it by"),
            (TOO_FEW, "have too few communities to be judged by"),
        ):
            named = [MEASURES[m].label for m in own[own.verdict == verdict].measure]
            if named:
                sides.append(f"{words} {' and '.join(named)}")
        said.append(f"Against {SAID[rival]} the model's rules {'; they '.join(sides)}.")
    return f"**Plainly**, over {_place(where)}. {' '.join(said)}"


def within_priors(study: Study) -> str:
    """Which of the rules' parameters both halves of an innovation put inside the model's own prior."""
    own = study.parameters[study.parameters.model == "rules"]
    inside = (
        own.assign(inside=(own.value >= own.low) & (own.value <= own.high))
        .groupby(["innovation", "parameter"], sort=False)
        .inside.all()
    )
    parts = [
        f"{name}: {', '.join(found) or 'none'}"
        for name in own.innovation.unique()
        for found in [[str(p) for p in inside[name][inside[name]].index]]
    ]
    return f"Of the rules' parameters, both halves put inside the model's own prior - {'; '.join(parts)}."


def ranges_words(study: Study) -> str:
    """Whether the 90% ranges of the forecasts hold as much as they should."""
    means = study.means()
    own = means[(means.measure == "coverage") & (means.innovation == means.innovation.iloc[-1])].set_index("model")[
        "mean"
    ]
    text = f"A sound 90% range holds 90% of what comes; the rules' holds {own['rules']:.0%}"
    best = str(own.idxmax())
    text += "" if best == "rules" else f", the best, {SAID[best]}, {own[best]:.0%}"
    return text + (": communities differ by more than any of these models lets them." if own.max() < 0.88 else ".")


def what_ties_tell(study: Study) -> str:
    """How much of what a network tells of individual order lies in the number of contacts alone, and how much in who they are."""
    where = ALL if ALL in set(study.means().innovation) else str(study.communities.innovation.iloc[0])
    parts = []
    for name in ("order", "next"):
        number, whom = (
            study.gain(*pair, name, where) for pair in (("own_number", "no_network"), ("rules", "own_number"))
        )
        if number is not None and whom is not None:
            parts.append(
                f"{MEASURES[name].label}: {_signed(*number[1:])} from how many people one names, {_signed(*whom[1:])} from who they are"
            )
    return f"**Who, or how many.** What ties add to concordance over {_place(where)}: {'; '.join(parts)}."


def schools_in_short(schools: pd.DataFrame) -> list[str]:
    """Whether generated schools' ties match the ranges of real ones, and where they do not."""
    frame = within(schools)
    said = []
    for name, (low, high) in RANGES.items():
        every = frame[(frame.statistic == name) & (frame.phase == "all")].iloc[0]
        text = f"**{name.replace('_', '-').capitalize()}** ({MEANINGS[name]}): {every.within:.0%} of {int(every.schools)} schools lie between {low:g} and {high:g}; median {every['median']:.3f}."
        for side, out in (("below", schools[schools[name] < low]), ("above", schools[schools[name] > high])):
            if len(out):
                text += f" {len(out)} lie {side}, all in schools of {_span(out.posts)} posts ({_counts(out.phase)})."
        said.append(text)
    if ((schools.density < RANGES["density"][0]) | (schools.density > RANGES["density"][1])).any():
        low, high = RANGES["density"]
        degrees = schools.groupby("phase").out_degree.median()
        bounds = [
            f"{phase} (median out-degree {degrees[phase]:.1f}) under {degrees[phase] / high + 1:.0f} or over {degrees[phase] / low + 1:.0f} posts"
            for phase in ("primary", "secondary")
            if phase in degrees
        ]
        said.append(
            "The cause is arithmetic: how many are named is fixed by phase and not by size, so density is out-degree / (posts - 1) and leaves "
            f"the range in schools of these sizes: {'; '.join(bounds)}. Small schools' reciprocity is high for the same reason. MODEL fixes the number of ties so, "
            "capped at n - 1: the generator does as it says, and nothing was changed. The 15 real schools' sizes are not given; small units and the largest secondaries may lie beyond them."
        )
    return said


def page(found: Answer, images: str, small: Study | None = None) -> str:
    """The whole page, as Markdown. images: what stands before a figure's file name; small: the small run, shown at the end.

    The same study gives the same text.
    """
    study = found.study
    pictures = {one.stem: f"![{one.words}]({images}{one.stem}.png)\n\n{one.words}" for one in found.drawings}
    parts = [
        "# The diffusion core against real communities",
        "Made by `python -m kmsim.report.diffusion`; change the code, not this page. `kmsim diffusion` does the same again and writes tables and figures.",
        "Can the model's rules of awareness and of trying, alone, foretell who adopts when in communities they have not seen? "
        f"{_data_words(study)} Half of the communities are fitted, the other half predicted, and the other way round, so that every community is predicted once.",
        *[f"**Note:** {note}." for note in study.notes],
        "## In short",
        "\n".join(
            f"- {text}" for text in [plainly(study), *in_short(study), what_ties_tell(study), ranges_words(study)]
        ),
        f'"Better" and "worse" mean that the whole 95% interval of the difference lies on one side; with under {ENOUGH} communities nothing is said.',
        "## What is compared",
        table(["model", "what it is"], [(study.labels[name], MODELS[name]) for name in study.labels]),
        "## Held-out communities",
        "Means over communities, with 95% intervals from drawing communities anew within their innovation. More is better but for the curve error. The last column: the share of periods in which the curve lay where 90% of runs did.",
        table(HEAD, cells(study)),
        pictures["adoption_curves"],
        "## The rules less each rival",
        "Paired by community; above 0 the rules did better, the curve error's sign turned.",
        table(["communities", "rival", "measure", "difference", "verdict"], _difference_rows(study)),
        pictures["rules_and_rivals"],
        "## What was fitted",
        "By maximum likelihood of the discrete hazard; rates a year. `*`: the fit went to the end of what was searched, so the data do not bound it. Default and prior: the model's own, for teachers and practices; no other parameter was moved, and nothing here sets one.",
        within_priors(study),
        table(
            ["communities", "model", "parameter", "first half", "second half", "default", "prior"],
            _parameter_rows(study),
        ),
        "## How",
        "\n".join(f"- {text}" for text in _how(study)),
        "## Within-school ties",
        f"The other half of the question: are the ties on which the rules run in the model like those of real schools? Schools of {PLACE} as `system={SYSTEM}` builds them, against the least and most of 15 real schools' advice networks.",
        "\n".join(f"- {text}" for text in schools_in_short(found.schools)),
        table(
            ["statistic", "phase", "schools", "median", "least", "most", "below", "within", "above"],
            _ties_rows(found.schools),
        ),
        pictures["school_ties"],
    ]
    if small is not None:
        parts += [
            SMALL,
            "`kmsim diffusion size=small`, which a test runs again and holds to this table.",
            table(HEAD, cells(small)),
        ]
    return "\n\n".join(parts) + "\n"


SMALL = "## The small run"


def _how(study: Study) -> list[str]:
    size = SIZES[study.size]
    split = "; ".join(
        f"{name} {_numbers(whole, 0)} / {_numbers(whole, 1)}"
        for name in size.innovations
        for whole in [innovation(name)]
    )
    return [
        f"Halves by a hash of the communities' names (BLAKE2b of `{SPLIT}/innovation/community`): {split}.",
        "Who adopted in period 1 is given. The likelihood and the next adopters are of each later period given all before it; curves and order are forecast from the community's first period of adoption, with nothing told after it.",
        f"Forecasts: {size.runs:,} runs"
        + (f", {size.reference} of the threshold model" if threshold.NAME in study.labels else "")
        + f"; intervals: {size.draws:,} bootstrap draws. They hold the fits as they are: what another half would have fitted shows in the two columns of parameters only.",
        "Rules: knowledge 1, workload 1/2, no priority, mandate, ownership or complexity; openness differs with the model's b_openness; r_try and all else at the model's default. Awareness is not in the data and is inferred. Adoption is for good.",
        "A tie is any nomination, whatever the question. Ties were asked for once and stand for all periods: if adopting makes people name more others, what the number of contacts tells of order is no forecast. Times are recalled or from records, and farmers' pile up in some years.",
        "To Bass and to the rules with no network all who wait in a community are alike: their concordance is .5 by construction.",
        "What the communities met from outside - salesmen, campaigns, prices - is in no model but as a constant rate.",
    ]


def _data_words(study: Study) -> str:
    told = []
    for name in SIZES[study.size].innovations:
        whole, setting = innovation(name), SETTINGS[name]
        told.append(
            f"{whole.n_people:,} {setting.people}, {whole.n_communities} communities, {setting.periods} {setting.period}s ({setting.what})"
        )
    return f"Data: {'; '.join(told)}; from Valente (1995), licence and sources in kmsim/data/README.md."


def _numbers(whole: Any, half: int) -> str:
    return ", ".join(str(whole.communities[place]) for place in halves(whole)[half])


def _mean(one: Any, interval: bool = True) -> str:
    if pd.isna(one["mean"]):
        return "none"
    return f"{one['mean']:.3f}" + (f" ({one['low']:.3f} to {one['high']:.3f})" if interval else "")


def _signed(middle: float, low: float, high: float) -> str:
    return f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"


def _place(name: str) -> str:
    return "all communities" if name == ALL else name


def _against(part: pd.DataFrame, verdict: str, only: str = "") -> str:
    """Against whom a verdict was given, as a sentence; nothing if against nobody."""
    own = part[part.verdict == verdict]
    if own.empty:
        return ""
    if verdict == TOO_FEW:
        return f"{int(own.communities.max())} communities are too few to tell any difference from chance."
    listed = ", ".join(f"{SAID[r.rival]} ({_signed(r.difference, r.low, r.high)})" for r in own.itertuples())
    who = f"Among {only} they" if only else "The rules"
    said = {BETTER: "do better than", WORSE: "do worse than", CANNOT_TELL: "cannot be told from"}[verdict]
    return f"{who} {said} {listed}."


def _difference_rows(study: Study) -> Iterable[tuple[str, ...]]:
    for r in study.differences().itertuples():
        yield (
            f"{r.innovation} ({r.communities})",
            study.labels[r.rival],
            MEASURES[r.measure].label,
            _signed(r.difference, r.low, r.high),
            r.verdict,
        )


def _parameter_rows(study: Study) -> Iterable[tuple[str, ...]]:
    labels = study.labels
    for (name, model, parameter), part in study.parameters.groupby(["innovation", "model", "parameter"], sort=False):
        values = [f"{r.value:.3g}{'*' if r.at_bound else ''}" for r in part.itertuples()]
        first = part.iloc[0]
        prior = ("", "") if pd.isna(first.default) else (f"{first.default:g}", f"{first.low:g} to {first.high:g}")
        yield str(name), labels[model], str(parameter), *values, *prior


def _ties_rows(schools: pd.DataFrame) -> Iterable[tuple[str, ...]]:
    for r in within(schools).itertuples():
        numbers = (f"{x:.3f}" for x in (r.median, r.least, r.most))
        shares = (f"{x:.0%}" for x in (r.below, r.within, r.above))
        yield r.statistic.replace("_", "-"), r.phase, str(r.schools), *numbers, *shares


def _span(posts: pd.Series) -> str:
    return f"{posts.min()}" if posts.min() == posts.max() else f"{posts.min()} to {posts.max()}"


def _counts(phases: pd.Series) -> str:
    return ", ".join(f"{n} {phase}" for phase, n in phases.value_counts(sort=False).items())


def refresh(page_at: Path) -> None:
    """Run the full study and write the page and its figures, images/diffusion_*.png beside it. Raises KmsimError without NDlib."""
    if not threshold.available():
        raise KmsimError(threshold.MISSING)
    from kmsim.diffusion.study import study

    found = answer("full", lambda text: print(text, file=sys.stderr, flush=True))
    page_at.write_text(page(found, "images/diffusion_", study("small")), encoding="utf-8", newline="\n")
    for one in found.drawings:
        write_png(pixels(one.figure), page_at.parent / "images" / f"diffusion_{one.stem}.png")


if __name__ == "__main__":
    refresh(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/diffusion.md"))
