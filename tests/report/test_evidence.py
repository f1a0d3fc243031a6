"""The committed page of evidence is what the data make now."""

from pathlib import Path

from kmsim.evidence.table import findings, priors, sources
from kmsim.report.evidence import evidence

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == evidence(), "run: python -m kmsim.report.evidence"


def test_everything_is_in_it_and_weak_records_are_marked():
    lines = evidence().splitlines()
    for record in [*findings().values(), *priors().values()]:
        (line,) = [line for line in lines if line.startswith(f"| {record.id} |")]
        assert (f"**{record.mark}**" in line) == bool(record.mark)
    for key in sources():
        assert any(line.startswith(f"| {key} |") for line in lines)
