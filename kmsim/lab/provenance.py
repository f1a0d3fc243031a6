"""Where a result comes from: versions, the settings' hash, in what two sets of settings differ, and all of it beside the result."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kmsim import contents
from kmsim.fingerprint import VERSION, fingerprint
from kmsim.strict_yaml import to_yaml

FILES = "files"  # the key of config.yaml under which every file that was read stands with its SHA-256

PACKAGES = (
    "mesa",
    "numba",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "duckdb",
    "filelock",
    "hydra-core",
    "matplotlib",
    "jinja2",
    "distributed",
    "dask-jobqueue",
    "pyabc",
    "scikit-learn",
    "statsmodels",
)


def versions() -> dict[str, Any]:
    """What made a result: kmsim, the model's fingerprint, git hash of the package's own checkout, Python and packages.

    >>> versions()["model"] == fingerprint()
    True
    """
    return {
        "version": VERSION,
        "model": fingerprint(),
        "git_hash": git_hash(),
        "python": platform.python_version(),
        "packages": packages(),
    }


def asked_with(command: Sequence[str]) -> dict[str, Any]:
    """The words that asked for a result and the folder they were typed in, for its manifest; nothing if there are none.

    Trusted code is among the words, by its full path.

    >>> asked_with([])
    {}
    """
    if not command:
        return {}
    from kmsim.lab.trust import FLAG, trusted_files

    command = [*command, *(word for word in map(f"{FLAG}{{}}".format, trusted_files()) if word not in command)]
    try:
        return {"command": list(command), "directory": os.getcwd()}  # noqa: PTH109  (a Path would say no more)
    except OSError:  # the folder is gone
        return {"command": list(command)}


def now() -> str:
    """The time as manifests have it, in UTC.

    >>> now().endswith("Z")
    True
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def packages() -> dict[str, str]:
    """The versions of the packages that results may depend on, of those that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_hash() -> str | None:
    """The commit of the checkout that this package stands in, if it stands in one; never the user's own folder's."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return None
    try:
        out = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return out.stdout.strip() or None


def config_hash(config: Mapping[str, Any], model: str | None = None) -> str:
    """12 hex digits over a configuration and the model version, by default this one: the same name means the same results.

    Files count by their content: paths that have their SHA-256 beside them, and `files`, the record of what was read, do not.

    >>> len(config_hash({"seed": 1}))
    12
    """
    decisive = contents.without_paths({key: value for key, value in config.items() if key != FILES})
    text = json.dumps({"config": decisive, "model": model or fingerprint()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_beside(folder: Path, table: str, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Write what stands beside every result: its table as text, the settings it was made with, and where it comes from."""
    (folder / "table.txt").write_text(table + "\n", encoding="utf-8")
    (folder / "config.yaml").write_text(to_yaml(config), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """The value as YAML and JSON can hold it.

    >>> plain({"a": (np.float64(1), Path("x"))})
    {'a': [1.0, 'x']}
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    return value


def differences(there: Any, here: Any, leave_out: str | None = None) -> str:
    """In which settings two configurations differ, the first four told; "" if in none.

    leave_out: settings that begin with this and stand only in the first are no difference.

    >>> differences({"years": 5, "system": {"la": "Camden"}}, {"years": 6, "system": {"la": "Camden"}})
    'years 5 (now 6)'
    """
    changed = _changed_files(there, here)
    then, now = dict(flat(_without_files(there))), dict(flat(_without_files(here)))
    different = [key for key in now if then.get(key) != now[key]]
    different += [key for key in then if key not in now and not (leave_out and key.startswith(leave_out))]
    whole = [f"{key}." for key in different]  # a list of other things: what these things are is no difference beside it
    different = [key for key in different if not key.startswith(tuple(whole))]
    different = [key for key in different if not _is_path_of_content(key, then, now)]
    different = [key for key in different if not key.endswith("hash")] or different
    told = [_told(key, then, now) for key in different[:4]]
    more = f" and {len(different) - 4} more" if len(different) > 4 else ""
    named = [path for path in changed if different and not any(path in text for text in told)]
    return ", ".join(told) + more + (f" ({', '.join(named)}: the content has changed)" if named else "")


def _is_path_of_content(key: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a key is the path of a file whose SHA-256 stands beside it: what differs is told by that."""
    beside = f"{key.removesuffix('path')}{contents.SHA256}"
    return key.rpartition(".")[2] == "path" and then.get(beside) is not None and now.get(beside) is not None


def _told(key: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """One difference, in words."""
    group, _, name = key.rpartition(".")
    if name == contents.SHA256 and then.get(key) and now.get(key):
        path = f"{group}.path"
        return f"{path} {now.get(path, then.get(path))}: its content has changed"
    return f"{key} {_short(then.get(key))} (now {_short(now.get(key))})"


def _without_files(config: Any) -> Any:
    return {key: value for key, value in config.items() if key != FILES} if isinstance(config, Mapping) else config


def _changed_files(there: Any, here: Any) -> list[str]:
    """The files that both configurations were made from, by other content."""
    then, now = files_of(there), files_of(here)
    return [path for path, sha256 in now.items() if then.get(path, sha256) != sha256]


def files_of(config: Any) -> dict[str, str]:
    """The record of the files that a configuration was made from: path -> SHA-256.

    >>> files_of({"files": [{"path": "a.yaml", "sha256": "ab"}]})
    {'a.yaml': 'ab'}
    """
    entries = config.get(FILES) if isinstance(config, Mapping) else None
    return {
        str(entry["path"]): str(entry[contents.SHA256])
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and {"path", contents.SHA256} <= entry.keys()
    }


def recorded(files: Mapping[str, str]) -> dict[str, Any]:
    """Files that were read, path -> SHA-256, as config.yaml lists them; nothing where none were.

    >>> recorded({"a.yaml": "ab"}), recorded({})
    ({'files': [{'path': 'a.yaml', 'sha256': 'ab'}]}, {})
    """
    return {FILES: [{"path": path, contents.SHA256: files[path]} for path in sorted(files)]} if files else {}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its dotted key; a list is one setting, and a list of things with settings has theirs too.

    >>> list(flat({"system": {"la": "Camden"}}))
    [('system.la', 'Camden')]
    >>> list(flat({"levers": [{"cpd": {"focus": 0.8}}]}))
    [('levers', ['cpd']), ('levers.cpd.focus', 0.8)]
    >>> list(flat([{"cpd": 1}, {"cpd": 2}]))
    [('', ['cpd 1', 'cpd 2']), ('cpd 1', 1), ('cpd 2', 2)]
    """
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        keys = [_key_of(item) for item in value]
        names = [
            f"{key} {keys[: place + 1].count(key)}" if keys.count(key) > 1 else key for place, key in enumerate(keys)
        ]
        yield path, names
        value = {name: item.get(key, item) for name, key, item in zip(names, keys, value, strict=True)}
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _key_of(thing: Mapping[str, Any]) -> str:
    """What a thing in a list is called: by its name, or by the one key it has."""
    return str(thing.get("name") or thing.get("path") or (next(iter(thing)) if len(thing) == 1 else "item"))


def _short(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
