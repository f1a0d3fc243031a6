"""`kmsim bench`: how fast the model runs here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli.arguments import read
from kmsim.errors import BadValue

if TYPE_CHECKING:
    from kmsim.cli import Flags

SUMMARY = "measure how fast the model runs on this machine"


def help_text() -> str:
    """What `kmsim bench --help` shows."""
    return (
        f"kmsim bench: {SUMMARY}\n\nusage: kmsim bench [key=value]\n\nkeys and their defaults\n"
        "  quick=false  true leaves out what takes minutes: England\n\nexample\n  kmsim bench quick=true\n"
    )


def main(words: Sequence[str], flags: Flags) -> int:
    """Run the benchmark of kmsim.lab.bench and return its exit code. Raises KmsimError for words that cannot be used."""
    quick = read(words, ["quick"], "bench").get("quick", False)
    if not isinstance(quick, bool):
        raise BadValue("quick", quick, "true or false")

    from kmsim.lab.bench import main as bench

    return bench(["quick=true"] if quick else [])
