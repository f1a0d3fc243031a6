"""Many runs: designs of scenarios, ensembles that nothing can lose, and what their comparison says.

`kmsim.lab.sweep(...)` is the verb `kmsim sweep`; `kmsim.lab.open(folder)` gives what an experiment found.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmsim.lab.experiment import open_experiment as open
    from kmsim.lab.sweeping import sweep

__all__ = ["open", "sweep"]

# Imported when first asked for: `import kmsim.lab` alone loads nothing.
_WHERE = {"open": ("kmsim.lab.experiment", "open_experiment"), "sweep": ("kmsim.lab.sweeping", "sweep")}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'kmsim.lab' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
