"""Building systems: counts, names, subsets, thinning, ranks, determinism."""

from __future__ import annotations

import re

import numpy as np
import pytest

from kmsim.errors import BadValue
from kmsim.system import PHASES, System, build
from kmsim.system.build import fsm_rank
from kmsim.system.built import POSTS_SOURCES
from kmsim.system.england import england


@pytest.fixture(scope="module")
def london() -> System:
    return build("london")


def same(a: System, b: System) -> bool:
    columns = [(a.schools, b.schools), (a.posts, b.posts)]
    return (
        all(np.array_equal(x[key], y[key]) for x, y in columns for key in x)
        and np.array_equal(a.tie_start, b.tie_start)
        and np.array_equal(a.tie_to, b.tie_to)
        and a.labels == b.labels
    )


def test_london_has_its_schools_pupils_and_posts(london):
    assert london.n_schools == 2606
    assert london.schools["pupils"].sum() == pytest.approx(1.30e6, rel=0.01)
    assert london.n_posts == pytest.approx(82_000, rel=0.02)
    assert len(london.labels["la"]) == 33
    assert london.labels["region"] == ["London"]


def test_england_has_its_schools():
    system = build("england")
    assert system.n_schools == 21_900
    assert len(system.labels["la"]) == 152
    assert len(system.labels["region"]) == 9
    assert system.schools["pupils"].sum() == 8_235_138
    assert 470_000 < system.n_posts < 520_000
    rows = england()
    unknown = rows["name"][np.isnan(rows["pupils"])]
    assert len(unknown) == 45
    assert system.notes[0] == "45 schools left out: no pupil count: " + ", ".join(unknown[:5]) + " and 40 more"
    assert system.notes[1] == "1 school left out: no pupils: Oxfordshire Hospital School"


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("london", {}),
        ("england", {}),
        ("borough", {"la": ["Hackney", "Camden"]}),
        ("england", {"region": "London", "phase": "nursery"}),
        ("england", {"trust": "Ark Schools"}),
        ("synthetic", {"n_schools": 60, "phase": ["primary", "special"]}),
        ("village", {"phase": "primary"}),
    ],
)
def test_every_school_of_a_source_is_used_or_counted(name, overrides):
    """Schools of the source = schools of the system + those that notes count as left out."""
    from kmsim.system.build import _read
    from kmsim.system.settings import settings

    system = build(name, overrides)
    there = len(_read(settings(name, overrides))[0]["urn"])
    counted = [re.match(r"([\d,]+) schools? left out: \S", note) for note in system.notes]
    assert system.n_schools + sum(int(found[1].replace(",", "")) for found in counted if found) == there
    assert all(len(note) < 600 for note in system.notes)


def test_a_thinned_system_says_how_many_schools_stand_for_all():
    system = build("london", {"scale": 20})
    assert any(f"{system.n_schools} schools of 2,606" in note and "scale=20" in note for note in system.notes)


def test_schools_left_out_are_named():
    assert "left out: no pupil count: The Meriton Education and Support for Young Parents" in " ".join(
        build("borough", {"la": "Bristol, City of"}).notes
    )


def test_every_authority_builds_by_name():
    names = sorted(set(england()["la"].tolist()))
    assert len(names) == 152
    total = 0
    for name in names:
        system = build("borough", {"la": name.upper()})
        assert system.labels["la"] == [name]
        total += system.n_schools
    assert total == 21_900


def test_every_multi_academy_trust_is_found_by_name():
    for name in ("ARK SCHOOLS", "Harris Federation", "united learning trust"):
        known = {trust.casefold() for trust in england()["trust"].tolist()}
        if name.casefold() in known:
            assert build("england", {"trust": name}).labels["trust"][0].casefold() == name.casefold()
    commas = [trust for trust in set(england()["trust"].tolist()) if "," in trust or "'" in trust]
    assert commas
    for trust in commas:
        build("england", {"trust": trust})


def test_camden_and_village_are_of_the_size_they_should_be():
    assert 58 <= build("borough").n_schools <= 70
    village = build("village")
    assert [PHASES[p] for p in village.schools["phase"]] == ["primary"] * 4 + ["secondary"]
    assert 110 <= village.n_posts <= 130


def test_posts_of_london_are_counted_not_fitted(london):
    schools = london.schools
    mainstream = schools["phase"] <= PHASES.index("secondary")
    real = schools["posts_source"][mainstream] != POSTS_SOURCES.index("fitted")
    assert real.mean() > 0.98
    others = schools["posts_source"][~mainstream]
    assert (others == POSTS_SOURCES.index("fitted")).all()


def test_columns_hold_together(london):
    schools, posts = london.schools, london.posts
    assert np.array_equal(schools["first_post"], np.cumsum(schools["size"]) - schools["size"])
    assert np.array_equal(posts["school"], np.repeat(np.arange(london.n_schools), schools["size"]))
    assert (np.diff(schools["urn"]) > 0).all()
    assert schools["size"].min() >= 3
    for key in ("fsm", "fsm_rank", "climate"):
        assert schools[key].dtype == np.float32
        assert ((schools[key] >= 0) & (schools[key] <= 1)).all()
    assert schools["climate"].mean() == pytest.approx(0.5, abs=0.02)
    assert schools["climate"].std() == pytest.approx(1 / 6, abs=0.01)
    for key in ("region", "la", "trust", "federation"):
        assert schools[key].max() == len(london.labels[key]) - 1
    for key in ("trust", "federation"):
        groups, counts = np.unique(schools[key], return_counts=True)
        assert counts[groups >= 0].min() >= 2


def test_same_settings_same_arrays_other_seed_others():
    first, again, other = build("borough"), build("borough"), build("borough", {"seed": 2})
    assert same(first, again)
    assert not np.array_equal(first.tie_to, other.tie_to)
    assert not np.array_equal(first.posts["openness"], other.posts["openness"])
    assert not np.array_equal(first.schools["climate"], other.schools["climate"])
    assert np.array_equal(first.schools["size"], other.schools["size"])


def test_fsm_rank_averages_ties_within_phase_and_is_half_alone():
    fsm = np.float32([0.3, 0.1, 0.3, 0.5, 0.2])
    phase = np.uint8([0, 0, 0, 0, 1])
    assert fsm_rank(fsm, phase).tolist() == [0.5, 0.0, 0.5, 1.0, 0.5]


def test_fsm_rank_rises_with_fsm(london):
    fsm, rank, phase = (london.schools[key] for key in ("fsm", "fsm_rank", "phase"))
    for kind in range(len(PHASES)):
        order = np.argsort(fsm[phase == kind])
        assert (np.diff(rank[phase == kind][order]) >= 0).all()
        assert rank[phase == kind].mean() == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("scale", [5, 20])
def test_thinned_systems_stand_for_the_whole(scale):
    whole, thin = build("england"), build("england", {"scale": scale})
    assert thin.n_schools == pytest.approx(whole.n_schools / scale, rel=0.01)
    assert thin.thinned == pytest.approx(whole.n_schools / thin.n_schools)
    for phase in range(len(PHASES)):
        share = [(s.schools["phase"] == phase).mean() for s in (whole, thin)]
        assert share[1] == pytest.approx(share[0], abs=0.002)
    for key in ("fsm", "size", "pupils"):
        assert thin.schools[key].mean() == pytest.approx(whole.schools[key].mean(), rel=0.05)
    assert thin.labels["region"] == whole.labels["region"]


@pytest.mark.parametrize("scale", [5, 20])
@pytest.mark.parametrize("group", ["trust", "federation"])
def test_thinned_systems_keep_trusts_and_federations_whole(scale, group):
    whole, thin = build("england"), build("england", {"scale": scale})
    sizes = {}
    for system in (whole, thin):
        of = system.schools[group]
        sizes[system] = dict(zip(system.labels[group], np.bincount(of[of >= 0]).tolist(), strict=True))
    assert sizes[thin].items() <= sizes[whole].items()
    shares = [(system.schools[group] >= 0).mean() for system in (whole, thin)]
    assert shares[1] == pytest.approx(shares[0], abs=0.02)
    large = [sum(n for n in sizes[s].values() if n > 10) / s.n_schools for s in (whole, thin)]
    assert large[1] == pytest.approx(large[0], abs=0.03)


def test_schools_are_left_at_the_largest_scale():
    assert build("village", {"scale": 5 / 3}).n_schools >= 1
    with pytest.raises(BadValue, match=r"system.scale=100.0: expected a number from 1 to 1.66667"):
        build("village", {"scale": 100})


def test_subsets_combine_and_take_lists():
    both = build("england", {"la": ["Camden", "islington"], "phase": "primary"})
    assert both.labels["la"] == ["Camden", "Islington"]
    assert set(both.schools["phase"].tolist()) == {PHASES.index("primary")}


def test_a_missing_share_of_free_meals_is_the_median_and_said():
    given = {"name": "A", "phase": "primary", "pupils": 200, "fsm": 0.1, "x": 0, "y": 0, "la": "L", "region": "R"}
    schools = [given, given | {"fsm": 0.3}, given | {"fsm": None}, given | {"phase": "secondary", "fsm": None}]
    system = build({"source": "village", "schools": schools})
    assert system.schools["fsm"].tolist() == pytest.approx([0.1, 0.3, 0.2, 0.234])
    assert sum("no share of free meals" in note for note in system.notes) == 2
    assert system.name == "village"
