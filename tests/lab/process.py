"""`kmsim` in a process of its own, to disturb while it is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MANY = ["sweep", "system=village", "design=grid", "design.vary.theta=2..4", "design.levels=1000", "replicates=10"]
MANY += ["policies=coaching", "workers=2", "name=mine"]  # runs for longer than any test waits
BOUND = 600.0  # seconds within which anything must have happened, however busy the machine
FOLDER = Path("results", "sweep", "mine")


def start(place: Path, *words: str) -> subprocess.Popen[str]:
    """Start it in a folder, in a session of its own: a signal to its group reaches it and its workers, and nobody else.

    It hears Ctrl-C even where this process does not, as one that a shell has put into the background.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "kmsim.cli", *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def until_parts(process: subprocess.Popen[str], folder: Path, count: int = 1) -> None:
    """Wait until the process, still at work, has written so many parts of its experiment."""
    end = time.monotonic() + BOUND
    while len(list((folder / "runs").glob("*.parquet"))) < count:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def interrupted(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C, as a terminal does: to all of them. What it says on stderr once it has ended, long before its work would be done."""
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=BOUND)
    return err
