"""Made-up comparisons for the tests of the report."""

from __future__ import annotations

import pytest

from .runs import EIGHT, HOSTILE, made_up


@pytest.fixture(scope="session")
def plain():
    return made_up()


@pytest.fixture(scope="session")
def hostile():
    return made_up(HOSTILE, seeds=4, practices=("<script>x</script>",))


@pytest.fixture(scope="session")
def single():
    """One seed, and too few years to see what lasts."""
    return made_up(seeds=1, years=5)


@pytest.fixture(scope="session")
def many():
    """All fifteen policies that are shipped."""
    from kmsim.report.style import STYLES

    names = list(STYLES)
    return made_up(names, seeds=5, levels={p: 0.015 * i for i, p in enumerate(names)} | {"business_as_usual": 0.0})


@pytest.fixture(scope="session")
def short():
    """A run that ends when its funding does."""
    return made_up(seeds=6, years=3)


@pytest.fixture(scope="session")
def two():
    """Two practices at once."""
    return made_up(EIGHT[:4], seeds=5, practices=("formative_assessment", "metacognition"))
