"""The page on calibration: every number from the folder, figures without overlaps, the same bytes again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kmsim.calibration.fit import Calibration
from kmsim.calibration.synthetic import Trials, rank_counts, table
from kmsim.errors import KmsimError
from kmsim.report import calibration as report

N = 40


@pytest.fixture
def found():
    """A calibration that is made up: two parameters, three checks of which one is not moved and one out of reach."""
    generator = np.random.default_rng(1)
    design = pd.DataFrame(
        {"wave": np.repeat([1, 2], N), "u.theta": generator.uniform(size=2 * N), "u.b0": generator.uniform(size=2 * N)}
    )
    design["F38.median"] = 0.4 + 0.3 * design["u.theta"]
    design["F07"] = 0.01 * design["u.b0"]
    design["F63"] = 0.09
    posterior = pd.DataFrame({"theta": generator.uniform(2.5, 3.0, N), "b0": generator.uniform(-3.5, -1.0, N)})
    predicted = pd.DataFrame({"F38.median": np.full(N, 0.6), "F07": np.full(N, 0.01), "F63": np.full(N, 0.09)})
    trace = pd.DataFrame(
        {
            "generation": [0, 1],
            "epsilon": [2.0, 1.25],
            "evaluations": [60, 100],
            "accepted": [30, 30],
            "rate": [0.5, 0.3],
            "effective": [30.0, 21.0],
        }
    )
    checked = pd.DataFrame({"wave": [1], "target": ["F07"], "explained": [0.91], "covered": [0.93], "n": [N]})
    facts = {
        "version": "0", "model": "abc", "time": "2026-01-01T00:00:00Z", "seconds": 600.0, "seed": 1, "draws": N, "distinct": N,
        "budget": {"design": N, "waves": 2, "particles": 30}, "stopped": "2 generations are done",
        "priors": {"theta": [1.0, 4.0], "b0": [-3.5, -1.0]}, "fitted": ["F38.median", "F07"], "not_moved": ["F63"],
        "targets": {"F38.median": {"accept": [0.55, 0.7]}, "F07": {"accept": [0.05, 0.12]}, "F63": {"accept": [0.08, 0.1]}},
        "waves": [{"left": 0.1, "cut": 3.0, "limits": {}, "out_of_reach": ["F07"]}], "evaluations": {"design": 80, "smc": 160},
    }  # fmt: skip
    return Calibration(posterior, predicted, pd.DataFrame({"weight": [1.0]}), trace, design, checked, facts)


@pytest.fixture
def rows():
    generator = np.random.default_rng(2)
    trials = Trials(generator.uniform(size=(80, 2)), generator.uniform(size=(80, 63, 2)))
    return table(trials, ["theta", "b0"]), rank_counts(trials)


def test_the_page_tells_what_is_in_the_folder(found, rows):
    page = report.page(found, rows[0])
    assert "No place of the first wave reaches the range of: F07." in page
    assert "Held to the best there is, for hardly any place brings them into their range: F07." in page
    assert "| F63 |" in page
    assert "no: not moved" in page
    assert "tolerance 2 to 1.25, 160 evaluations" in page
    assert "the findings fix (0.5 or more) 1 of 2: theta" in page
    assert "Simulation-based calibration over 80 draws of the prior" in page
    assert report.page(found, rows[0]) == page
    assert "Not tried yet" in report.page(found)


def test_numbers_follow_the_data(found):
    before = report.page(found)
    found.trace.loc[1, "epsilon"] = 0.5
    found.posterior["theta"] = np.linspace(1.0, 4.0, N)
    after = report.page(found)
    assert "tolerance 2 to 0.5" in after
    assert "0 of 2: none" in after
    assert before != after


def test_figures_are_drawn_inside_their_sheets(found, rows):
    from kmsim.report.figures.paper import texts

    figures = [
        report.draw_checks(found),
        report.draw_parameters(found),
        report.draw_trace(found),
        report.draw_ranks(*rows),
    ]
    for fig in figures:
        fig.canvas.draw()
        wide, tall = fig.get_size_inches() * fig.dpi
        for text in texts(fig):
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= wide + 1 and box.y0 >= -1 and box.y1 <= tall + 1, text.get_text()


def test_a_folder_that_is_not_whole_is_told(tmp_path):
    with pytest.raises(KmsimError, match="not a whole calibration"):
        report.write(tmp_path, tmp_path / "docs")
