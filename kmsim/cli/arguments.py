"""From words such as `years=5` to keys and typed values, strictly, before Hydra sees any of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from kmsim.errors import BadValue, KmsimError, unknown

GROUPS = ("system", "practice", "network", "parameters")  # whose own keys are given with a dot: system.la
LISTS = ("policies", "outcomes", "practice")  # of names: a,b is a list; elsewhere a comma is a letter of a name
TEXT = (
    "policy",
    "system",
    "network",
    "name",
    "system.path",
    "system.name",
)  # neither number nor list, whatever it looks like
NONE = ("outcomes", "network", "name", "system.path")  # of those, where null is nothing and not a name

_KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", re.ASCII)
_WHOLE = re.compile(r"[-+]?\d{1,40}(_\d{3})*", re.ASCII)
_REAL = re.compile(
    r"[-+]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})(e[-+]?\d{1,3})?|[-+]?\.?(inf|nan)", re.ASCII | re.IGNORECASE
)
_ITEM = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,]*?)\s*(,|$)""")
_WORDS = {"null": None, "~": None, "true": True, "false": False}


def read(words: Sequence[str], keys: Iterable[str], verb: str) -> dict[str, Any]:
    """The settings that `key=value` words give: key -> text, number, true, false, null or list of texts.

    keys: those of the verb without a dot. Raises KmsimError for a word that is not key=value or asks Hydra for more than
    that, UnknownName for a key that the verb has not, BadValue for one given twice.

    >>> read(["years=5", "system.la=Bristol, City of", "policies=a,b"], ["years", "policies"], "compare")
    {'years': 5, 'system.la': 'Bristol, City of', 'policies': ['a', 'b']}
    """
    known = [*keys]
    given: dict[str, Any] = {}
    for word in words:
        key, text = _split(word, known, verb)
        if key in given:
            raise BadValue(key, text, "each key once; it is given twice")
        given[key] = value(key, text)
    return given


def value(key: str, text: str) -> Any:
    """The value that a text stands for, as YAML would type it. A text in quotes is text whatever it looks like.

    >>> [value("x", t) for t in ("5", "1e6", "null", "[a, 'b, c']", "King's", "'5'")]
    [5, 1000000.0, None, ['a', 'b, c'], "King's", '5']
    """
    text = text.strip()
    if key in NONE and text in ("null", "~"):
        return None
    if key in TEXT:
        return text
    if text.startswith("[") and text.endswith("]") and len(text) > 1:
        return _items(key, text[1:-1])
    if key in LISTS:
        return _items(key, text) if not text or ("," in text and not _quoted(text)) else _unquoted(text)
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return _unquoted(text)


def _split(word: str, known: Sequence[str], verb: str) -> tuple[str, str]:
    key, equals, text = word.partition("=")
    if word.startswith(("+", "~")):
        raise KmsimError(f"{_short(word)}: keys are neither added nor removed here; give key=value, such as years=5")
    if key.strip().startswith(("hydra.", "hydra/")) or key == "hydra":
        raise KmsimError(
            f"{_short(word)}: Hydra's own settings cannot be changed here; give key=value, such as years=5"
        )
    if "${" in word:
        raise KmsimError(
            f"{_short(word)}: '${{' is refused, for values are plain and refer to nothing; write the value itself"
        )
    if not word.isprintable():
        raise BadValue(key.encode("ascii", "backslashreplace").decode(), ascii(text)[1:-1], "text that can be printed")
    if not equals or not key:
        raise KmsimError(
            f"{_short(word)}: expected key=value with no space round the =, such as {_example(word, known)}"
        )
    group, dot, _ = key.partition(".")
    if not _KEY.fullmatch(key) or (group not in GROUPS if dot else key not in known):
        raise unknown("key", key, _near(key, known), f"a key of kmsim {verb}")
    return key, text


def _example(word: str, known: Sequence[str]) -> str:
    return f"{word}=..." if word in known else f"{known[0]}=..."


def _near(key: str, known: Sequence[str]) -> Sequence[str]:
    """The keys to look for the nearest in: those of a group that end in this word, if there are any, else the verb's."""
    from kmsim.parameters import PARAMETERS
    from kmsim.policies.policy import SETTINGS
    from kmsim.scenario import Practice
    from kmsim.system.settings import KEYS

    groups = {"system": KEYS, "practice": Practice.__dataclass_fields__, "network": SETTINGS, "parameters": PARAMETERS}
    name = key.rpartition(".")[2]
    same = [f"{group}.{name}" for group, names in groups.items() if name in names]
    return same or [*known, *(f"{group}.{name}" for group in GROUPS if "." in key)]


def _items(key: str, text: str) -> list[str]:
    """The texts between commas; a comma inside quotes that open an item is a letter of it."""
    if not text.strip():
        raise BadValue(key, f"[{text}]", "at least one name")
    items, at, more = [], 0, ","
    while more:
        found = _ITEM.match(text, at)
        assert found is not None  # it matches anything, even nothing
        items.append(_unquoted(found[1]))
        at, more = found.end(), found[2]
    if not all(items):
        raise BadValue(key, text, "a name before and after each comma")
    return items


def _quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]


def _unquoted(text: str) -> str:
    return text[1:-1] if _quoted(text) else text


def _short(word: str) -> str:
    word = word.encode("ascii", "backslashreplace").decode() if not word.isprintable() else word
    return word if len(word) <= 60 else word[:57] + "..."
