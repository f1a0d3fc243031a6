"""The shipped posterior: read strictly, the medoid is the default of free parameters, and without it all stands by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kmsim.calibration.fit import medoid
from kmsim.calibration.space import Space
from kmsim.errors import BadValue, KmsimError
from kmsim.fingerprint import code_fingerprint
from kmsim.parameters import BY_HAND, PARAMETERS, calibrated
from kmsim.posterior import FILE, TOLD, Posterior, point, read, shipped


def write(folder: Path, text: str, told: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    if told is not None:
        (folder / TOLD).write_text(told, encoding="utf-8")
    return folder


def test_a_posterior_is_read_with_its_provenance(tmp_path):
    found = read(write(tmp_path / "a", "theta,r_try\n2.0,3.0\n1.5,4.0\n", f"code: {code_fingerprint()}\n"))
    assert found.medoid == {"theta": 2.0, "r_try": 3.0}
    assert found.current
    assert found.origin == "calibrated"
    older = read(write(tmp_path / "b", "theta\n2.0\n", "code: other\n"))
    assert older.origin == "calibrated with an earlier version of the model"


@pytest.mark.parametrize("text", ["", "theta\n", "theta\nx\n", "theta\n1.0,2.0\n", "theta\nnan\n"])
def test_what_is_no_posterior_is_told_in_a_line(tmp_path, text):
    with pytest.raises(KmsimError, match="not a posterior"):
        read(write(tmp_path / "a", text))
    with pytest.raises(KmsimError, match="expected a folder of kmsim calibrate"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"theta,r_try\n1,2\n1\n", ("row 2", "1 cells", "expected 2")),
        (b"theta,r_try\n1,2\n1,inf\n1,x\n", ("row 2", "r_try=inf", "2 rows")),
        (b"theta\n1_000\n", ("row 1", "theta=1_000")),
        ("theta\n\u0661\n".encode(), ("row 1", "theta=")),
        (b"theta\n1e999\n", ("row 1", "theta=1e999")),
        (b"theta,theta\n1,2\n", ("each once",)),
        (b"theta,\n1,2\n", ("each once",)),
        (b"theta\n1\n\n2\n", ("row 2",)),
        (b"theta\n1\n\xff\n", ("line 3", "UTF-8")),
        (b"theta\n1\n\0\n", ("line 3", "NUL")),
        (b"PK\x03\x04", ("Excel",)),
        (b'theta\n"1\n', ("not a posterior",)),
        (b"x" * 300 + b"\n1\n", ("at most 200",)),
        (",".join(f"c{i}" for i in range(3000)).encode() + b"\n", ("3,000 columns",)),
    ],
)
def test_what_cannot_be_used_of_a_posterior_is_told_by_row(tmp_path, data, words):
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(KmsimError, match="not a posterior") as error:
        read(tmp_path)
    for word in words:
        assert word in str(error.value)
    assert str(error.value).isprintable()


def test_draws_are_spread_through_the_rows():
    found = Posterior(("theta",), tuple((float(i),) for i in range(100)))
    assert [d["theta"] for d in found.draws(4)] == [0.0, 25.0, 50.0, 75.0]
    assert len({d["theta"] for d in found.draws(32)}) == 32
    for number in (0, 101):
        with pytest.raises(BadValue, match="draws="):
            found.draws(number)


def test_free_parameters_stand_at_the_medoid_and_others_where_they_were():
    table = calibrated(BY_HAND, {"theta": 3.0})
    assert table["theta"].default == 3.0
    assert table["theta"].by_hand == BY_HAND["theta"].default
    assert {n: row for n, row in table.items() if n != "theta"} == {n: r for n, r in BY_HAND.items() if n != "theta"}
    for wrong in ({"leave_0": 0.1}, {"tetha": 1.0}, {"theta": 99.0}):
        with pytest.raises(ValueError):
            calibrated(BY_HAND, wrong)


def test_the_table_is_what_is_shipped():
    found = shipped()
    for name, row in PARAMETERS.items():
        if found is not None and name in found.medoid:
            assert (row.default, row.by_hand) == (found.medoid[name], BY_HAND[name].default)
        else:
            assert row == BY_HAND[name]
    assert point() == (
        "parameters set by hand" if found is None else f"parameters at one typical fitted set, {found.origin}"
    )


def test_the_shipped_posterior_is_whole():
    found = shipped()
    if found is None:
        pytest.skip("no posterior is shipped yet")
    space = Space.of_table(found.names)
    assert medoid(space.units(np.array(found.rows))) == 0
    for key in ("code", "targets", "seed", "packages", "priors", "stopped"):
        assert found.told[key], key
    from kmsim.calibration.targets import targets

    assert set(found.told["fitted"]) <= {target.name for target in targets()}


def test_by_hand_is_never_changed_by_what_is_calibrated():
    before = {name: replace(row) for name, row in BY_HAND.items()}
    calibrated(BY_HAND, {"theta": 3.0})
    assert before == BY_HAND


def test_pages_say_how_many_parameters_a_posterior_draws_and_how_many_stand_still():
    drawn, every = len(shipped().names), len(PARAMETERS)
    root = Path(__file__).parents[1]
    readme, page = (
        " ".join((root / name).read_text(encoding="utf-8").split()) for name in ("README.md", "docs/model.md")
    )
    assert f"the {drawn} calibrated parameters only: the other {every - drawn} (" in readme
    assert f"It draws these {drawn} of {every} parameters" in page
