"""What all tests share: property tests that draw the same examples each time, and a model that is compiled before workers ask for it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "kmsim", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("kmsim")


def pytest_configure(config: pytest.Config) -> None:
    """Where tests go over several processes, compile once before they start, not in each."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        from kmsim.lab.compilation import compile_model

        compile_model(2)
