"""`kmsim workshop` as a process of its own, as a presenter starts it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Served:
    """A running workshop: its address, the presenter's link, and the room's code and address if it is shared."""

    address: str
    link: str
    code: str | None
    join: str | None = None


@contextmanager
def serving(*keys: str) -> Iterator[Served]:
    """A workshop with these words of the command line, on a free port; ended at the end."""
    command = [sys.executable, "-m", "kmsim.cli", "workshop", "--no-browser", "port=0", *keys]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    said = ""
    try:
        while "#key=" not in said or ("--lan" in keys and not re.search(r"\b[A-Z0-9]{6,}\b", said)):
            try:
                said += lines.get(timeout=300)  # a model changed since is compiled first
            except Empty:
                pytest.fail(f"kmsim workshop did not start: {said}")
        link = re.search(r"http://(127\.0\.0\.1|localhost):\d+/#key=\S+", said)
        assert link, said
        code = re.search(r"\b[A-Z0-9]{6,}\b", said) if "--lan" in keys else None
        join = re.search(r"phones: (\S+)", said)
        yield Served(link[0].split("/#")[0], link[0], code[0] if code else None, join[1] if join else None)
    finally:
        process.terminate()
        process.wait(120)
