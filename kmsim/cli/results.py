"""Where results are kept: results/VERB/NAME, written beside it and put there whole; a name means one set of settings."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmsim.errors import BadValue, KmsimError
from kmsim.lab import leftovers, regular_files
from kmsim.lab.naming import folder_of

MANIFEST, CONFIG, TABLE, EXPERIMENT = "manifest.json", "config.yaml", "table.txt", "experiment"


@dataclass(frozen=True)
class Place:
    """A result's folder. files: what is in it when it is whole."""

    folder: Path
    files: tuple[str, ...]

    @classmethod
    def of(cls, verb: str, name: str, files: tuple[str, ...]) -> Place:
        """The place of a verb's result of that name, under the folder in which the user is."""
        return cls(folder_of(verb, name), (*files, CONFIG, TABLE, MANIFEST))

    @property
    def runs(self) -> Path:
        """Where runs are kept until the answer is there: beside the folder, for the same command to go on with."""
        return self.folder.with_name(f".{self.folder.name}.runs")

    def stored(self, config: Mapping[str, Any], config_hash: str) -> str | None:
        """The table of the result that is there, if it is whole; None if there is none, or only part of one, or its runs wait.

        Raises BadValue if the folder holds the result of other settings, naming them, or is not ours; KmsimError, naming
        it, for a link or the like in it.
        """
        regular_files.check_tree(self.folder)
        regular_files.there_is_folder(self.runs)
        if not self.folder.exists():
            _check_writable(self.folder)
            return None
        try:
            there = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))["config_hash"]
        except (OSError, ValueError, KeyError, TypeError):
            expected = f"another name: {self.folder} is there and has no {MANIFEST} of kmsim"
            raise BadValue("name", self.folder.name, expected) from None
        if there != config_hash:
            raise BadValue(
                "name", self.folder.name, f"another name, for {self.folder} was made with {self._others(config)}"
            )
        if self.runs.exists() or not all((self.folder / file).exists() for file in self.files):
            return None
        leftovers.clear(self.folder)
        return (self.folder / TABLE).read_text(encoding="utf-8").rstrip("\n")

    @property
    def notes(self) -> list[str]:
        """The notes of the result that is there, as its manifest has them."""
        try:
            notes = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8")).get("notes", [])
        except (OSError, ValueError, AttributeError):
            return []
        return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []

    def _others(self, config: Mapping[str, Any]) -> str:
        """In which settings the stored result differs from these."""
        from kmsim.lab.provenance import differences
        from kmsim.strict_yaml import read_yaml

        try:
            stored = read_yaml(self.folder / CONFIG, finite=False)
            return differences(stored, config, leave_out="budget_gbp") or "another version of the model"
        except (KmsimError, AttributeError):
            return "other settings"

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A new folder beside the place to write in; when all is written it becomes the place, or fills what it lacks."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with leftovers.temporary_folder(self.folder, leftovers.RESULT) as part:
            yield part
            try:
                part.rename(self.folder)
            except OSError:  # it is there: part of a result, or that of another process with the same settings
                _fill(part, self.folder)

    def take_runs(self) -> None:
        """Put the runs into the folder, all at once, in the place of any that are there. Until then they are where they were."""
        there, away = self.folder / EXPERIMENT, leftovers.new_name(self.folder, leftovers.RESULT)
        try:
            if regular_files.there_is_folder(there):
                there.rename(away)
            self.runs.rename(there)
        finally:
            shutil.rmtree(away, ignore_errors=True)


def keep(place: Place, write: Callable[[Path], Any]) -> None:
    """Write a result in its place, with the runs it was made of if there are any. Raises KmsimError where the disk refuses."""
    try:
        with place.writing() as folder:
            write(folder)
        if place.runs.is_dir():
            place.take_runs()
        leftovers.clear(place.folder)
    except OSError as error:
        raise KmsimError(f"{place.folder}: cannot be written: {error.strerror or error}") from error


def _fill(part: Path, folder: Path) -> None:
    """Move each file into a folder that is there; the manifest last. Files that are not ours stay as they are."""
    files = sorted((f for f in part.rglob("*") if f.is_file()), key=lambda f: f.name == MANIFEST)
    for file in files:
        to = folder / file.relative_to(part)
        if to.parent != folder:
            regular_files.there_is_folder(to.parent)
        to.parent.mkdir(parents=True, exist_ok=True)
        file.replace(to)


def _check_writable(folder: Path) -> None:
    """Before a long run, not after it."""
    nearest = next(parent for parent in folder.absolute().parents if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise KmsimError(f"{folder}: cannot be written, for {nearest} is no folder that you may write in")
