"""A check: a statistic of a simulated experiment, the range in which the finding puts it, and the verdict.

Example
-------
>>> Check("F27.effect", "x", "post", lambda seen: None, (-0.02, 0.02)).kind
'CAL'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kmsim.evidence.cited import citing
from kmsim.evidence.intervals import Interval, Range, verdict
from kmsim.evidence.records import Finding
from kmsim.evidence.seen import Seen
from kmsim.evidence.table import findings

Statistic = Callable[[Seen], Interval]


@dataclass(frozen=True)
class Check:
    """name: the finding's id, and after a dot which of its checks. accept: low and high, None for no bound.

    own: whether the range is this project's reading and not the source's. tagged: a use other than the finding's, where a
    part of it is. order: the range of sign and order alone, where a finding says less than `accept`; None: the same.
    """

    name: str
    says: str
    experiment: str
    statistic: Statistic
    accept: Range
    own: bool = False
    tagged: str = ""
    order: Range | None = None

    @property
    def finding(self) -> Finding:
        """The record that is checked.

        >>> Check("F27.effect", "x", "post", lambda seen: None, (-0.02, 0.02)).finding.id
        'F27'
        """
        return findings()[self.name.partition(".")[0]]

    @property
    def kind(self) -> str:
        """CAL, VAL or built in."""
        return self.tagged or self.finding.use

    @property
    def named_by(self) -> tuple[str, ...]:
        """The parameters that name the finding: a VAL row that has any was in view when they were judged.

        >>> "q_aware" in Check("F40", "x", "hearing", lambda seen: None, (0.0, 1.0)).named_by
        True
        """
        return citing(self.finding.id)


@dataclass(frozen=True)
class Result:
    """What a check found.

    >>> check = Check("F27.effect", "x", "post", lambda seen: None, (-0.02, 0.02), order=(None, 0.0))
    >>> found = Result(check, Interval(0.01, 0.005, 0.015, 9))
    >>> found.verdict, found.order
    ('pass', 'fail')
    """

    check: Check
    found: Interval

    @property
    def verdict(self) -> str:
        """pass, fail or cannot tell."""
        return verdict(self.found, self.check.accept)

    @property
    def order(self) -> str:
        """The verdict in sign and order alone."""
        return verdict(self.found, self.check.order or self.check.accept)
