"""Size and quality: differences are of the right arms, and hierarchies are set against networks of the same schools."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.studies import does_size_matter as study


def test_a_hierarchy_is_paired_with_the_network_of_its_size(small):
    v = small["03_does_size_matter"]["hierarchies"]
    sizes = study.pairs(v)
    assert [*sizes] == sorted(sizes)
    for network, hierarchy in sizes.values():
        assert network.replace("network", "hierarchy") == hierarchy
    assert study.kept(v, study.WELL, 2) == pytest.approx(np.ones(2))


def test_effects_are_differences_of_the_extremes(small):
    v = small["03_does_size_matter"]["networks"]
    at = {
        (s, q): v.at("doing_it_well", "networks", "funding_end", cluster_size=s, collaboration=q).mean()
        for s in (3, 20)
        for q in (0.25, 0.75)
    }
    assert study.size_effect(v, study.WELL, 0.25).mean == pytest.approx(at[20, 0.25] - at[3, 0.25])
    assert study.quality_effect(v, study.WELL, 3).mean == pytest.approx(at[3, 0.75] - at[3, 0.25])
