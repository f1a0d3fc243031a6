"""The one reader of YAML: what it takes, how it refuses the rest, and that nothing else comes out of it."""

from __future__ import annotations

import math
import os
import pickle
import random
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmsim import strict_yaml
from kmsim.errors import KmsimError
from kmsim.strict_yaml import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_LETTERS,
    MOST_VALUES,
    YamlError,
    parse_yaml,
    read_yaml,
    to_yaml,
)

CONFIGS = sorted(Path(str(files("kmsim.configs"))).rglob("*.yaml"))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-3", -0.0015),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        *((word, word) for word in ("yes", "no", "on", "off", "y", "N", "tRue", "1:30", "1_000", "2001-01-01", "0b1")),
        *((word, word) for word in ("2001-99-99", "=", "1,5", "1e", "+", "-x", ".", "0o8", "0x", "١")),
        ("'1'", "1"),
        ('"no\\n"', "no\n"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("[1, {b: [c]}]", [1, {"b": ["c"]}]),
    ],
)
def test_words_are_read_by_the_core_schema_of_yaml_1_2(word, value):
    found = parse_yaml(f"a: {word}", "x")["a"]
    assert found == value
    assert type(found) is type(value)


REFUSED = {
    "a: 1\nb: {c: 1, c: 2}": (2, 11, "given twice"),
    "a: 1\n'a': 2": (2, 1, "given twice"),
    "a: &x 1": (1, 4, "anchor"),
    "a: [&x]": (1, 5, "anchor"),
    "a: &x [1]\nb: *x": (1, 4, "anchor"),
    "a: *x": (1, 4, "alias"),
    "a: !!int ''": (1, 4, "tag"),
    "a: !!bool maybe": (1, 4, "tag"),
    "a: !!timestamp x": (1, 4, "tag"),
    "a: !!set {a}": (1, 4, "tag"),
    "a: !!map x": (1, 4, "tag"),
    "a: !!binary x": (1, 4, "tag"),
    "a: !mine 1": (1, 4, "tag"),
    "a: ! 1": (1, 4, "tag"),
    "a: !!python/object/apply:os.getcwd []": (1, 4, "tag"),
    "a: 1\n---\nb: 1": (2, 1, "second document"),
    "%YAML 1.1\n---\na: no": (1, 1, "directive"),
    "# x\n\n%TAG ! tag:x,2000:\n---\na: 1": (3, 1, "directive"),
    "<<: {a: 1}": (1, 1, "merge"),
    "a: {<<: [b]}": (1, 5, "merge"),
    "1: a": (1, 1, "key"),
    "a: 1\nnull: 2": (2, 1, "key"),
    "true: a": (1, 1, "key"),
    "? [a]\n: 1": (1, 3, "key"),
    "{{a: 1}: 2}": (1, 2, "key"),
    "a: " + "9" * 5000: (1, 4, "digits"),
    "a: 0x" + "f" * 5000: (1, 4, "digits"),
    "a: .inf": (1, 4, "finite"),
    "a: -.INF": (1, 4, "finite"),
    "a: .nan": (1, 4, "finite"),
    "a: 1e999": (1, 4, "finite"),
    "a\x00b: 1": (1, 2, "U+0000"),
    "a: 1\nb: \x1b[31m": (2, 4, "U+001B"),
    "a: \ufeff1": (1, 4, "U+FEFF"),
    "a: \ud800": (1, 4, "U+D800"),
    'a: "\\ud800"': (1, 4, "U+D800"),
    'a: "\\0"': (1, 4, "U+0000"),
    'a: "\\e"': (1, 4, "U+001B"),
    'a: "\\N"': (1, 4, "U+0085"),
    'a: "\\U00110000"': (1, 2, "not YAML"),
    "a: x\u2028b: 1": (1, 5, "U+2028"),
    "a:\n\t- 1": (2, 1, "not YAML"),
    "a: [1,\n": (2, 1, "not YAML"),
    "a: {b: 1": (1, 9, "not YAML"),
    "a: 'x": (1, 6, "not YAML"),
    "a: b: c": (1, 5, "not YAML"),
    "- a\nb: 1": (2, 1, "not YAML"),
    "a: @x": (1, 4, "not YAML"),
    "[" * 100_000: (1, MOST_DEPTH + 1, "nested"),
    "a: " + "{a: " * 100_000: (1, 4 * MOST_DEPTH, "nested"),
    "- " * 50_000: (1, 2 * MOST_DEPTH + 1, "nested"),
    "a: " + "x " * MOST_LETTERS: (1, 4, "letters"),
    "a: !" + "x" * 1_000_000: (1, 4, "letters"),
    "[" + "a," * (MOST_VALUES + 1) + "]": (1, 2 * MOST_VALUES, "values"),
    "#" + " " * MOST_BYTES: (1, 1, "MB"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_what_is_not_plain_is_refused_with_file_line_and_column(text):
    line, column, problem = REFUSED[text]
    with pytest.raises(YamlError) as error:
        parse_yaml(text, "mine.yaml")
    told = str(error.value)
    assert told.startswith(f"mine.yaml, line {line}, column {column}: "), told
    assert problem in told
    assert told.isprintable()
    assert str(pickle.loads(pickle.dumps(error.value))) == told


def test_an_alias_bomb_is_refused_at_its_first_anchor():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join(['*' + old] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(YamlError, match="line 1, column 4: anchors"):
        parse_yaml("\n".join(lines), "config.yaml")


def test_infinities_are_read_where_they_may_be():
    found = parse_yaml("[.inf, -.inf, .nan]", "x", finite=False)
    assert found[:2] == [math.inf, -math.inf]
    assert math.isnan(found[2])


def test_line_ends_and_a_byte_order_mark_are_those_of_any_editor(tmp_path):
    file = tmp_path / "windows.yaml"
    file.write_bytes("\ufeffa: 1\r\nb: é\r\n".encode())
    assert read_yaml(file) == {"a": 1, "b": "é"}
    assert parse_yaml("a: 1\rb: 2", "x") == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a: 1\nb: caf\xe9\n", "line 2, column 7: not text in UTF-8"),
        ("a: 1\n".encode("utf-16"), "line 1, column 1: not text in UTF-8"),
        (b"a: 1\n#" + b" " * MOST_BYTES, "at most 2 MB"),
    ],
)
def test_files_that_are_no_text_are_told(tmp_path, data, told):
    file = tmp_path / "bad.yaml"
    file.write_bytes(data)
    with pytest.raises(KmsimError) as error:
        read_yaml(file)
    assert str(error.value).startswith(str(file))
    assert told in str(error.value)


def test_what_is_no_file_is_told_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    for name, told in (
        ("pipe.yaml", "not a regular file"),
        (".", "not a regular file"),
        ("none.yaml", "no such file"),
        ("loop.yaml", "symbolic links"),
        ("a\nb.yaml", r"a\nb.yaml: expected"),
        ("a\0b.yaml", "NUL"),
        ("x" * 300 + ".yaml", "file name too long"),
    ):
        with pytest.raises(KmsimError) as error:
            read_yaml(tmp_path / name)
        assert told in str(error.value)
        assert str(error.value).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("a: 1")
    file.chmod(0)
    with pytest.raises(KmsimError, match="permission denied"):
        read_yaml(file)


# -- nothing else comes out --------------------------------------------------------------
_BITS = [
    *"&*!|>%@`'\"[]{},:?-#~<\\ \t\n\r",
    "? ",
    ": ",
    "- ",
    "&a ",
    "*a ",
    "!!int ",
    "<<: ",
    "---\n",
    "...\n",
    "\\x00",
]
_BITS += [
    "\\ud800",
    "\x85",
    "\ufeff",
    "\x00",
    ".inf",
    "1e999",
    "9" * 50,
    "1:30",
    "2001-99-99",
    "|2-\n",
    ">+9",
    "é",
    "\ud800",
]


def plain_or_told(text: str) -> None:
    """Read a text: it is plain data, which is read back equal when written, or refused in one line."""
    refused, found = None, None
    try:
        found = parse_yaml(text, "x")
    except YamlError as error:
        refused = error
    if refused is not None:
        assert str(refused).isprintable()
        assert 1 <= refused.line <= text.count("\n") + text.count("\r") + 2
        assert refused.column >= 1
        return
    assert parse_yaml(to_yaml({"a": found}), "again") == {"a": found}


def test_mutated_configs_are_read_or_refused_in_one_line():
    draw = random.Random(12)
    texts = [path.read_text(encoding="utf-8") for path in CONFIGS]
    for _ in range(1500):
        text = draw.choice(texts)[:400]
        for _ in range(draw.randint(1, 5)):
            at = draw.randint(0, len(text))
            text = text[:at] + draw.choice(_BITS) + text[at + draw.choice((0, 0, 1, 4)) :]
        plain_or_told(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(_BITS) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read_or_refused_in_one_line(text):
    plain_or_told(text)


def test_a_fault_of_the_parser_is_told_as_the_files(monkeypatch):
    import ruamel.yaml

    for fault in (IndexError("x"), ValueError("x"), RecursionError(), AssertionError(), TypeError(), AttributeError()):

        def parse(self, text, fault=fault):
            raise fault
            yield

        monkeypatch.setattr(ruamel.yaml.YAML, "parse", parse)
        with pytest.raises(YamlError, match="mine.yaml, line 1, column 1: not YAML"):
            parse_yaml("a: 1", "mine.yaml")


# -- what is written is read back --------------------------------------------------------
WORDS = (
    *(
        "",
        "~",
        "null",
        "Null",
        "true",
        "False",
        "TRUE",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "N",
        "1e3",
        "1E5",
        "12e34",
        "010",
    ),
    *(
        "08",
        "0o17",
        "0x1F",
        "0b1",
        "1:30",
        "1_000",
        "2001-01-01",
        ".inf",
        "-.INF",
        ".nan",
        "<<",
        "=",
        "-",
        "?",
        ":",
        "!",
    ),
    *(
        "&a",
        "*a",
        "%",
        "@",
        "`",
        "#",
        "a #b",
        "a: b",
        "- a",
        " a",
        "a ",
        "a\nb",
        "\n",
        "\t",
        "'",
        '"',
        "[",
        "{",
        "---",
        "...",
    ),
    *("+1", "-1.", "5.", ".5", "é", "😀", "x" * 5000, "word " * 200, "no\n"),
)
texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]) | st.sampled_from("\n\t"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**39) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: ascii(word[:10]))
def test_text_that_looks_like_something_else_is_written_so_that_it_stays_text(word):
    data = {"a": word, word: [word, {word: word}]}
    assert parse_yaml(to_yaml(data), "x") == data


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, plain, max_size=5))
def test_what_is_written_is_read_back_equal(data):
    again = parse_yaml(to_yaml(data), "x", finite=False)
    assert again == data
    assert repr(again) == repr(data)  # 1 and 1.0 and True are not the same


def test_a_list_that_stands_in_two_places_is_written_out():
    twice = [1, 2]
    assert to_yaml({"a": twice, "b": twice}) == "a:\n- 1\n- 2\nb:\n- 1\n- 2\n"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\x07", "characters"),
        ("\ud800", "characters"),
        ([0] * MOST_VALUES, "values"),
        (Ellipsis, "cannot be written"),
        (10**40, "digits"),
        (-(10**39), "digits"),
        (["x" * 1000] * 3000, "MB"),
    ],
    ids=ascii,
)
def test_what_could_not_be_read_back_is_not_written(value, told):
    with pytest.raises(KmsimError, match=told):
        to_yaml({"a": value})


def test_what_is_too_deep_is_not_written():
    deep: list = []
    for _ in range(MOST_DEPTH - 1):
        deep = [deep]
    with pytest.raises(KmsimError, match="in one another"):
        to_yaml({"a": deep})
    assert parse_yaml(to_yaml({"a": deep[0]}), "x") == {"a": deep[0]}


def test_the_largest_that_is_written_is_read():
    data = {"design": {"vary": {f"parameters.p{i}": [j / 7 for j in range(10_000)] for i in range(9)}}}
    assert parse_yaml(to_yaml(data), "config.yaml") == data
    assert strict_yaml.MOST_VALUES > 9 * 10_000


@pytest.mark.parametrize("word", [".nan", "1e999"])
def test_a_number_that_cannot_be_used_is_told_with_its_key(word):
    with pytest.raises(YamlError) as error:
        parse_yaml(f"levers:\n- coaching: {{hours: {word}}}", "x")
    assert str(error.value) == f"x, line 2, column 21: levers.coaching.hours={word}: expected a finite number"
