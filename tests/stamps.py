"""Move the stamps of posterior and scorecard to the code that is here, if it gives the same bits as the code they are stamped with.

    python -m tests.stamps [REVISION]

REVISION: the commit whose code is known to give the stamped numbers; the last that touched the posterior's stamp by
default. Both codes are run on this machine: all sets of the posterior, three policies, 60 synthetic schools; every total
and every column of every post is compared. Nothing is written if one bit differs.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
POSTERIOR, SCORECARD = ROOT / "kmsim" / "data" / "posterior.yaml", ROOT / "kmsim" / "data" / "scorecard.csv"
POLICIES = ("business_as_usual", "coaching", "codesigned_networks")
ASK = f"""
import hashlib
import kmsim
from kmsim.agents import Teacher
from kmsim.posterior import shipped
digest = hashlib.sha256()
found = shipped()
for parameters in found.draws(len(found)):
    for policy in {POLICIES!r}:
        model = kmsim.Model(system="synthetic", policy=policy, parameters=parameters, **{{"system.n_schools": 60}}).run()
        digest.update(model.totals.tobytes())
        table = model.tables[Teacher]
        for name in Teacher.fields():
            digest.update(table[name].tobytes())
print(digest.hexdigest(), kmsim.__file__)
"""


def bits(tree: Path) -> str:
    """The digest of all runs by the code of a checkout."""
    own = "sys.meta_path[:] = [finder for finder in sys.meta_path if 'editable' not in repr(finder).lower()]"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tree)!r}); {own}\n{ASK}"]
    done = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout.strip()
    digest, _, package = done.partition(" ")
    assert Path(package).is_relative_to(tree), f"{package} was run, not {tree}"
    return digest


def main(words: list[str]) -> int:
    """Compare and stamp. Returns 1 if the bits differ."""
    from kmsim.fingerprint import code_fingerprint
    from kmsim.shipped_data import write_parsed

    last = ["git", "log", "-1", "--format=%H", "--", str(POSTERIOR)]
    revision = (
        words[0] if words else subprocess.run(last, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    )
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "then"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(tree), revision], cwd=ROOT, check=True)
        try:
            then, now = bits(tree), bits(ROOT)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)
    if then != now:
        print(f"other bits than at {revision[:12]}: no stamp is moved")
        return 1
    code, day = code_fingerprint(), time.strftime("%-d %B %Y", time.gmtime())
    said = f"same_bits: totals and posts of all sets, three policies, 60 synthetic schools are the same bits with both codes ({day})"
    stamped = [
        f"code: '{code}'" if line.startswith("code: ") else said if line.startswith("same_bits: ") else line
        for line in POSTERIOR.read_text(encoding="utf-8").splitlines()
    ]
    POSTERIOR.write_text("\n".join(stamped) + "\n", encoding="utf-8")
    write_parsed()
    rows = list(csv.reader(SCORECARD.read_text(encoding="utf-8").splitlines()))
    at = rows[0].index("code")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([rows[0], *([*r[:at], code, *r[at + 1 :]] for r in rows[1:])])
    SCORECARD.write_text(out.getvalue(), encoding="utf-8")
    print(f"the same bits as at {revision[:12]}: stamped {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
