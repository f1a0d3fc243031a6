"""`kmsim diffusion` from words to files, small."""

from __future__ import annotations

import json
from pathlib import Path

from kmsim.report.diffusion import FILES


def test_it_shows_and_keeps_the_answer_and_shows_it_again(kmsim):
    said = kmsim("diffusion", "size=small", "name=mine")
    assert said.code == 0
    assert "The model's rules" in said.out
    assert "Bass" in said.out
    folder = Path("results/diffusion/mine")
    for file in (*FILES, "table.txt", "config.yaml", "manifest.json"):
        assert (folder / file).stat().st_size > 0
    assert len(list((folder / "figures").glob("*.png"))) == len(list((folder / "figures").glob("*.svg"))) == 3
    assert {"model", "config_hash"} <= set(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    again = kmsim("diffusion", "size=small", "name=mine")
    assert again.out == said.out
    assert "shown again" in again.err
    other = kmsim("diffusion", "name=mine")
    assert (other.code, other.out) == (2, "")
    assert "size small (now full)" in other.err


def test_bad_words_are_told_in_a_line(kmsim):
    said = kmsim("diffusion", "size=smal")
    assert (said.code, said.err) == (2, "kmsim: size=smal: not a size of the study; did you mean 'small'?\n")
    assert kmsim("diffusion", "years=3").code == 2
    assert kmsim("diffusion", "name=../x").code == 2
