"""kmsim: which way of taking "what works" to scale through networks of schools gives lasting, deep, fair and affordable change?

>>> import kmsim
>>> kmsim.Model(system="village", policy="coaching", years=2, funded_years=1).run().tick
12
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmsim.lab.comparison import compare
    from kmsim.lab.rerun import rerun
    from kmsim.lab.single import run
    from kmsim.model import Model

    __version__: str

__all__ = ["Model", "__version__", "compare", "rerun", "run"]

# Imported when first asked for: `import kmsim` alone loads nothing.
_WHERE = {
    "Model": ("kmsim.model", "Model"),
    "compare": ("kmsim.lab.comparison", "compare"),
    "rerun": ("kmsim.lab.rerun", "rerun"),
    "run": ("kmsim.lab.single", "run"),
    "__version__": ("kmsim.fingerprint", "VERSION"),
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'kmsim' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
