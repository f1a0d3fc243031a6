"""Nothing changes by accident: every policy's outcomes are those of the baseline file."""

import pandas as pd
import pytest

from tests.baseline import PATH, measured

KEY = ["system", "policy", "outcome"]


@pytest.fixture(scope="module")
def both():
    return pd.read_csv(PATH).set_index(KEY), measured().set_index(KEY)


def test_the_same_rows(both):
    then, now = both
    assert list(then.index) == list(now.index), "run: python -m tests.baseline"


@pytest.mark.parametrize("year", ["year_5", "year_10"])
def test_the_same_values(both, year):
    then, now = both
    pd.testing.assert_series_equal(then[year], now[year], rtol=1e-6, atol=1e-6, check_dtype=False)
