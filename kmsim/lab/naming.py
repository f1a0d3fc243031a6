"""What results are called: a safe name, which is a folder under results/VERB."""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path
from typing import Any

from kmsim.errors import BadValue

RESULTS = "results"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


def checked_name(name: Any) -> str | None:
    """The name that a user gave a result, or None if none was given. Raises BadValue for one that is no safe folder's.

    >>> checked_name("first-try")
    'first-try'
    """
    if name is None:
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadValue("name", name, "1 to 64 of a-z, 0-9, _ and -, the first a letter or digit")
    return name


def default_name(of: str, config_hash: str) -> str:
    """A safe name made of the system's name, or whatever it is of, and of the settings' hash.

    >>> default_name("My Town!", "0123456789ab")
    'my-town-01234567'
    """
    safe = re.sub(r"[^a-z0-9_-]+", "-", of.lower()).strip("_-")[:50]
    return f"{safe or 'system'}-{config_hash[:8]}"


def free_name(verb: str, original: Path, name: str | None = None) -> str:
    """A name under which a result can be made again: the one given, if it is free, else the original's with -rerun, -rerun-2 ...

    Raises BadValue if the name that was given is taken.

    >>> free_name("compare", Path("results/compare/My result"))
    'my-result-rerun'
    """
    if name is not None:
        if not _free(verb, name):
            raise BadValue("name", name, f"a name that is free: {folder_of(verb, name)} is there, and is left as it is")
        return name
    stem = re.sub(r"[^a-z0-9_-]+", "-", original.resolve().name.lower()).strip("_-")[:50] or "result"
    tried = (f"{stem}-rerun" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(one for one in tried if _free(verb, one))


def _free(verb: str, name: str) -> bool:
    """Whether nothing stands under a name, nor the runs of one that was interrupted."""
    folder = folder_of(verb, name)
    return not os.path.lexists(folder) and not os.path.lexists(folder.with_name(f".{name}.runs"))


def folder_of(verb: str, name: str) -> Path:
    """Where a verb's result of that name is, under the folder in which the user is.

    >>> folder_of("sweep", "first-try").parts
    ('results', 'sweep', 'first-try')
    """
    return Path(RESULTS) / verb / name
