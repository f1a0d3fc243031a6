"""What the report reads from frames: each question asked once, ranges as numpy has them."""

from __future__ import annotations

import numpy as np

from kmsim.report import frames
from kmsim.report.figures import FIGURES, OVER_POSTERIOR


def test_spans_are_means_and_quantiles_of_what_is_known():
    values = np.random.default_rng(1).normal(size=(9, 40))
    values[np.random.default_rng(2).random(values.shape) < 0.3] = np.nan
    values[:, 0] = np.nan
    mean, low, high, n = frames.spans(values)
    for i, column in enumerate(values.T):
        good = column[np.isfinite(column)]
        assert n[i] == len(good)
        found = [mean[i], low[i], high[i]]
        wanted = [good.mean(), *np.quantile(good, [0.05, 0.95])] if len(good) else [np.nan] * 3
        assert np.allclose(found, wanted, equal_nan=True)


def test_a_read_comparison_answers_as_the_comparison_does_and_once(plain):
    read = frames.read(plain)
    assert frames.read(read) is read
    for _, table, words in (FIGURES[name] for name in FIGURES if name not in OVER_POSTERIOR):
        assert table(read).equals(table(plain))
        assert table(read) is table(read)
        assert words(read) == words(plain)


def test_a_cell_is_the_summarys_row_or_nothing(plain):
    row = plain.summary[(plain.summary.policy == "coaching") & (plain.summary.outcome == "depth")].iloc[0]
    found = frames.cell(plain, "formative_assessment", "coaching", "depth", row.moment)
    assert (found.mean, found.low, found.high, found.n, found.year) == (row["mean"], row.low, row.high, row.n, row.year)
    assert frames.cell(plain, "formative_assessment", "coaching", "no_such", "end") is frames.NOTHING
