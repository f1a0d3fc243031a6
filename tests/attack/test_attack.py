"""At least 2,000 mutated arguments, YAML files, tables, extracts and folders: each runs rightly or is refused in one line.

`python -m tests.attack.test_attack` writes the table of counts that docs/limits.md has. KMSIM_ATTACK multiplies how many
are tried, KMSIM_ATTACK_SEED tries others.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kmsim.system import build
from tests.attack import files, folders, tables, words
from tests.attack.trial import Case, Outcome, attempt, listing, run

TIMES, SEED = int(os.environ.get("KMSIM_ATTACK", "1")), int(os.environ.get("KMSIM_ATTACK_SEED", "1"))
NUMBERS = {"words": 700, "yaml": 450, "table": 300, "gias": 350, "folder": 250}
VALID = ("run", "system=village", "policy=coaching", "years=2", "funded_years=1", "seed=7", "name=valid")
WARM = (
    ("compare", "system=village", "policies=coaching", "years=1", "funded_years=1", "replicates=1", "workers=1"),
    ("show", "F27"),
)
SHARES = 50  # trials after which the process is asked for the valid run again


PAGE = Path(__file__).resolve().parents[2] / "docs" / "limits.md"
MARK = "<!-- attack: written by python -m tests.attack.test_attack -->"


def made(family: str, folder: Path) -> Iterator[Case]:
    """The cases of a family, made one after the other in a folder in which the process stands."""
    choose, number = random.Random(f"{SEED} {family}"), NUMBERS[family] * TIMES
    if family == "words":
        return words.cases(choose, number)
    if family == "yaml":
        return files.cases(choose, number, folder)
    if family == "table":
        return tables.scenarios(choose, number, folder)
    if family == "gias":
        return tables.extracts(choose, number, folder)
    return folders.cases(choose, number, folder, folders.make(folder))


def attacked(family: str, folder: Path) -> Iterator[Outcome]:
    """Each case tried, and after every so many the valid run again: its bits are those of a process that met no attack."""
    fresh = _fresh(folder)
    for good in (VALID, *WARM):  # what is loaded once and for all is loaded now
        run(good)
    shutil.rmtree(folder / "results")
    for turn, case in enumerate(made(family, folder)):
        found = attempt(case, folder)
        if case.family == "folder":
            found = _judged(found, folder)
        if case.rows and found.code == 0:
            found = _counted(found)
        yield found
        if turn % SHARES == SHARES - 1:
            yield _again(fresh, folder)


def _fresh(folder: Path) -> bytes:
    """The outcomes of the valid run by a process of its own."""
    place = folder.parent / f"{folder.name}-fresh"
    place.mkdir()
    code = "import sys; from kmsim.cli import main; sys.exit(main(sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", code, *VALID], cwd=place, check=True, capture_output=True)
    return (place / "results/run/valid/outcomes.csv").read_bytes()


def _again(fresh: bytes, folder: Path) -> Outcome:
    case = Case("valid", "the valid run again", VALID)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        os.chdir(place)
        try:
            code, out, err, raised = run(VALID)
            made = Path(place, "results/run/valid/outcomes.csv")
            same = made.is_file() and made.read_bytes() == fresh
        finally:
            os.chdir(folder)
    return Outcome(case, code, out, err, () if same and not raised else (f"gives other bits now: {err}{raised}",))


def _counted(found: Outcome) -> Outcome:
    """Of an extract besides: each of its schools is in the system, or told as left out."""
    taken = build("gias", {"path": "extract.csv"}).n_schools
    left_out = sum(map(int, re.findall(r"^note: (\d+) schools? left out", found.err, re.MULTILINE)))
    if taken + left_out == found.case.rows:
        return found
    fault = (
        f"has {found.case.rows} schools, of which {taken} are taken and {left_out} told as left out: {found.err[-300:]}"
    )
    return Outcome(found.case, found.code, found.out, found.err, (*found.faults, fault))


_WHOLE: dict[Path, str] = {}


def _judged(found: Outcome, folder: Path) -> Outcome:
    """Of a folder besides: what lies outside is untouched, and what is answered in full is what the whole one answers."""
    faults = [*found.faults]
    if listing(folder / "outside") != {"precious.parquet": b"precious"}:
        faults.append("touches what lies outside")
    if found.code == 0 and found.case.words[0] == "query":
        if folder not in _WHOLE:
            _WHOLE[folder] = run(("query", "results/sweep/whole", folders.ASK, "format=csv"))[1]
        if found.out != _WHOLE[folder] and "runs are done" not in found.err:
            faults.append("answers otherwise and does not say that runs are missing")
    return Outcome(found.case, found.code, found.out, found.err, tuple(faults))


@pytest.mark.parametrize("family", NUMBERS)
def test_each_attack_is_run_rightly_or_refused_in_one_line(family, tmp_path, monkeypatch):
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    found = list(attacked(family, place))
    wrong = [f"{o.case.what[:150]}: {'; '.join(o.faults)}" for o in found if o.faults]
    assert not wrong, f"{len(wrong)} of {len(found)}:\n" + "\n".join(wrong[:25])
    codes = Counter(o.code for o in found if o.case.family == family)
    assert codes.total() == NUMBERS[family] * TIMES
    assert codes[2] > codes.total() / 20  # or else nothing was attacked
    assert codes[0] > 0


def main() -> None:
    """Try all, and write how many ran and how many were refused into the page on limits; -v tells of each fault."""
    lines = ["| family | tried | ran | refused in one line | faults |", "|---|---|---|---|---|"]
    for family in NUMBERS:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder, "here")
            place.mkdir()
            os.chdir(place)
            found = [o for o in attacked(family, place) if o.case.family == family]
            os.chdir("/")
        codes = Counter(o.code for o in found)
        lines.append(f"| {family} | {len(found)} | {codes[0]} | {codes[2]} | {sum(bool(o.faults) for o in found)} |")
        print(lines[-1], flush=True)
        for o in found:
            if o.faults and "-v" in sys.argv:
                print(f"    {o.case.words}: {o.case.what[:100]}: {'; '.join(o.faults)[:400]}")
    if (TIMES, SEED) == (1, 1):
        text = PAGE.read_text(encoding="utf-8")
        head, mark, rest = text.partition(MARK)
        PAGE.write_text(
            head + mark + "\n" + "\n".join(lines) + "\n" + rest[rest.index("<!-- end -->") :], encoding="utf-8"
        )


if __name__ == "__main__":
    main()
