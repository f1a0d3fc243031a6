"""Everything that has a name is listed and can be shown, as plain text that fits the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmsim.cli.catalogue import KINDS, kind_of

SMALL = [kind for kind in KINDS if kind.name != "authority"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_listed_a_line_each_in_singular_and_plural(kmsim, kind):
    said = kmsim("list", kind.plural)
    assert (said.code, said.err) == (0, "")
    assert said == kmsim("list", kind.name)
    starts = [line.split("  ")[0] for line in said.out.splitlines()]
    for name in kind.names():
        assert name in starts


def test_list_alone_tells_every_kind_and_how_many(kmsim):
    out = kmsim("list").out
    for kind in KINDS:
        assert f"{kind.plural} ({len(kind.names())}): {kind.meaning}" in out
    for name in kind_of("policies").names():
        assert name in out


@pytest.mark.parametrize("kind", SMALL, ids=lambda kind: kind.name)
def test_everything_listed_can_be_shown(kmsim, kind):
    for name in kind.names():
        said = kmsim("show", kind.name, name)
        assert (said.code, said.err) == (0, ""), name
        assert said.out.startswith(f"{kind.name} {name}\n")
        assert said.out.strip() in kmsim("show", name).out


def test_an_authority_is_shown_with_the_words_that_use_it(kmsim):
    assert '"system.la=Bristol, City of"' in kmsim("show", "Bristol, City of").out


@pytest.mark.parametrize("name", ["coaching", "ownership", "broadcast"])
def test_a_name_of_two_kinds_is_shown_in_both(kmsim, name):
    out = kmsim("show", name).out
    kinds = [kind.name for kind in KINDS if name in kind.names()]
    assert len(kinds) >= 2
    for kind in kinds:
        assert f"{kind} {name}\n" in out


def test_networks_are_the_archetypes(kmsim):
    assert kmsim("list", "networks") == kmsim("list", "archetypes")
    assert kmsim("show", "network", "mat") == kmsim("show", "archetype", "mat")


def test_the_codebook_has_every_outcome_with_formula_unit_and_source(kmsim):
    from kmsim.outcomes.definitions import OUTCOMES

    out = " ".join(kmsim("show", "outcomes").out.split())
    for row in OUTCOMES.values():
        for part in (row.meaning, row.formula, row.unit, row.source):
            assert " ".join(part.split()) in out


def test_a_practice_is_shown_with_what_full_depth_gives(kmsim, tmp_path):
    from kmsim.parameters import defaults
    from kmsim.scenario import Practice

    ratio = defaults()["effect_ratio"]
    for name in kind_of("practices").names():
        assert f"Full depth gives {Practice.read(name).effect * ratio:.3f} SD" in kmsim("show", "practice", name).out
    own = tmp_path / "mine.yaml"
    own.write_text("effect: 0.2\ncomplexity: 0.5\n", encoding="utf-8")
    assert f"Full depth gives {0.2 * ratio:.3f} SD" in kmsim("show", "practice", str(own)).out


def test_a_parameter_is_shown_with_its_prior_and_source(kmsim):
    out = kmsim("show", "att_priority").out
    assert "share of CPD hours attended, at nothing else: added at full priority" in " ".join(out.split())
    for part in ("0.6", "share", "0.3 to 0.9", "F71, P42", "judged"):
        assert part in out


def test_a_policy_is_shown_with_levers_features_and_yearly_costs(kmsim):
    out = kmsim("show", "policy", "coaching").out
    for part in ("form_clusters", "hours 15", "external_expertise", "22,500", "96,000", "total a year"):
        assert part in out


def test_costs_shown_are_those_of_the_model():
    """A year of coaching for the 15 teachers of a primary: the levers' own formulas, added by hand."""
    from kmsim.cli.catalogue import KINDS
    from kmsim.parameters import defaults

    p = defaults()
    experts = p["expert_days"] * 0.7 * p["c_expert_day"]
    own = (
        p["c_facilitators"] * 0.4 + p["c_codesign"] * 0.4 + p["c_cluster"] * 0.2 + p["c_cluster_base"] + p["c_central"]
    )
    hours = p["cover_share"] * p["h_cpd"] * 0.2 * p["planned_attendance"]
    cover = 15 * hours / p["hours_a_day"] * p["cover_primary"]
    shown = next(kind for kind in KINDS if kind.name == "policy").show("coaching")
    assert f"{experts + own + 15 * 15 * p['c_coaching'] + cover:,.0f}" in shown


def test_a_policy_of_ones_own_is_listed_and_shown(kmsim, tmp_path):
    folder = tmp_path / "kmsim-configs" / "policy"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("summary: My own.\nlevers:\n  - broadcast: {}\n", encoding="utf-8")
    assert "mine" in kmsim("list", "policies").out
    assert "My own." in kmsim("show", "mine").out
    assert "My own." in kmsim("show", "policy", str(folder / "mine.yaml")).out


@pytest.mark.parametrize("columns", [60, 100])
def test_lines_fit_the_terminal(kmsim, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in (
        ["list"],
        ["list", "policies"],
        ["list", "parameters"],
        ["show", "outcomes"],
        ["show", "policies"],
        ["show", "borough"],
    ):
        for line in kmsim(*words).out.splitlines():
            assert len(line) <= columns + 20 * (columns < 100), (words, line)


def test_text_is_ascii_but_for_names(kmsim):
    for words in (["list"], ["show", "outcomes"], ["show", "parameters"], ["show", "policies"]):
        assert kmsim(*words).out.isascii(), words


def test_a_broken_file_of_the_users_own_hides_no_other(kmsim):
    own = Path("kmsim-configs/experiment")
    own.mkdir(parents=True)
    (own / "broken.yaml").write_text("a: [")
    said = kmsim("list", "experiments")
    assert said.code == 2
    assert "first_look" in said.out
    assert said.err.startswith("kmsim: kmsim-configs/experiment/broken.yaml, line 1, column 5: not YAML")
    assert said.err.count("\n") == 1
