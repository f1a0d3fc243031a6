"""Schools given one by one in a config: a village to follow person by person, or a user's own short list."""

from __future__ import annotations

from typing import Any

import numpy as np

from kmsim.bounds import BOUNDS, bounded, bounded_name
from kmsim.errors import BadValue, unknown
from kmsim.system.built import PHASES
from kmsim.system.rows import Rows, blank
from kmsim.system.settings import Settings

NEEDED = ("name", "phase", "pupils", "fsm", "x", "y", "la", "region")
OPTIONAL = ("teachers",)
MAY_BE_UNKNOWN = ("pupils", "fsm")


def village(chosen: Settings) -> tuple[Rows, list[str]]:
    """The schools listed in the settings, in that order, numbered from 1; and notes, of which there are none.

    Each is a mapping of name, phase, pupils, fsm (share), x and y [km], la, region and perhaps teachers [people].
    pupils and fsm may be null: not known. Raises BadValue or UnknownName with the school's place in the list.

    >>> from kmsim.system.settings import settings
    >>> village(settings("village"))[0]["name"][0]
    'Millbrook Primary'
    """
    rows = blank(len(chosen.schools))
    for i, school in enumerate(chosen.schools):
        for key, value in _school(f"system.schools[{i}]", school).items():
            rows["headcount" if key == "teachers" else key][i] = value
    return rows, []


def _school(place: str, school: Any) -> dict[str, Any]:
    if not isinstance(school, dict):
        raise BadValue(place, school, "settings of a school: " + ", ".join(NEEDED))
    for key in school:
        if key not in NEEDED + OPTIONAL:
            raise unknown(place, key, NEEDED + OPTIONAL, "a setting of a school")
    for key in NEEDED:
        if key not in school or (school[key] is None and key not in MAY_BE_UNKNOWN):
            raise BadValue(f"{place}.{key}", None, "a value")
    return {key: _value(f"{place}.{key}", key, value) for key, value in school.items() if value is not None}


def _value(place: str, key: str, value: Any) -> Any:
    if (bound := f"school.{key}") in BOUNDS:
        return bounded(place, value, bound)
    bounded_name(place, value)
    if key == "phase":
        if value not in PHASES:
            raise unknown(place, value, PHASES, "a phase")
        return np.uint8(PHASES.index(value))
    return value
