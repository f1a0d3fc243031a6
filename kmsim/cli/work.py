"""What `run` and `compare` share: going from checked settings to an answer that is shown and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from kmsim.cli.results import Place, keep
from kmsim.cli.terminal import Progress, Terminal
from kmsim.lab.naming import default_name


class Result(Protocol):
    """What came out of a run or a comparison."""

    notes: list[str]

    def table(self) -> str: ...
    def write(self, folder: Any) -> Any: ...


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
    stored = place.stored(config, config_hash)
    if stored is not None:
        print(stored)
        terminal.say(f"\nshown again from {place.folder}, where the same settings have been run")
        return 0
    terminal.say_if_compiling()
    with terminal.progress(f"{verb}: {system}") as progress:
        result = compute(place.runs, progress)
    print(result.table(), flush=True)
    for note in result.notes:
        terminal.say(f"note: {note}")
    keep(place, result.write)
    terminal.say(f"results are in {place.folder}")
    return 0
