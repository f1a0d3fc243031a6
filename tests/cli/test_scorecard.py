"""`kmsim scorecard` from words to files, on one small experiment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kmsim.evidence import experiments


@pytest.fixture
def small(monkeypatch):
    """Only the experiment on guidance by post, with two seeds."""
    from dataclasses import replace

    post = replace(experiments.EXPERIMENTS["post"], seeds=2)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"post": post})


def test_it_shows_and_keeps_the_table_and_goes_on_with_it(kmsim, small):
    said = kmsim("scorecard", "name=mine", "workers=1")
    assert said.code == 0
    ending = re.fullmatch(r"(\d) pass, (\d) fail, (\d) cannot tell", said.out.rstrip().splitlines()[-1])
    assert ending
    assert sum(map(int, ending.groups())) == 2
    assert "F27.effect" in said.out
    assert "not checked" in said.out
    folder = Path("results/scorecard/mine")
    for file in ("scorecard.csv", "scorecard.html", "table.txt", "manifest.json", "experiments/post/config.yaml"):
        assert (folder / file).exists()
    assert (folder / "table.txt").read_text(encoding="utf-8").rstrip() == said.out.rstrip()
    assert kmsim("scorecard", "name=mine", "workers=1").out == said.out


def test_bad_words_are_told_in_a_line(kmsim):
    said = kmsim("scorecard", "scorecard=quik")
    assert (said.code, said.err) == (2, "kmsim: scorecard=quik: not a size of the scorecard; did you mean 'quick'?\n")
    assert kmsim("scorecard", "years=3").code == 2
    assert kmsim("scorecard", "workers=0").code == 2
    assert kmsim("scorecard", "name=../x").code == 2


def test_without_statsmodels_it_says_how_to_get_it(kmsim, monkeypatch):
    monkeypatch.setattr("kmsim.evidence.scorecard.find_spec", lambda name: None)
    said = kmsim("scorecard")
    assert (said.code, said.out) == (2, "")
    assert "pip install 'kmsim[calibrate]'" in said.err
