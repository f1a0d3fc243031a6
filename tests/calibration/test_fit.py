"""A whole calibration: the same bits for any workers, gone on with where it stopped, and refused under other settings."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from kmsim.calibration import fit as fit_module
from kmsim.calibration.budget import Budget
from kmsim.calibration.fit import HISTORY, MANIFEST, _equal, calibrate, medoid, read
from kmsim.calibration.space import Space
from kmsim.calibration.summary import checks, correlations, never, parameters
from kmsim.calibration.words import told
from kmsim.errors import BadValue, KmsimError, RunFailed, UnknownName


def same(one, other):
    return one.posterior.equals(other.posterior) and one.predicted.equals(other.predicted)


def test_it_keeps_a_posterior_within_the_priors(kept, budget):
    found, folder = kept
    assert found.posterior.shape == (budget.draws, 3)
    for name, (low, high) in found.manifest["priors"].items():
        assert found.posterior[name].between(low, high).all()
    assert (folder / "posterior.parquet").exists()
    assert found.particles.weight.sum() == pytest.approx(1)
    assert (np.diff(found.trace.epsilon) <= 0).all()
    space = Space.of_table(budget.parameters)
    assert medoid(space.units(found.posterior.to_numpy())) == 0


def test_the_manifest_tells_where_it_comes_from(kept, budget):
    facts = json.loads((kept[1] / MANIFEST).read_text(encoding="utf-8"))
    assert set(facts["targets"]) == set(budget.targets)
    assert facts["targets"]["F38.median"]["accept"] == [0.55, 0.7]
    assert facts["packages"]["pyabc"]
    assert facts["packages"]["scikit-learn"]
    for key in ("model", "code", "seed", "seconds", "stopped", "generations", "waves", "budget", "git_hash"):
        assert key in facts


def test_any_number_of_workers_gives_the_same_bits(kept, budget, tmp_path):
    assert same(calibrate(tmp_path / "two", budget, seed=1, workers=2), kept[0])


def test_another_seed_gives_others(kept, budget, tmp_path):
    assert not same(calibrate(tmp_path / "other", budget, seed=2, workers=1), kept[0])


def test_it_goes_on_from_a_first_generation_with_the_same_bits(kept, budget, tmp_path, monkeypatch):
    """Stopped after its first generation, by an error while the second is under way."""
    told_of = []

    def stop(what, done, of):
        told_of.append(what)
        if what.startswith("generation 1, 3 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(tmp_path / "stopped", budget, seed=1, workers=1, tell=stop)
    assert not (tmp_path / "stopped" / MANIFEST).exists()
    before = len(told_of)
    again = calibrate(tmp_path / "stopped", budget, seed=1, workers=1, tell=lambda what, *_: told_of.append(what))
    assert same(again, kept[0])
    assert again.trace.equals(kept[0].trace)
    assert not any(what.startswith(("design", "generation 0")) for what in told_of[before:])


def test_a_whole_one_is_shown_again(kept, budget):
    before = (kept[1] / HISTORY).stat().st_mtime_ns
    assert same(calibrate(kept[1], budget, seed=1, workers=1), kept[0])
    assert (kept[1] / HISTORY).stat().st_mtime_ns >= before
    assert same(read(kept[1]), kept[0])


def test_other_settings_are_refused_and_the_clock_is_none(kept, budget, tmp_path):
    shutil.copytree(kept[1], tmp_path / "kept")
    with pytest.raises(BadValue, match=r"was made with seed 1 \(now 2\)"):
        calibrate(tmp_path / "kept", budget, seed=2, workers=1)
    longer = Budget(**(vars(budget) | {"max_minutes": 50.0}))
    assert same(calibrate(tmp_path / "kept", longer, seed=1, workers=1), kept[0])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(BadValue, match="is there and has no config"):
        calibrate(tmp_path / "mine", budget)


def test_no_generation_in_time_is_told(budget, tmp_path):
    none = Budget(**(vars(budget) | {"max_minutes": 0.0}))  # less than a user may ask for: over before it begins
    with pytest.raises(RunFailed, match="no generation became whole"):
        calibrate(tmp_path / "late", none, seed=1, workers=1)


def test_without_the_extra_it_says_how_to_get_it(budget, tmp_path, monkeypatch):
    monkeypatch.setattr(fit_module, "find_spec", lambda name: None)
    with pytest.raises(KmsimError, match=r"pip install 'kmsim\[calibrate\]'"):
        calibrate(tmp_path / "x", budget)


def test_equal_weights_stand_for_the_weighted(budget):
    space = Space.of_table(budget.parameters)
    units = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.9, 0.8, 0.7]])
    frame = pd.DataFrame({f"u.{n}": units[:, i] for i, n in enumerate(space.names)} | {"weight": [0.25, 0.5, 0.25]})
    found = _equal(frame, space, 16, seed=1)
    assert found[0].tolist() == [0.5, 0.5, 0.5]
    assert [int((found == row).all(1).sum()) for row in units] == [4, 8, 4]


def test_the_summary_is_of_the_tables(kept):
    found, _ = kept
    table = checks(found).set_index("target")
    assert table.loc["F38.median", "medoid"] == found.predicted["F38.median"].iloc[0]
    assert ((table.post_low <= table.post_mid) & (table.post_mid <= table.post_high)).all()
    rows = parameters(found).set_index("parameter")
    assert rows.loc["a_q", "medoid"] == found.posterior["a_q"].iloc[0]
    assert (rows.shrinkage <= 1).all()
    assert set(correlations(found, 0.0).one) <= set(found.posterior)
    assert set(never(found)) <= set(table.index)
    text = told(found)
    assert found.manifest["stopped"] in text
    assert "a_q" in text


def test_budgets_are_checked():
    for name in ("quick", "full", "tiny"):
        assert Budget.read(name).draws
    with pytest.raises(UnknownName, match=r"calibration.particle: .* did you mean 'particles'"):
        Budget.read("quick", {"particle": 3})
    for key, value in {"design": 0, "alpha": 2, "waves": 1.5, "targets": 3, "max_minutes": -1, "noise": 9999}.items():
        with pytest.raises(BadValue, match=f"calibration.{key}"):
            Budget.read("quick", {key: value})


@pytest.mark.parametrize("name", [HISTORY, "design", "clock.json", MANIFEST, "config.yaml"])
def test_a_link_in_its_folder_is_refused_before_anything_runs(budget, tmp_path, name):
    (tmp_path / "victim").mkdir()
    (tmp_path / "fit").mkdir()
    (tmp_path / "fit" / name).symlink_to(tmp_path / "victim" / "file")
    for act in (lambda: calibrate(tmp_path / "fit", budget, workers=1), lambda: read(tmp_path / "fit")):
        with pytest.raises(KmsimError, match=f"^{tmp_path}/fit/{name}: a link where "):
            act()
    assert not [*(tmp_path / "victim").iterdir()]
