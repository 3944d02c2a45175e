"""labcode: the Python module of the course *Neural Networks on a Diet*.

Importing it does no work and needs no third-party package, so that it also starts in a
browser. A name is imported when it is first used:

>>> import labcode
>>> labcode.cost.conv2d(3, 4, 3, 5).params
108
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labcode.counting import count
    from labcode.counting.comparison import compare
    from labcode.pages.live import explore

__version__ = "0.1.0"

__all__ = ["__version__", "compare", "count", "explore"]

# Public name -> the module that defines it.
_EXPORTS = {
    "compare": "labcode.counting.comparison",
    "count": "labcode.counting",
    "explore": "labcode.pages.live",
}


def __getattr__(name: str) -> Any:
    """Import ``name`` on first use (PEP 562); an ImportError passes through unchanged."""
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value  # found without this function from now on
        return value
    if name in _submodules():
        return importlib.import_module(f"labcode.{name}")
    raise AttributeError(f"module 'labcode' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, those not imported yet included."""
    return sorted({*globals(), *_EXPORTS, *_submodules()})


def _submodules() -> set[str]:
    """Return the names of the packages and modules in this folder, without the private ones."""
    return {found.name for found in pkgutil.iter_modules(__path__) if found.name[0] != "_"}
