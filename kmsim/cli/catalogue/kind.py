"""What a kind of named things is, and how all that is shown of one of them begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kmsim.cli import text


@dataclass(frozen=True)
class Kind:
    """A kind of named things. line: a name's cells in a list, under `titles`; show: all of it, as text."""

    name: str
    plural: str
    meaning: str
    names: Callable[[], list[str]]
    titles: tuple[str, ...]
    line: Callable[[str], list[str]]
    show: Callable[[str], str]
    files: bool = False  # whether the path of a YAML file is a name too
    also: tuple[str, ...] = ()  # other words for the kind

    def is_called(self, word: str) -> bool:
        """Whether a word means this kind."""
        return word in (self.name, self.plural, *self.also)


def head(kind: str, name: str, meaning: str) -> str:
    """Kind and name, and what the thing is.

    >>> print(head("lever", "coaching", "Hours of a coach.") + "  hours  15")
    lever coaching
    Hours of a coach.
    <BLANKLINE>
      hours  15
    """
    body = text.paragraph(meaning)
    return f"{kind} {name}\n" + (body + "\n\n" if body else "\n")
