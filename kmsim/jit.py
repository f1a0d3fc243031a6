"""The one door to Numba: where its compiled code is kept, and with which options rules are compiled.

Numba's cache does not notice an edit in another file, so the cache folder carries the fingerprint of all source
that is compiled: any change makes a new folder. Nothing writable: compile without a cache, with one warning.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from typing import Any

import numpy as np

from kmsim.compile_cache import cache_folder
from kmsim.numba_settings import correct, loading_numba

CACHE = cache_folder()
if CACHE is None:
    warnings.warn("no writable cache folder: the model is compiled anew in each process", stacklevel=2)
elif "numba" not in sys.modules:
    os.environ["NUMBA_CACHE_DIR"] = str(CACHE)

with loading_numba():  # its settings are read when it loads
    import numba

_settings: Any = numba.config
correct(_settings)

INTERPRETED = bool(_settings.DISABLE_JIT)  # nothing is compiled: NUMBA_DISABLE_JIT

if CACHE is not None:
    _settings.CACHE_DIR = str(CACHE)
if _settings.CPU_FEATURES is None:
    from llvmlite.binding import get_host_cpu_features

    _features = get_host_cpu_features()
    if _features.get(
        "avx512f"
    ):  # LLVM holds back to half-width registers there; the loop over teachers gains by the whole
        _settings.CPU_FEATURES = f"{_features.flatten()},-prefer-256-bit"


_BORROWS, _COUNTS = ({}, {}) if INTERPRETED else ({"_nrt": False}, {"_nrt": True})  # said, or else a caller's holds
_NO_DOORS = {} if INTERPRETED else {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def is_warm() -> bool:
    """Whether the compiled entry of a model stands in this installation's cache. Says nothing of the processor it was made on.

    >>> isinstance(is_warm(), bool)
    True
    """
    entry = f"model.run_ticks-*.py{sys.version_info.major}{sys.version_info.minor}*.nbc"
    return CACHE is not None and any(CACHE.rglob(entry))


def compiled(function):
    """Compile whatever Python calls: cached, without the interpreter's lock, division as in NumPy.

    >>> compiled(lambda x: x + 1)(2)
    3
    """
    if INTERPRETED:
        return _interpreted(function)
    cached = CACHE is not None and function.__name__ != "<lambda>"
    return numba.njit(cache=cached, nogil=True, error_model="numpy", **_COUNTS)(function)


def borrowing(function):
    """Compile what is called many times a second and neither makes nor returns an array: arrays are borrowed, not counted.

    Numba counts who uses an array, by steps that no processor may overlap; a phase is given some forty by its caller, who
    holds them all the while. The option is one that Numba keeps to itself: its pinned versions are tested.
    """
    if INTERPRETED:
        return _interpreted(function)
    return numba.njit(cache=CACHE is not None, nogil=True, error_model="numpy", **_BORROWS)(function)


def inner(function):
    """Compile a part of a phase: called by compiled code only, so no door for Python is made (half the time to compile).

    It neither makes nor returns an array, and calls nothing that returns one. No fast arithmetic: where a compiler may
    join a product and a sum it does so in one copy of a function and not in another, and code that is just compiled gives
    other bits than the same code from the cache.
    """
    return numba.njit(cache=CACHE is not None, nogil=True, error_model="numpy", **_BORROWS, **_NO_DOORS)(function)


def maker(function):
    """Compile a part of a phase that makes arrays of its own: as `inner`, but arrays are counted."""
    return numba.njit(cache=CACHE is not None, nogil=True, error_model="numpy", **_COUNTS, **_NO_DOORS)(function)


def rule(function):
    """Compile a rule of a few lines: written into its caller, so that a loop of rules over posts becomes SIMD code.

    >>> rule(lambda x: 2 * x)(2)
    4
    """
    return numba.njit(inline="always", nogil=True, error_model="numpy")(function)


def as_records(array):
    """The same memory, where `array[i].field` can be read and written: compiled code can do so anyway, Python cannot.

    Compiled code gets the array as it is: an array of another class would be compiled for once more.

    >>> rows = as_records(np.zeros(2, [("x", np.float32)]))
    >>> rows.dtype["x"]
    dtype('float32')
    """
    return array.view(np.recarray) if INTERPRETED else array


def _interpreted(function):
    """A function as Python runs it, with the arithmetic of compiled code: whole numbers wrap, 1/0 is infinite, no warning."""

    @functools.wraps(function)
    def as_compiled(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    return as_compiled
