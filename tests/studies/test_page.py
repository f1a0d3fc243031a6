"""A study's page: computed from its runs, honest about what they cannot tell, the same twice, its figure legible."""

from __future__ import annotations

import pytest
from PIL import Image

from kmsim.errors import KmsimError
from kmsim.evidence import standing
from kmsim.studies import config
from kmsim.studies.page import FILES, module_of, readme, write
from tests.legible import assert_legible

NAMES = config.names()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_question_findings_limits_and_failures(small, name):
    found = small[name]
    text = readme(found)
    said = module_of(found.study).tell(found)
    for part in (found.study.question, found.study.design, *found.study.caveats, *said.finding, *said.changes):
        assert part in text
    assert said.finding
    assert said.changes
    assert found.label.capitalize() in text
    assert standing.read().line() in text
    assert f"kmsim study {name[:2]} size=small" in text
    assert "tell nothing" in text


@pytest.mark.parametrize("name", NAMES)
def test_no_page_shows_what_is_no_number_or_a_difference_of_two_seeds(small, name):
    text = readme(small[name])
    for bad in ("nan", "inf)", "[]", "None", "-0%", "−0.0 ", "{", "..", "  -"):
        assert bad not in text.replace("../../docs", "").replace("...", ""), bad
    for seeds in ("2 of 2 seeds", "1 of 2 seeds"):
        assert seeds not in text


@pytest.mark.parametrize("name", NAMES)
def test_figures_can_be_read(small, name):
    assert_legible(module_of(small[name].study).draw(small[name]))


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_whole(small, name):
    frame = module_of(small[name].study).numbers(small[name])
    assert {"outcome", "mean", "low", "high", "n"} <= set(frame.columns)
    known = frame[frame.n > 0]
    assert len(known) > 5
    assert (known.low <= known["mean"] + 1e-9).all()
    assert (known["mean"] <= known.high + 1e-9).all()
    assert not frame.duplicated().any()


def test_the_same_runs_give_the_same_bytes(small, tmp_path):
    found = small["03_does_size_matter"]
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(found, tmp_path / folder)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert Image.open(tmp_path / "one" / "figure.png").width > 1000
    with pytest.raises(KmsimError, match="cannot be written"):
        write(found, tmp_path / "nowhere")
