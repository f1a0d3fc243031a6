"""What a terminal shows of a comparison."""

from __future__ import annotations

from kmsim.lab.words import paired_text, scorecard_text


def test_every_practice_has_its_blocks_and_what_is_shared_stands_once(two, plain):
    text = scorecard_text(two)
    assert text.index("formative_assessment\n") < text.index("metacognition\n") < text.index("all practices together\n")
    assert text.count("Cost per pupil") == 1
    assert text.count("Doing it well\n") + text.count("Doing it well ") >= 2
    assert "formative_assessment" not in scorecard_text(plain)
    assert "metacognition" in paired_text(two)


def test_units_stand_once_and_gaps_are_points(plain):
    row = plain.summary[
        (plain.summary.policy == "coaching")
        & (plain.summary.outcome == "doing_it_well")
        & (plain.summary.moment == "funding_end")
    ].iloc[0]
    assert f"{100 * row['mean']:.1f}% ({100 * row.low:.1f} to {100 * row.high:.1f}%)" in scorecard_text(plain)
    assert " pts (" in scorecard_text(plain)
    assert "pts to" not in scorecard_text(plain) + paired_text(plain)


def test_one_seed_has_no_range_and_one_policy_nothing_to_compare(single, plain):
    assert " to " not in scorecard_text(single).split("\n\n", 1)[1]
    alone = plain.__class__(**vars(plain))
    alone.paired = plain.paired.iloc[:0]
    assert paired_text(alone) == "There is nothing to compare with."


def test_lines_fit_a_wide_terminal(plain):
    assert max(map(len, f"{scorecard_text(plain)}\n{paired_text(plain)}".splitlines()[3:])) <= 130
