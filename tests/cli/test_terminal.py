"""What is said beside the answer."""

from __future__ import annotations

import sys

from kmsim.cli.streams import standard_streams
from kmsim.cli.terminal import Terminal


class Full:
    """A stream on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_note_that_finds_no_place_ends_no_work(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Full())
    with standard_streams():
        Terminal(quiet=False).say("a note")
