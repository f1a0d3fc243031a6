"""The YAML files of kmsim/data, kept parsed beside them as JSON, which Python reads a hundred times as fast.

`python -m kmsim.shipped_data` makes the JSON anew. Each file in it carries the digest of the YAML that it was made of; one
that has changed since is read from the YAML, so that the two can never disagree.

Example
-------
>>> read_shipped("priors.yaml")["P45"]["low"]
0.5
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kmsim.strict_yaml import read_yaml

PARSED = "parsed.json"


def read_shipped(name: str) -> dict[str, Any]:
    """The mapping in a YAML file of kmsim/data. It is shared: it must not be changed. Raises KmsimError as `read_yaml`.

    >>> read_shipped("sources.yaml")["kraft2018"][:5]
    'Kraft'
    """
    file = files("kmsim.data").joinpath(name)
    kept = _parsed().get(name)
    if kept is not None and file.is_file() and kept["digest"] == _digest(file.read_bytes()):
        return kept["data"]
    return read_yaml(file, finite=False)


def parsed_text() -> str:
    """What should stand in the file of JSON: each YAML file's digest and data."""
    found = {}
    for file in sorted(files("kmsim.data").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            found[file.name] = {"digest": _digest(file.read_bytes()), "data": read_yaml(file, finite=False)}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


@cache
def _parsed() -> dict[str, Any]:
    file = files("kmsim.data").joinpath(PARSED)
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def write_parsed() -> Path:
    """Write the file of JSON beside the YAML files, after one of them has changed. Returns its path."""
    place = Path(__file__).with_name("data") / PARSED
    place.write_text(parsed_text(), encoding="utf-8")
    return place


if __name__ == "__main__":
    print(write_parsed())
