"""A simulated experiment: arms over the same schools and draws, as plain data of which the lab makes a plan.

Example
-------
>>> from kmsim.evidence.arms import programme
>>> len(Experiment("small", "an example", {"all": programme()}, seeds=2, years=1, funded_years=1).plan())
2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kmsim.evidence.arms import Arm

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

FEW = {"source": "synthetic", "n_schools": 60, "region": "England"}
SCHOOLS = {"source": "synthetic", "n_schools": 120, "region": "England"}
VOLUNTEERS = {"source": "synthetic", "n_schools": 200, "region": "England"}  # half of them join a trial


@dataclass(frozen=True)
class Experiment:
    """Arms, schools, seeds, years and settings. vary: key -> values, a scenario each; settings: keys of `kmsim.Model`.

    trial: half of those that would join are treated, by chance; the effect is estimated as a trial's authors would. fresh:
    each scenario's trial is of other schools and pupils; else the scenarios are seen on the same ones.
    Each policy has its own cost: no budget binds unless settings say so.
    """

    name: str
    says: str
    arms: Mapping[str, Arm]
    seeds: int = 10
    years: int = 6
    funded_years: float = 3
    trial: bool = False
    fresh: bool = False
    system: Mapping[str, Any] = field(default_factory=lambda: SCHOOLS)
    vary: Mapping[str, Sequence[float]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def plan(self, times: float = 1.0) -> Plan:
        """The lab's plan of it. times: how many times its own seeds, where it has several. Raises KmsimError for bad arms.

        >>> from kmsim.evidence.arms import programme
        >>> experiment = Experiment("small", "an example", {"all": programme()}, seeds=2, years=1, funded_years=1)
        >>> len(experiment.plan(times=3))
        6
        """
        from kmsim.lab.planning import read_plan
        from kmsim.lab.scenarios import Column, Scenarios

        return read_plan(
            [{"name": name} | arm for name, arm in self.arms.items()],
            Scenarios({key: Column.of(values) for key, values in self.vary.items()}),
            self.seeds if self.seeds == 1 else max(2, round(self.seeds * times)),
            design={"kind": "scorecard", "experiment": self.name, "trial": self.trial, "fresh": self.fresh},
            **{key: value for key, value in self._settings().items() if key not in self.vary},
        )

    def _settings(self) -> dict[str, Any]:
        own = {"system": dict(self.system), "years": self.years, "funded_years": self.funded_years, "budget": None}
        return own | dict(self.settings)
