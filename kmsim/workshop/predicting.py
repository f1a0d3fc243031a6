"""Predict, then reveal: what the runs say to a guess, and to a question that the room was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmsim.bounds import Bound, bounded
from kmsim.report.frames import shown_year
from kmsim.workshop import numbers
from kmsim.workshop.curves import CURVES, band, years
from kmsim.workshop.reading import some
from kmsim.workshop.results import Found
from kmsim.workshop.room import bin_of
from kmsim.workshop.setup import Setup


def guess_years(setup: Setup) -> list[int]:
    """The years that a curve is guessed at: every second one, and the last.

    >>> from kmsim.workshop.setup import read_setup
    >>> guess_years(read_setup({"version": 1, "policies": [{"id": "A", "preset": "coaching"}]}))
    [0, 2, 4, 6, 8, 10]
    """
    return sorted({*range(0, setup.years + 1, 2), setup.years})


def judged(setup: Setup, found: Found, outcome: str, guess: Any) -> dict[str, Any]:
    """A guessed curve against the runs: a sentence on the last year, and each year in words. Raises BadValue."""
    at = guess_years(setup)
    values = [bounded(f"guess[{i}]", v, "page.guess") for i, v in enumerate(some("guess", guess, len(at)))]
    bounded("guess", len(values), Bound(len(at), len(at), whole=True))
    year, b = years(setup), band(found, outcome)
    cells = [b.cell(year.index(float(y))) for y in at]
    last, mine = cells[-1], values[-1]
    inside = bool(last.known and last.low <= mine <= last.high)
    verdict = "inside the runs' range" if inside else "outside the runs' range"
    if not last.known or last.n < 2:
        verdict = "there is no range to hold it to"
    return {
        "sentence": f"{CURVES[outcome]}: you guessed {_guess(outcome, mine)} for year {setup.years}; the runs say "
        f"{numbers.level(outcome, last)}: {verdict}.",
        "inside": inside,
        "years": at,
        "texts": [
            f"Year {shown_year(y)}: you {_guess(outcome, v)}, the runs {numbers.level(outcome, c)}"
            for y, v, c in zip(at, values, cells, strict=True)
        ],
    }


def _guess(outcome: str, value: float) -> str:
    """A guess as it was made: a whole percentage has no decimal."""
    return numbers.shown(outcome, value).replace(".0%", "%")


def truth(question: dict[str, Any], runs: Sequence[Found]) -> dict[str, Any]:
    """What the runs say to a room's question. A choice has a truth only if they tell it from all others beyond chance."""
    outcome = question["outcome"]
    if question["kind"] == "number":
        found = next(one for one in runs if one.arm.id == question["policy"])
        cell = numbers.cell(found.of(outcome)[:, -1])
        text = numbers.level(outcome, cell)
        return {"text": text, "bin": bin_of(100 * cell.mean), "sentence": f"The runs say {text}."}
    last = [found.of(outcome)[:, -1] for found in runs]
    best = max(range(len(runs)), key=lambda i: numbers.cell(last[i]).mean)
    rivals = [i for i in range(len(runs)) if i != best]
    if all(numbers.difference(outcome, last[best], last[i]).clear for i in rivals):
        name = question["options"][best]["label"]
        return {"text": name, "bin": best, "sentence": f"The runs say {name}, beyond chance."}
    same = len(question["options"]) - 1
    return {"text": question["options"][same]["label"], "bin": same, "sentence": "The runs cannot tell them apart."}
