"""The committed codebook is what the code makes now."""

from pathlib import Path

from kmsim.outcomes.definitions import OUTCOMES
from kmsim.parameters import PARAMETERS
from kmsim.report.codebook import codebook

PAGE = Path(__file__).parents[2] / "docs" / "codebook.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == codebook(), "run: python -m kmsim.report.codebook"


def test_everything_is_in_it():
    page = codebook()
    for name in (*PARAMETERS, *OUTCOMES):
        assert f"| {name} |" in page
