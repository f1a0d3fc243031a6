"""After the money: years are counted from the end of funding, whenever that is."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.studies import after_the_money as study


def test_years_are_counted_from_the_end_of_funding(small):
    v = small["04_after_the_money"]["money"]
    for funded, taper in ((2, 0), (3, 2)):
        path = v.path(study.WELL, study.FULL, funded_years=funded, taper=taper)
        end = (funded + taper) * v.ticks_per_year
        found = study.after(v, study.FULL, 3, funded_years=funded, taper=taper)
        assert found == pytest.approx(path[:, end + 3 * v.ticks_per_year])
    assert study.ratio(v, study.FULL, 0) == pytest.approx(np.ones(v.seeds))


def test_without_a_hundredth_to_keep_there_is_no_ratio(small):
    v = small["04_after_the_money"]["money"]
    assert study.after(v, study.FULL, -3) == pytest.approx(np.zeros(v.seeds))
    path = v.path(study.WELL, "coaching", **study._usual(v))
    start = path[:, study.USUAL * v.ticks_per_year]
    assert (np.isnan(study.ratio(v, "coaching", 3)) == (start < study.FLOOR)).all()


def test_a_taper_is_worth_what_it_adds_at_the_same_moment(small):
    v = small["04_after_the_money"]["money"]
    at = round((study.USUAL + 2 + 3) * v.ticks_per_year)
    with_it, without = (
        v.path(study.WELL, study.FULL, funded_years=study.USUAL, taper=taper)[:, at] for taper in (2, 0)
    )
    assert study.taper_worth(v, study.FULL).mean == pytest.approx((with_it - without).mean())
