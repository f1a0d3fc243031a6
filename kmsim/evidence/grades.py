"""How far each record can be trusted: its grades, and the mark that a weak one carries wherever it appears.

Example
-------
>>> mark(("V", "M"))
'partly from memory'
"""

from __future__ import annotations

GRADES = {
    "V": "the figure itself was read at the source named, often in an abstract or on a project page",
    "V2": "read second-hand: in a newspaper, a blog, a slide",
    "D": "derived from such figures by arithmetic",
    "M": "from memory, not verified: never a hard test",
    "E": "elicited: a weak guess with no source for the number, to be swept and never reported as evidence",
}
MARKS = {"M": "from memory", "E": "elicited"}


def mark(grades: tuple[str, ...]) -> str:
    """The words that mark a record as weak, or nothing. A record of several grades is marked `partly` so.

    >>> mark(("E",)), mark(("V2",))
    ('elicited', '')
    """
    found = [words for grade, words in MARKS.items() if grade in grades]
    if not found:
        return ""
    return ("partly " if len(grades) > len(found) else "") + " and ".join(found)
