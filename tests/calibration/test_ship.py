"""What a calibration writes is what the package can ship."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from kmsim.calibration.ship import ship
from kmsim.errors import KmsimError
from kmsim.posterior import FILE, TOLD, read


def test_what_a_calibration_writes_can_be_shipped(kept, tmp_path):
    found, folder = kept
    again = read(folder)
    assert again.names == tuple(found.posterior.columns)
    assert np.allclose(again.rows, found.posterior.to_numpy(), rtol=1e-5)
    assert again.told["targets"] == found.manifest["targets"]
    assert again.current
    assert [path.name for path in ship(folder, tmp_path)] == [FILE, TOLD]
    assert read(tmp_path) == again


def test_a_posterior_of_another_table_is_not_shipped(kept, tmp_path):
    shutil.copytree(kept[1], tmp_path / "kept")
    file = tmp_path / "kept" / FILE
    file.write_text(file.read_text(encoding="utf-8").replace("a_q", "gone"), encoding="utf-8")
    with pytest.raises(KmsimError, match="gone, which is no free parameter"):
        ship(tmp_path / "kept", tmp_path)
