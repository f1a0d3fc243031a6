"""`kmsim study` from words to files, on the smallest study."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_it_tells_and_keeps_page_figure_and_numbers_and_goes_on(kmsim):
    Path("mine/03_does_size_matter").mkdir(parents=True)
    said = kmsim("study", "03", "size=small", "workers=1", "into=mine")
    assert said.code == 0
    assert said.out.startswith("03 Does the size of a network matter?")
    (folder,) = Path("results/study").iterdir()
    assert folder.name.startswith("03_does_size_matter-small-")
    for file in ("README.md", "figure.png", "figure.svg", "numbers.csv", "manifest.json", "parts/networks/config.yaml"):
        assert (folder / file).exists()
    for file in ("README.md", "figure.png", "figure.svg", "numbers.csv"):
        assert (folder / file).read_bytes() == Path("mine/03_does_size_matter", file).read_bytes()
    assert kmsim("study", "3", "size=small", "workers=1").out == said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected the number of a study"),
        (["9"], "study=9: not a study"),
        (["03", "size=smal"], "did you mean 'small'?"),
        (["03", "sizes=small"], "did you mean 'size'?"),
        (["03", "into=nowhere"], "nowhere/03_does_size_matter is no folder"),
        (["03", "workers=0"], "workers=0: expected a whole number"),
        (["03", "size=small", "size=full"], "given twice"),
    ],
)
def test_bad_words_are_told_in_a_line_before_anything_is_written(kmsim, words, message):
    said = kmsim("study", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not Path("results").exists()
