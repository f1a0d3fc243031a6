"""Finding and Prior: one record of the evidence each, checked strictly when it is read.

Example
-------
>>> from kmsim.evidence.table import findings
>>> findings()["F27"].use
'CAL'
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from kmsim.errors import BadValue, unknown
from kmsim.evidence.grades import GRADES, mark

SECTIONS = {
    "review": "The review of networks",
    "cpd": "Effects of professional development",
    "scale": "Taking things to scale",
    "diffusion": "Diffusion, adopting and lasting",
    "turnover": "Turnover, time and barriers",
    "networks": "Networks and partnerships of schools",
    "costs": "Costs",
}
USES = {
    "CAL": "may be fitted, or feeds a parameter: agreement is no test",
    "VAL": "never fitted: agreement is a test",
    "built in": "shaped the mechanisms: shown, never counted as a test",
    "none": "an input, a definition, or not usable",
}
GROUPS = range(1, 13)

Value = float | tuple[float, ...] | str


@dataclass(frozen=True, kw_only=True)
class Record:
    """What findings and priors share. value, low and high: a number or as many numbers; value may be a text instead."""

    id: str
    statement: str
    quantity: str
    value: Value
    source: tuple[str, ...]
    grade: tuple[str, ...]
    test: str
    unit: str = ""
    low: float | tuple[float, ...] | None = None
    high: float | tuple[float, ...] | None = None
    note: str = ""

    @property
    def mark(self) -> str:
        """`from memory` or `elicited`, partly or wholly; empty for what was read.

        >>> given = {"statement": "", "quantity": "x", "value": 1.0, "source": ("a",), "test": "none"}
        >>> Prior(id="P99", grade=("M",), **given).mark, Prior(id="P99", grade=("V",), **given).mark
        ('from memory', '')
        """
        return mark(self.grade)

    @property
    def range(self) -> str:
        """The plausible range as text, empty where there is none.

        >>> given = {"statement": "", "quantity": "x", "value": 1.0, "source": ("a",), "grade": ("V",), "test": "none"}
        >>> Prior(id="P99", low=0.5, high=2.0, **given).range, Prior(id="P99", high=2.0, **given).range
        ('0.5 to 2', 'up to 2')
        """
        if self.low is None and self.high is None:
            return ""
        if self.high is None or self.low is None:
            return f"{plain(self.low)} or more" if self.high is None else f"up to {plain(self.high)}"
        if isinstance(self.low, tuple) and isinstance(self.high, tuple):
            return "; ".join(f"{plain(a)} to {plain(b)}" for a, b in zip(self.low, self.high, strict=True))
        return f"{plain(self.low)} to {plain(self.high)}"


@dataclass(frozen=True, kw_only=True)
class Finding(Record):
    """Something research found. use: what for, and why; group: of the twelve validation groups; retagged: the date.

    >>> from kmsim.evidence.table import findings
    >>> findings()["F27"].use
    'CAL'
    """

    section: str
    use: str
    why: str
    group: int | None = None
    retagged: str = ""


@dataclass(frozen=True, kw_only=True)
class Prior(Record):
    """A parameter as it is before any fitting. from_findings: those it is taken from; shape: of its distribution.

    >>> from kmsim.evidence.table import priors
    >>> priors()["P43"].quantity
    'share'
    """

    from_findings: tuple[str, ...] = ()
    shape: str = ""


def plain(value: Value | None) -> str:
    """A value as text.

    >>> plain((0.5, 14.0)), plain("all")
    ('0.5; 14', 'all')
    """
    if isinstance(value, tuple):
        return "; ".join(map(plain, value))
    return value if isinstance(value, str) else "" if value is None else f"{value:,.12g}"


def read_record(kind: type[Record], key: str, data: Any, known_sources: Mapping[str, str]) -> Record:
    """One record from its entry in the file. Raises UnknownName or BadValue, naming record and key.

    >>> entry = dict(statement="A.", quantity="x", value=1, low=0, high=2, source=["a"], grade="V, M", test="none")
    >>> read_record(Prior, "P99", entry, {"a": "A (2000)"}).grade
    ('V', 'M')
    """
    if not isinstance(data, Mapping):
        raise BadValue(key, data, "settings such as {statement: ..., value: 1}")
    own = {("from" if f.name == "from_findings" else f.name): f for f in fields(kind) if f.name != "id"}
    for name in data:
        if name not in own:
            raise unknown(f"{key}.{name}", name, own, "a key of a record")
    for name, field in own.items():
        if field.default is MISSING and name not in data:
            raise BadValue(f"{key}.{name}", "", "a value: the key is missing")
    given = {own[name].name: _checked(f"{key}.{name}", name, value) for name, value in data.items()}
    for cited in given["source"]:
        if cited not in known_sources:
            raise unknown(f"{key}.source", cited, known_sources, "a key of sources.yaml")
    record = kind(id=key, **given)
    _check_range(record)
    return record


def _checked(place: str, name: str, value: Any) -> Any:
    """One entry in its type."""
    if name == "value":
        return value if isinstance(value, str) and value else _numbers(place, value)
    if name in ("low", "high"):
        return _numbers(place, value)
    if name in ("source", "from"):
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise BadValue(place, value, "a list of keys")
        return tuple(value)
    if name == "group":
        if type(value) is not int or value not in GROUPS:
            raise BadValue(place, value, "a whole number from 1 to 12")
        return value
    if not isinstance(value, str) or not value.strip():
        raise BadValue(place, value, "a text")
    if name == "grade":
        return tuple(_one_of(place, grade.strip(), GRADES) for grade in value.split(","))
    choices = {"section": SECTIONS, "use": USES}.get(name)
    return _one_of(place, value, choices) if choices else value


def _one_of(place: str, value: str, choices: Mapping[str, str]) -> str:
    if value not in choices:
        raise unknown(place, value, choices, "a choice")
    return value


def _numbers(place: str, value: Any) -> float | tuple[float, ...]:
    if isinstance(value, list) and value:
        return tuple(_number(place, item) for item in value)
    return _number(place, value)


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadValue(place, value, "a number")
    return float(value)


def _check_range(record: Record) -> None:
    """Low, value and high are in order, number by number."""
    if isinstance(record.value, str):
        return
    values, lows, highs = (_row(v) for v in (record.value, record.low, record.high))
    for bound, right in ((lows, lambda b, v: b <= v), (highs, lambda b, v: v <= b)):
        if bound and (len(bound) != len(values) or not all(map(right, bound, values))):
            raise BadValue(f"{record.id}.value", plain(record.value), f"numbers within {record.range}, as many")


def _row(value: Any) -> tuple[float, ...]:
    return () if value is None else value if isinstance(value, tuple) else (value,)
