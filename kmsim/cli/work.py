"""What verbs share that run models: workers that load ahead; and from checked settings to an answer, shown, kept, shown again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from kmsim.cli.results import Place, keep
from kmsim.cli.streams import show
from kmsim.cli.terminal import Progress, Terminal
from kmsim.lab.naming import default_name


class Result(Protocol):
    """What came out of a run or a comparison."""

    notes: list[str]

    def table(self) -> str: ...
    def write(self, folder: Any) -> Any: ...


def load_ahead(settings: Mapping[str, Any]) -> None:
    """If there will be worker processes: have what they come from load the model on another processor, while we do."""
    if settings.get("executor", "processes") == "processes" and settings.get("workers") != 1:
        from kmsim.compile_cache import cache_folder
        from kmsim.lab.workers import start_server

        cache_folder()  # refused, if it is, before a process is started that would load from it
        start_server()


def answer(
    verb: str,
    name: str | None,
    system: str,
    config: Mapping[str, Any],
    config_hash: str,
    files: tuple[str, ...],
    compute: Callable[[Path, Progress], Result],
    terminal: Terminal,
) -> int:
    """Show the table of these settings: from results/VERB/NAME if it is there whole, else computed now and kept there.

    compute: is given a folder for its runs, which stays where it is until the answer is kept and becomes its experiment/.
    Raises BadValue if a result of other settings has the name. Returns the exit code.
    """
    place = Place.of(verb, name or default_name(system, config_hash), files)
    if shown_again(place, config, config_hash, terminal):
        return 0
    terminal.say_if_compiling()
    with terminal.progress(f"{verb}: {system}") as progress:
        result = compute(place.runs, progress)
    keep_and_show(place, result.table(), result.notes, result.write, terminal)
    return 0


def shown_again(place: Place, config: Mapping[str, Any], config_hash: str, terminal: Terminal) -> bool:
    """Show the table that is stored for these settings, if it is there whole. Raises BadValue as `Place.stored`."""
    stored = place.stored(config, config_hash)
    if stored is None:
        return False
    show(stored, place.folder)
    say_notes(place.notes, terminal)
    terminal.say(f"\nshown again from {place.folder}, where the same settings have been run")
    return True


def keep_and_show(
    place: Place, table: str, notes: Iterable[str], write: Callable[[Path], Any], terminal: Terminal
) -> None:
    """Have an answer written in its place, then show its table and notes.

    Raises KmsimError where the disk refuses, StdoutError where stdout takes no table: the result is kept then.
    """
    keep(place, write)
    show(table, place.folder)
    say_notes(notes, terminal)
    terminal.say(f"results are in {place.folder}")


def say_notes(notes: Iterable[str], terminal: Terminal) -> None:
    """Say each note once, a line each: which schools are left out, and what is estimated."""
    for note in dict.fromkeys(notes):
        terminal.say(f"note: {note}")
