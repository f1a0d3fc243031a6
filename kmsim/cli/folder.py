"""What the verbs share that ask or go on with an experiment's folder: kmsim VERB DIR."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kmsim.errors import KmsimError


def folder_and_rest(words: Sequence[str], verb: str, more: str = "", then: str = "") -> tuple[Path, list[str]]:
    """The folder that a verb is given first, and its other words. more, then: what else it expects, in words and as its example has it.

    >>> folder_and_rest(["results/sweep/first", "workers=2"], "resume")
    (PosixPath('results/sweep/first'), ['workers=2'])
    """
    if not words or ("=" in words[0] and not os.path.exists(words[0])):  # noqa: PTH110  (also for a name that is too long)
        raise KmsimError(
            f"{verb}: expected the folder of an experiment{more}, such as: kmsim {verb} results/sweep/first{then}"
        )
    return Path(words[0]), list(words[1:])


def nothing_more(words: Sequence[str], verb: str) -> None:
    """Raise KmsimError if there are words that the verb has no use for."""
    if words:
        raise KmsimError(f"{verb}: expected one folder and nothing more, not {words[0]}")
