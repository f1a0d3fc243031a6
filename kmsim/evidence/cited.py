"""Which records a text cites, and which parameters of the model cite a record.

Example
-------
>>> ids("F27-F29; system.md 4.2, P20")
['F27', 'F28', 'F29', 'P20']
"""

from __future__ import annotations

import re
from functools import cache

from kmsim.evidence.table import findings, look_up, priors
from kmsim.parameters import PARAMETERS

_CITED = re.compile(r"\b([FP]\d{2}[a-z]?)(?:-([FP]\d{2}[a-z]?))?\b")
TAKEN = ("measured", "derived")  # grades of parameters whose number is the source's


def ids(text: str) -> list[str]:
    """The ids that a text cites, in their order; a range stands for every id that there is in it. Raises UnknownName.

    >>> ids("F20c-F20e")
    ['F20c', 'F20d', 'F20e']
    """
    known = [*findings(), *priors()]
    found: list[str] = []
    for first, last in _CITED.findall(text):
        look_up(first)
        if last:
            look_up(last)
        found += known[known.index(first) : known.index(last or first) + 1]
    return list(dict.fromkeys(found))


def marks(text: str) -> str:
    """What must be said of the weak records among those that a text cites, in brackets; nothing if none is weak.

    >>> marks("F40, P33 and F38")
    '[P33 elicited; F38 partly from memory]'
    """
    weak = [f"{name} {look_up(name).mark}" for name in ids(text) if look_up(name).mark]
    return f"[{'; '.join(weak)}]" if weak else ""


def marked(text: str) -> str:
    """A text with the marks of what it cites after it.

    >>> marked("P33")
    'P33 [P33 elicited]'
    """
    return f"{text} {marks(text)}".rstrip()


@cache
def citing(name: str) -> tuple[str, ...]:
    """The parameters of the model whose source names this record.

    >>> citing("F45")
    ('hierarchy_free', 'hierarchy_scale', 'cost_scale')
    """
    return tuple(row.name for row in PARAMETERS.values() if name in ids(row.source))


def taken(name: str) -> tuple[str, ...]:
    """Of those, the parameters whose number is measured by or derived from their source.

    >>> taken("F45")
    ()
    """
    return tuple(row for row in citing(name) if PARAMETERS[row].grade in TAKEN)
