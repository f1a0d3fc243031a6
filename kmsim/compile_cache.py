"""Folder in which Numba keeps the compiled model. What is loaded from it is run, so it has to be this user's own.

The folder carries the fingerprint of all source that is compiled, for Numba does not notice an edit in another file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from kmsim.errors import KmsimError
from kmsim.fingerprint import code_fingerprint

OWN = "set KMSIM_CACHE to a folder of your own"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder() -> Path | None:
    """The folder for compiled code, made if it is not there; None if it cannot be written, as nothing is loaded then.

    Raises KmsimError, naming it, if it is a link, belongs to another user who let us write there, can be written by
    others, or holds a link or another user's file.
    """
    base = os.environ.get("KMSIM_CACHE")
    here = hashlib.blake2b(str(Path(__file__).resolve().parent).encode(), digest_size=4).hexdigest()
    top = Path(base) if base else user_cache_path("kmsim")
    folder = top / code_fingerprint() / here
    if top.parts[:1] == ("~",):  # nobody's home is known
        return None
    try:
        if top.is_symlink() and not _is_own(os.lstat(top)):
            raise KmsimError(f"{top}: a link that another user made, and so not used for compiled code; {OWN}")
        top.mkdir(parents=True, exist_ok=True)
        for place in (folder.parent, folder):
            if not os.path.lexists(place):
                with suppress(FileExistsError):  # another process was quicker
                    place.mkdir(mode=0o700)
            if not _check_folder(place):
                return None
        _check_files(folder)
        _try_to_write(folder)
    except OSError:
        return None
    return folder


def _is_own(found: os.stat_result) -> bool:
    """Whether something belongs to this user or to root. Always, where files have no such owners."""
    return not hasattr(os, "geteuid") or found.st_uid in (0, os.geteuid())


def _check_folder(place: Path) -> bool:
    """Whether a folder may be used; False if it is another user's and cannot be written. Raises KmsimError."""
    found = os.lstat(place)
    if not stat.S_ISDIR(found.st_mode):
        what = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
        raise KmsimError(f"{place}: {what}, and so not used for compiled code; remove it, or {OWN}")
    if not _is_own(found):
        if not os.access(place, os.W_OK):
            return False
        raise KmsimError(f"{place}: belongs to another user, and so no compiled code is loaded from it; {OWN}")
    if hasattr(os, "geteuid") and found.st_mode & _OTHERS_WRITE:
        raise KmsimError(
            f"{place}: others may write there, and so no compiled code is loaded from it; chmod go-w, or {OWN}"
        )
    return True


def _check_files(folder: Path) -> None:
    """Raise KmsimError for a link, another user's file or what is no file, anywhere in the folder."""
    folders = [os.fspath(folder)]
    while folders:
        with suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # Numba renames its files when they are whole
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(entry.path)
                    if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)) or not _is_own(found):
                        what = "a link" if stat.S_ISLNK(found.st_mode) else "not a file of your own"
                        raise KmsimError(
                            f"{entry.path}: {what}, and so no compiled code is loaded; remove it, or {OWN}"
                        )


def _try_to_write(folder: Path) -> None:
    """Raise OSError if the folder cannot be written."""
    probe = folder / f".probe-{os.getpid()}"
    probe.unlink(missing_ok=True)
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    probe.unlink()
