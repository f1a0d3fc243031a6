"""What the page says of belief: how many checks against research the model passes, and each finding with its verdict.

The verdicts are those of the scorecard that every report tells of (`kmsim.evidence.standing`).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from kmsim.evidence.checks import CHECKS, NOT_CHECKED
from kmsim.evidence.records import USES, plain
from kmsim.evidence.standing import read
from kmsim.evidence.table import citations, findings

TOLD = {"pass": "passes", "fail": "fails", "cannot tell": "cannot tell", "not checked": "not checked"}
WORST = ("fail", "cannot tell", "pass")


@cache
def _verdicts() -> dict[str, str]:
    return {row["check"]: row["verdict"] for row in read().rows}


@cache
def counts() -> dict[str, Any]:
    """How many checks pass, fail and cannot tell, in numbers and in a sentence.

    >>> counts()["href"]
    '#findings'
    """
    n = Counter(_verdicts().values())
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
    """Every finding with what it says, where it is from and the verdict: the worst of its checks."""
    rows = []
    for name, finding in findings().items():
        verdicts = [_verdicts()[c.name] for c in CHECKS if c.finding.id == name and c.name in _verdicts()]
        verdict = next((v for v in WORST if v in verdicts), "not checked")
        spread = f" ({finding.range})" if finding.range else ""
        why = NOT_CHECKED.get(name, "") if verdict == "not checked" else ""
        rows.append(
            {
                "id": name,
                "statement": finding.statement,
                "found": f"{finding.quantity}: {plain(finding.value)}{spread} {finding.unit}".strip(),
                "source": "; ".join(citations(finding)),
                "grade": finding.mark or "read",
                "verdict": verdict,
                "verdict_text": TOLD[verdict] + (f": {why}" if why else ""),
                "kind": finding.use,
                "kind_text": USES[finding.use],
            }
        )
    return {"sentence": counts()["sentence"], "rows": rows}
