"""The page: whole, safe, the same twice, and nothing asked of the outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from kmsim.errors import KmsimError
from kmsim.outcomes.definitions import OUTCOMES, SCORECARD
from kmsim.report import frames
from kmsim.report.figures import draw_all
from kmsim.report.report import render, scorecard, write
from kmsim.report.style import plain_name

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags with their attributes, ids, texts, and whether every tag is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.wrong, self.texts = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def pages(plain, hostile, single, two):
    return {name: render(c) for name, c in {"plain": plain, "hostile": hostile, "single": single, "two": two}.items()}


@pytest.mark.parametrize("name", ["plain", "hostile", "single", "two"])
def test_the_page_is_well_formed_self_contained_and_has_no_script(pages, name):
    text = pages[name]
    page = Page(text)
    assert not page.wrong
    assert not page.open
    assert "<script" not in text.lower()
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in re.sub(r"url\(#[^)]+\)", "", text)
    for tag, attrs in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "img", "image", "base", "form"}
        assert not any(key.startswith("on") for key in attrs)
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        target = attrs.get("href", attrs.get("aria-labelledby"))
        assert target is None or target.removeprefix("#") in ids


@pytest.mark.parametrize("name", ["plain", "hostile", "single", "two"])
def test_the_page_can_be_used_without_seeing_it(pages, name):
    page = Page(pages[name])
    html = next(attrs for tag, attrs in page.tags if tag == "html")
    assert html["lang"] == "en-GB"
    assert sum(tag == "h1" for tag, _ in page.tags) == 1
    for tag, attrs in page.tags:
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or (attrs["role"] == "img" and len(attrs["aria-label"]) > 20)
        if tag == "th":
            assert attrs["scope"] in {"col", "row", "colgroup"}
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_same_comparison_gives_the_same_bytes(plain, pages, tmp_path):
    assert render(plain) == pages["plain"]
    assert render(plain, draw_all(plain)) == pages["plain"]
    path = write(plain, tmp_path / "report.html")
    assert path.read_bytes() == pages["plain"].encode()
    assert plain.manifest["time"] not in pages["plain"]
    assert not re.search(r"\b20[23]\d-\d\d-\d\d", pages["plain"])


def test_label_and_warning_stand_in_headline_tables_and_figures(pages, plain):
    text = pages["plain"]
    head = text[text.index('id="headline"') : text.index('id="policies"')]
    assert plain.label in head
    card = text[text.index('id="scorecard"') : text.index('id="fan-chart"')]
    assert plain.label in card
    for svg in re.findall(r"<svg viewBox=.*?</svg>", text, flags=re.S):
        drawn = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
        assert "chance only" in drawn
        assert "not a forecast" in drawn
    assert "100%" not in text


def test_hostile_names_stay_text(pages, hostile):
    text = pages["hostile"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;b&gt;School&lt;/b&gt;" in text
    assert "<b>School" not in text
    told = "".join(Page(text).texts)
    for policy in hostile.policies:
        assert policy in told


def test_scorecard_cells_equal_the_summary(plain):
    card = scorecard(plain, "formative_assessment")
    assert sum(n for _, n in card["groups"]) == len(card["columns"]) == len(SCORECARD)
    order = [o for o in SCORECARD if SCORECARD[o] == "funding_end"] + [o for o in SCORECARD if SCORECARD[o] == "end"]
    s = plain.summary
    for policy, cells in card["rows"]:
        for outcome, cell in zip(order, cells, strict=True):
            row = s[(s.policy == policy) & (s.outcome == outcome) & (s.moment == SCORECARD[outcome])].iloc[0]
            assert cell["mean"] == frames.shown(outcome, row["mean"]).removesuffix(" points")
    marked = [policy for policy, cells in card["rows"] if cells[order.index("doing_it_well")]["leads"]]
    assert marked == ["codesigned_networks", "targeted_networks"]


def test_what_is_not_known_is_not_available(single, plain):
    text = render(single)
    assert "n/a: the run ends less than three years after funding" in text
    assert "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()
    empty = plain.__class__(**vars(plain))
    empty.summary = plain.summary[plain.summary.outcome != "months"]
    empty.paired = plain.paired.iloc[:0]
    assert "Months: all pupils" not in render(empty)


def test_outcomes_padlocks_conversion_and_origin_are_told(pages, plain):
    told = " ".join("".join(Page(pages["plain"]).texts).split())
    for name in {*plain.summary.outcome}:
        assert OUTCOMES[name].formula in told
    assert "4 of 5" in told
    assert '<tr><th scope="row">0.225</th><td>3</td></tr>' in pages["plain"]  # the conversion table
    for value in ("abc123", "65b8c07c68ff", "1 to 12", "kmsim compare system=borough", "mesa 3.3.1"):
        assert value in told
    for name in plain.policies:
        assert plain_name(name) in told


def test_two_practices_have_each_their_part(pages):
    told = "".join(Page(pages["two"]).texts)
    assert "Headline: Formative assessment" in told
    assert "Headline: Metacognition" in told
    assert 'id="gap_2"' in pages["two"]


def test_a_file_that_cannot_be_written_is_told_in_one_line(plain, tmp_path, monkeypatch):
    monkeypatch.setattr("kmsim.report.report.render", lambda c, drawn=None: "x")
    with pytest.raises(KmsimError, match="nowhere"):
        write(plain, tmp_path / "nowhere" / "report.html")


def test_the_shipped_policies_that_were_not_compared_are_named(pages, plain, many):
    from kmsim import configuration
    from kmsim.report.style import STYLES

    assert set(STYLES) <= set(configuration.names("policy"))
    line = re.search(
        r"Compared are 8 of the 15 policies that are shipped; nothing here is said of (.*?)[.]</li>", pages["plain"]
    )
    assert set(line[1].split("; ")) == {plain_name(p) for p in STYLES if p not in plain.policies}
    assert "nothing here is said of" not in pages["hostile"]
    assert "nothing here is said of" not in render(many)
