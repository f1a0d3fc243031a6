"""Numba's settings in the environment that would stop the model: dropped before Numba reads them.

Numba itself goes back to a default for most values that it cannot read, and says so in a warning of many lines. Others
end the process when the first function is compiled. None of them changes a number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, filterwarnings

THREADS = ("NUMBA_NUM_THREADS", "NUMBA_DEFAULT_NUM_THREADS")
FEATURES = "NUMBA_CPU_FEATURES"


@contextmanager
def loading_numba(environment: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Numba may be imported meanwhile: what it cannot use is no longer in the environment, and it warns of nothing there."""
    drop_unusable(environment)
    with catch_warnings():
        filterwarnings("ignore", message="Environment variable")
        yield


def drop_unusable(environment: MutableMapping[str, str]) -> list[str]:
    """Remove the settings that would end the process, and return their names.

    >>> drop_unusable({"NUMBA_NUM_THREADS": "0", "NUMBA_CPU_FEATURES": "+avx", "NUMBA_OPT": "3"})
    ['NUMBA_NUM_THREADS']
    """
    unusable = [name for name in THREADS if name in environment and not _is_count(environment[name])]
    if not all(part[:1] in "+-" for part in environment.get(FEATURES, "").split(",") if part):
        unusable.append(FEATURES)
    for name in unusable:
        del environment[name]
    return unusable


def correct(settings: Any) -> None:
    """The same for settings that Numba has read already, or from a file of its own. settings: `numba.config`."""
    for name in THREADS:
        if getattr(settings, name, 1) < 1:
            setattr(settings, name, 1)


def _is_count(text: str) -> bool:
    try:
        return int(text) >= 1
    except ValueError:
        return False
