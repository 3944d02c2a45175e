"""Count the parameters and multiply-adds of any PyTorch model, layer by layer.

A name is imported when it is first used, so that `labcode.counting.comparison` compares costs
without PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labcode.counting.counter import count
    from labcode.counting.parameters import count_parameters
    from labcode.counting.result import LayerCost, ModelCost, OperationCost
    from labcode.counting.views import View

__all__ = ["LayerCost", "ModelCost", "OperationCost", "View", "count", "count_parameters"]

_MODULES = {
    "LayerCost": "result",
    "ModelCost": "result",
    "OperationCost": "result",
    "View": "views",
    "count": "counter",
    "count_parameters": "parameters",
}


def __getattr__(name: str) -> Any:
    """Import ``name`` on first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'labcode.counting' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"labcode.counting.{_MODULES[name]}"), name)
    globals()[name] = value  # found without this function from now on
    return value
