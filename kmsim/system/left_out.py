"""Notes on schools that are left out: how many, why, and the first few by name.

Example
-------
>>> left_out(["A School"], "no pupil count")
'1 school left out: no pupil count: A School'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

NAMED = 5


def names(given: Sequence[str]) -> str:
    """Up to five names, and how many more there are.

    >>> names([*"abcdefg"])
    'a, b, c, d, e and 2 more'
    """
    more = len(given) - NAMED
    return ", ".join(map(str, given[:NAMED])) + (f" and {more:,} more" if more > 0 else "")


def left_out(given: Sequence[str], why: str) -> str:
    """The note on schools that are left out, in one line.

    >>> left_out(["a", "b"], "not open (1 closed, 1 proposed to open)")
    '2 schools left out: not open (1 closed, 1 proposed to open): a, b'
    """
    return f"{number_of_schools(len(given))} left out: {why}: {names(given)}"


def number_of_schools(number: int) -> str:
    """A number of schools, in words.

    >>> number_of_schools(1), number_of_schools(2606)
    ('1 school', '2,606 schools')
    """
    return f"{number:,} school{'s' * (number != 1)}"


def by_kind(kinds: Iterable[str]) -> str:
    """How many there are of each kind, the commonest first.

    >>> by_kind(["closed", "proposed to open", "closed"])
    '2 closed, 1 proposed to open'
    """
    return ", ".join(f"{count:,} {kind}" for kind, count in Counter(kinds).most_common())
