"""What stands in an experiment's folder beside its parts, read with care: people edit, copy and damage files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kmsim.errors import BadValue, KmsimError
from kmsim.lab.digests import of_data
from kmsim.lab.regular_files import read, there_is_file
from kmsim.lab.words import listed
from kmsim.outcomes.definitions import OUTCOMES
from kmsim.strict_yaml import YamlError, parse_yaml

PLAN, CONFIG, MANIFEST = "plan.parquet", "config.yaml", "manifest.json"
_CHANGED = "was changed since it was written, or is damaged; put back a copy, or ask for the same under another name"
_NOT_OURS = "not the folder of an experiment"


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The config and the manifest of an experiment. Raises KmsimError, naming the file that is lacking, damaged or wrong."""
    if not os.path.isdir(folder):  # noqa: PTH112  (also for a name that is too long)
        what = "a file, not a folder" if os.path.isfile(folder) else "no such folder"  # noqa: PTH113
        raise KmsimError(f"{folder}: {what}{_near(folder)}")
    lacking = [name for name in (MANIFEST, CONFIG, PLAN) if not there_is_file(folder / name)]
    if lacking:
        raise KmsimError(f"{folder}: {_NOT_OURS}: it has no {listed(lacking)}{_inside(folder)}")
    try:
        manifest = _checked(MANIFEST, _read(folder / MANIFEST, json.loads), _MANIFEST_HAS)
        config = _checked(
            CONFIG, _read(folder / CONFIG, lambda text: parse_yaml(text, CONFIG, finite=False)), _CONFIG_HAS
        )
    except ValueError as error:
        raise KmsimError(f"{folder}: {_NOT_OURS}: {error}") from None
    told = {key: value for key, value in manifest.items() if key != "digest"}
    sealed = "digest" in manifest or "digests" in manifest  # kmsim 0.1.0 wrote neither
    if sealed and manifest.get("digest") != of_data(told):
        raise KmsimError(f"{folder / MANIFEST}: {_CHANGED}")
    return config, manifest


def _near(folder: Path) -> str:
    """A hint, where an experiment of that name or a like one stands beside it or where sweeps are kept."""
    for kept in dict.fromkeys((folder.parent, Path("results") / "sweep" / folder.parent)):
        names: list[str] = []
        with suppress(OSError):
            names = [entry.name for entry in kept.iterdir() if (entry / MANIFEST).is_file()]
        for near in get_close_matches(folder.name, names, n=1):
            return f"; did you mean {kept / near}?"
    return ""


def _inside(folder: Path) -> str:
    """A hint, where the experiment stands in a folder below: that of a comparison has one."""
    within = folder / "experiment"
    return f"; did you mean {within}?" if (within / MANIFEST).is_file() else ""


_Expected = dict[str, tuple[Callable[[Any], bool], str]]  # key -> whether a value is right, and what is

_MANIFEST_HAS: _Expected = {
    "config_hash": (lambda value: isinstance(value, str), "a hash"),
    "rows_planned": (lambda value: type(value) is int and value > 0, "a whole number from 1"),
    "model": (lambda value: isinstance(value, str), "a hash"),
    "version": (lambda value: isinstance(value, str), "a version of kmsim"),
}
_CONFIG_HAS: _Expected = {
    "policies": (
        lambda value: isinstance(value, list) and all(isinstance(p, dict) and "name" in p for p in value),
        "policies with names",
    ),
    "outcomes": (
        lambda value: (
            value == "all" or (isinstance(value, list) and bool(value) and set(map(str, value)) <= {*OUTCOMES})
        ),
        "all or names of outcomes",
    ),
}


def _read(file: Path, parse: Callable[[str], Any]) -> Any:
    """What stands in a file. Raises ValueError, naming it, if that cannot be read."""
    try:
        return parse(read(file).decode())
    except OSError as error:
        why = (error.strerror or "").lower()
    except YamlError as error:
        why = f"line {error.line}, column {error.column}: {error.problem}"
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split())
    raise ValueError(f"{file.name} cannot be read: {why}")


def _checked(file: str, found: Any, expected: _Expected) -> dict[str, Any]:
    """What was found in a file, if it has these keys. Raises ValueError, naming the first that it lacks or has wrongly.

    >>> _checked("a.json", {"n": "x"}, {"n": (lambda value: value == 1, "one")})
    Traceback (most recent call last):
    ValueError: a.json: n=x: expected one
    """
    if not isinstance(found, dict):
        raise ValueError(f"{file} has no settings" if found else f"{file} is empty")
    for key, (right, what) in expected.items():
        if key not in found:
            raise ValueError(f"{file} has no {key}")
        if not right(found[key]):
            raise ValueError(f"{file}: {BadValue(key, found[key], what)}")
    return found
