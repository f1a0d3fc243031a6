"""What the page says of belief: how many checks against research the model passes, and each finding with its verdict.

The verdicts are those of the last whole scorecard, kept in scorecard.yaml with the code that they are of; to renew them:
`kmsim scorecard name=final`, then `python -m kmsim.workshop.scorecard results/scorecard/final`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from kmsim.evidence.checks import CHECKS, NOT_CHECKED
from kmsim.evidence.records import USES, plain
from kmsim.evidence.table import citations, findings
from kmsim.fingerprint import code_fingerprint, fingerprint

TOLD = {"pass": "passes", "fail": "fails", "cannot tell": "cannot tell", "not checked": "not checked"}
WORST = ("fail", "cannot tell", "pass")


@cache
def _kept() -> dict[str, Any]:
    return yaml.safe_load(files("kmsim.workshop").joinpath("scorecard.yaml").read_text(encoding="utf-8"))


@cache
def counts() -> dict[str, Any]:
    """How many checks pass, fail and cannot tell, in numbers and in a sentence.

    >>> counts()["href"]
    '#findings'
    """
    n = Counter(_kept()["verdicts"].values())
    current = _kept()["code"] == code_fingerprint()
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
        verdicts = [
            _kept()["verdicts"][c.name] for c in CHECKS if c.finding.id == name and c.name in _kept()["verdicts"]
        ]
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


def renew(folder: Path) -> None:
    """Keep the verdicts of a scorecard's folder beside this file, with the code that they are of, if that is this one."""
    with (folder / "scorecard.csv").open(encoding="utf-8") as stream:
        verdicts = {row["check"]: row["verdict"] for row in csv.DictReader(stream)}
    model = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["model"]
    kept = {"model": model, "code": code_fingerprint() if model == fingerprint() else None, "verdicts": verdicts}
    text = "# Verdicts of the last whole scorecard; written by python -m kmsim.workshop.scorecard\n"
    text += yaml.safe_dump(kept, sort_keys=False)
    Path(__file__).with_name("scorecard.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    renew(Path(sys.argv[1]))
