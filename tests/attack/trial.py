"""One trial: a command run in this process in a folder of its own, and what may be said against how it behaved."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kmsim.cli import main

LOCKS = {".lock", ".session"}  # of a folder that a command holds for writing; who held it last is not its content
SECONDS = 60  # a trial that takes so long hangs


@dataclass(frozen=True)
class Case:
    """A command, and names of which its refusal must mention one: keys, files, rows."""

    family: str
    what: str
    words: tuple[str, ...]
    names: tuple[str, ...] = ()
    rows: int = 0  # of an extract whose lines are whole: how many schools stand in it


@dataclass(frozen=True)
class Outcome:
    """What a command did: exit code, what it wrote on stdout and stderr, and what can be said against it."""

    case: Case
    code: int | None
    out: str
    err: str
    faults: tuple[str, ...]


class Hangs(BaseException):
    """A trial took too long."""


def state() -> dict[str, object]:
    """What a command must leave as it found it, in the process."""
    return {
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "filters": [str(f) for f in warnings.filters],
        "random": repr(random.getstate()) + repr(np.random.get_state()),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "streams": (id(sys.stdout), id(sys.stderr)),
        "path": list(sys.path),
        "errstate": np.geterr(),
    }


def listing(folder: Path) -> dict[str, bytes | str]:
    """What stands in a folder, by path: the bytes of files, where links lead."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        if path.name in LOCKS:
            continue
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = "-> " + str(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "folder" if path.is_dir() else "special"
    return found


def run(words: Sequence[str]) -> tuple[int | None, str, str, str]:
    """A command in this process: exit code (None if it hangs or raises), stdout, stderr, and what it raised."""

    def ring(*_: object) -> None:
        raise Hangs

    out, err, raised, code = io.StringIO(), io.StringIO(), "", None
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(words))
    except Hangs:
        raised = f"hangs ({SECONDS} s)"
    except BaseException as error:  # whatever it is, it is a fault to be told of
        raised = f"raises {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return code, out.getvalue(), err.getvalue(), raised


def attempt(case: Case, folder: Path) -> Outcome:
    """Try a case in a folder, in which the process stands already."""
    inside, outside = state(), listing(folder)
    code, out, err, raised = run(case.words)
    faults = [raised] if raised else []
    faults += [f"leaves another {key} in the process" for key, was in inside.items() if state()[key] != was]
    if not raised and code == 2:
        faults += _refused(case, out, err)
        changed = sorted(name for name, was in (outside | listing(folder)).items() if outside.get(name) != was)
        changed += sorted({*outside} - {*listing(folder)})
        faults += [f"is refused and yet changes {', '.join(changed[:3])}"] if changed else []
    elif not raised and code == 0:
        faults += [] if out.strip() else ["says nothing"]
    elif not raised:
        faults.append(f"ends with {code}: {err.strip()[-200:]}")
    return Outcome(case, code, out, err, tuple(faults))


def _refused(case: Case, out: str, err: str) -> list[str]:
    """What can be said against a refusal: it is one line, of kmsim's, that names a key or place."""
    lines = [line for line in err.splitlines() if line.startswith("kmsim: ")]
    faults = []
    if out:
        faults.append("is refused after an answer")
    if len(lines) != 1:
        return [*faults, f"is refused in {len(lines)} lines: {err[-200:]!r}"]
    line = lines[0]
    if len(line) > 2000 or not line.isprintable():
        faults.append(f"is refused in letters that do not print, or too many: {line[:200]!a}")
    if "Traceback" in err or "internal error" in err or re.search(r"object at 0x|<class '", err):
        faults.append(f"is refused in Python's words: {err[-200:]!r}")
    if case.names and not any(name.casefold() in line.casefold() for name in case.names):
        faults.append(f"is refused without a name of {case.names[:4]!a}: {line[:200]!a}")
    return faults
