"""The headline says what the frames say, and never more."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

from kmsim.report import figures, frames, words
from kmsim.report.style import plain_name

from .runs import EIGHT, made_up, over_draws


def at(c, policy, outcome, moment):
    s = c.summary
    return s[(s.policy == policy) & (s.outcome == outcome) & (s.moment == moment)].iloc[0]


def test_numbers_in_the_headline_equal_the_data(plain):
    findings = {f.question: f for f in words.headline(plain).findings}
    well = findings["Most doing it well"]
    best = max(plain.policies, key=lambda p: at(plain, p, "doing_it_well", "funding_end")["mean"])
    row = at(plain, best, "doing_it_well", "funding_end")
    assert well.leader == best
    assert f"{100 * row['mean']:.1f}% ({100 * row['low']:.1f} to {100 * row['high']:.1f}%)" in well.sentence
    lasting = findings["Most lasting"]
    row = at(plain, lasting.leader, "sustained", "end")
    assert f"{100 * row['mean']:.1f}%" in lasting.sentence


@pytest.mark.parametrize("seed", range(12))
def test_overlapping_ranges_are_never_called_better(seed):
    rng = np.random.default_rng(seed)
    levels = {p: float(x) for p, x in zip(EIGHT, rng.uniform(0.05, 0.2, 8), strict=True)} | {"business_as_usual": 0.0}
    c = made_up(
        seeds=int(rng.integers(2, 12)), years=7, noise=float(rng.uniform(0.002, 0.05)), levels=levels, seed=seed
    )
    by_question = {q.question: q for q in words.QUESTIONS}
    for finding in words.headline(c).findings:
        if finding.leader is None or finding.question not in by_question:
            continue
        q = by_question[finding.question]
        top = at(c, finding.leader, q.outcome, q.moment)
        rows = {p: at(c, p, q.outcome, q.moment) for p in finding.judged if p != finding.leader}
        few = c.manifest["seeds"][-1] < frames.ENOUGH
        overlap = [p for p, r in rows.items() if few or (r["low"] <= top["high"] and top["low"] <= r["high"])]
        assert set(finding.together) == set(overlap)
        assert finding.clear == (bool(rows) and not overlap)
        assert (" leads:" in finding.sentence) == finding.clear
        if overlap:
            assert words.NOT_APART in finding.sentence or (few and "too few" in finding.sentence)
            assert not re.search(r"\b(leads|better|best|beats|wins)\b", finding.sentence)


def test_ahead_counts_are_right(plain):
    t = plain.trajectories
    rows = t[(t.outcome == "doing_it_well") & np.isclose(t.year, 3)].pivot(
        index="seed", columns="policy", values="value"
    )
    k = int((rows["codesigned_networks"] > rows["targeted_networks"]).sum())
    assert words.ahead(
        plain, "formative_assessment", "doing_it_well", "funding_end", "codesigned_networks", "targeted_networks"
    ) == (k, 12)
    said = next(f for f in words.headline(plain).findings if f.question == "Most doing it well")
    assert f"Targeted networks in {k} of 12" in said.beside
    baseline = plain.paired[
        (plain.paired.policy == said.leader)
        & (plain.paired.outcome == "doing_it_well")
        & (plain.paired.moment == "funding_end")
        & (plain.paired.role == "baseline")
    ].iloc[0]
    assert f"business as usual in {baseline.ahead} of {baseline.n}" in said.beside
    assert words.ahead(plain, "formative_assessment", "doing_it_well", "funding_end", "coaching", "no_such") == (0, 0)


def test_policies_that_do_next_to_nothing_are_not_ranked_on_depth_or_gap(plain):
    findings = {f.question: f for f in words.headline(plain).findings}
    assert "guidance_only" not in findings["Deepest"].judged
    assert "business_as_usual" not in findings["Most to disadvantaged schools"].judged
    assert "not ranked" in findings["Most to disadvantaged schools"].beside


def test_nobody_does_anything():
    c = made_up(("business_as_usual", "guidance_only"), seeds=3, levels={"guidance_only": 0.0}, years=7)
    head = words.headline(c)
    assert head.lead == "Nothing in this run can be ranked."
    assert all(f.leader is None for f in head.findings)
    assert "No policy has 1% of teachers doing it well" in words.headline_text(c)


def test_one_seed_claims_nothing(single):
    head = words.headline(single)
    assert not any(f.clear for f in head.findings)
    text = words.headline_text(single)
    assert " leads:" not in text
    assert "no policy can be called better" in text
    assert single.label in text


@pytest.mark.parametrize("n", [2, 4])
def test_few_seeds_claim_nothing_however_far_apart_their_ranges(n):
    c = made_up(seeds=n, years=7, noise=1e-5)
    head = words.headline(c)
    assert f"{n} seeds are too few" in head.lead
    assert not any(f.clear for f in head.findings)
    assert not words.leading(c, "formative_assessment", "doing_it_well", "funding_end")
    for _, _, say in figures.FIGURES.values():
        assert not re.search(r"[Bb]etter than|is ahead with|clear of each other", say(c))


def test_label_seeds_and_budget_are_said(plain):
    text = words.headline_text(plain)
    assert plain.label in text
    assert "middle 90% of 12 seeds" in text
    assert "£0.69m (£30.10 a pupil)" in text
    free = copy.copy(plain)
    free.config = plain.config | {"budget_gbp": None}
    assert "own cost" in words.budget_words(free)
    assert "100%" not in text


def test_months_per_pound_are_of_the_gain_above_business_as_usual(plain):
    gain, ratio = words.months_per_ten_pounds(plain, "formative_assessment")
    sd = frames.by_seed(plain, "formative_assessment", "attainment_disadvantaged_sd", "end")["coaching"]
    cost = frames.by_seed(plain, "formative_assessment", "cost_per_pupil_gbp", "end")["coaching"]
    assert np.allclose(ratio["coaching"], 10 * frames.exact_months(sd) / cost)
    assert "business_as_usual" not in gain
    finding = next(f for f in words.headline(plain).findings if f.question == "Months per pound")
    assert f"{np.mean(ratio[finding.leader]):.3f}".rstrip("0")[:4] in finding.sentence


def test_the_lead_counts_what_the_findings_say(plain):
    head = words.headline(plain)
    ranked = [f for f in head.findings if f.leader and len(f.judged) > 1]
    top = max({f.leader for f in ranked}, key=lambda p: sum(f.leader == p for f in ranked))
    most = sum(f.leader == top for f in ranked)
    assert head.lead.startswith(plain_name(top))
    assert f"{most} of {len(ranked)} questions" in head.lead


CLAIMS = r" leads:|[Bb]etter than business|[Ww]orse than business|is (ahead|behind) with|can be told apart[.]"


def claims(c):
    """What a report of this comparison claims: in headline and figures."""
    told = [words.headline_text(c), *(say(c) for name, (_, _, say) in figures.FIGURES.items() if name != "ranking")]
    return set(re.findall(CLAIMS, "\n".join(told)))


def test_no_lead_is_claimed_over_draws_that_chance_alone_undoes():
    """Ranges over draws are clear, and all draws share the luck of a few seeds."""
    small, big = over_draws(luck=1e-6), over_draws(luck=10.0)
    well = {
        n: next(f for f in words.headline(c).findings if f.question == "Reaches most teachers")
        for n, c in enumerate((small, big))
    }
    assert well[0].clear
    assert not well[1].clear
    assert " leads:" in well[0].sentence
    assert words.NOT_BY_LUCK in well[1].sentence
    assert claims(small)
    assert "Better than business as usual by the whole 90% range, and by that of chance alone" in figures.FIGURES[
        "paired_differences"
    ][2](small)
    assert not claims(big)
    assert set(words.leading(big, "formative_assessment", "doing_it_well", "funding_end")) == set(big.policies)


@pytest.mark.parametrize("seeds", [1, 3])
def test_too_few_runs_of_luck_claim_nothing_however_many_draws(seeds):
    c = over_draws(luck=1e-6, seeds=seeds)
    assert not claims(c)
    assert not words.leading(c, "formative_assessment", "doing_it_well", "funding_end")
    assert "luck a draw" in words.headline(c).lead
    assert "too few" in words.headline(c).lead
