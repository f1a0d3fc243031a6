"""A posterior as the two files that are shipped: written into every calibration's folder, and from there into kmsim/data.

`python -m kmsim.calibration.ship results/calibrate/NAME` makes it what the model stands at by default.

Example
-------
>>> rounded(0.123456789, 0.0, 1.0)
0.123457
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kmsim.calibration import files
from kmsim.errors import KmsimError
from kmsim.lab.spreadsheets import rows_to
from kmsim.posterior import FILE, TOLD
from kmsim.shipped_data import write_parsed
from kmsim.strict_yaml import to_yaml

if TYPE_CHECKING:
    from kmsim.calibration.fit import Calibration

KEPT = (
    *("version", "model", "code", "git_hash", "python", "packages", "seed", "budget", "time", "seconds", "priors"),
    *(
        "targets",
        "fitted",
        "not_moved",
        "waves",
        "generations",
        "stopped",
        "kernel",
        "evaluations",
        "draws",
        "distinct",
    ),
)


def rounded(value: float, low: float, high: float) -> float:
    """To six figures, within the prior.

    >>> rounded(1.0000004, 0.0, 1.0)
    1.0
    """
    return min(max(float(f"{value:.6g}"), low), high)


def write(found: Calibration, folder: Path) -> None:
    """Write posterior.csv, sets of equal weight with the medoid first, and posterior.yaml, where it is from."""
    priors = found.manifest["priors"]
    stream = io.StringIO()
    rows = rows_to(stream)
    rows.writerow(found.posterior.columns)
    for values in found.posterior.to_numpy(float):
        row = zip(found.posterior.columns, values, strict=True)
        rows.writerow([repr(rounded(value, *map(float, priors[name]))) for name, value in row])
    files.write_text(folder / FILE, stream.getvalue())
    told = {key: found.manifest[key] for key in KEPT if key in found.manifest}
    files.write_text(folder / TOLD, to_yaml(told))


def ship(folder: str | Path, into: str | Path | None = None) -> list[Path]:
    """Copy the posterior of a calibration into the package's data, or another folder. Raises KmsimError if it cannot be used."""
    from kmsim.parameters import BY_HAND, calibrated
    from kmsim.posterior import read

    found = read(folder)
    try:
        calibrated(BY_HAND, found.medoid)
    except ValueError as error:
        raise KmsimError(f"{folder}: {error}") from None
    place = Path(into) if into is not None else Path(__file__).resolve().parents[1] / "data"
    shipped = [Path(shutil.copyfile(Path(folder) / name, place / name)) for name in (FILE, TOLD)]
    return shipped if into is not None else [*shipped, write_parsed()]


if __name__ == "__main__":
    print(*ship(sys.argv[1]), sep="\n")
