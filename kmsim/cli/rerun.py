"""`kmsim rerun`: a result made again from its own folder, and whether the bits are the same."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from kmsim.cli.arguments import read
from kmsim.cli.compose import defaults, keys
from kmsim.cli.folder import folder_and_rest
from kmsim.cli.terminal import Terminal
from kmsim.cli.usage import defaults_told, page
from kmsim.errors import KmsimError, RunFailed

if TYPE_CHECKING:
    from kmsim.cli import Flags
    from kmsim.lab.original import Original

VERB = "rerun"
SUMMARY = "make a result again from its own folder, and say whether the bits are the same"
EXAMPLES = """\
examples
  kmsim rerun results/compare/hackney
  kmsim rerun results/sweep/first name=again workers=8

Takes the folder of a run, comparison, sweep, scorecard, study, diffusion or calibration. The settings are those that
its config.yaml holds: a policy's own file may have changed since. Files that are read again, such as an extract of
schools, must have the content that they had. What differs from then (the model, packages, files) is told first. The
result is always made anew, in results/VERB/NAME-rerun if no name is given, and its numbers are compared with the
original's bit by bit. A result that was made with --trust-code=FILE needs the same file again.
"""
NOT_REPEATED = ("name", "workers", "refresh", "into", "diagnostics", "config")  # words that change no number


def help_text() -> str:
    """What `kmsim rerun --help` shows."""
    told = {"FOLDER": "the folder of a result, such as results/compare/hackney"} | defaults_told(VERB)
    return page(VERB, SUMMARY, "FOLDER [key=value ...] [--trust-code=FILE]", told, EXAMPLES)


def main(words: Sequence[str], flags: Flags) -> int:
    """Make it again, show it, and tell whether the bits are the same. Raises KmsimError for a folder that cannot be used.

    The exit code is 1 where the bits differ though model and packages are the same.
    """
    folder, rest = folder_and_rest(words, VERB)
    settings = defaults(VERB) | read(rest, keys(VERB), VERB, ())

    from kmsim.lab.agreement import agreement
    from kmsim.lab.naming import checked_name, folder_of, free_name
    from kmsim.lab.original import Original
    from kmsim.lab.pool import checked_workers

    original = Original.read(folder)
    name = free_name(original.verb, original.folder, checked_name(settings["name"]))
    workers = checked_workers(settings["workers"])
    terminal = Terminal(flags.quiet)
    for told in original.differences():
        terminal.say(f"differs: {told}")
    code = _again(original, name, workers, ["kmsim", VERB, *words], terminal, flags)
    if code:
        return code
    found = agreement(original.verb, original.folder, folder_of(original.verb, name))
    print("\n" + found.sentence(original.folder), flush=True)
    if found.other and original.same_versions:
        raise RunFailed(f"{original.folder}: the same model, packages and settings gave other bits")
    return 0


def _again(
    original: Original, name: str, workers: int | None, command: Sequence[str], terminal: Terminal, flags: Flags
) -> int:
    """Have the verb make the result under another name. Returns the verb's exit code."""
    verb = import_module(f"kmsim.cli.{original.verb}")
    if original.verb == "sweep":
        from kmsim.lab.naming import folder_of
        from kmsim.lab.sweeping import Sweep

        executor = "serial" if workers == 1 else "processes"
        code: int = verb.run(Sweep(original.plan(), folder_of("sweep", name), executor, workers), command, terminal)
        return code
    if original.verb in ("run", "compare"):
        more: dict[str, Any] = {"name": name} | ({"workers": workers} if original.verb == "compare" else {})
        code = verb.run(original.relocated() | more, command, terminal)
        return code
    code = verb.main([*_words(original), f"name={name}", *([f"workers={workers}"] if workers else [])], flags)
    return code


def _words(original: Original) -> list[str]:
    """The words of a verb whose settings are all in its command, without those that change no number.

    Raises KmsimError where no command is recorded.
    """
    if original.verb == "study":
        told = original.manifest.get("config")
        if not isinstance(told, dict) or not {"study", "size"} <= told.keys():
            raise KmsimError(f"{original.folder}: manifest.json does not say which study this is")
        return [str(told["study"]), f"size={told['size']}"]
    if not original.command:
        raise KmsimError(f"{original.folder}: manifest.json has no command; it was not made by kmsim {original.verb}")
    return [word for word in original.command[2:] if "=" in word and word.partition("=")[0] not in NOT_REPEATED]
