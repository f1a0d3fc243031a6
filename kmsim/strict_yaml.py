"""The one reader of YAML: plain data in YAML 1.2, bounded in size, and one line with file, line and column for what is not.

ruamel.yaml parses; this module makes the values, so that a file can hold only text, numbers, true, false, null, lists
and mappings with text keys. Tags, anchors, aliases, merge keys, directives, a second document and a key given twice are
refused. Plain words follow YAML 1.2's core schema: `no`, `1:30` and `2001-01-01` are text, `010` is ten.

Example
-------
>>> parse_yaml("budget: 1e6\\nla: no\\n", "mine.yaml")
{'budget': 1000000.0, 'la': 'no'}
>>> parse_yaml("a: 1\\na: 2\\n", "mine.yaml")
Traceback (most recent call last):
kmsim.strict_yaml.YamlError: mine.yaml, line 2, column 1: the key a is given twice
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from kmsim.errors import BadValue, KmsimError
from kmsim.table_file import read_bytes

MOST_BYTES = 2 * 2**20  # of a file
MOST_VALUES = 100_000  # keys, texts, numbers, lists and mappings of a file
MOST_DEPTH = 32  # lists and mappings inside one another
MOST_LETTERS = 20_000  # of one text
MOST_DIGITS = 40  # of one whole number

_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)
_WORDS = {word: value for value, words in {
    None: ("", "~", "null", "Null", "NULL"),
    True: ("true", "True", "TRUE"),
    False: ("false", "False", "FALSE"),
}.items() for word in words}  # fmt: skip
_LONG_TAG = re.compile(rf"!\S{{{MOST_LETTERS}}}")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*%")
# Control characters, line separators that other readers of text take for line ends, halves of a pair, a mark inside a text.
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class YamlError(KmsimError):
    """What makes a text no YAML of ours: where it was read from, the line and the column (from 1), and the problem.

    >>> str(YamlError("mine.yaml", 3, 1, "a key is given twice"))
    'mine.yaml, line 3, column 1: a key is given twice'
    """

    def __init__(self, name: str, line: int, column: int, problem: str):
        self.name, self.line, self.column, self.problem = name, line, column, problem
        super().__init__(f"{name}, line {line}, column {column}: {problem}")

    def __reduce__(self):
        return type(self), (self.name, self.line, self.column, self.problem)


def read_yaml(file: Traversable | Path, finite: bool = True) -> Any:
    """The plain data of a YAML file; None for an empty one. finite: whether `.inf` and `.nan` are refused.

    Raises KmsimError, in one line, for a file that is missing, cannot be read, is no text in UTF-8 or too large, and
    YamlError, with line and column, for one that is not plain YAML.

    >>> from importlib.resources import files
    >>> read_yaml(files("kmsim.data").joinpath("priors.yaml"))["P45"]["low"]
    0.5
    """
    name = one_line(str(file))
    try:
        data = read_bytes(file, name, MOST_BYTES) if isinstance(file, Path) else file.read_bytes()
    except BadValue as error:
        raise KmsimError(f"{name}: expected {error.expected}") from None
    return parse_yaml(data, name, finite)


def parse_yaml(text: str | bytes, name: str, finite: bool = True) -> Any:
    """The plain data that a text says; None for an empty one. Bytes are text in UTF-8, with or without a mark at the start.

    name: of the text in errors, such as its file's path. finite: whether `.inf` and `.nan` are refused.
    Raises YamlError for whatever is not plain YAML 1.2 within the bounds of this module.

    >>> parse_yaml("[1, 0o10, 1e3, '1', ~, yes]", "x")
    [1, 8, 1000.0, '1', None, 'yes']
    >>> parse_yaml("a: &b 1", "x")
    Traceback (most recent call last):
    kmsim.strict_yaml.YamlError: x, line 1, column 4: anchors (&) are refused; write the value out where it is needed
    """
    if len(text) > MOST_BYTES:
        raise YamlError(name, 1, 1, f"more than {MOST_BYTES // 2**20} MB of YAML")
    if isinstance(text, bytes):
        text = _decoded(text, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unreadable = _UNREADABLE.search(text)
    if unreadable:
        place = _place(text, unreadable.start())
        raise YamlError(name, *place, f"a character that is no text: U+{ord(unreadable[0]):04X}")
    directive = _DIRECTIVE.match(text)
    if directive:
        raise YamlError(name, directive[0].count("\n") + 1, 1, "directives (%) are refused; all is read as YAML 1.2")
    tag = _LONG_TAG.search(text)  # ruamel takes minutes for one of a million letters
    if tag:
        raise YamlError(name, *_place(text, tag.start()), f"a word of more than {MOST_LETTERS:,} letters")
    return _Document(name, finite).read(text)


def to_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as a text in YAML that `parse_yaml(..., finite=False)` reads back equal.

    Raises KmsimError for what that could not read: too much of it, or a text with control characters; and for what is no
    plain data.

    >>> to_yaml({"la": "no", "model": "12e34", "at": ["1:30", None, 1e16]})
    "la: 'no'\\nmodel: '12e34'\\nat:\\n- '1:30'\\n- null\\n- 1.0e+16\\n"
    """
    import yaml

    try:
        _check_size(data)
        text = yaml.dump(dict(data), Dumper=_dumper(), sort_keys=False, allow_unicode=True)
        if len(text.encode("utf-8")) > MOST_BYTES:
            raise KmsimError(f"cannot be written as YAML: larger than {MOST_BYTES // 2**20} MB")
        return text
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise KmsimError(f"cannot be written as YAML: {' '.join(str(error).split())}") from None


def one_line(text: str) -> str:
    """A text on one line: what cannot be printed is written as an escape.

    >>> one_line("a\\nb")
    'a\\\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def reads_as_text(word: str) -> bool:
    """Whether an unquoted word is text in YAML 1.2, and no number, truth value or null.

    >>> [reads_as_text(word) for word in ("no", "1:30", "1e3", "010", "~")]
    [True, True, False, False, False]
    """
    kinds = (_INTEGER, _REAL, _OCTAL, _HEXADECIMAL, _NOT_FINITE)
    return word not in _WORDS and not any(kind.fullmatch(word) for kind in kinds)


class _Open:
    """A list or mapping that is being read. key: the last one, if any; waits: whether its value comes next."""

    __slots__ = ("key", "value", "waits")

    def __init__(self, value: list[Any] | dict[str, Any]) -> None:
        self.value = value
        self.key = ""
        self.waits = False


class _Document:
    """The values of one document, made from ruamel's events."""

    def __init__(self, name: str, finite: bool) -> None:
        self.name, self.finite = name, finite
        self.open: list[_Open] = []
        self.root: Any = None
        self.values = 0
        self.documents = 0

    def read(self, text: str) -> Any:
        """The value of the document. Raises YamlError."""
        for event in self._events(text):
            self._take(event)
        return self.root

    def _events(self, text: str) -> Iterator[Any]:
        """ruamel's events. It raises errors of many kinds for bad input; every one of them is told as a YamlError."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError

        event = None
        events = YAML(typ="safe", pure=True).parse(text)
        while True:
            try:
                event = next(events)
            except StopIteration:
                return
            except MarkedYAMLError as error:
                self._refuse(error.problem_mark or error.context_mark, f"not YAML: {_problem(error)}")
            except Exception as error:  # such as IndexError, ValueError and RecursionError
                mark = None if event is None else event.end_mark
                self._refuse(mark, f"not YAML: it cannot be parsed from here ({type(error).__name__})")
            yield event

    def _take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._check_properties(event)
            self._scalar(event)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self._check_properties(event)
            self._begin(event, [] if kind == "SequenceStartEvent" else {})
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            self.open.pop()
        elif kind == "AliasEvent":
            self._refuse(event.start_mark, "aliases (*) are refused; write the value out, or put a text in quotes")
        elif kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self._refuse(event.start_mark, "a second document (---); a file has one")

    def _check_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse(event.start_mark, "anchors (&) are refused; write the value out where it is needed")
        if event.ctag is not None:
            self._refuse(event.start_mark, "tags (!) are refused; write the plain value, or put a text in quotes")
        self.values += 1
        if self.values > MOST_VALUES:
            self._refuse(event.start_mark, f"more than {MOST_VALUES:,} values in one file")

    def _begin(self, event: Any, value: list[Any] | dict[str, Any]) -> None:
        if self._key_is_next():
            self._refuse(event.start_mark, "a key that is a list or mapping; keys are text")
        if len(self.open) >= MOST_DEPTH:
            self._refuse(
                event.start_mark, f"nested too deeply: more than {MOST_DEPTH} lists and mappings in one another"
            )
        self._put(value)
        self.open.append(_Open(value))

    def _scalar(self, event: Any) -> None:
        text = event.value
        if len(text) > MOST_LETTERS:
            self._refuse(event.start_mark, f"a text of {len(text):,} letters; the longest may have {MOST_LETTERS:,}")
        unreadable = _UNREADABLE.search(text)  # from an escape in quotes
        if unreadable:
            self._refuse(event.start_mark, f"a character that is no text: U+{ord(unreadable[0]):04X}")
        if not self._key_is_next():
            self._put(self._value(event) if event.style is None else text)
            return
        if event.style is None and text == "<<":
            self._refuse(event.start_mark, "merge keys (<<) are refused; write the settings out")
        if event.style is None and not reads_as_text(text):
            self._refuse(event.start_mark, f"the key {_short(text) or '(empty)'} is not text; put it in quotes")
        if text in self.open[-1].value:
            self._refuse(event.start_mark, f"the key {_short(text)} is given twice")
        self.open[-1].key, self.open[-1].waits = text, True

    def _key_is_next(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and not self.open[-1].waits

    def _put(self, value: Any) -> None:
        if not self.open:
            self.root = value
            return
        there = self.open[-1]
        if isinstance(there.value, list):
            there.value.append(value)
        else:
            there.value[there.key] = value
            there.waits = False

    def _value(self, event: Any) -> Any:
        """What an unquoted word stands for, by YAML 1.2's core schema."""
        word = event.value
        if word in _WORDS:
            return _WORDS[word]
        if not (word[0].isdigit() or word[0] in "+-."):
            return word
        for kind, number in _NUMBERS:
            if kind.fullmatch(word):
                if kind is not _REAL and len(word) > MOST_DIGITS:
                    told = f"a whole number of {len(word):,} digits; {MOST_DIGITS} are the most"
                    self._refuse(event.start_mark, self._key() + told)
                value = number(word)
                if self.finite and not math.isfinite(value):
                    self._refuse(event.start_mark, f"{self._key()}{_short(word)}: expected a finite number")
                return value
        return word

    def _key(self) -> str:
        """The key that the next value is for, with those above it, as errors tell it: `levers.coaching.hours=`."""
        keys = [there.key for there in self.open if isinstance(there.value, dict)]
        return f"{_short('.'.join(keys))}=" if keys else ""

    def _refuse(self, mark: Any, problem: str) -> None:
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise YamlError(self.name, line, column, problem) from None


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (_INTEGER, int),
    (_REAL, float),
    (_OCTAL, lambda word: int(word[2:], 8)),
    (_HEXADECIMAL, lambda word: int(word[2:], 16)),
    (_NOT_FINITE, lambda word: float(word.replace(".", ""))),
)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = data.count(b"\n", 0, error.start) + 1, error.start - data.rfind(b"\n", 0, error.start)
        raise YamlError(name, line, column, "not text in UTF-8; save the file as UTF-8") from None


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _problem(error: Any) -> str:
    """ruamel's words for what is wrong, on one line."""
    words = " ".join(str(error.problem or error.context or "unknown").split())
    words = re.sub(r"\('([^']*)',\)", r"'\1'", words).replace(r"'\x00'", "the end of the text")
    return one_line(words)


def _short(text: str) -> str:
    return one_line(text if len(text) <= 60 else text[:57] + "...")


def _check_size(data: Any) -> None:
    """Raise KmsimError for more values, or deeper ones, than are read back."""
    number, depth, level = 0, 0, [data]
    while level:
        number += len(level) + sum(len(value) for value in level if isinstance(value, Mapping))
        if number > MOST_VALUES:
            raise KmsimError(f"cannot be written as YAML: more than {MOST_VALUES:,} values")
        inside = [value for value in level if isinstance(value, Mapping | list | tuple)]
        if inside and depth == MOST_DEPTH:
            raise KmsimError(f"cannot be written as YAML: more than {MOST_DEPTH} lists and mappings in one another")
        level = [item for value in inside for item in (value.values() if isinstance(value, Mapping) else value)]
        depth += 1


def _dumper() -> Any:
    """PyYAML's dumper in C, with each value written out, and in quotes every text that YAML 1.2 would not take for one."""
    global _DUMPER
    if _DUMPER is None:
        import yaml

        base = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

        class Dumper(base):  # type: ignore[misc, valid-type]
            def ignore_aliases(self, data: Any) -> bool:
                return True

        def text(dumper: Any, value: str) -> Any:
            if _UNREADABLE.search(value):
                raise KmsimError(f"cannot be written as YAML: {_short(value)} has characters that are no text")
            quoted = None if reads_as_text(value) else "'"
            return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=quoted)

        def whole(dumper: Any, value: int) -> Any:
            digits = str(value) if abs(value) < 10**MOST_DIGITS else ""
            if not 0 < len(digits) <= MOST_DIGITS:
                raise KmsimError(f"cannot be written as YAML: a whole number of more than {MOST_DIGITS} digits")
            return dumper.represent_scalar("tag:yaml.org,2002:int", digits)

        Dumper.add_representer(str, text)
        Dumper.add_representer(int, whole)
        _DUMPER = Dumper
    return _DUMPER


_DUMPER: Any = None
