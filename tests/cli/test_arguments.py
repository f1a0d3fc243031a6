"""What is typed arrives as it was meant: every authority's name, odd paths, lists, numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmsim.cli import arguments
from kmsim.cli.catalogue import kind_of
from kmsim.cli.compose import compose, keys
from kmsim.errors import KmsimError
from kmsim.system import settings as system_settings

VERBS = ("run", "compare")


def typed(*words: str, verb: str = "compare") -> dict:
    return compose(verb, arguments.read(words, keys(verb), verb))


@pytest.mark.parametrize("verb", VERBS)
def test_defaults_are_those_of_the_code(verb):
    import inspect

    from kmsim.lab.comparison import DEFAULT_POLICIES, compare, plan_of
    from kmsim.scenario import read_scenario

    functions = (read_scenario, plan_of, compare) if verb == "compare" else (read_scenario,)
    inside = {n: p.default for f in functions for n, p in inspect.signature(f).parameters.items()}
    # read_scenario takes these two from its overrides, with these defaults
    inside |= {"taper": 0, "budget": "auto", "policies": list(DEFAULT_POLICIES), "name": None, "config": None}
    for key, default in typed(verb=verb).items():
        assert default == inside[key], key


def test_every_authority_arrives_whole():
    names = kind_of("authorities").names()
    assert len(names) == 152
    assert any("," in name for name in names)
    for name in names:
        asked = typed("system=borough", f"system.la={name}")
        assert asked["system"] == "borough"
        assert system_settings.settings("borough", {"la": asked["system.la"]}).la == (name,)


def test_several_authorities_at_once():
    assert typed("system.la=[Camden, 'Bristol, City of', King's]")["system.la"] == [
        "Camden",
        "Bristol, City of",
        "King's",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5", 5),
        ("-3", -3),
        ("20_000_000", 20_000_000),
        ("1e6", 1e6),
        ("2.5", 2.5),
        ("null", None),
        ("true", True),
        ("King's", "King's"),
        ("'5'", "5"),
        ('"a, b"', "a, b"),
        ("a(1)", "a(1)"),
        ("{x}", "{x}"),
        ("a b", "a b"),
        ("x=y", "x=y"),
        ("$HOME", "$HOME"),
        ("back\\slash\\", "back\\slash\\"),
        ("it\\'s", "it\\'s"),
        ("", ""),
        ("[a]", ["a"]),
        ("Ynys Môn", "Ynys Môn"),
        ("???", "???"),
        ("a,b", "a,b"),
    ],
)
def test_values_are_typed_like_yaml_and_pass_hydra_unchanged(text, meant):
    got = typed(f"system.trust={text}")["system.trust"]
    assert got == meant
    assert type(got) is type(meant)


def test_numbers_that_are_none_arrive_as_such():
    assert math.isnan(typed("budget=nan")["budget"])
    assert typed("budget=-inf")["budget"] == -math.inf


@pytest.mark.parametrize("path", ["a(1).csv", "[a].csv", "2019", "a,b.csv", "it's {here}.csv", "null.csv", "~/x.csv"])
def test_paths_stay_as_they_are(path):
    assert typed(f"system.path={path}")["system.path"] == path


def test_lists_both_ways():
    for words in ("policies=a,b", "policies=[a,b]", "policies=[ a , b ]", "policies=['a',\"b\"]"):
        assert typed(words)["policies"] == ["a", "b"]
    assert typed("practice=[a,b]")["practice"] == ["a", "b"]
    assert typed("practice=a")["practice"] == "a"


def test_a_name_that_looks_like_something_else_stays_a_name():
    asked = typed("system=borough", "name=2024", "network=mat")
    assert (asked["system"], asked["name"], asked["network"]) == ("borough", "2024", "mat")
    assert typed("network=null")["network"] is None


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=30))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_passes_hydra_unchanged(text):
    if "${" not in text:
        assert typed(f"system.path={text}")["system.path"] == (None if text.strip() in ("null", "~") else text.strip())


KEYS = st.sampled_from([*keys("compare"), "policy", "system.la", "practice.effect", "network.cpd", "parameters.theta"])
ODD = st.text(max_size=12) | st.sampled_from(
    ["hydra.run.dir", "+x", "~x", "${oc.env:HOME}", "nan", "[", "]", ",", "=", "--x", "''"]
)
VALUES = st.one_of(
    ODD, st.integers().map(str), st.floats().map(str), st.lists(ODD, max_size=3).map(lambda v: f"[{','.join(v)}]")
)
WORDS = st.lists(
    st.one_of(ODD, st.builds("{}={}".format, KEYS | ODD, VALUES)).filter(lambda word: word != "--debug"), max_size=4
)  # --debug asks for a traceback


@given(st.sampled_from(VERBS), WORDS)
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
def test_no_words_make_a_traceback(kmsim_without_running, verb, words):
    said = kmsim_without_running(verb, *words)
    assert said.code in (0, 2), said
    assert said.err.count("\n") == (said.code == 2), said
    assert "internal error" not in said.err


@pytest.fixture
def kmsim_without_running(kmsim, monkeypatch):
    from kmsim.cli import work

    monkeypatch.setattr(work, "answer", lambda *given: 0)
    return kmsim


@given(st.lists(ODD | KEYS, max_size=3))
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
def test_list_and_show_never_make_a_traceback(kmsim, words):
    for verb in ("list", "show"):
        said = kmsim(verb, *words)
        assert said.code in (0, 2), said


def test_a_key_is_given_once():
    with pytest.raises(KmsimError, match="years=6: expected each key once"):
        typed("years=5", "years=6")


def test_a_key_given_twice_in_what_varies_is_told_as_that():
    with pytest.raises(KmsimError, match="the key theta is given twice"):
        arguments.read(["design.vary={theta: 1..3, theta: 2..3}"], ("design.vary",), "sweep", ("design",))


def test_the_keys_of_a_group_that_are_told_are_there():
    with pytest.raises(KmsimError) as told:
        arguments.read(["design.n=9"], ["executor", "workers"], "resume", ("executor",))
    assert "executor.n" not in str(told.value)
    assert "executor.address" in str(told.value)
