"""From words such as `years=5` to keys and typed values, strictly, before Hydra sees any of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from kmsim.errors import BadValue, KmsimError, unknown

GROUPS = ("system", "practice", "network", "parameters")  # whose own keys are given with a dot: system.la
LISTS = ("policies", "outcomes", "practice")  # of names: a,b is a list; elsewhere a comma is a letter of a name
TEXT = (
    "uncertainty",
    "posterior",
    "policy",
    "system",
    "network",
    "name",
    "system.path",
    "system.sha256",
    "system.name",
    "config",
    "experiment",
    "design",
    "design.path",
    "executor",
    "executor.address",
)  # neither number nor list, whatever it looks like
CALIBRATION = (
    "design",
    "waves",
    "wave",
    "noise",
    "particles",
    "generations",
    "evaluations",
    "one_generation",
    "alpha",
    "draws",
    "max_minutes",
    "seeds",
    "targets",
    "parameters",
)
NONE = (
    "posterior",
    "outcomes",
    "network",
    "name",
    "system.path",
    "config",
    "experiment",
    "design.path",
)  # of those, where null is nothing and not a name
FLOW = {"design.rows": "scenarios such as [{theta: 1}, {theta: 2}]", "design.vary": "{theta: 1..3, r_try: [2, 3]}"}

_KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?|design\.vary(\.[A-Za-z_]\w*){1,2}", re.ASCII)
_WHOLE = re.compile(r"[-+]?\d{1,40}(_\d{3})*", re.ASCII)
_REAL = re.compile(
    r"[-+]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})(e[-+]?\d{1,3})?|[-+]?\.?(inf|nan)", re.ASCII | re.IGNORECASE
)
_ITEM = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,]*?)\s*(,|$)""")
_WORDS = {"null": None, "~": None, "true": True, "false": False}


def read(words: Sequence[str], keys: Iterable[str], verb: str, groups: Sequence[str] = GROUPS) -> dict[str, Any]:
    """The settings that `key=value` words give: key -> text, number, true, false, null or list of texts.

    keys: those of the verb without a dot; groups: those whose own keys it takes with one. Raises KmsimError for a word that
    is not key=value or asks Hydra for more than that, UnknownName for a key that the verb has not, BadValue for one given
    twice.

    >>> read(["years=5", "system.la=Bristol, City of", "policies=a,b"], ["years", "policies"], "compare")
    {'years': 5, 'system.la': 'Bristol, City of', 'policies': ['a', 'b']}
    """
    known = [*keys]
    given: dict[str, Any] = {}
    for word in words:
        key, text = split(word, known, verb, groups)
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
    if key in FLOW:
        return _flow(key, text)
    if key.startswith("design.vary."):
        return _varied(key, text)
    if text.startswith("[") and text.endswith("]") and len(text) > 1:
        return _items(key, text[1:-1])
    if key in LISTS:
        return _items(key, text) if not text or ("," in text and not _quoted(text)) else _unquoted(text)
    return _scalar(text)


def _scalar(text: str) -> Any:
    """One number, truth value, null or text."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return _unquoted(text)


def _varied(key: str, text: str) -> Any:
    """What a key varies over: values between commas, in brackets or not, each typed; one value, a range or a word alone."""
    bracketed = text.startswith("[") and text.endswith("]") and len(text) > 1
    inside = text[1:-1] if bracketed else text
    if not bracketed and ("," not in text or _quoted(text)):
        return _scalar(text)
    return [item if quoted else _scalar(item) for item, quoted in _pieces(key, inside)]


def _flow(key: str, text: str) -> Any:
    """Scenarios, or what varies, written as YAML on one line."""
    from kmsim.strict_yaml import YamlError, parse_yaml

    try:
        return parse_yaml(text, key)
    except YamlError as error:
        raise BadValue(key, text, f"{FLOW[key]}; column {error.column}: {error.problem}") from None


def split(word: str, known: Sequence[str], verb: str, groups: Sequence[str] = GROUPS) -> tuple[str, str]:
    """The key and the text of one word, if the verb has the key. Raises as `read`.

    >>> split("system.la=King's", ["years"], "run")
    ('system.la', "King's")
    """
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
    if not _KEY.fullmatch(key) or (group not in groups if dot else key not in known):
        raise unknown("key", key, _near(key, known, groups), f"a key of kmsim {verb}")
    return key, text


def _example(word: str, known: Sequence[str]) -> str:
    return f"{word}=..." if word in known else f"{known[0]}=..."


def _near(key: str, known: Sequence[str], in_groups: Sequence[str]) -> Sequence[str]:
    """The keys to look for the nearest in: those of a group that end in this word, if there are any, else the verb's."""
    from kmsim.parameters import PARAMETERS
    from kmsim.policies.policy import SETTINGS
    from kmsim.scenario import Practice
    from kmsim.system.settings import KEYS

    groups: dict[str, Iterable[str]] = {
        "design": ("n", "vary", "levels", "seed", "rows", "path", "replicates"),
        "calibration": CALIBRATION,
        "executor": ("address", "jobs", "cores", "memory", "walltime", "queue", "account", "interface"),
        "system": KEYS,
        "practice": Practice.__dataclass_fields__,
        "network": SETTINGS,
        "parameters": PARAMETERS,
    }
    groups = {group: groups[group] for group in in_groups}
    name = key.rpartition(".")[2]
    same = [f"{group}.{name}" for group, names in groups.items() if name in names]
    dotted = [f"{group}.{name}" for group, names in groups.items() for name in names] if "." in key else []
    return same or [*known, *dotted]


def _items(key: str, text: str) -> list[str]:
    """The texts between commas; a comma inside quotes that open an item is a letter of it."""
    return [item for item, _ in _pieces(key, text)]


def _pieces(key: str, text: str) -> list[tuple[str, bool]]:
    """The same, each with whether it stood in quotes."""
    if not text.strip():
        raise BadValue(key, f"[{text}]", "at least one name")
    items, at, more = [], 0, ","
    while more:
        found = _ITEM.match(text, at)
        assert found is not None  # it matches anything, even nothing
        items.append((_unquoted(found[1]), _quoted(found[1])))
        at, more = found.end(), found[2]
    if not all(item for item, _ in items):
        raise BadValue(key, text, "a name before and after each comma")
    return items


def _quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]


def _unquoted(text: str) -> str:
    return text[1:-1] if _quoted(text) else text


def _short(word: str) -> str:
    word = word.encode("ascii", "backslashreplace").decode() if not word.isprintable() else word
    return word if len(word) <= 60 else word[:57] + "..."
