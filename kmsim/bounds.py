"""The bounds of everything a user can give: one table, key -> range, and the checks that read it.

A key is written as users write it: `years`, `system.scale`, `calibration.alpha`. Settings of levers stand under `lever.`,
schools of a list under `school.`, what the workshop page sends under `page.`. Parameters have their ranges in the parameter
table (`kmsim.parameters`).

Example
-------
>>> bounded("years", 10)
10
>>> bounded("years", 101)
Traceback (most recent call last):
kmsim.errors.BadValue: years=101: expected a whole number from 1 to 100
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kmsim.errors import BadValue
from kmsim.strict_yaml import one_line

MOST_REPLICATES = 100_000
_GROUPED = re.compile(r"[-+]?\d{1,3}([,_]\d{3})+(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d{1,40}(\.\d{0,40})?([eE][-+]?\d{1,3})?", re.ASCII)
LONGEST_NAME, LONGEST_TEXT, LONGEST_PATH = 200, 4_000, 4_096


@dataclass(frozen=True)
class Bound:
    """A range of numbers, both ends in it unless open_ends. unit: what it counts, for errors.

    >>> str(Bound(1, 100, whole=True)), str(Bound(0, 1e12, open_ends=True, unit="GBP"))
    ('a whole number from 1 to 100', 'a number above 0 and below 1,000,000,000,000 (GBP)')
    """

    low: float
    high: float
    whole: bool = False
    unit: str = ""
    open_ends: bool = False

    def __str__(self) -> str:
        low, high = _plain(self.low), _plain(self.high)
        ends = f"above {low} and below {high}" if self.open_ends else f"from {low} to {high}"
        return f"a {'whole ' if self.whole else ''}number {ends}" + (f" ({self.unit})" if self.unit else "")

    def holds(self, value: Any) -> bool:
        """Whether a value is a number in the range. Truth values, text and not-a-number are none.

        >>> [Bound(0, 1).holds(value) for value in (0, 1.0, 1.1, True, "1", float("nan"))]
        [True, True, False, False, False, False]
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        inside = self.low < value < self.high if self.open_ends else self.low <= value <= self.high
        return inside and (not self.whole or value == int(value))


SHARE = Bound(0, 1)
_SEED = Bound(0, 2**62, whole=True)
_GBP_A_YEAR = Bound(0, 1e6, unit="GBP a year")

BOUNDS: dict[str, Bound] = {
    # a run
    "years": Bound(1, 100, whole=True),
    "funded_years": Bound(0, 100),
    "taper": Bound(0, 20, unit="years"),
    "budget": Bound(0, 1e12, unit="GBP", open_ends=True),
    "seed": _SEED,
    # an ensemble
    "replicates": Bound(1, MOST_REPLICATES, whole=True),
    "draws": Bound(1, 10_000, whole=True),
    "workers": Bound(1, 1_024, whole=True),
    "design.n": Bound(1, 2_000_000, whole=True),
    "design.levels": Bound(2, 1_000, whole=True),
    "design.seed": Bound(0, 2**32 - 1, whole=True),
    "executor.jobs": Bound(1, 10_000, whole=True),
    "executor.cores": Bound(1, 1_000, whole=True),
    # a system; scale is held to a third of the schools when it is built
    "system.scale": Bound(1, 100_000 / 3),
    "system.seed": _SEED,
    "system.n_schools": Bound(1, 100_000, whole=True),
    "school.pupils": Bound(1, 100_000),
    "school.fsm": Bound(0, 1, unit="a share, so 0.25 for 25%"),
    "school.teachers": Bound(1, 10_000, unit="people"),
    "school.x": Bound(-10_000, 10_000, unit="km"),
    "school.y": Bound(-10_000, 10_000, unit="km"),
    # a practice
    "practice.effect": Bound(-0.05, 1, unit="pupil SD"),
    "practice.complexity": SHARE,
    "practice.scripting": SHARE,
    "practice.observability": SHARE,
    "practice.evidence_strength": Bound(0, 5, whole=True, unit="padlocks"),
    # levers of a policy
    "lever.start": Bound(0, 100, unit="years"),
    "lever.stop": Bound(0, 100, unit="years"),
    "lever.broadcast.strength": SHARE,
    "lever.mandate.strength": SHARE,
    "lever.recruit.invitation": SHARE,
    "lever.recruit.coverage": SHARE,
    "lever.recruit.rounds": Bound(1, 100, whole=True),
    "lever.recruit.existing": SHARE,
    "lever.recruit.ask": _GBP_A_YEAR,
    "lever.phase_in.year": Bound(0, 100, whole=True),
    "lever.phase_in.coverage": SHARE,
    "lever.cpd.intensity": SHARE,
    "lever.cpd.focus": SHARE,
    "lever.expert_days.expertise": SHARE,
    "lever.expert_days.tiers": Bound(0, 5, whole=True),
    "lever.coaching.hours": Bound(0, 40, unit="hours a year"),
    "lever.train_facilitators.capacity": SHARE,
    "lever.form_clusters.collaboration": SHARE,
    "lever.form_clusters.network_size": Bound(2, 500, whole=True, unit="schools"),
    "lever.codesign.ownership": SHARE,
    "lever.target.targeting": SHARE,
    "lever.community.involvement": SHARE,
    "lever.something_new.novelty": SHARE,
    "lever.incentive.gbp": _GBP_A_YEAR,
    "lever.materials.scripting": SHARE,
    "eligible.fsm_rank_min": SHARE,
    "eligible.fsm_rank_max": SHARE,
    # a calibration
    "calibration.design": Bound(4, 1_000_000, whole=True),
    "calibration.waves": Bound(1, 20, whole=True),
    "calibration.wave": Bound(4, 1_000_000, whole=True),
    "calibration.noise": Bound(2, 10_000, whole=True),
    "calibration.particles": Bound(4, 100_000, whole=True),
    "calibration.generations": Bound(1, 100, whole=True),
    "calibration.evaluations": Bound(4, 10_000_000, whole=True),
    "calibration.one_generation": Bound(4, 10_000_000, whole=True),
    "calibration.alpha": Bound(0.05, 0.95),
    "calibration.draws": Bound(4, 100_000, whole=True),
    "calibration.max_minutes": Bound(0.01, 100_000),
    "calibration.seeds": Bound(1, 1_000, whole=True),
    "calibration.seed": Bound(0, 2**31, whole=True),
    # the workshop and its page
    "port": Bound(0, 65_535, whole=True),
    "page.years": Bound(4, 15, whole=True),
    "page.seed": Bound(0, 1_000_000, whole=True),
    "page.guess": Bound(-1e6, 1e6),
    "page.axis": Bound(-1e9, 1e9),
    "page.round": Bound(0, 10**9, whole=True),
    "page.number": Bound(0, 2**53, whole=True),
}
LISTS: dict[str, int] = {  # key -> the most items
    "policies": 500,
    "practice": 20,
    "policy.levers": 200,
    "system.schools": 2_000,
    "names": 1_000,  # of authorities, regions, trusts, phases
    "design.vary": 10_000,
}


def bounded(key: str, value: Any, bound: Bound | str | None = None, or_else: str = "") -> Any:
    """The value as a number in a range, or BadValue naming the key, the value and the range.

    key: as errors tell it. bound: a range, or the key of BOUNDS where that is another. or_else: what may stand
    there instead of a number, for errors. Whole ranges give an int, others a
    float; a NumPy number is taken as Python's.

    >>> bounded("scenario.years", 9, "page.years"), bounded("x", 0.5, Bound(0, 2))
    (9, 0.5)
    """
    found = bound if isinstance(bound, Bound) else BOUNDS[bound or key]
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if not found.holds(value):
        raise BadValue(key, _told(value), f"{found}{or_else}{_hint(value)}")
    return int(value) if found.whole else float(value)


def bounded_name(key: str, value: Any, longest: int = LONGEST_NAME) -> str:
    """A name: text on one line that can be printed, not empty and not too long. Raises BadValue.

    >>> bounded_name("system.name", "St Wilfrid's")
    "St Wilfrid's"
    >>> bounded_name("system.name", "")
    Traceback (most recent call last):
    kmsim.errors.BadValue: system.name=: expected a name of 1 to 200 letters that can be printed
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > longest:
        raise BadValue(key, _told(value), f"a name of 1 to {longest:,} letters that can be printed")
    return value


def bounded_text(key: str, value: Any, longest: int = LONGEST_TEXT) -> str:
    """A text, perhaps empty or of several lines, that can be printed and is not too long. Raises BadValue.

    >>> bounded_text("practice.summary", "Two\\nlines.")
    'Two\\nlines.'
    """
    if not isinstance(value, str) or len(value) > longest or not all(line.isprintable() for line in value.splitlines()):
        raise BadValue(key, _told(value), f"text of at most {longest:,} letters that can be printed")
    return value


def bounded_list(key: str, values: Sequence[Any], of: str | None = None) -> Sequence[Any]:
    """The list, if it has at least one item and no more than LISTS allows. Raises BadValue.

    >>> bounded_list("policies", ["coaching"])
    ['coaching']
    """
    most = LISTS[of or key]
    if not 1 <= len(values) <= most:
        raise BadValue(key, f"a list of {len(values):,}", f"a list of 1 to {most:,}")
    return values


def _plain(number: float) -> str:
    """An end of a range: whole numbers in full, with commas from 10,000 up."""
    if number == int(number):
        return f"{int(number):,}" if abs(number) >= 10_000 else str(int(number))
    return f"{number:,.6g}"


def _told(value: Any) -> Any:
    """A value as an error tells it: on one line, and short where it is huge."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return f"a number of {int(math.log10(abs(value))) + 1:,} digits"
    if isinstance(value, str):
        return one_line(value[:LONGEST_NAME])
    return value


def _hint(value: Any) -> str:
    """What to do where a number was written as a text."""
    if not isinstance(value, str):
        return ""
    bare = value.strip()
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "").replace("_", "")
    return f"; write {bare} as a number, not as text" if _NUMBER.fullmatch(bare) else ""
