"""The evidence as it is shipped: findings, priors and the works they cite, read once and checked whole.

Example
-------
>>> look_up("P07").mark
'elicited'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from kmsim.errors import BadValue, unknown
from kmsim.evidence.records import Finding, Prior, Record, read_record
from kmsim.shipped_data import read_shipped

ID = re.compile(r"([FP])\d{2}[a-z]?")


@cache
def sources() -> Mapping[str, str]:
    """Every work cited: key -> citation.

    >>> sources()["kraft2018"][:5]
    'Kraft'
    """
    data = read_shipped("sources.yaml")
    for key, text in data.items():
        if not isinstance(text, str) or not text.strip():
            raise BadValue(f"sources.{key}", text, "a citation")
    return MappingProxyType(data)


@cache
def findings() -> Mapping[str, Finding]:
    """Every finding: id -> record, in the order of ids.

    >>> findings()["F51"].value
    (29.0, 13.0, 24.0, 34.0)
    """
    return _records("findings.yaml", Finding, "F")  # type: ignore[return-value]


@cache
def priors() -> Mapping[str, Prior]:
    """Every parameter before fitting: id -> record, in the order of ids.

    >>> priors()["P45"].range
    '0.5 to 0.9'
    """
    found = _records("priors.yaml", Prior, "P")
    for record in found.values():
        for other in record.from_findings:  # type: ignore[attr-defined]
            if other not in findings():
                raise unknown(f"{record.id}.from", other, findings(), "a finding")
    return found  # type: ignore[return-value]


def look_up(name: str) -> Record:
    """The finding or prior of this id. Raises UnknownName.

    >>> look_up("F27").quantity
    'effect on pupils'
    """
    if name in findings():
        return findings()[name]
    if name in priors():
        return priors()[name]
    raise unknown("evidence", name, [*findings(), *priors()], "an id of the evidence")


def citations(record: Record) -> list[str]:
    """The works that a record is from, whole.

    >>> citations(look_up("F11"))
    ['Kraft, Blazar and Hogan (2018) Review of Educational Research 88(4):547-588']
    """
    return [sources()[key] for key in record.source]


def _records(file: str, kind: type[Record], letter: str) -> Mapping[str, Record]:
    found: dict[str, Record] = {}
    for key, entry in read_shipped(file).items():
        named = ID.fullmatch(str(key))
        if not named or named[1] != letter:
            raise BadValue(file, key, f"an id such as {letter}07")
        found[key] = read_record(kind, key, entry, sources())
    return MappingProxyType(dict(sorted(found.items())))
