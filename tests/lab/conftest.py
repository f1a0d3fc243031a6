"""An ensemble of stand-ins, and what it comes to when nothing disturbs it. A module that uses them says in N how many runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmsim.lab.ensemble import run_plan
from tests.lab import stand_in


@pytest.fixture(scope="module")
def plan(request):
    return stand_in.plan_of(request.module.N, ("coaching", "business_as_usual"), trajectories="all")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, plan) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "undisturbed"
    assert run_plan(plan, folder, "serial", work=stand_in.do).whole
    return folder
