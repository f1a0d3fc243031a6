"""The space is the free parameters over their priors, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from kmsim.calibration.space import Space
from kmsim.errors import BadValue, UnknownName
from kmsim.parameters import PARAMETERS


def test_all_free_parameters_and_only_those_are_in_it():
    space = Space.of_table()
    assert set(space.names) == {name for name, row in PARAMETERS.items() if row.grade == "free"}
    for name, low, high in zip(space.names, space.low, space.high, strict=True):
        assert (low, high) == PARAMETERS[name].prior


def test_there_and_back():
    space = Space.of_table()
    units = np.random.default_rng(1).uniform(size=(5, len(space)))
    assert np.allclose(space.units(space.values(units)), units)
    assert space.named(space.values(units[0])) == pytest.approx(
        dict(zip(space.names, space.values(units)[0], strict=True))
    )


def test_what_is_measured_or_judged_is_not_fitted():
    with pytest.raises(BadValue, match="leave_0"):
        Space.of_table(["leave_0"])
    with pytest.raises(UnknownName, match="did you mean 'theta'"):
        Space.of_table(["tetha"])
