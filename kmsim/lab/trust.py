"""A user's own code, imported because the user says so: a file with lever classes, by its path and never by a config."""

from __future__ import annotations

import hashlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from kmsim.errors import KmsimError

_trusted: dict[str, str] = {}  # path -> hash of the file as it was imported


def trust(file: str | Path) -> str:
    """Import a Python file, so that the levers it defines can stand in policies. Returns the hash of the file.

    Once a file is imported it is not imported again. Raises KmsimError, in one line, for a file that cannot be imported.
    """
    path = Path(file).resolve()
    if str(path) in _trusted:
        return _trusted[str(path)]
    if not path.is_file():
        raise KmsimError(f"--trust-code={file}: no such file")
    if path.suffix != ".py":
        raise KmsimError(f"--trust-code={file}: expected a Python file, such as levers.py")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    name = f"kmsim_trusted_{digest}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise KmsimError(f"--trust-code={file}: cannot be imported")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise KmsimError(f"--trust-code={file}: cannot be imported: {type(error).__name__}: {error}") from error
    _trusted[str(path)] = digest
    return digest


def trusted_files() -> list[str]:
    """The paths trusted in this process, for its workers to trust too.

    >>> trusted_files()
    []
    """
    return [*_trusted]


def trusted_code() -> list[str]:
    """The hashes of what is trusted: part of what decides a run."""
    return sorted(_trusted.values())
