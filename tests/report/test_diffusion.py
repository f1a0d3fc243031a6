"""The page of the diffusion core: its small run is what a run gives now, its figures are there and can be read."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from kmsim.diffusion.study import SIZES
from kmsim.report.diffusion import HEAD, SMALL, Answer, answer, cells, page
from kmsim.report.figures.paper import texts
from kmsim.report.style import FONT, RC

DOCS = Path(__file__).parents[2] / "docs"
NUMBER = re.compile(r"-?\d+\.\d+")


@pytest.fixture(scope="module")
def small() -> Answer:
    return answer("small")


def rows_under(heading: str, text: str) -> list[list[str]]:
    lines = text.split(heading, 1)[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


def test_the_committed_page_s_small_run_is_what_it_gives_now(small):
    """To what a machine's last digits may move: a search may end elsewhere where the data hardly tell."""
    head, *rows = rows_under(SMALL, (DOCS / "diffusion.md").read_text(encoding="utf-8"))
    assert head == HEAD
    for there, here in zip(rows, cells(small.study), strict=True):
        assert there[:2] == here[:2]
        for old, new in zip(there[2:6], here[2:6], strict=True):
            then, now = ([float(x) for x in NUMBER.findall(text)] for text in (old, new))
            assert then == pytest.approx(now, abs=0.01), f"{there[1]}: run python -m kmsim.report.diffusion"


def test_the_committed_page_is_of_the_full_study_and_has_its_figures():
    text = (DOCS / "diffusion.md").read_text(encoding="utf-8")
    for name in SIZES["full"].innovations:
        assert f"| {name} (" in text
    pictures = re.findall(r"\]\((images/[^)]+\.png)\)", text)
    assert len(pictures) == 3
    for picture in pictures:
        assert (DOCS / picture).stat().st_size > 10_000
    assert "NDlib's threshold model" in text


def test_every_number_of_the_page_comes_from_the_study(small):
    text = page(small, "figures/")
    assert text == page(small, "figures/")
    for row in cells(small.study):
        assert f"| {row[1]} | {row[2]} |" in text
    assert "too few to tell" in text
    assert "nan" not in text.replace("nance", "")


def test_texts_of_figures_are_whole_large_and_do_not_overlap(small):
    for one in small.drawings:
        fig = one.figure
        with mpl.rc_context(RC):
            fig.canvas.draw()
            boxes = [(t.get_text(), t.get_window_extent(fig.canvas.get_renderer())) for t in texts(fig)]
        width, height = fig.get_size_inches() * fig.dpi
        boxes = [(text, box) for text, box in boxes if box.width > 1]
        for i, (text, box) in enumerate(boxes):
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
            for other, there in boxes[i + 1 :]:
                over = min(box.x1, there.x1) - max(box.x0, there.x0), min(box.y1, there.y1) - max(box.y0, there.y0)
                assert not (over[0] > 1 and over[1] > 2), f"{text!r} and {other!r} overlap in {one.stem}"
        assert all(t.get_fontsize() >= FONT for t in texts(fig))
