"""The command line: `kmsim VERB [key=value ...] [--flags]`, one file a verb.

Nothing heavy is imported before a verb needs it: help must be there at once. (`list` and `run` are files here: the
names mean those modules in this file, not what Python calls so.)
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType

from kmsim.cli.environment import check_memory, check_place, in_utf8, usable_environment
from kmsim.cli.streams import StdoutError, standard_streams
from kmsim.errors import KmsimError, RunFailed, unknown
from kmsim.operating_system import refusal

VERBS = (
    "compare",
    "run",
    "sweep",
    "resume",
    "status",
    "compact",
    "query",
    "scorecard",
    "diffusion",
    "study",
    "calibrate",
    "rerun",
    "workshop",
    "list",
    "show",
    "bench",
)
FLAGS = ("--help", "--version", "--debug", "--quiet")
MULTIRUN = ("-m", "--multirun")  # a flag of sweep alone, which reads it itself
WORKSHOP = ("--lan", "--no-browser")  # flags of workshop alone, likewise
TRUST = "--trust-code="
READ_ONLY = ("list", "show")  # verbs that need no folder
INTERRUPTED, NOBODY_READS = 130, 141  # as shells report SIGINT and SIGPIPE

HEAD = """\
kmsim: which way of taking "what works" to scale through networks of schools gives lasting, deep, fair change?

usage: kmsim VERB [key=value ...] [--help] [--version] [--debug] [--quiet]

verbs
"""
EXAMPLES = """
examples
  kmsim compare                                            eight policies at one budget in London's real schools
  kmsim run system=borough system.la=Hackney policy=coaching
  kmsim show codesigned_networks                           what a policy, an outcome, a parameter, ... is

kmsim VERB --help tells a verb's keys, their defaults and an example.
--debug shows tracebacks, --quiet shows no progress and no notes. Answers go to stdout, all else to stderr.
"""


@dataclass(frozen=True)
class Flags:
    """How things are shown; no flag changes a result."""

    help: bool = False
    version: bool = False
    debug: bool = False
    quiet: bool = False


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words of a command line ask for, and return the exit code.

    0: done; 1: a run failed or kmsim is at fault; 2: the words cannot be used or the system refuses something, told in
    one line; 130: interrupted; 141: the reader of stdout has left.
    """
    if argv is None and (again := in_utf8(sys.orig_argv, os.environ)):
        os.execve(again[0][0], *again)
    words = [*(sys.argv[1:] if argv is None else argv)]
    with standard_streams(), usable_environment():
        return _main(words)


def _main(words: Sequence[str]) -> int:
    debug = "--debug" in words
    try:
        code = _do(words)
        sys.stdout.flush()
        return code
    except StdoutError as error:
        return NOBODY_READS if error.reader_left else _fail(str(error), 2, debug)
    except KmsimError as error:
        return _fail(str(error), 2, debug)
    except RunFailed as error:
        return _fail(f"the run failed: {error}", 1, debug)
    except KeyboardInterrupt as stop:  # an ensemble that was interrupted says what it kept
        return _fail(
            str(stop) or "interrupted; the same command begins again, or goes on with what is kept", INTERRUPTED, debug
        )
    except Exception as error:
        if refused := refusal(error):
            return _fail(refused, 2, debug)
        return _internal(error, debug)


def _checked(words: Sequence[str]) -> Sequence[str]:
    """The words, if a shell could have given them: no NUL, and nothing that the file system has no bytes for."""
    for word in words:
        try:
            whole = b"\0" not in os.fsencode(word)
        except UnicodeEncodeError:
            whole = False
        if not whole:
            raise KmsimError(f"{word[:60]}: expected text without characters that no file name or value can have")
    return words


def _do(words: Sequence[str]) -> int:
    flags, rest = _flags(_checked(words))
    if flags.version:
        from kmsim.fingerprint import VERSION, fingerprint

        print(f"kmsim {VERSION} (model {fingerprint()})")
        return 0
    if not rest:
        print(_help(), end="")
        return 0
    verb = _verb(rest[0])
    if rest[0] != "sweep" and not {*MULTIRUN}.isdisjoint(rest):
        raise KmsimError("-m: several runs are kmsim sweep's; try kmsim sweep -m and the same words")
    for flag in WORKSHOP:
        if rest[0] != "workshop" and flag in rest:
            raise KmsimError(f"{flag}: a flag of kmsim workshop; kmsim {rest[0]} has none of that name")
    if flags.help:
        print(verb.help_text(), end="")
        return 0
    if flags.quiet:
        warnings.simplefilter("ignore")
    if rest[0] not in READ_ONLY:
        check_place(rest)
        check_memory(rest[0])
    return verb.main(_trusting(rest[1:]), flags)


def _trusting(words: Sequence[str]) -> list[str]:
    """The words without --trust-code=FILE, when each such file has been imported."""
    for word in words:
        if word.startswith(TRUST):
            from kmsim.lab.trust import trust

            trust(word.removeprefix(TRUST))
    return [word for word in words if not word.startswith(TRUST)]


def _in_trusted_code(error: Exception) -> str | None:
    """The file and line of a user's own code in which an error arose, if it did in one."""
    trust = sys.modules.get("kmsim.lab.trust")
    frames = traceback.extract_tb(error.__traceback__) if trust else []
    own = [frame for frame in frames if trust and frame.filename in trust.trusted_files()]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else None


def _flags(words: Sequence[str]) -> tuple[Flags, list[str]]:
    given = set()
    for word in words:
        if _is_flag(word):
            flag = "--help" if word == "-h" else word
            if flag == TRUST.removesuffix("="):
                raise KmsimError(f"{flag}: expected the file in the same word, such as {TRUST}levers.py")
            if flag not in FLAGS:
                raise unknown("flag", word, FLAGS, "a flag of kmsim")
            given.add(flag.removeprefix("--"))
    return Flags(**dict.fromkeys(given, True)), [word for word in words if not _is_flag(word)]


def _is_flag(word: str) -> bool:
    """Whether a word is for all verbs; SQL that begins with a comment is not."""
    comment = word.startswith("--") and ("\n" in word or word.startswith("-- "))
    return word.startswith("-") and "=" not in word and not comment and word not in (*MULTIRUN, *WORKSHOP)


def verbs() -> tuple[str, ...]:
    """The verbs that are built. One whose module is not there is not listed."""
    return tuple(verb for verb in VERBS if verb != "bench" or _has_bench())


def _has_bench() -> bool:
    lab = find_spec("kmsim.lab")
    return lab is not None and PathFinder.find_spec("kmsim.lab.bench", lab.submodule_search_locations) is not None


def _verb(name: str) -> ModuleType:
    if name not in verbs():
        raise unknown("verb", name, verbs(), "a verb of kmsim")
    return import_module(f"kmsim.cli.{name}")


def _help() -> str:
    lines = [f"  {name:10}{_verb(name).SUMMARY}\n" for name in verbs()]
    return HEAD + "".join(lines) + EXAMPLES


def _internal(error: Exception, debug: bool) -> int:
    """Whose fault an error is that nobody expects: a user's own code's, if it arose in that, or kmsim's."""
    if place := _in_trusted_code(error):
        return _fail(f"{place}: {type(error).__name__}: {' '.join(str(error).split())}", 2, debug)
    what = f"internal error: {type(error).__name__}: {error}"
    return _fail(what + ("" if debug else "; --debug shows the traceback"), 1, debug)


def _printable(text: str) -> str:
    """A text as one line that a terminal can show: letters that do not print are written out, as in \\x1b."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("kmsim: " + _printable(" ".join(message.split())), file=sys.stderr)
    return code
