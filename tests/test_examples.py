"""The examples in docstrings of the command line, the lab and the report run, and say what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from kmsim import cli, lab, report

SLOW = {"kmsim.lab.ablation"}  # minutes
MODULES = sorted(
    module.name
    for package in (cli, lab, report)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize(
    "module", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in MODULES]
)
def test_every_example_runs(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KMSIM_CONFIGS", raising=False)
    assert doctest.testmod(importlib.import_module(module)).failed == 0
