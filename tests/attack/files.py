"""Mutated YAML: policies, practices, systems, designs and tables of scenarios that a user may have written or been sent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.attack.mutation import data, text
from tests.attack.trial import Case

SHORT = ("years=2", "funded_years=1")
POLICY = b"""\
summary: mine
levers:
  - recruit: {invitation: 1.0, coverage: 0.5, rounds: 2}
  - coaching: {hours: 15, start: 0, stop: 2}
  - cpd: {intensity: 0.2, focus: 0.8}
  - expert_days: {expertise: 0.7, tiers: 1}
  - form_clusters: {collaboration: 0.2, network_size: 5, within: region}
  - codesign: {ownership: 0.4}
  - phase_in: {phases: [{year: 0, coverage: 0.3}, {year: 1, coverage: 1}]}
  - incentive: {gbp: 500, eligible: {phase: [primary], fsm_rank_min: 0.2}}
"""
PRACTICE = b"""\
summary: mine
effect: 0.12
complexity: 0.6
scripting: 0.2
observability: 0.5
evidence_strength: 4
source: F11
"""
SYSTEM = b"""\
source: village
summary: mine
schools:
  - {name: North, phase: primary, pupils: 210, fsm: 0.12, teachers: 12, x: 0.0, y: 0.0, la: A, region: R}
  - {name: South, phase: secondary, pupils: 900, fsm: 0.3, teachers: 55, x: 1.0, y: 2.0, la: A, region: R}
  - {name: East, phase: primary, pupils: 300, fsm: 0.4, teachers: 17, x: 2.0, y: 1.0, la: B, region: R}
"""


def cases(choose: random.Random, number: int, folder: Path) -> Iterator[Case]:
    """So many cases; each writes its file into the folder, in which the command is run, when it is asked for."""
    for _ in range(number):
        kind, good = choose.choice((("policy", POLICY), ("practice", PRACTICE), ("system", SYSTEM)))
        name = f"{kind}.yaml"
        if choose.random() < 0.5:
            content, how = data(choose, good), "bytes"
        else:
            content, how = _field(choose, good), "a field"
        (folder / name).write_bytes(content)
        words = {"policy": "policy=coaching", "system": "system=village"} | {kind: f"{kind}={name}"}
        yield Case("yaml", f"{kind}.yaml: {how}: {content[:80]!a}", ("run", *words.values(), *SHORT), (name, kind))


def _field(choose: random.Random, good: bytes) -> bytes:
    """One key or value changed, the rest as it was."""
    lines = good.decode().splitlines()
    at = choose.randrange(len(lines))
    head, colon, tail = lines[at].rpartition(": ") if choose.random() < 0.5 else lines[at].partition(": ")
    if choose.random() < 0.3:
        head = text(choose, head)
    else:
        tail = text(choose, tail)
    lines[at] = head + (colon or ": ") + tail
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
