"""`kmsim compact`: an experiment's many small parts merged into few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli.folder import folder_and_rest, nothing_more
from kmsim.cli.streams import show
from kmsim.cli.terminal import Terminal

if TYPE_CHECKING:
    from kmsim.cli import Flags

VERB = "compact"
SUMMARY = "merge a sweep's many small parts into few: the same rows, quicker to read"

HELP = f"""\
kmsim {VERB}: {SUMMARY}

usage: kmsim {VERB} DIR [--debug] [--quiet]

  DIR  the folder of a sweep that nobody is at work in; it can be gone on with afterwards

example
  kmsim {VERB} results/sweep/first
"""


def help_text() -> str:
    """What `kmsim compact --help` shows."""
    return HELP


def main(words: Sequence[str], flags: Flags) -> int:
    """Merge, and tell how many parts there are. Raises KmsimError for a folder that is not an experiment's or is in use."""
    folder, rest = folder_and_rest(words, VERB)
    nothing_more(rest, VERB)

    from kmsim.lab.compaction import compact
    from kmsim.lab.store import Store
    from kmsim.lab.words import counted

    Terminal(flags.quiet)  # shows warnings in one line
    made = compact(Store.open(folder))
    show(f"{folder}: {counted(made.before, 'part')} {'is' if made.before == 1 else 'are'} now {made.after:,}", folder)
    return 0
