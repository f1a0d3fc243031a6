"""How every run on a system begins: what no policy, parameter or seed changes, reckoned once and copied for each run."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from kmsim.agents import Cluster, School, Teacher
from kmsim.phases.world import rows_of
from kmsim.system.built import System

FIELD = {"size": "n_posts"}  # NumPy's records keep the name `size` for themselves


class Beginning:
    """The first state of the tables of a system, and numbers of it that outcomes are shares of. Nobody writes to it.

    teachers: column -> values, of the columns that a system gives. schools, uptake, cluster: records; uptake of one
    practice, (1, S), cluster of one row. fifth: of free meals, 0 (least) to 4 (most), by school.
    """

    def __init__(self, system: System):
        schools, fields = system.schools, School.fields()
        self.schools, self.uptake = school_rows(1, system.n_schools)
        for name, column in fields.items():
            if name in schools:
                self.schools[FIELD.get(name, name)] = column.fit(schools[name])
        self.schools["move_group"] = schools["region"] * 8 + schools["phase"]
        self.cluster = rows_of(Cluster.fields(), 1)
        ties = np.diff(system.tie_start)
        given = system.posts | {"tie_share": np.where(ties > 0, 1 / np.maximum(ties, 1), 0)}
        columns = Teacher.fields()
        self.teachers = {name: columns[name].fit(values).astype(columns[name].dtype) for name, values in given.items()}
        self.fifth = np.minimum(4, (schools["fsm_rank"] * 5).astype(np.int32))
        pupils = self.schools["pupils"].astype(np.float64)
        self.sizes = {
            "posts": system.n_posts,
            "schools": system.n_schools,
            "posts_most": int(schools["size"][self.fifth == 4].sum()),
            "posts_least": int(schools["size"][self.fifth == 0].sum()),
            "pupils": float(pupils.sum()),
            "disadvantaged": float((pupils * self.schools["fsm"]).sum()),
        }


def school_rows(practices: int, schools: int) -> tuple[np.ndarray, np.ndarray]:
    """The records in which schools stand, and what they do with each practice."""
    fields = School.fields()
    return (
        rows_of({FIELD.get(n, n): c for n, c in fields.items() if not c.per_practice}, schools),
        rows_of({n: c for n, c in fields.items() if c.per_practice}, (practices, schools)),
    )


_begun: WeakKeyDictionary[System, Beginning] = WeakKeyDictionary()


def beginning(system: System) -> Beginning:
    """How every run on this system begins: reckoned for the first of them, and forgotten with the system.

    >>> from kmsim.system.build import build
    >>> village = build("village")
    >>> beginning(village) is beginning(village)
    True
    """
    if system not in _begun:
        _begun[system] = Beginning(system)
    return _begun[system]
