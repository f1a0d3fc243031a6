"""What version this is: a hash of the source, the configs and the data, in every run key and in the compiled code's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

VERSION = "0.1.0"
_KINDS = (".py", ".yaml", ".csv", ".gz", ".parquet", ".md", ".html")
_NOTHING_COMPILED = (
    "calibration/",
    "cli/",
    "configs/",
    "data/",
    "evidence/",
    "lab/",
    "report/",
    "studies/",
    "viz.py",
    "workshop/",
)
# What the model was found to do is no part of it, and configs of studies stand whole in the plans made of them.
_LEFT_OUT = ("data/scorecard.csv", "experiments/")


def _walk(folder: Traversable, path: str = ""):
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if f"{path}{entry.name}{'/' * entry.is_dir()}" in _LEFT_OUT:
            continue
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_KINDS):
            yield f"{path}{entry.name}", entry


@cache
def fingerprint() -> str:
    """The model version: 16 hex digits over every file of the package but those of _LEFT_OUT. Any edit, in any file, changes it.

    >>> len(fingerprint())
    16
    """
    return _hash(lambda name: True)


@cache
def code_fingerprint() -> str:
    """16 hex digits over the source that compiled code is made of: an edit to a report does not make it anew.

    >>> code_fingerprint() != fingerprint()
    True
    """
    return _hash(lambda name: name.endswith(".py") and not name.startswith(_NOTHING_COMPILED))


def _configs():
    """The configs that are shipped: a package beside this one, wherever the installation keeps it."""
    inside = files("kmsim").joinpath("configs")
    if not inside.is_dir():  # a checkout keeps them at its top
        yield from _walk(files("kmsim").joinpath("..", "configs"), "configs/")


def _hash(wanted: Callable[[str], bool]) -> str:
    digest = hashlib.sha256()
    for name, entry in (*_walk(files("kmsim")), *_configs()):
        if wanted(name):
            digest.update(name.encode())
            digest.update(entry.read_bytes())
    return digest.hexdigest()[:16]
