"""`kmsim show`: all there is to say of something with a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmsim.cli import text
from kmsim.configuration import SUFFIX
from kmsim.errors import KmsimError, unknown

if TYPE_CHECKING:
    from kmsim.cli import Flags

SUMMARY = "show one of them whole: a policy's levers and costs, an outcome's formula, a parameter's source"


def help_text() -> str:
    """What `kmsim show --help` shows."""
    from kmsim.cli.catalogue import KINDS

    kinds = text.rows([[kind.name, kind.meaning] for kind in KINDS], indent=2)
    return (
        f"kmsim show: {SUMMARY}\n\nusage: kmsim show [KIND] NAME, or kmsim show KINDS for all of a kind\n\n"
        f"kinds (default: every kind that has the name)\n{kinds}\n\n"
        "examples\n  kmsim show codesigned_networks\n  kmsim show lever coaching\n  kmsim show policy mine.yaml\n  kmsim show outcomes\n"
    )


def main(words: Sequence[str], flags: Flags) -> int:
    """Show what has the name, in every kind or in the one given. Raises KmsimError for a name that nothing has."""
    from kmsim.cli.catalogue import is_kind, kind_of, kinds_with, with_name

    if not 1 <= len(words) <= 2:
        raise KmsimError("show: expected [KIND] NAME, such as: kmsim show policy coaching")
    if len(words) == 1 and (with_name(words[0]) or not is_kind(words[0])):
        shown = [kind.show(words[0]) for kind in kinds_with(words[0])]
    else:
        kind, names = kind_of(words[0]), list(words[1:])
        known = kind.names()
        for name in names:
            if name not in known and not (kind.files and name.endswith(SUFFIX)):
                raise unknown(kind.name, name, known, f"{'an' if kind.name[0] in 'aeiou' else 'a'} {kind.name}")
        shown = [kind.show(name) for name in names or known]
    print("\n\n".join(shown))
    return 0
