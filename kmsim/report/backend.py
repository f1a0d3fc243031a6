"""matplotlib, loaded whatever backend or settings file the environment names: figures are files and need no window."""

from __future__ import annotations

import os
import sys

from kmsim.errors import KmsimError
from kmsim.operating_system import refusal

BACKEND = "MPLBACKEND"


def load() -> None:
    """Import matplotlib. A backend in the environment that it does not know is left out of account for the import.

    Raises KmsimError if it cannot be loaded, such as for a settings file that is not text.
    """
    if "matplotlib" in sys.modules:
        return
    try:
        _import()
    except ValueError as error:
        named = os.environ.pop(BACKEND, None)
        if named is None:
            raise _unusable(error) from error
        try:
            _import()
        except (ValueError, OSError) as other:
            raise _unusable(other) from other
        finally:
            os.environ[BACKEND] = named
    except OSError as error:
        raise _unusable(error) from error


def _import() -> None:
    try:
        import matplotlib  # noqa: F401
    except BaseException:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # half of it
        raise


def _unusable(error: Exception) -> KmsimError:
    why = refusal(error) or " ".join(str(error).split())
    where = "a matplotlibrc in the folder you are in, MATPLOTLIBRC, MPLCONFIGDIR"
    return KmsimError(
        f"matplotlib, which draws the figures, cannot be loaded: {why}; its settings are read from: {where}"
    )
