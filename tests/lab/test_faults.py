"""Kills for real: of workers, of whoever asked, of Dask workers, over one experiment. What is there in the end is the plan.

A kill counts only if at that moment a part was written and one was missing. After each the folder is gone on with.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kmsim.lab.store import Store
from tests.lab import process
from tests.lab.folder import bits, check_whole

SECONDS = 120  # for anything to happen
MOMENT = 0.01  # in which the blow falls, after a part is written: a few runs' time, so that 600 runs outlast 30 kills
SETTINGS = ["system=village", "policies=coaching,business_as_usual", "design=grid", "design.vary.theta=2..4"]
SETTINGS += ["trajectories=all", "outcomes=doing_it_well,depth,cost_gbp"]


class Session:
    """A `kmsim` process that works on an experiment, and what may be killed of it."""

    def __init__(self, place: Path, words: list[str], executor: str) -> None:
        self.runs = place / "results" / "sweep" / "mine" / "runs"
        self.executor = executor
        self.before = self.parts()
        self.process = process.start(place, *words, f"executor={executor}", "workers=2")

    def parts(self) -> int:
        return len(list(self.runs.glob("*.parquet"))) if self.runs.is_dir() else 0

    def until_parts(self, more: int) -> bool:
        """Wait until so many parts more are written; False if the process has ended before."""
        end = time.monotonic() + SECONDS
        while self.parts() < self.before + more:
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < end, "nothing is written"
            time.sleep(0.002)
        return True

    def workers(self) -> list[psutil.Process]:
        """The processes that do runs: children of the server that starts them, or of Dask's nannies."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        if self.executor == "dask":
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        return [child for child in children if child.ppid() != self.process.pid]

    def kill(self, what: str, chance: random.Random) -> None:
        if what == "asker":
            self.process.kill()
        else:
            chance.choice(self.workers()).kill()

    def stop(self) -> None:
        """End it as Ctrl-C does, whatever it was about to do."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        _, err = self.process.communicate(timeout=SECONDS)
        assert "Traceback" not in err, err


def disturb(place: Path, scenarios: int, kills: list[str], seed: int) -> list[int]:
    """Kill so often, each time going on with what is there: how many runs were done at each kill that counts."""
    chance = random.Random(seed)
    folder = place / "results" / "sweep" / "mine"
    done_at: list[int] = []
    for what in kills:
        counts = False
        while not counts:
            start = (
                ["resume", str(folder)]
                if folder.exists()
                else ["sweep", *SETTINGS, f"design.levels={scenarios}", "name=mine"]
            )
            session = Session(place, start, "dask" if what == "dask worker" else "processes")
            written = session.until_parts(1)
            assert written, (what, done_at, session.process.communicate())
            time.sleep(chance.random() * MOMENT)
            session.kill(what, chance)
            scan = Store.open(folder).scan()
            counts = 0 < scan.count < len(scan.done)
            if what != "asker" and chance.random() < 0.5:
                session.before = session.parts()
                session.until_parts(1)  # the others go on without it
            session.stop()
        done_at.append(scan.count)
    return done_at


def finish(place: Path) -> None:
    folder = place / "results" / "sweep" / "mine"
    words = [sys.executable, "-m", "kmsim.cli", "resume", str(folder), "workers=2"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(words, cwd=place, capture_output=True, text=True, env=env, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr


def undisturbed(place: Path, scenarios: int) -> Path:
    session = Session(place, ["sweep", *SETTINGS, f"design.levels={scenarios}", "name=mine"], "processes")
    _, err = session.process.communicate(timeout=600)
    assert session.process.returncode == 0, err
    return place / "results" / "sweep" / "mine"


def check_kills(tmp_path: Path, scenarios: int, kills: list[str], seed: int) -> list[int]:
    (tmp_path / "calm").mkdir()
    (tmp_path / "storm").mkdir()
    calm = undisturbed(tmp_path / "calm", scenarios)
    done_at = disturb(tmp_path / "storm", scenarios, kills, seed)
    finish(tmp_path / "storm")
    storm = tmp_path / "storm" / "results" / "sweep" / "mine"
    check_whole(storm)
    for table in ("runs", "trajectories", "ledger"):
        assert bits(storm, table) == bits(calm, table)
    return done_at


def test_a_few_kills_lose_nothing(tmp_path):
    pytest.importorskip("distributed")
    done_at = check_kills(tmp_path, 100, ["asker", "worker", "dask worker", "asker"], 1)
    assert len(done_at) == 4
    assert done_at == sorted(done_at)  # what was done stays done


@pytest.mark.long
def test_thirty_kills_over_600_runs_lose_nothing(tmp_path):
    pytest.importorskip("distributed")
    kills = ["asker", "worker", "dask worker"] * 10
    random.Random(7).shuffle(kills)
    done_at = check_kills(tmp_path, 300, kills, 7)
    assert len(done_at) == 30
    assert done_at == sorted(done_at)
    print("runs done at each kill:", done_at)
