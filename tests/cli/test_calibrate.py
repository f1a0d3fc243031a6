"""`kmsim calibrate` from words to files, on the smallest budget there is."""

from __future__ import annotations

from pathlib import Path

from tests.calibration.conftest import SMALLEST

WORDS = [f"calibration.{key}={value}" for key, value in SMALLEST.items()]


def test_it_shows_and_keeps_a_posterior(kmsim):
    said = kmsim("calibrate", "calibration=tiny", "name=mine", "workers=1", *WORDS)
    assert said.code == 0, said.err
    assert "F38.median" in said.out
    assert "shrinkage" in said.out
    folder = Path("results/calibrate/mine")
    for file in ("posterior.parquet", "trace.parquet", "history.db", "config.yaml", "manifest.json", "table.txt"):
        assert (folder / file).exists()
    assert (folder / "table.txt").read_text(encoding="utf-8").rstrip() == said.out.rstrip()


def test_bad_words_are_told_in_a_line(kmsim):
    for word, told in {
        "calibration=ful": "calibration=ful: not a calibration; did you mean 'full'?",
        "calibration.particle=3": "calibration.particle: not a key of a calibration's budget; did you mean 'particles'?",
        "calibration.alpha=7": "calibration.alpha=7: expected a number from 0.05 to 0.95",
        "calibration.parameters=[move]": "parameters=move: expected a parameter graded free",
        "calibration.targets=[F28]": "targets=F28: not a check that may be fitted",
        "seed=-1": "seed=-1: expected",
    }.items():
        said = kmsim("calibrate", word, "workers=1")
        assert (said.code, said.out) == (2, ""), word
        assert told in said.err, said.err
        assert said.err.count("\n") == 1


def test_without_the_extra_it_says_how_to_get_it(kmsim, monkeypatch):
    monkeypatch.setattr("kmsim.calibration.fit.find_spec", lambda name: None)
    said = kmsim("calibrate", "calibration=tiny")
    assert said.code == 2
    assert "pip install 'kmsim[calibrate]'" in said.err
