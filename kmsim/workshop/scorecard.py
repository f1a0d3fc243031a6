"""What the page says of belief: how many checks against research the model passes, and each finding with its verdict.

The verdicts are those of the scorecard that every report tells of (`kmsim.evidence.standing`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from kmsim.evidence.checks import CHECKS, NOT_CHECKED
from kmsim.evidence.records import USES, plain
from kmsim.evidence.standing import read
from kmsim.evidence.table import citations, findings

TOLD = {"pass": "passes", "fail": "fails", "cannot tell": "cannot tell", "not checked": "not checked"}
WORST = ("fail", "cannot tell", "pass")


@cache
def _checked() -> dict[str, Mapping[str, str]]:
    return {row["check"]: row for row in read().rows}


def rounded(words: str) -> str:
    """Numbers of a check as people read them: three digits of the largest, no more than three decimals unless all are small.

    >>> rounded("0.0835 (0.0697 to 0.0973)"), rounded("-0.0023 (-0.0023 to -0.0023)"), rounded("1.59 (1.57 to 1.61)")
    ('0.084 (0.070 to 0.097)', '−0.0023 (−0.0023 to −0.0023)', '1.59 (1.57 to 1.61)')
    """
    numbers = re.findall(r"-?\d[\d.]*(?:e-?\d+)?", words)
    largest = max((abs(float(each)) for each in numbers), default=0.0)
    if not largest:
        return words
    decimals = min(max(2 - math.floor(math.log10(largest)), 0), 4 if largest < 0.01 else 3)
    return re.sub(r"-?\d[\d.]*(?:e-?\d+)?", lambda each: _plain(float(each[0]), decimals), words)


def _plain(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if any(digit in text for digit in "123456789") else text.removeprefix("-")


def _check(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "verdict": row["verdict"],
        "says": row["says"],
        "model": rounded(row["model"]),
        "accepted": row["accepted"].replace("-", "−"),
    }


@cache
def counts() -> dict[str, Any]:
    """How many checks pass, fail and cannot tell, in numbers and in a sentence.

    >>> counts()["href"]
    '#findings'
    """
    n = Counter(row["verdict"] for row in _checked().values())
    current = read().current
    sentence = (
        f"The model passes {n['pass']} of {n.total()} checks against research, fails {n['fail']} and cannot tell for "
        f"{n['cannot tell']}."
    )
    if not current:
        sentence += " They were made before the model's code last changed."
    return {
        "pass": n["pass"],
        "fail": n["fail"],
        "cannot_tell": n["cannot tell"],
        "sentence": sentence,
        "current": current,
        "href": "#findings",
    }


@cache
def scorecard() -> dict[str, Any]:
    """Every finding: what it says, what research measured, what the model gives (a line a check), and the worst verdict of these."""
    rows = []
    for name, finding in findings().items():
        checks = [_check(_checked()[c.name]) for c in CHECKS if c.finding.id == name and c.name in _checked()]
        verdict = next((v for v in WORST if v in [check["verdict"] for check in checks]), "not checked")
        spread = f" ({finding.range})" if finding.range else ""
        why = NOT_CHECKED.get(name, "") if verdict == "not checked" else ""
        rows.append(
            {
                "id": name,
                "statement": finding.statement,
                "found": f"{finding.quantity}: {plain(finding.value)}{spread} {finding.unit}".strip(),
                "checks": checks,
                "source": "; ".join(citations(finding)),
                "grade": finding.mark or "read",
                "verdict": verdict,
                "verdict_text": TOLD[verdict] + (f": {why}" if why else ""),
                "kind": finding.use,
                "kind_text": USES[finding.use],
            }
        )
    return {"sentence": counts()["sentence"], "rows": rows}
