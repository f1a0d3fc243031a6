"""Whether two results have the same bits: the files that the same settings must give again, compared by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kmsim.errors import KmsimError
from kmsim.lab.words import listed

if TYPE_CHECKING:
    import pandas as pd

    from kmsim.lab.experiment import Experiment

# The files of each verb that the same settings give again bit for bit. Times, hosts and commands stand in others.
FILES = {
    "run": ("outcomes.csv",),
    "compare": ("summary.csv", "paired.csv", "decision.csv", "trajectories.parquet"),
    "scorecard": ("scorecard.csv",),
    "diffusion": ("table.csv", "differences.csv", "communities.csv", "parameters.csv", "curves.csv", "school_ties.csv"),
    "study": ("numbers.csv",),
    "calibrate": ("posterior.csv", "posterior.parquet", "predictive.parquet", "particles.parquet"),
}
TABLES = ("runs", "trajectories", "ledger")  # of an experiment
ORDER = ("policy", "scenario", "replicate", "seed", "practice", "moment", "tick", "category")


@dataclass(frozen=True)
class Agreement:
    """same, other: names of what has the same bits and of what has not, with how it differs. lacking: in one of the two only."""

    same: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all that could be compared has the same bits, and something could.

        >>> Agreement(("outcomes.csv",)).whole, Agreement().whole
        (True, False)
        """
        return bool(self.same) and not self.other

    def sentence(self, original: Path) -> str:
        """What came out, in words.

        >>> Agreement(("summary.csv",), (), ("paired.csv",)).sentence(Path("results/compare/a"))
        'the same bits as results/compare/a in summary.csv; paired.csv stands in one of the two only'
        """
        told = []
        if self.other:
            told.append(f"not the same bits as {original} in {', '.join(self.other)}")
        if self.same:
            told.append(f"the same bits as {original} in {listed(self.same)}")
        if self.lacking:
            told.append(
                f"{listed(self.lacking)} {'stands' if len(self.lacking) == 1 else 'stand'} in one of the two only"
            )
        return "; ".join(told) or f"nothing of {original} can be compared"


def agreement(verb: str, original: Path, again: Path) -> Agreement:
    """Compare the results of a verb in two folders. Raises KmsimError for a table that cannot be read."""
    if verb == "sweep":
        return _experiments(original, again)
    same: list[str] = []
    other: list[str] = []
    lacking: list[str] = []
    for name in FILES[verb]:
        there = [(folder / name).is_file() for folder in (original, again)]
        if not any(there):
            continue
        if not all(there):
            lacking.append(name)
            continue
        told = _compared(original / name, again / name)
        (other if told else same).append(f"{name} ({told})" if told else name)
    return Agreement(tuple(same), tuple(other), tuple(lacking))


def _compared(one: Path, other: Path) -> str:
    """How two files differ, "" if they hold the same."""
    try:
        if one.read_bytes() == other.read_bytes():
            return ""
        if one.suffix != ".parquet":
            lines = [file.read_bytes().splitlines() for file in (one, other)]
            differ = sum(a != b for a, b in zip(*lines, strict=False)) + abs(len(lines[0]) - len(lines[1]))
            return f"{differ:,} of {max(map(len, lines)):,} lines differ"
        import pandas as pd

        return _frames(pd.read_parquet(one), pd.read_parquet(other))
    except OSError as error:
        raise KmsimError(f"{one.name}: cannot be compared: {error.strerror or error}") from None


def _frames(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """How two tables differ, "" if they hold the same bits; no number is equal to no number."""
    if [*one.columns] != [*other.columns]:
        return "other columns"
    if len(one) != len(other):
        return f"{len(one):,} and {len(other):,} rows"
    if one.equals(other):
        return ""
    wrong = [name for name in one.columns if not one[name].equals(other[name])]
    return f"other values in {listed(wrong[:4])}" + (f" and {len(wrong) - 4} more" if len(wrong) > 4 else "")


def _experiments(original: Path, again: Path) -> Agreement:
    """The runs of two experiments, by what they are of and not by their keys, which have the model's version in them."""
    from kmsim.lab.experiment import Experiment

    one, other = Experiment(original), Experiment(again)
    same: list[str] = []
    differ: list[str] = []
    lacking: list[str] = []
    if one.done < one.planned:
        lacking.append(f"{one.planned - one.done:,} of {one.planned:,} runs")
    for table in TABLES:
        frames = [_ordered(experiment, table) for experiment in (one, other)]
        if one.done < one.planned and len(frames[0]):  # what the original has
            keys = [name for name in ORDER if name in frames[0].columns]
            frames[1] = frames[1].merge(frames[0][keys].drop_duplicates(), on=keys).reset_index(drop=True)
        if not len(frames[0]) and not len(frames[1]):
            continue
        told = _frames(*frames)
        (differ if told else same).append(f"{table} ({told})" if told else table)
    return Agreement(tuple(same), tuple(differ), tuple(lacking))


def _ordered(experiment: Experiment, table: str) -> pd.DataFrame:
    """A table in one order, whatever parts it stands in, by names and not by keys."""
    connection = experiment.connection
    query = f"SELECT * FROM {table}"
    if table == "ledger":
        query = "SELECT plan.policy, plan.scenario, plan.replicate, plan.seed, category, gbp FROM ledger JOIN plan USING (key)"
    frame = connection.sql(query).df()
    frame = frame.drop(columns=[name for name in ("key",) if name in frame.columns])
    by: Sequence[str] = [name for name in ORDER if name in frame.columns]
    return frame.sort_values([*by], kind="stable").reset_index(drop=True)


__all__ = ["Agreement", "agreement"]
