"""`kmsim list`: what there is, kind by kind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from kmsim.cli import text
from kmsim.errors import KmsimError

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.cli.catalogue import Kind

SUMMARY = "list what there is: systems, policies, levers, outcomes, parameters, archetypes, practices, findings"
MANY = 40  # names of a kind with more are not all told where every kind is


def help_text() -> str:
    """What `kmsim list --help` shows."""
    from kmsim.cli.catalogue import KINDS

    kinds = text.rows([[kind.plural, kind.meaning] for kind in KINDS], indent=2)
    return (
        f"kmsim list: {SUMMARY}\n\nusage: kmsim list [KIND]\n\nkinds (default: the names of all)\n{kinds}\n\n"
        "example\n  kmsim list policies\n"
    )


def main(words: Sequence[str], flags: Flags) -> int:
    """List one kind, a line each, or the names of all. Raises KmsimError for more than one word or an unknown kind.

    A file that cannot be read is told on stderr, after the rest of its kind; the exit code is 2 then.
    """
    from kmsim.cli.catalogue import KINDS, kind_of

    if len(words) > 1:
        raise KmsimError(f"list: expected one kind, not {len(words)}: {' '.join(words)}")
    if words:
        kind = kind_of(words[0])
        lines, wrong = _lines(kind)
        print(text.rows(lines, kind.titles))
        for error in wrong:
            print(f"kmsim: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if wrong else 0
    blocks = []
    for kind in KINDS:
        names = kind.names()
        told = ", ".join(names) if len(names) <= MANY else f"kmsim list {kind.plural} tells them"
        body = fill(told, text.width(), initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        blocks.append(f"{kind.plural} ({len(names)}): {kind.meaning}\n{body}")
    print("\n\n".join(blocks))
    return 0


def _lines(kind: Kind) -> tuple[list[list[str]], list[KmsimError]]:
    """The lines of a kind, and what is wrong with files of the user's own that cannot be listed."""
    lines, wrong = [], []
    for name in kind.names():
        try:
            lines.append(kind.line(name))
        except KmsimError as error:
            wrong.append(error)
    return lines, wrong
