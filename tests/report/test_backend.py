"""matplotlib is loaded whatever backend the environment names, and its settings change no figure."""

from __future__ import annotations

import os
import subprocess
import sys

import matplotlib as mpl
import pytest

from kmsim.report.style import RC, width_of


@pytest.mark.parametrize("backend", ["Qt4Agg", "nonsense", "", "agg"])
def test_figures_can_be_drawn_whatever_backend_is_named(backend):
    code = "import os, kmsim.report.style; print(os.environ['MPLBACKEND'])"
    env = os.environ | {"MPLBACKEND": backend}
    came = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert (came.returncode, came.stdout) == (0, f"{backend}\n")


def test_the_style_starts_from_the_defaults_of_matplotlib():
    with mpl.rc_context({"font.weight": "bold", "axes.linewidth": 9, "path.sketch": (1, 100, 2)}):
        wide = width_of("Co-designed networks")
        with mpl.rc_context(RC):
            assert mpl.rcParams["axes.linewidth"] == mpl.rcParamsDefault["axes.linewidth"]
            assert mpl.rcParams["path.sketch"] is None
            assert mpl.rcParams["svg.hashsalt"] == "kmsim"
    assert wide == width_of("Co-designed networks")
