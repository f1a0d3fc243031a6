"""Sixty kills: parents, workers and whole groups of a sweep, a comparison, a compaction and a calibration, at any moment.

Each command is begun again until it ends by itself; what it leaves is then what an undisturbed one leaves, bit for bit.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.process import start

pytestmark = pytest.mark.long
KILLS = 15  # of each command
GENEROUS = 600  # seconds in which a command ends by itself, however busy the machine
ASK = "SELECT * FROM {} ORDER BY ALL"

SWEEP = (
    "sweep",
    "system=village",
    "policies=coaching,grassroots",
    "design=grid",
    "design.vary.theta=2..4",
    "design.levels=300",
)
SWEEP += ("years=6", "trajectories=sample", "workers=2", "name=it")
COMPARE = (
    "compare",
    "system=borough",
    "years=6",
    "replicates=10",
    "policies=business_as_usual,coaching,codesigned_networks",
    "workers=2",
    "name=it",
)
CALIBRATE = ("calibrate", "calibration=tiny", "workers=2", "name=it")


def _children(pid: int) -> list[int]:
    """The processes that a process started, and those they did, as far as they can be seen."""
    found: list[int] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(file.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid:
            child = int(file.parent.name)
            found += [child, *_children(child)]
    return found


def _kill(process: subprocess.Popen[str], whom: str, choose: random.Random) -> str:
    """Kill the parent, one of its workers (itself, while it has none), or all of them. Returns who was killed."""
    below = _children(process.pid) if whom == "worker" else []
    with suppress(ProcessLookupError):
        if below:
            os.kill(choose.choice(below), signal.SIGKILL)
            return "worker"
        if whom == "group":
            os.killpg(process.pid, signal.SIGKILL)
            return "group"
        process.kill()
    return "parent"


def disturbed(place: Path, words: tuple[str, ...], longest: float, choose: random.Random) -> Counter[str]:
    """Run a command, killed at any moment within so many seconds, as often as is asked; then to its end.

    One whose worker is killed goes on. Returns who was killed, how often.
    """
    killed: Counter[str] = Counter()
    whom = ["parent", "worker", "group"] * (KILLS // 3)
    choose.shuffle(whom)
    process = start(place, *words)
    while whom:
        time.sleep(choose.uniform(0.0, longest))
        if process.poll() is not None:
            _, err = process.communicate()
            assert process.returncode in (0, 1), err  # 1: too many of its workers died
            longest *= 0.7  # it was done before the blow: strike sooner
            killed["too late"] += 1
            assert killed["too late"] < 200
            if process.returncode == 0:
                _begin_anew(place)
            process = start(place, *words)
            continue
        last = _kill(process, whom.pop(), choose)
        killed[last] += 1
        if last != "worker" or choose.random() < 0.5:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # workers that outlive their parent too
            _, err = process.communicate(timeout=GENEROUS)
            assert "Traceback" not in err, err
            process = start(place, *words)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=GENEROUS)
    _done(place, *words)
    return killed


def _begin_anew(place: Path) -> None:
    shutil.rmtree(place / "results", ignore_errors=True)
    if (place / "before").is_dir():
        shutil.copytree(place / "before", place / "results")


def _done(place: Path, *words: str) -> str:
    process = start(place, *words)
    out, err = process.communicate(timeout=GENEROUS)
    assert process.returncode == 0, err
    return out


def _asked(place: Path, folder: str) -> list[str]:
    return [
        _done(place, "query", folder, ASK.format(table), "format=csv") for table in ("runs", "ledger", "trajectories")
    ]


def _leftovers(folder: Path) -> list[str]:
    """What a kill left beside results and nobody cleared."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob(".*")
        if path.name.endswith((".tmp", ".part", ".runs")) or (path.name.startswith(".") and path.is_dir())
    )


@pytest.fixture
def places(tmp_path):
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    calm.mkdir()
    wild.mkdir()
    return calm, wild


def _told(killed: Counter[str]) -> None:
    print(dict(killed))
    assert killed["parent"] + killed["worker"] + killed["group"] == KILLS


def test_a_sweep_killed_fifteen_times(places):
    calm, wild = places
    _done(calm, *SWEEP)
    _told(disturbed(wild, SWEEP, 6, random.Random(1)))
    assert _asked(wild, "results/sweep/it") == _asked(calm, "results/sweep/it")
    assert not _leftovers(wild / "results")


def test_a_comparison_killed_fifteen_times(places):
    calm, wild = places
    _done(calm, *COMPARE)
    _told(disturbed(wild, COMPARE, 8, random.Random(2)))
    for file in ("summary.csv", "paired.csv", "table.txt", "config.yaml", "report.html"):
        assert (wild / "results/compare/it" / file).read_bytes() == (calm / "results/compare/it" / file).read_bytes(), (
            file
        )
    assert _asked(wild, "results/compare/it/experiment") == _asked(calm, "results/compare/it/experiment")
    assert not _leftovers(wild / "results")


def test_a_compaction_killed_fifteen_times(places):
    _, wild = places
    _done(wild, *SWEEP[:-2], "workers=2", "executor=processes", "name=it")
    shutil.copytree(wild / "results", wild / "before")
    before = _asked(wild, "results/sweep/it")
    words = ("compact", "results/sweep/it")
    _told(disturbed(wild, words, 2.5, random.Random(3)))
    assert _asked(wild, "results/sweep/it") == before
    assert len(list((wild / "results/sweep/it/runs").glob("*.parquet"))) == 1
    assert not _leftovers(wild / "results")


def test_a_calibration_killed_fifteen_times(places):
    calm, wild = places
    _done(calm, *CALIBRATE)
    _told(disturbed(wild, CALIBRATE, 20, random.Random(4)))
    for file in ("posterior.csv", "table.txt"):
        assert (wild / "results/calibrate/it" / file).read_bytes() == (
            calm / "results/calibrate/it" / file
        ).read_bytes(), file
    assert not _leftovers(wild / "results")
