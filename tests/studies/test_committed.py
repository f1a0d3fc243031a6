"""The pages that are committed are of the configs beside them, and of full studies."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kmsim.studies import config

ROOT = Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize("name", config.names())
def test_the_committed_page_has_the_words_of_its_config(name):
    study, folder = config.read(name), ROOT / name
    page = (folder / "README.md").read_text(encoding="utf-8")
    for text in (study.title, study.question, study.design, *study.caveats):
        assert text in page
    assert f"`kmsim study {study.number}` runs it again" in page
    assert "size=small" not in page
    assert "nan" not in page.replace("financ", "")
    for part in study.parts.values():
        assert f"| {part.seeds} | {len(part.plan(name)):,} |" in page
    assert (folder / "figure.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert (folder / "figure.png").stat().st_size < 400_000
    assert (pd.read_csv(folder / "numbers.csv").n > 0).any()


def test_every_study_is_told_in_the_list_of_them():
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in config.names():
        assert f"({name}/README.md)" in told
