"""Where named configs are found and how they are read: plain YAML data, the user's own folder first.

A config is a file KIND/NAME.yaml. The user's folder is KMSIM_CONFIGS if that is set, else ./kmsim-configs if there is
one; then come the configs that are shipped.
"""

from __future__ import annotations

import hashlib
import os
from copy import deepcopy
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from kmsim import contents
from kmsim.errors import BadValue, KmsimError, unknown
from kmsim.strict_yaml import one_line, parse_yaml, read_yaml

SUFFIX = ".yaml"


def names(kind: str) -> list[str]:
    """The names of all configs of a kind, in alphabetical order. The user's own are among them.

    kind: a folder of configs, such as "system" or "policy"; one that does not exist has no names.

    >>> "london" in names("system")
    True
    """
    found = {
        entry.name.removesuffix(SUFFIX)
        for folder in _folders()
        if (place := folder / kind).is_dir()
        for entry in place.iterdir()
        if entry.name.endswith(SUFFIX)
    }
    return sorted(found)


def read(kind: str, name: str) -> dict[str, Any]:
    """The settings in one config, as the strict reader reads them. A name that ends in .yaml is a path and is read as it stands.

    Raises UnknownName for a name that no folder has, and KmsimError, in one line with file and line, for a file that
    is missing, is not YAML or is not a table of settings.

    >>> read("system", "borough")["la"]
    'Camden'
    """
    if not isinstance(name, str):
        raise BadValue(kind, name, "a name or the path of a .yaml file")
    if name.endswith(SUFFIX):
        return _parse(Path(name), kind)
    for folder in _folders():
        if name in _names_in(folder / kind):
            return _parse(folder / kind / f"{name}{SUFFIX}", kind if folder == _own() else None)
    raise unknown(kind, name, names(kind), f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}")


def own_digest(kind: str) -> str:
    """What the user's own configs of a kind contain, as a hash: the key of whatever is cached of them. "" if there are none.

    >>> own_digest("policy")
    ''
    """
    folder = _own()
    place = None if folder is None else folder / kind
    if place is None or not place.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(place.iterdir()):
        if file.name.endswith(SUFFIX) and file.is_file():
            data = file.read_bytes()
            digest.update(f"{file.name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return digest.hexdigest()


def shipped(name: str) -> dict[str, Any]:
    """The settings in a shipped file that is of no kind, such as "sweep", the defaults of a verb. The dict is fresh.

    >>> shipped("sweep")["design"]
    'lhs'
    """
    return deepcopy(_shipped_settings(name))


@cache
def _shipped_settings(name: str) -> dict[str, Any]:
    return _parse(_shipped() / f"{name}{SUFFIX}", None)


def _names_in(place: Traversable) -> set[str]:
    """Only names that are there: a name is never joined to a path before it has been seen in the folder."""
    return {entry.name.removesuffix(SUFFIX) for entry in place.iterdir()} if place.is_dir() else set()


def _folders() -> list[Traversable]:
    mine = _own()
    return [_shipped()] if mine is None else [mine, _shipped()]


def _own() -> Path | None:
    """The user's own folder of configs, if there is one."""
    own = os.environ.get("KMSIM_CONFIGS")
    if own and not Path(own).is_dir():
        raise BadValue("KMSIM_CONFIGS", own, "a folder of configs")
    mine = Path(own or "kmsim-configs")
    return mine if mine.is_dir() else None


def _shipped() -> Traversable:
    """The configs in the package; in a checkout that is not installed they lie beside it."""
    try:
        return files("kmsim.configs")
    except ModuleNotFoundError:
        return Path(__file__).resolve().parent.parent / "configs"


def read_file(file: Path, key: str) -> dict[str, Any]:
    """The settings in a YAML file that `key` names, such as a config.yaml. It is not noted: its settings are what counts.

    Raises KmsimError, in one line with file and line.

    >>> read_file(Path("no/such.yaml"), "config")
    Traceback (most recent call last):
    kmsim.errors.KmsimError: no/such.yaml: expected a file that can be read; no such file or directory
    """
    with contents.unnoted():
        return _parse(file, key)


def _parse(file: Traversable, own: str | None) -> dict[str, Any]:
    """The settings in a file. own: the kind, for a user's own file, whose content is noted; what is shipped has a version."""
    name = one_line(str(file))
    try:
        settings = parse_yaml(contents.read(str(file), own), name) if own else read_yaml(file)
    except BadValue as error:  # in full, however long the path is
        raise KmsimError(f"{name}: expected {error.expected}") from None
    if not isinstance(settings, dict):
        raise KmsimError(f"{name}: expected settings, one 'key: value' a line")
    return settings
