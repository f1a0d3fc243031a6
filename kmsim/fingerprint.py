"""Version of the model: a hash of the code and data that decide numbers, in every run key and in the compiled code's cache.

Code counts as parsed: an edit to a comment, a docstring or a message elsewhere changes no version. The same content is
the same version in a checkout, a wheel and a cluster.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

VERSION = "0.1.0"

# What decides the numbers of a run. tests/test_fingerprint.py lists all other modules, and fails for one in neither list.
RUNS = (
    "agents.py",
    "beginning.py",
    "columns/",
    "jit.py",
    "model.py",
    "names.py",
    "outcomes/",
    "parameters.py",
    "phases/",
    "policies/",
    "rng.py",
    "rules/",
    "scenario.py",
    "system/",
    "table_file.py",
)
# What is stored of a run beside its outcomes, and the data that ship with the package and stand in no run key.
STORED = ("lab/work.py",)
DATA = ("data/archetypes.csv", "data/england_schools_2019.parquet")


@cache
def fingerprint(*rooms: str) -> str:
    """The model's version: 16 hex digits over the code and data that decide what is stored of a run.

    rooms: folders or files of the package whose code and data also decide a result, such as "evidence/" for a scorecard.

    >>> len(fingerprint()), fingerprint() == fingerprint("evidence/")
    (16, False)
    """
    return _hash((*RUNS, *STORED, *DATA, *rooms))


@cache
def code_fingerprint() -> str:
    """16 hex digits over the code alone that decides the numbers of a run: all that is compiled is in it.

    >>> code_fingerprint() != fingerprint()
    True
    """
    return _hash(RUNS)


def meaning(source: bytes) -> bytes:
    """A module's code without comments, docstrings and layout, the same on every version of Python. Raises SyntaxError.

    >>> meaning(b"def f(x):\\n    'Twice x.'\\n    return 2 * x  # exact") == meaning(b"def f(x): return 2*x")
    True
    """
    words: list[str] = []
    _spell(ast.parse(source), words)
    return "\n".join(words).encode("utf-8", "surrogatepass")


def _spell(node: Any, words: list[str]) -> None:
    """The tree as words. Fields that are empty are passed over, for versions of Python differ in which there are."""
    if isinstance(node, list):
        words.append("[")
        for item in node:
            _spell(item, words)
        words.append("]")
    elif isinstance(node, ast.AST):
        words.append(type(node).__name__)
        for name in node._fields:
            value = getattr(node, name, None)
            if value is None or value == [] or name in ("ctx", "kind", "type_comment"):
                continue
            words.append(name)
            _spell(value[1:] if name == "body" and _is_documented(node) else value, words)
    else:
        words.append(repr(node))


def _is_documented(node: ast.AST) -> bool:
    """Whether the body of a node begins with a docstring."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
        return False
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _hash(wanted: tuple[str, ...]) -> str:
    """16 hex digits over the files of the package that are named, or lie in a named folder, in the order of their paths."""
    digest = hashlib.sha256()
    found = sorted({name: entry for place in wanted for name, entry in _files(place)}.items())
    for name, entry in found:
        content = entry.read_bytes()
        part = hashlib.sha256(meaning(content) if name.endswith(".py") else content).digest()
        digest.update(name.encode() + b"\0" + part)
    return digest.hexdigest()[:16]


def _files(place: str) -> Iterator[tuple[str, Traversable]]:
    """The files of a path in the package, and their paths: of a folder (its name ends in /) code and data, but no texts."""
    root = files("kmsim")
    if not place.endswith("/"):
        yield place, root.joinpath(*place.split("/"))
        return
    for entry in root.joinpath(*place.strip("/").split("/")).iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(f"{place}{entry.name}/")
        elif entry.name.endswith((".py", ".yaml", ".csv", ".parquet")):
            yield f"{place}{entry.name}", entry
