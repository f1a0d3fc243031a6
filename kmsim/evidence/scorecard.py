"""The scorecard: every experiment run through the lab into its own folder, every check made, and the table of them.

Example
-------
>>> tally([])
'0 pass, 0 fail, 0 cannot tell'
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmsim.errors import KmsimError, RunFailed
from kmsim.evidence.check import Result
from kmsim.evidence.intervals import CANNOT_TELL, FAIL, PASS, VERDICTS, Interval, Range
from kmsim.evidence.records import GROUPS, plain
from kmsim.evidence.table import findings
from kmsim.evidence.trial import INSTALL
from kmsim.posterior import point

if TYPE_CHECKING:
    import pandas as pd

    from kmsim.evidence.check import Check
    from kmsim.evidence.experiment import Experiment

EXPERIMENTS_FOLDER = "experiments"
WORKS = "F20e"  # the positive contrast to the findings of no effect
COLUMNS = ("check", "finding", "evidence", "accepted", "model", "low", "high", "n", "verdict", "kind", "group")


@dataclass
class Scorecard:
    """What the checks found. seconds: how long it took; times: how many times the experiments' own seeds.

    >>> card = Scorecard([])
    >>> card.ending, card.groups()[1]
    ('0 pass, 0 fail, 0 cannot tell', 'not checked')
    """

    results: list[Result]
    seconds: float = 0.0
    times: float = 1.0
    not_checked: dict[str, str] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """A row a check: what the finding says, what the model does with its interval, the verdict and the kind.

        >>> list(Scorecard([]).frame().columns[:4])
        ['check', 'finding', 'evidence', 'accepted']
        """
        import pandas as pd

        return pd.DataFrame([_row(result) for result in self.results], columns=[*COLUMNS, "says", "statistic", "marks"])

    @property
    def ending(self) -> str:
        """The last line."""
        return tally(self.results)

    def by_kind(self) -> list[str]:
        """A line a kind: what is a test and what is none.

        >>> Scorecard([]).by_kind()[0]
        'VAL (tests: never fitted): 0 pass, 0 fail, 0 cannot tell'
        """
        meanings = {
            "VAL": "tests: never fitted",
            "CAL": "may be fitted: no tests",
            "built in": "shaped the mechanisms: no tests",
        }
        return [
            f"{kind} ({meaning}): {tally(r for r in self.results if r.check.kind == kind)}"
            for kind, meaning in meanings.items()
        ]

    def groups(self, order: bool = False) -> dict[int, str]:
        """The twelve validation groups: pass if every check of it passes, fail if any fails; not checked if it has none.

        order: judged by sign and order alone, and not by the checks' ranges.
        """
        return {group: self._group(group, order) for group in GROUPS}

    def _group(self, group: int, order: bool) -> str:
        tests = [r for r in self.results if r.check.finding.group == group and r.check.kind == "VAL"]
        found = {r.order if order else r.verdict for r in tests}
        if not found:
            return "not checked"
        return next((v for v in (FAIL, CANNOT_TELL) if v in found), PASS)

    def left_out(self, group: int) -> list[str]:
        """The findings of a validation group that have no check.

        >>> all(findings()[name].group == 1 for name in Scorecard([]).left_out(1))
        True
        """
        done = {result.check.finding.id for result in self.results}
        return [name for name, finding in findings().items() if finding.group == group and name not in done]

    def group_lines(self) -> list[str]:
        """A line a validation group: its verdict in sign and order and by range, and what of it is not checked; then a count."""
        lines, ranges = [], self.groups()
        for group, order in self.groups(order=True).items():
            missing, found = self.left_out(group), ranges[group]
            told = order if found == order else f"{order} in sign and order, {found} by range"
            lines.append(f"group {group:2}: {told}" + (f" ({', '.join(missing)} not checked)" if missing else ""))
        passed = [sum(v == PASS for v in self.groups(order).values()) for order in (True, False)]
        return [*lines, f"{passed[0]} of {len(ranges)} pass in sign and order, {passed[1]} by range"]

    def cautions(self) -> list[str]:
        """What a reader could be misled by, from the verdicts themselves."""
        said = [f"{point().capitalize()}: intervals are over chance only (seeds, test noise)."]
        by_name = {result.check.name: result for result in self.results}
        positive = by_name.get(WORKS)
        if positive is not None and positive.verdict != PASS:
            said.append(
                f"{WORKS}, a programme that worked, does not pass: where trials find too little of anything, passing "
                "the findings of no effect (groups 1, 6, 8 and 10) says little."
            )
        return said


def tally(results: Iterable[Result]) -> str:
    """How many passed, failed and could not be told, in the words that end a scorecard.

    >>> from kmsim.evidence.check import Check
    >>> check = Check("F27.effect", "x", "post", lambda seen: None, (-0.02, 0.02))
    >>> tally([Result(check, Interval(0.01, 0.005, 0.015, 9))])
    '1 pass, 0 fail, 0 cannot tell'
    """
    counts = Counter(result.verdict for result in results)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)


def score(
    folder: str | Path,
    names: Sequence[str] | None = None,
    times: float = 1.0,
    workers: int | None = None,
    progress: Callable[[str, int, int, float], Any] | None = None,
    command: Sequence[str] = (),
) -> Scorecard:
    """Run what is missing of each experiment in folder/experiments and make the checks. The same call goes on with it.

    names: experiments, all if None. times: how many times their own seeds. progress: is told the experiment, runs done,
    runs planned and runs a second. Raises KmsimError if statsmodels is missing, RunFailed if a run broke.
    """
    from kmsim.evidence.checks import CHECKS, NOT_CHECKED
    from kmsim.evidence.experiments import EXPERIMENTS
    from kmsim.lab.regular_files import check_tree

    if find_spec("statsmodels") is None:
        raise KmsimError(INSTALL)
    check_tree(Path(folder))
    started = time.monotonic()
    results: dict[str, Result] = {}
    wanted = EXPERIMENTS if names is None else {name: EXPERIMENTS[name] for name in names}
    for name, experiment in wanted.items():
        where = Path(folder) / EXPERIMENTS_FOLDER / name.replace(" ", "_")
        run_experiment(experiment, where, times, workers, progress, command)
        results |= made(where, [check for check in CHECKS if check.experiment == name])
    listed = [results[check.name] for check in CHECKS if check.name in results]
    return Scorecard(listed, time.monotonic() - started, times, NOT_CHECKED if names is None else {})


def run_experiment(
    experiment: Experiment,
    folder: Path,
    times: float = 1.0,
    workers: int | None = None,
    progress: Callable[[str, int, int, float], Any] | None = None,
    command: Sequence[str] = (),
) -> None:
    """Do what is missing of one experiment in its folder. Raises RunFailed if a run broke."""
    from kmsim.evidence.observing import work
    from kmsim.lab.ensemble import run_plan
    from kmsim.lab.store import Store

    told = None if progress is None else lambda *numbers: progress(experiment.name, *numbers)
    executor = "serial" if workers == 1 else "processes"
    plan = experiment.plan(times)
    folder.parent.mkdir(parents=True, exist_ok=True)
    came = run_plan(plan, folder, executor, workers, told, command=command, again="the same command", work=work)
    if not came.whole:
        first = next((row["error"] for row in Store.open(folder).failures()), "")
        raise RunFailed(f"{experiment.name}: {came.failed} of {came.planned} runs failed; the first: {first}")


def made(folder: Path, checks: Sequence[Check]) -> dict[str, Result]:
    """The checks of one experiment, from what was seen of it."""
    from kmsim.evidence.seen import Seen

    seen = Seen(folder)
    return {check.name: Result(check, check.statistic(seen)) for check in checks}


# -- as words ------------------------------------------------------------------------
def number(value: float) -> str:
    """A number of the table, to three figures.

    >>> number(0.12345), number(float("nan"))
    ('0.123', 'n/a')
    """
    return (
        "n/a" if not math.isfinite(value) else f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1g}"
    )


def interval_words(found: Interval) -> str:
    """A statistic with its interval.

    >>> interval_words(Interval(0.1, 0.05, 0.15, 20))
    '0.1 (0.05 to 0.15)'
    """
    bounds = f" ({number(found.low)} to {number(found.high)})" if math.isfinite(found.low) else ""
    return number(found.value) + bounds


def range_words(accept: Range) -> str:
    """A range of acceptance.

    >>> range_words((None, 0.85)), range_words((0.0, None))
    ('0.85 or less', '0 or more')
    """
    low, high = accept
    if low is None or high is None:
        return f"{number(high or 0.0)} or less" if low is None else f"{number(low)} or more"
    return f"{number(low)} to {number(high)}"


def evidence_words(result: Result) -> str:
    """What the finding has: its figure, with the mark of a weak record.

    >>> from kmsim.evidence.check import Check
    >>> check = Check("F27.effect", "x", "post", lambda seen: None, (-0.02, 0.02))
    >>> evidence_words(Result(check, Interval(0.01, 0.0, 0.02, 9)))
    '0 SD'
    """
    record = result.check.finding
    mark = f" [{record.mark}]" if record.mark else ""
    return f"{plain(record.value)}{' ' + record.unit if record.unit else ''}{mark}"


def marks(result: Result) -> str:
    """What a reader must know of a verdict: whose range it is, and which parameters were judged with the finding in view.

    >>> from kmsim.evidence.check import Check
    >>> check = Check("F27.effect", "x", "post", lambda seen: None, (0.0, None), own=True)
    >>> marks(Result(check, Interval(0.01, 0.0, 0.02, 9)))
    "range: this project's reading; by sign only, however small"
    """
    check = result.check
    said = ["range: this project's reading"] if check.own else []
    if 0.0 in check.accept and None in check.accept:
        said.append("by sign only, however small")
    if check.order is not None:
        said.append(f"sign and order: {range_words(check.order)}: {result.order}")
    if check.kind == "VAL" and check.named_by:
        said.append(f"in view when judged: {', '.join(check.named_by)}")
    if check.finding.mark:
        said.append(check.finding.mark)
    return "; ".join(said)


def _row(result: Result) -> tuple[Any, ...]:
    check, found = result.check, result.found
    return (
        check.name,
        check.finding.id,
        evidence_words(result),
        range_words(check.accept),
        found.value,
        found.low,
        found.high,
        found.n,
        result.verdict,
        check.kind,
        check.finding.group or "",
        check.finding.statement,
        check.says,
        marks(result),
    )


def usable() -> int:
    """How many findings could be checked: all that are calibrated, tested or built in.

    >>> 0 < usable() <= len(findings())
    True
    """
    return sum(finding.use != "none" for finding in findings().values())
