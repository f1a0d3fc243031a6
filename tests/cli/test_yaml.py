"""YAML files that users give, and folders that somebody sends: read as plain data, or refused in one line with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmsim.scenario import Practice

PRACTICE = """\
summary: p
effect: 0.1
complexity: 0.6
scripting: 0
observability: 0.5
evidence_strength: 4
source: """
TEXTS = ("2001-99-99", "2001-01-01", "no", "1:30", "12e", "a b")
REFUSED = (
    "!!int ''",
    "!!bool maybe",
    "!!timestamp x",
    "!!map x",
    "!!set {a}",
    "9" * 5000,
    "&a b",
    "*a",
    "5",
    "[a]",
    "'a\x07'",
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("word", TEXTS)
def test_what_only_looks_like_a_date_or_a_truth_value_is_text(word):
    Path("p.yaml").write_text(PRACTICE + word + "\n")
    assert Practice.read("p.yaml").source == word


@pytest.mark.parametrize("word", REFUSED, ids=lambda word: ascii(word[:12]))
@pytest.mark.parametrize("kind", ["policy", "practice", "system", "experiment", "design"])
def test_what_is_not_plain_is_refused_wherever_a_file_is_read(kmsim, kind, word):
    text = {
        "policy": f"levers: []\nsummary: {word}\n",
        "practice": PRACTICE + word + "\n",
        "system": f"source: england\nname: mine\nsummary: {word}\n",
        "experiment": f"system: village\nseed: {word if word != '5' else 'x'}\n",
        "design": f"kind: grid\nlevels: {word if word != '5' else 'x'}\n",
    }[kind]
    Path("mine.yaml").write_text(text)
    verb = "sweep" if kind in ("experiment", "design") else "run"
    said = (
        kmsim(verb, "system=village", *(["policies=coaching"] if verb == "sweep" else []), f"{kind}=mine.yaml")
        if kind != "system"
        else kmsim("run", "system=mine.yaml")
    )
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("kmsim: ")
    assert not Path("results").exists()


@pytest.mark.parametrize("verb", ["status", "resume", "compact"])
def test_a_folder_with_an_alias_bomb_is_refused_at_once(kmsim, verb):
    sent = Path("sent")
    sent.mkdir()
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join(['*' + old] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    (sent / "config.yaml").write_text("\n".join(lines))
    (sent / "manifest.json").write_text('{"config_hash": "a", "rows_planned": 1, "model": "b", "version": "0"}')
    (sent / "plan.parquet").write_bytes(b"")
    said = kmsim(verb, "sent")
    assert said.code == 2
    assert "config.yaml" in said.err
    assert "line 1, column 4" in said.err
