"""The folder of a result, read to make the result again: by which verb, from which settings and files, and what differs now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmsim import configuration, contents
from kmsim.errors import BadValue, KmsimError
from kmsim.fingerprint import fingerprint
from kmsim.lab.provenance import config_hash, files_of, versions
from kmsim.lab.regular_files import check_tree

if TYPE_CHECKING:
    from kmsim.lab.plan import Plan

MANIFEST, CONFIG, PLAN, SCENARIOS = "manifest.json", "config.yaml", "plan.parquet", "scenarios.parquet"
SWEEP = "sweep"
VERBS = ("run", "compare", SWEEP, "scorecard", "diffusion", "study", "calibrate")
_BY_FILE = {PLAN: SWEEP, "outcomes.csv": "run", "summary.csv": "compare"}  # where no command is recorded
_HASHED = ("run", "compare", SWEEP)  # whose config.yaml is all that decides the result


@dataclass(frozen=True)
class Original:
    """A result that is there. config: what config.yaml holds, empty for verbs that keep none; command: as it was typed."""

    folder: Path
    verb: str
    config: dict[str, Any]
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: str | Path) -> Original:
        """The result in a folder. Raises KmsimError, in one line, for a folder that holds none or one that was edited.

        >>> Original.read("no/such/folder")
        Traceback (most recent call last):
        kmsim.errors.KmsimError: no/such/folder: no such folder
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise KmsimError(f"{folder}: {'a file, not a folder' if folder.exists() else 'no such folder'}")
        check_tree(folder)  # no link leads out of it
        manifest = _manifest(folder)
        verb = _verb(folder, manifest)
        config = configuration.read_file(folder / CONFIG, "config") if (folder / CONFIG).is_file() else {}
        if verb in _HASHED:
            if not config:
                raise KmsimError(f"{folder}: has no {CONFIG}; what the result was made with stood in it")
            decisive = {key: value for key, value in config.items() if key != "budget_gbp"}
            if config_hash(decisive, str(manifest.get("model"))) != manifest.get("config_hash"):
                raise KmsimError(
                    f"{folder / CONFIG}: not what this result was made with (it was edited since); put back what stood in it"
                    + ("" if verb == SWEEP else f", or use it as it is: kmsim {verb} config={folder / CONFIG}")
                )
        return cls(folder, verb, config, manifest)

    @property
    def command(self) -> list[str]:
        """The words that asked for the result on the command line; none if it was made from Python."""
        return command_of(self.manifest)

    # -- what is the same and what is not ----------------------------------------------
    def differences(self) -> list[str]:
        """What differs between what made the result and what is here: the model, packages, and files whose content changed."""
        return [*self._other_versions(), *self._other_files()]

    @property
    def same_versions(self) -> bool:
        """Whether the model and all packages are those that made the result."""
        return not [*self._other_versions()]

    def _other_versions(self) -> Iterator[str]:
        here = versions()
        for key, what in (("model", "the model"), ("python", "Python")):
            then = self.manifest.get(key)
            if then != here[key]:
                yield f"{what} is {here[key]}, and was {then}"
        then = self.manifest.get("packages")
        then = then if isinstance(then, Mapping) else {}
        for name in sorted({*then, *here["packages"]}):
            old, new = then.get(name), here["packages"].get(name)
            if old != new:
                yield f"{name} is {new or 'not installed'}, and was {old or 'not installed'}"

    def _other_files(self) -> Iterator[str]:
        """Files that are not read again: what they held stands in config.yaml."""
        used = [Path(path) for path, _ in named_files(self.config)]
        for path, sha256 in files_of(self.config).items():
            if any(Path(path) == one or one in Path(path).parents for one in used):
                continue
            there = self.located(path, sha256)
            if there is None:
                seen = next((place for place in self._places(path) if place.is_file()), None)
                state = "is not there any more" if seen is None else "has changed since"
                yield f"{path} {state}: what it held then is used, as {CONFIG} has it"

    # -- files -----------------------------------------------------------------------
    def located(self, path: str, sha256: str) -> Path | None:
        """Where a file of this content lies: at its path, from the folder in which the command was typed or from this one."""
        for place in self._places(path):
            try:
                if contents.sha256_of(contents.read(place, "file")) == sha256:
                    return place
            except KmsimError:
                continue
        return None

    def _places(self, path: str) -> list[Path]:
        there = self.manifest.get("directory")
        places = [Path(path)]
        if isinstance(there, str) and not Path(path).is_absolute():
            places.append(Path(there) / path)
        return places

    def relocated(self) -> dict[str, Any]:
        """The config with the path of each file that is read again where it lies now.

        Raises KmsimError, naming the file, for one that is gone or has other content.
        """
        found: dict[str, str] = {}
        for path, sha256 in named_files(self.config):
            inside = "posterior.csv" if self._is_posterior(path) else ""
            place = self.located(str(Path(path, inside)), sha256)
            if place is None:
                there = next((one for one in self._places(path) if one.exists()), None)
                why = "no such file" if there is None else f"has changed: its sha256 was {sha256[:12]}"
                raise KmsimError(f"{path}: {why}; {self.folder} was made with it")
            found[path] = str(place.parent if inside else place)
            if found[path] != path and self._varies(path):
                raise KmsimError(f"{path}: not there from this folder; scenarios name it, so rerun from {place.parent}")
        return _with_paths(self.config, found)

    def _is_posterior(self, path: str) -> bool:
        named = self.config.get("posterior")
        return isinstance(named, Mapping) and named.get("path") == path

    def _varies(self, path: str) -> bool:
        meanings = self.config.get("meanings")
        return isinstance(meanings, Mapping) and path in (meanings.get("system.path") or {})

    # -- to make it again --------------------------------------------------------------
    def plan(self) -> Plan:
        """The plan of a sweep, for this version of the model. Raises KmsimError for scenarios that are gone or other code."""
        from kmsim.lab.plan import Plan
        from kmsim.lab.trust import check_code

        check_code(self.config.get("code"), str(self.folder))
        return plan_of_config(Plan, self.relocated(), self.folder)


def plan_of_config(plan_class: type[Plan], config: Mapping[str, Any], folder: Path) -> Plan:
    """The plan of a sweep's config, for this version of the model. folder: where its scenarios lie, if anything varies."""
    told = config.get("scenarios")
    varied = isinstance(told, Mapping) and told.get("varied")
    if varied and not (folder / SCENARIOS).is_file():
        raise KmsimError(f"{folder / SCENARIOS}: no such file; what varies stood in it, beside {CONFIG}")
    return plan_class.from_config(dict(config) | {"model": fingerprint()}, folder / SCENARIOS if varied else None)


def command_of(manifest: Mapping[str, Any]) -> list[str]:
    """The command in a manifest, as words; none if it has none.

    >>> command_of({"command": ["kmsim", "run"]}), command_of({"command": 3})
    (['kmsim', 'run'], [])
    """
    words = manifest.get("command")
    good = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return list(words) if good and words else []


def named_files(config: Any) -> list[tuple[str, str]]:
    """Path and SHA-256 of the files that are read again when a config is used: extracts, and a posterior.

    >>> named_files({"system": {"path": "a.csv", "sha256": "ab"}, "files": [{"path": "b.yaml", "sha256": "cd"}]})
    [('a.csv', 'ab')]
    """
    found: list[tuple[str, Any]] = []
    if not isinstance(config, Mapping):
        return []
    meanings = config.get("meanings")
    meanings = meanings if isinstance(meanings, Mapping) else {}
    systems = meanings.get("system")
    named = [config.get("system"), config.get("posterior"), *(systems.values() if isinstance(systems, Mapping) else [])]
    for one in named:
        if isinstance(one, Mapping) and one.get("path") and one.get(contents.SHA256):
            found.append((str(one["path"]), str(one[contents.SHA256])))
    of_paths = meanings.get("system.path")
    if isinstance(of_paths, Mapping):
        found += [(str(p), str(m[contents.SHA256])) for p, m in of_paths.items() if isinstance(m, Mapping)]
    return list(dict.fromkeys(found))


def _with_paths(value: Any, found: Mapping[str, str]) -> Any:
    """The value with other paths, where a SHA-256 stands beside them."""
    if isinstance(value, Mapping):
        moved = value.get(contents.SHA256) is not None and value.get("path") in found
        return {
            key: found[item] if moved and key == "path" else item if key == "files" else _with_paths(item, found)
            for key, item in value.items()
        }
    return [_with_paths(item, found) for item in value] if isinstance(value, list) else value


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    if not file.is_file():
        raise KmsimError(f"{folder}: has no {MANIFEST}; expected the folder of a result, such as results/compare/NAME")
    try:
        manifest = json.loads(contents.read(file, "manifest").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise KmsimError(f"{file}: not JSON: {' '.join(str(error).split())}") from None
    if not isinstance(manifest, dict):
        raise KmsimError(f"{file}: expected the manifest of a result")
    return manifest


def _verb(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Which verb made a result: by its plan, else its command, else its files."""
    command = command_of(manifest)
    if (folder / PLAN).is_file():
        return SWEEP
    if len(command) > 1 and command[1] in VERBS and command[1] != SWEEP:
        return command[1]
    found = next((verb for file, verb in _BY_FILE.items() if (folder / file).is_file()), None)
    if found is None:
        raise BadValue("rerun", str(folder), f"the folder of a result of {', '.join(VERBS)}")
    return found
