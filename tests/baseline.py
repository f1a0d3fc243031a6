"""The baseline: what every policy does on the village and a borough, to the last digits. A change of it is a decision.

`python -m tests.baseline` writes it anew; say in the commit why.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kmsim import configuration
from kmsim.model import Model
from kmsim.system import build

PATH = Path(__file__).with_name("baseline.csv")
SYSTEMS = ("village", "borough")
SEED, YEARS = 1, 10


def measured() -> pd.DataFrame:
    """Every outcome at year 5 and 10 of every policy on each system."""
    rows = []
    for system in SYSTEMS:
        built = build(system)
        for policy in configuration.names("policy"):
            model = Model(system=built, policy=policy, seed=SEED, years=YEARS).run()
            for outcome, values in model.outcome_arrays().items():
                rows.append((system, policy, outcome, values[0, 30], values[0, 60]))
    return pd.DataFrame(rows, columns=["system", "policy", "outcome", "year_5", "year_10"])


if __name__ == "__main__":
    measured().to_csv(PATH, index=False, float_format="%.9g", lineterminator="\n")
