"""What figures, words and page read from a comparison: cells, values by seed, bands over years, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from kmsim.outcomes.definitions import MONTHS, OUTCOMES

BASELINE = "business_as_usual"
POINTS = "percentage points"
LOW, HIGH = 0.05, 0.95
ENOUGH = 5  # seeds: below it no range tells anything apart (five in a row by chance: 1 in 32)


class Comparison(Protocol):
    """What the report needs of a comparison; any object with these will do.

    summary: policy, practice, outcome, moment, year, mean, low, high, n. paired: policy, practice, against, role, outcome,
    moment, year, difference, low, high, ahead, n. trajectories: policy, seed, practice, tick, year, outcome, value.
    """

    summary: pd.DataFrame
    paired: pd.DataFrame
    trajectories: pd.DataFrame
    config: dict[str, Any]
    manifest: dict[str, Any]
    counts: dict[str, int]
    policies: list[str]
    policy_summaries: dict[str, str]
    system_name: str
    funding_end: float
    notes: list[str]
    label: str


@dataclass(frozen=True)
class Cell:
    """A mean with its 90% range over n seeds; NaN where there is nothing to say.

    >>> Cell(0.2, 0.1, 0.3, 20).known
    True
    """

    mean: float
    low: float
    high: float
    n: int
    year: float = np.nan

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return bool(np.isfinite(self.mean))

    def overlaps(self, other: Cell) -> bool:
        """Whether the two ranges share a value. A range over fewer than five seeds says nothing, so it overlaps all.

        >>> Cell(1, 0, 2, 9).overlaps(Cell(3, 2, 4, 9)), Cell(1, 0, 2, 9).overlaps(Cell(4, 3, 5, 9))
        (True, False)
        """
        if min(self.n, other.n) < ENOUGH:
            return True
        return self.low <= other.high and other.low <= self.high


NOTHING = Cell(np.nan, np.nan, np.nan, 0)


def practices(c: Comparison) -> list[str]:
    """The practices that were run, in order. What is shared by all of them is not one of them.

    >>> from types import SimpleNamespace
    >>> practices(SimpleNamespace(config={"practice": [{"name": "a"}]}, summary=None))
    ['a']
    """
    named = c.config.get("practice", c.config.get("practices"))
    if isinstance(named, str | Mapping):
        named = [named]
    names = [str(p.get("name", "")) if isinstance(p, Mapping) else str(p) for p in named or ()]
    if not names or (c.summary is not None and not set(names) & set(c.summary.practice)):
        own = c.summary[~c.summary.outcome.map(_shared)]
        names = list(dict.fromkeys(own.practice))
    return names


def _shared(outcome: str) -> bool:
    return outcome in OUTCOMES and OUTCOMES[outcome].shared


def place(c: Comparison) -> str:
    """Where the schools are, as readers know it: the authorities if they are named, else the system's name.

    >>> from types import SimpleNamespace
    >>> place(SimpleNamespace(config={"system": {"la": ["Camden"]}}, system_name="borough"))
    'Camden'
    """
    system = c.config.get("system")
    las = system.get("la") if isinstance(system, Mapping) else None
    names = [las] if isinstance(las, str) else [str(x) for x in las or ()]
    if 0 < len(names) <= 3:
        return ", ".join(names)
    return str(c.system_name)[:1].upper() + str(c.system_name)[1:]


def of_practice(frame: pd.DataFrame, practice: str, outcome: str) -> pd.DataFrame:
    """The rows of one outcome for a practice, or for all practices together where it has no rows of its own."""
    rows = frame[frame.outcome == outcome]
    own = rows[rows.practice == practice]
    return own if len(own) else rows[rows.practice == "all"]


def cell(c: Comparison, practice: str, policy: str, outcome: str, moment: str) -> Cell:
    """One cell of the summary. NOTHING if the outcome was not kept or has no value.

    moment: "funding_end" or "end".
    """
    rows = of_practice(c.summary, practice, outcome)
    rows = rows[(rows.policy == policy) & (rows.moment == moment)]
    if rows.empty:
        return NOTHING
    row = rows.iloc[0]
    if not np.isfinite(row["mean"]):
        return Cell(np.nan, np.nan, np.nan, 0, float(row["year"]))
    return Cell(float(row["mean"]), float(row["low"]), float(row["high"]), int(row["n"]), float(row["year"]))


def seeds(c: Comparison) -> int:
    """How many seeds each policy was run with."""
    return len(c.manifest.get("seeds", ())) or int(c.trajectories.seed.nunique())


def too_few(n: int) -> str:
    """Why nothing is told apart: so many seeds are too few.

    >>> too_few(1), too_few(3)
    ('one seed cannot tell it from the others', '3 seeds are too few to tell it from the others')
    """
    return f"{'one seed cannot' if n == 1 else f'{n} seeds are too few to'} tell it from the others"


def has(c: Comparison, outcome: str) -> bool:
    """Whether the comparison kept an outcome."""
    return bool((c.summary.outcome == outcome).any())


def moment_year(c: Comparison, moment: str) -> float:
    """The year of a moment, counted from the start."""
    rows = c.summary[c.summary.moment == moment]
    return float(rows.year.max()) if len(rows) else np.nan


def by_seed(c: Comparison, practice: str, outcome: str, moment: str) -> pd.DataFrame:
    """Values at a moment: a row for each seed, a column for each policy. Empty if trajectories do not have the outcome."""
    rows = of_practice(c.trajectories, practice, outcome)
    year = moment_year(c, moment)
    if rows.empty or not np.isfinite(year):
        return pd.DataFrame()
    years = np.unique(rows.year.to_numpy(float))
    nearest = years[np.argmin(np.abs(years - year))]
    at = rows[np.isclose(rows.year.to_numpy(float), nearest)]
    table = at.pivot(index="seed", columns="policy", values="value").astype(float)
    return table[[p for p in c.policies if p in table]]


def bands(c: Comparison, practice: str, outcome: str) -> pd.DataFrame:
    """Mean and 90% range over seeds at every tick: policy, outcome, year, mean, low, high, n; NaN where no seed has a value."""
    return _bands(of_practice(c.trajectories, practice, outcome), outcome, c.policies)


def _bands(rows: pd.DataFrame, outcome: str, policies: list[str]) -> pd.DataFrame:
    kept = ["policy", "outcome", "year", "mean", "low", "high", "n"]
    if rows.empty:
        return pd.DataFrame(columns=kept)
    groups = rows.groupby(["policy", "year"], sort=True)["value"]
    table = pd.DataFrame(
        {"mean": groups.mean(), "low": groups.quantile(LOW), "high": groups.quantile(HIGH), "n": groups.count()}
    ).reset_index()
    table["outcome"] = outcome
    order = {p: i for i, p in enumerate(policies)}
    table = table[table.policy.isin(order)]
    table = table.assign(_at=table.policy.map(order)).sort_values(["_at", "year"], kind="stable")
    return table[kept].reset_index(drop=True)


def lasting(c: Comparison, practice: str) -> pd.DataFrame:
    """Doing it well as a ratio to its value when funding ended, from then on, as `bands`; NaN where that value is under 1%."""
    rows = of_practice(c.trajectories, practice, "doing_it_well")
    start = by_seed(c, practice, "doing_it_well", "funding_end")
    year = moment_year(c, "funding_end")
    if rows.empty or start.empty:
        return _bands(rows.iloc[:0], "lasting", c.policies)
    base = start.where(start >= 0.01).stack()
    rows = rows[rows.year >= year - 1e-9]
    keys = pd.MultiIndex.from_arrays([rows.seed, rows.policy])
    at = base.reindex(keys).to_numpy(float)
    return _bands(rows.assign(value=rows.value.to_numpy(float) / at), "lasting", c.policies)


def exact_months(sd: Any) -> np.ndarray:
    """Months of progress for an effect in SD, through the EEF table, not rounded: for ratios and their ranges.

    >>> exact_months(0.105).round(3).item()
    1.5
    """
    points, value = np.array(MONTHS), np.asarray(sd, float)
    return np.sign(value) * np.interp(np.abs(value), points[:, 0], points[:, 1])


# -- numbers as people read them --------------------------------------------
def unit_is_points(outcome: str) -> bool:
    """Whether an outcome is told in percentage points: a difference of two shares."""
    return outcome == "gap"


def shown(outcome: str, value: float) -> str:
    """A value as people read it; n/a if there is none. Gaps are in percentage points, with their sign.

    >>> shown("doing_it_well", 0.1234), shown("gap", -0.02), shown("depth", float("nan"))
    ('12.3%', '−2.0 points', 'n/a')
    """
    if not np.isfinite(value):
        return "n/a"
    if unit_is_points(outcome):
        return _signed(100 * value, 1) + " points"
    return _minus(OUTCOMES[outcome].show(value)) if outcome in OUTCOMES else _minus(f"{value:.2f}")


def shown_range(outcome: str, low: float, high: float) -> str:
    """A range as people read it, the unit once where it can be.

    >>> shown_range("doing_it_well", 0.11, 0.135), shown_range("gap", -0.02, 0.01)
    ('11.0 to 13.5%', '−2.0 to +1.0 points')
    """
    a, b = shown(outcome, low), shown(outcome, high)
    for suffix in ("%", " points"):
        if a.endswith(suffix) and b.endswith(suffix):
            a = a.removesuffix(suffix)
    return f"{a} to {b}"


def shown_cell(outcome: str, found: Cell) -> str:
    """Mean and 90% range in one line.

    >>> shown_cell("depth", Cell(0.61, 0.58, 0.64, 20))
    '0.61 (0.58 to 0.64)'
    """
    if not found.known:
        return "n/a"
    if found.n < 2:
        return f"{shown(outcome, found.mean)} (one seed, no range)"
    return f"{shown(outcome, found.mean)} ({shown_range(outcome, found.low, found.high).removesuffix(' points')})"


def shown_difference(outcome: str, value: float) -> str:
    """A difference with its sign; shares differ by percentage points.

    >>> shown_difference("doing_it_well", 0.1), shown_difference("months", -0.2)
    ('+10.0 points', '−0.2')
    """
    if not np.isfinite(value):
        return "n/a"
    if outcome in OUTCOMES and OUTCOMES[outcome].percent:
        return _signed(100 * value, 1) + " points"
    text = OUTCOMES[outcome].show(abs(value)) if outcome in OUTCOMES else f"{abs(value):.2f}"
    zero = not any(digit in text for digit in "123456789")
    return text if zero else ("+" if value > 0 else "−") + text


def shown_difference_range(outcome: str, low: float, high: float) -> str:
    """The range of a difference, the unit once where it can be.

    >>> shown_difference_range("doing_it_well", -0.01, 0.1)
    '−1.0 to +10.0 points'
    """
    a, b = shown_difference(outcome, low), shown_difference(outcome, high)
    return f"{a.removesuffix(' points') if b.endswith(' points') else a} to {b}"


def k_of_n(k: int, n: int) -> str:
    """A share of seeds: never a percentage.

    >>> k_of_n(18, 20)
    '18 of 20'
    """
    return f"{int(k)} of {int(n)}"


def shown_year(year: float) -> str:
    """A year or half-term as people read it.

    >>> shown_year(3.0), shown_year(3.5)
    ('3', '3.5')
    """
    return f"{year:.4g}" if np.isfinite(year) else "n/a"


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    return text if float(text) == 0 else ("+" if value > 0 else "−") + text


def _minus(text: str) -> str:
    """A true minus sign; none before a number that is shown as nought."""
    if not text.startswith(("-", "£-")):
        return text
    bare = text.replace("-", "", 1)
    return "−" + bare if any(digit in bare for digit in "123456789") else bare
