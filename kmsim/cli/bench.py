"""`kmsim bench`: how fast the model runs here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmsim.cli import Flags

SUMMARY = "measure how fast the model runs on this machine"


def help_text() -> str:
    """What `kmsim bench --help` shows."""
    return f"kmsim bench: {SUMMARY}\n\nusage: kmsim bench\n\nexample\n  kmsim bench\n"


def main(words: Sequence[str], flags: Flags) -> int:
    """Run the benchmark of kmsim.lab.bench with the words, and return its exit code."""
    from importlib import import_module

    return int(import_module("kmsim.lab.bench").main(list(words)) or 0)
