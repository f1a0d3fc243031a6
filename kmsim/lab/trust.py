"""A user's own code, imported because the user says so: a file with lever classes, by its path and never by a config."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kmsim import contents
from kmsim.errors import KmsimError
from kmsim.policies.levers import LEVERS, Lever

FLAG = "--trust-code="


@dataclass(frozen=True)
class _Trusted:
    """A file as it was imported. replaced: key of a lever -> the class that had it before, None if none had."""

    sha256: str
    replaced: Mapping[str, type[Lever] | None] = field(default_factory=dict)


_trusted: dict[str, _Trusted] = {}  # path -> what was imported


def trust(file: str | Path, sha256: str | None = None) -> str:
    """Import a Python file, so that the levers it defines can stand in policies. Returns the SHA-256 of its content.

    A file is imported once for each content: edited and trusted again, its new levers take the place of its old ones, and
    policies that were read before keep the old ones. sha256: the content that was planned with; other content is refused.
    Raises KmsimError, in one line, for a file that cannot be imported.
    """
    path = Path(file).resolve()
    known = _trusted.get(str(path))
    if known and known.sha256 == sha256:
        return known.sha256
    if not path.exists():
        raise KmsimError(f"{FLAG}{file}: no such file")
    if path.suffix != ".py":
        raise KmsimError(f"{FLAG}{file}: expected a Python file, such as levers.py")
    data = contents.read_planned(path, sha256, FLAG.removesuffix("="))
    digest = contents.sha256_of(data)
    if known and known.sha256 == digest:
        return digest
    _trusted[str(path)] = _Trusted(digest, _imported(file, path, data, digest, known))
    return digest


def _imported(
    file: str | Path, path: Path, data: bytes, sha256: str, known: _Trusted | None
) -> dict[str, type[Lever] | None]:
    """Run the bytes of a file as a module in the place of what was imported of it. Returns what its levers replace."""
    before = dict(LEVERS)
    if known:
        _put_back(known.replaced)
    own = dict(LEVERS)
    name = f"kmsim_trusted_{sha256[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        exec(compile(data, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        LEVERS.clear()
        LEVERS.update(before)
        raise KmsimError(f"{FLAG}{file}: cannot be imported: {type(error).__name__}: {error}") from error
    return {key: own.get(key) for key, cls in LEVERS.items() if own.get(key) is not cls}


def _put_back(replaced: Mapping[str, type[Lever] | None]) -> None:
    for key, cls in replaced.items():
        if cls is None:
            LEVERS.pop(key, None)
        else:
            LEVERS[key] = cls


def trusted_files() -> list[str]:
    """The paths trusted in this process.

    >>> trusted_files()
    []
    """
    return [*_trusted]


def trusted_contents() -> tuple[tuple[str, str], ...]:
    """Path and SHA-256 of each file trusted in this process, for its workers to trust the same content.

    >>> trusted_contents()
    ()
    """
    return tuple((path, known.sha256) for path, known in _trusted.items())


def trusted_code() -> list[dict[str, str]]:
    """Name and SHA-256 of each content that is trusted, as config.yaml has them. The SHA-256 is part of what decides a run.

    >>> trusted_code()
    []
    """
    names = {known.sha256: Path(path).name for path, known in sorted(_trusted.items(), reverse=True)}
    return [{"path": names[sha256], "sha256": sha256} for sha256 in sorted(names)]


def check_code(code: Any, place: str) -> None:
    """Raise KmsimError, naming the files, unless what is trusted is what a config lists as its code. place: whose config."""
    there, here = _by_content(code), _by_content(trusted_code())
    if there.keys() == here.keys():
        return
    lacking = [f"{FLAG}{name} (sha256 {sha256[:12]})" for sha256, name in there.items() if sha256 not in here]
    other = [f"{FLAG}{name} (sha256 {sha256[:12]})" for sha256, name in here.items() if sha256 not in there]
    wanted = f"was made with {', '.join(lacking)}: give the same file again" if lacking else "was made without it"
    raise KmsimError(f"{place}: {wanted}" + (f"; other --trust-code files now: {', '.join(other)}" if other else ""))


def _by_content(code: Any) -> dict[str, str]:
    """SHA-256 -> name, of whatever stands in a config."""
    entries: Sequence[Any] = code if isinstance(code, list | tuple) else []
    return {
        str(entry[contents.SHA256]): str(entry.get("path", "?"))
        for entry in entries
        if isinstance(entry, Mapping) and contents.SHA256 in entry
    }
