"""The figures: labels that do not overlap, ranges in every plot, tables that equal the frames, the same bytes twice."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from kmsim.report import figures, frames
from kmsim.report.figures import (
    FIGURES,
    OVER_POSTERIOR,
    cost_effect,
    fan_chart,
    four_dimensions,
    paired_differences,
    placing,
)
from kmsim.report.figures.paper import texts
from kmsim.report.style import STYLES, plain_name, short_name, styles
from tests.legible import assert_legible

from .runs import made_up

KINDS = ["plain", "hostile", "single", "many", "short", "two"]
PLAIN = [name for name in FIGURES if name not in OVER_POSTERIOR]


@pytest.fixture(scope="module")
def drawn(request):
    made = {}
    for kind in KINDS:
        c = request.getfixturevalue(kind)
        for name in PLAIN:
            made[kind, name] = FIGURES[name][0](c)
    return made


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_whole_large_and_do_not_overlap(drawn, kind, name):
    assert_legible(drawn[kind, name])


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_has_titles_units_and_the_label(drawn, kind, request):
    c = request.getfixturevalue(kind)
    for name in PLAIN:
        fig = drawn[kind, name]
        told = " ".join(t.get_text().replace("\n", " ") for t in texts(fig))
        assert c.label in told
        assert "not a forecast" in told
        assert all(ax.get_title(loc="left") or ax.get_ylabel() for ax in fig.axes)
        for policy in c.policies:
            if name != "paired_differences" or policy != "business_as_usual":
                assert short_name(policy) in told


def test_uncertainty_is_drawn_in_every_plot(plain, drawn):
    for name in ("fan_chart", "four_dimensions", "gap"):
        assert any(ax.collections for ax in drawn["plain", name].axes)
    table = cost_effect.table(plain)
    ax = drawn["plain", "cost_effect"].axes[0]
    spans = [line for line in ax.lines if len(line.get_xdata()) == 2 and len(set(line.get_xdata())) == 1]
    tall = {round(float(line.get_ydata()[1]), 6) for line in spans}
    for r in table[table.panel == "funding_end"].itertuples():
        assert round(100 * r.effect_high, 6) in tall


def test_tables_equal_the_frames(plain):
    fan = fan_chart.table(plain)
    s = plain.summary
    for policy in plain.policies:
        row = s[(s.policy == policy) & (s.outcome == "doing_it_well") & (s.moment == "funding_end")].iloc[0]
        mine = fan[(fan.policy == policy) & np.isclose(fan.year, 3)].iloc[0]
        assert np.allclose(
            [mine["mean"], mine["low"], mine["high"], mine["n"]], [row["mean"], row["low"], row["high"], row["n"]]
        )
    paired = paired_differences.table(plain)
    p = plain.paired
    for r in paired.itertuples():
        row = p[
            (p.policy == r.policy) & (p.outcome == r.outcome) & (p.moment == r.moment) & (p.role == "baseline")
        ].iloc[0]
        assert (r.difference, r.ahead, r.n) == (row.difference, row.ahead, row.n)
    assert set(paired.outcome) == set(paired_differences.FOREST)


def test_lasting_is_relative_to_when_funding_ended(plain):
    lasting = frames.lasting(plain, "formative_assessment")
    assert lasting.year.min() == 3
    coaching = lasting[lasting.policy == "coaching"].set_index("year")["mean"]
    assert coaching[3.0] == 1
    assert coaching[8.0] < 1
    assert lasting[lasting.policy == "guidance_only"]["mean"].isna().all()


def test_the_frontier_has_no_policy_that_another_beats(plain):
    table = cost_effect.table(plain)
    for _, part in table.groupby("panel"):
        for r in part[part.frontier].itertuples():
            assert not ((part.cost <= r.cost) & (part.effect > r.effect)).any()
    assert not table[table.policy == "business_as_usual"].frontier.any()
    words = cost_effect.words(plain)
    assert "frontier" in words
    assert "not sure" in words or "clear of each other" in words


def test_a_run_that_ends_with_its_funding_shows_each_moment_once(short, drawn):
    assert set(cost_effect.table(short).panel) == {"funding_end"}
    assert len(drawn["short", "cost_effect"].axes) == 1
    told = " ".join(t.get_text() for t in texts(drawn["short", "four_dimensions"]))
    assert "the run ends when funding does" in told
    side = drawn["short", "gap"].axes[1]
    assert side.get_title(loc="left") == "Year 3"
    assert cost_effect.words(short).count("frontier") == 1


def test_with_many_policies_costs_stand_one_above_the_other(drawn):
    for kind, stacked in (("many", True), ("two", False)):
        first, second = (ax.get_position() for ax in drawn[kind, "cost_effect"].axes)
        assert (first.y0 > second.y1) == stacked
        assert (first.x0 == second.x0) == stacked


def test_policies_too_small_to_last_are_counted_under_the_figure(plain, drawn):
    missing = len(plain.policies) - len(four_dimensions.lasting_cells(plain, "formative_assessment"))
    told = " ".join(t.get_text() for t in texts(drawn["plain", "four_dimensions"])).replace("\n", " ")
    assert f"not shown for {missing} policies with under 1%" in told


def test_words_are_computed_and_careful(plain, single):
    for name in PLAIN:
        say = FIGURES[name][2]
        assert say(plain).endswith("."), name
        assert re.search("one seed|few seeds", say(single).lower()), name
    assert "cannot be told apart by range from Targeted networks" in fan_chart.words(plain)
    r = plain.paired[
        (plain.paired.policy == "coaching")
        & (plain.paired.outcome == "sustained")
        & (plain.paired.moment == "end")
        & (plain.paired.role == "baseline")
    ].iloc[0]
    if r.low > 0:
        assert f"Coaching ({r.ahead} of {r.n})" in paired_differences.words(
            plain
        ) or "more" in paired_differences.words(plain)


def test_files_are_the_same_twice_and_well_formed(plain, hostile, tmp_path):
    first = figures.save_all(plain, tmp_path / "a")
    second = figures.save_all(plain, tmp_path / "b")
    assert [p.name for p in first] == [f"{n}.{e}" for n in PLAIN for e in ("png", "svg")]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
    for path in figures.save_all(hostile, tmp_path / "c"):
        if path.suffix == ".svg":
            text = path.read_text(encoding="utf-8")
            root = ET.fromstring(text)
            assert root.get("aria-label")
            assert "<script" not in text
            assert not re.search(r'(?:href|src)="(?!#)', text)
            assert "<metadata" not in text
            assert "date" not in text


def test_several_practices_have_files_of_their_own(two, tmp_path):
    names = {p.name for p in figures.save_all(two, tmp_path)}
    assert {"gap.png", "gap_2.png", "fan_chart_2.svg"} <= names


def test_without_business_as_usual_there_is_nothing_to_pair(plain):
    alone = plain.__class__(**vars(plain))
    alone.paired = plain.paired[plain.paired.role == "best"]
    assert paired_differences.table(alone).empty
    assert "not run" in paired_differences.words(alone)
    fig = paired_differences.draw(alone)
    assert len(fig.axes) == 1
    assert any("not run" in t.get_text() for t in texts(fig))


def test_drawing_leaves_no_state_behind(plain):
    before = dict(mpl.rcParams)
    fan_chart.draw(plain)
    assert dict(mpl.rcParams) == before


def test_labels_are_spread_apart_in_order():
    got = placing.spread([0, 0, 0.1, 0.5, 4], 1, 0, 5)
    assert np.all(np.diff(got) >= 1 - 1e-9)
    assert got[0] >= 0
    assert got[-1] <= 5


# -- style -----------------------------------------------------------------
def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_styles_are_distinct_readable_and_stable():
    names = [*STYLES, "mine", "yours", *[f"more_{i}" for i in range(12)]]
    look = styles(names)
    assert len({(s.colour, str(s.dash), s.marker) for s in look.values()}) == len(names)
    assert len({s.name for s in STYLES.values()}) == len(STYLES)
    for s in look.values():
        assert 1.05 / (_luminance(s.text) + 0.05) >= 4.5
    assert styles(["coaching"])["coaching"] == look["coaching"]
    assert [look[p].colour for p in list(STYLES)[:4]] == ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
    assert len({(s.dash if isinstance(s.dash, str) else s.dash[1], s.marker) for s in STYLES.values()}) == len(STYLES)


def test_every_shipped_policy_has_a_style_and_a_plain_name():
    from kmsim.configuration import names

    for policy in names("policy"):
        if policy in STYLES:
            assert plain_name(policy) != policy
    shipped = {"business_as_usual", "test_bed_then_scale", "grassroots", "trust_led"}
    assert shipped <= set(STYLES)


def test_a_step_of_the_frontier_is_sure_only_if_the_costs_can_be_told_apart():
    """Effects are far apart; the dearer policy costs a little more on the mean, seed by seed now more and now less."""
    levels = {"business_as_usual": 0.0, "coaching": 0.05, "codesigned_networks": 0.1}
    c = made_up(list(levels), seeds=8, noise=1e-4, levels=levels)
    assert "at every step up both costs and effects can be told apart" in cost_effect.words(c)
    t = c.trajectories
    cost = t.outcome == "cost_per_pupil_gbp"
    level = c.summary[(c.summary.policy == "coaching") & (c.summary.outcome == "cost_per_pupil_gbp")]["mean"].max()
    swing = np.where(t.seed % 2 == 0, 1.0, -0.9)
    dearer = cost & (t.policy == "codesigned_networks") & (t.year > 0)
    t.loc[dearer, "value"] = level + swing[dearer]
    s = c.summary
    s.loc[(s.policy == "codesigned_networks") & (s.outcome == "cost_per_pupil_gbp"), "mean"] = level + 0.05
    assert "the costs or the effects of Coaching and Co-designed networks cannot be told apart" in cost_effect.words(c)
