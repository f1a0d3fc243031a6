"""Every sentence of the rules has a rule, a term that can be switched off, and a run in which that shows."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from tests.rules.sentences import (
    DOCUMENT,
    SEEDS,
    SENTENCES,
    STATISTICS,
    Sentence,
    _frozen,
    _run,
    arms_in_words,
    measured,
)

each = pytest.mark.parametrize("sentence", [pytest.param(s, id=s.id) for s in SENTENCES])
PARTS = (
    "Awareness",
    "CPD",
    "Peers",
    "Trying",
    "Using and lapsing",
    "Fidelity drift",
    "Something new",
    "Ownership",
    "Clusters",
    "Turnover",
    "Schools",
    "Attainment",
    "Cost",
)


def test_the_table_covers_every_part_and_names_what_exists():
    assert tuple(dict.fromkeys(s.part for s in SENTENCES)) == PARTS
    assert len({s.id for s in SENTENCES}) == len(SENTENCES)
    assert {s.statistic for s in SENTENCES} <= set(STATISTICS)
    for s in SENTENCES:
        module, *names = s.where.rsplit(".", 2 if s.where.startswith("policies") else 1)
        thing = importlib.import_module(f"kmsim.{module}")
        for name in names:
            thing = getattr(thing, name)
        assert callable(thing)


@each
def test_the_rule_answers(sentence: Sentence):
    """With its term off the rule gives something else; asked twice with it on, the same."""
    on = np.asarray(sentence.ask(sentence.off, False))
    assert np.array_equal(on, sentence.ask(sentence.off, False))
    without = np.asarray(sentence.ask(sentence.off, True))
    assert np.isfinite(on).all()
    assert np.isfinite(without).all()
    assert not np.array_equal(on, without)


@each
def test_a_run_shows_it(sentence: Sentence):
    """Two arms that differ in the term alone differ as the sentence says, beyond two standard errors over seeds."""
    on, without, gap, error, agree = measured(sentence)
    told = f"{sentence.says}: {on:.4g} with, {without:.4g} without ({agree} of {len(SEEDS)} seeds)"
    assert np.isfinite([on, without]).all(), told
    assert sentence.sign * gap > 2 * error, told
    assert agree > len(SEEDS) / 2, told


def test_collaboration_alone_does_about_nothing():
    """F20c-d against F20e: it carries expertise and focus, and without expertise there is nothing to carry."""
    whole, nothing_to_carry = {}, {"network.external_expertise": 0.0}
    apart, alone, carrying = {"network.collaboration": 0.0}, {}, {}
    for carried, expertise in ((alone, nothing_to_carry), (carrying, whole)):
        for name, collaboration in (("with", {}), ("without", apart)):
            arm = {"policy": "codesigned_networks"} | expertise | collaboration
            carried[name] = np.mean([STATISTICS["well"].of(_run(seed, 5, _frozen(arm))) for seed in SEEDS])
    assert carrying["with"] - carrying["without"] > 0.05
    assert abs(alone["with"] - alone["without"]) < 0.1 * (carrying["with"] - carrying["without"])


def test_the_document_lists_every_sentence():
    """docs/mechanisms.md is made by `python -m tests.rules.sentences`; its numbers move with defaults, its rows do not."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| id")]
    assert len(rows) == len(SENTENCES)
    for s, row in zip(SENTENCES, rows, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[:4] == [s.id, s.says, f"`{s.where}`", s.term]
        assert cells[4] == f"{STATISTICS[s.statistic].meaning}, {arms_in_words(s)}"
        for number in cells[5:7]:
            assert np.isfinite(float(number.replace(",", "")))
