"""The environment of a command: settings of other programs that would stop it or change what it shows are set right.

None of them changes a number. What cannot be set right, such as a folder that is gone, is refused in one line.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kmsim.errors import KmsimError

# Figures are files and need no window; linear algebra keeps the order of its sums if it has one thread.
SET = {
    "MPLBACKEND": "agg",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
# MiB of address space without which a verb ends in the middle of loading, as measured. Others need what status needs.
MEMORY = {
    "run": 850,
    **dict.fromkeys(("compare", "sweep", "resume", "rerun", "study", "scorecard", "calibrate", "workshop"), 1150),
}
LEAST_MEMORY = 400
_WARNINGS = "PYTHONWARNINGS"
_UTF8 = "PYTHONUTF8"


@contextmanager
def usable_environment() -> Iterator[None]:
    """Have the environment of this process, and of those that it starts, be one in which every verb works."""
    kept = ",".join(part for part in os.environ.get(_WARNINGS, "").split(",") if not part.strip().startswith("error"))
    told = {**SET, _WARNINGS: kept}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        with warnings.catch_warnings():
            warnings.filters[:] = [  # type: ignore[index]  # a warning is shown and ends no work
                ("default", *rest) if action == "error" else (action, *rest) for action, *rest in warnings.filters
            ]
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def in_utf8(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]] | None:
    """The command and environment by which this process is to begin again, with names of files in UTF-8; None if they are.

    Arrow and DuckDB know no other names. What stdout shows stays in the terminal's encoding. arguments: `sys.orig_argv`.
    """
    if sys.getfilesystemencoding() == "utf-8" or environment.get(_UTF8) == "1":
        return None
    shown = {"PYTHONIOENCODING": sys.stdout.encoding} if sys.stdout is not None else {}
    return [sys.executable, *arguments[1:]], {**shown, **environment, _UTF8: "1"}


def check_place(words: Sequence[str]) -> None:
    """Raise KmsimError if the folder that we are in is gone, or if its name or a word is not UTF-8."""
    try:
        here = str(Path.cwd())
    except OSError:
        raise KmsimError("the folder you are in is gone; change to one that is there") from None
    for what, text in (("the folder you are in", here), *(("a word", word) for word in words)):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            shown = os.fsencode(text).decode("utf-8", "backslashreplace")
            raise KmsimError(f"{what}: '{shown}' is not UTF-8 text; rename it, or work in another folder") from None


def check_memory(verb: str) -> None:
    """Raise KmsimError if this process may not have as much address space as a verb needs to load its libraries."""
    try:
        import resource
    except ImportError:  # not on every system
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = MEMORY.get(verb, LEAST_MEMORY)
    if soft != resource.RLIM_INFINITY and soft < needed << 20:
        raise KmsimError(
            f"not enough memory: ulimit -v allows {soft >> 20:,} MiB, and kmsim {verb} needs {needed:,} MiB or more"
        )
