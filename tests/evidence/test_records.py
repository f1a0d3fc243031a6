"""A record is read strictly: keys, types, ranges and what it refers to."""

from __future__ import annotations

import pytest

from kmsim.errors import BadValue, UnknownName
from kmsim.evidence.records import Finding, Prior, plain, read_record

SOURCES = {"a": "A (2000)"}
FINDING = {
    "section": "cpd",
    "statement": "A.",
    "quantity": "x",
    "value": [1, 2],
    "low": [0, 2],
    "high": [1, 3],
    "source": ["a"],
    "grade": "V, M",
    "use": "VAL",
    "why": "b",
    "group": 3,
    "test": "c",
}


def read(**changes):
    entry = {key: value for key, value in (FINDING | changes).items() if value is not ...}
    return read_record(Finding, "F01", entry, SOURCES)


def test_what_is_written_is_read():
    record = read()
    assert (record.id, record.value, record.group, record.grade) == ("F01", (1.0, 2.0), 3, ("V", "M"))
    assert record.mark == "partly from memory"
    assert record.range == "0 to 1; 2 to 3"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"statment": "A."}, "F01.statment: not a key of a record; did you mean 'statement'?"),
        ({"why": ...}, "F01.why=: expected a value: the key is missing"),
        ({"grade": "V, X"}, "F01.grade=X: not a choice"),
        ({"use": "val"}, "F01.use=val: not a choice; did you mean 'VAL'?"),
        ({"section": "cpds"}, "did you mean 'cpd'?"),
        ({"source": ["b"]}, "F01.source=b: not a key of sources.yaml"),
        ({"source": "a"}, "F01.source=a: expected a list of keys"),
        ({"group": 13}, "F01.group=13: expected a whole number from 1 to 12"),
        ({"group": True}, "F01.group=True"),
        ({"value": True}, "F01.value=True: expected a number"),
        ({"value": [1, "2"]}, "F01.value=2: expected a number"),
        ({"value": float("nan")}, "F01.value=nan: expected a number"),
        ({"value": [1, 4]}, "F01.value=1; 4: expected numbers within"),
        ({"value": 1}, "F01.value=1: expected numbers within"),
        ({"low": "0"}, "F01.low=0: expected a number"),
        ({"statement": 5}, "F01.statement=5: expected a text"),
        ({"note": " "}, "F01.note= : expected a text"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(changes, said):
    with pytest.raises((BadValue, UnknownName)) as caught:
        read(**changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_prior_has_no_use():
    with pytest.raises(UnknownName):
        read_record(Prior, "P01", FINDING, SOURCES)


def test_a_value_may_be_a_text():
    assert read(value="some", low=..., high=...).value == "some"
    assert plain(None) == ""
    assert read(value="some", low=0, high=...).range == "0 or more"
