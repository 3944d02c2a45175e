"""Networks as ONNX files: exported, quantized, timed, weighed and answering.

Exporting needs PyTorch; sessions, timing and `labcode.runtime.answer` do not. So each name is
imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labcode.runtime.comparison import compare_files
    from labcode.runtime.export import ExportError, export_module, to_onnx
    from labcode.runtime.int8 import onnx_logits, to_int8
    from labcode.runtime.memory import peak_activation_bytes
    from labcode.runtime.profiling import Operation, profile
    from labcode.runtime.qdq import read_qdq, trace_int8
    from labcode.runtime.ratio import Ratio, times_as_long
    from labcode.runtime.saturation import int8_product, saturates
    from labcode.runtime.session import SessionError, onnx_session
    from labcode.runtime.timing import Timing, latency, ready_to_run, time_in_turn

__all__ = [
    "ExportError",
    "Operation",
    "Ratio",
    "SessionError",
    "Timing",
    "compare_files",
    "export_module",
    "int8_product",
    "latency",
    "onnx_logits",
    "onnx_session",
    "peak_activation_bytes",
    "profile",
    "read_qdq",
    "ready_to_run",
    "saturates",
    "time_in_turn",
    "times_as_long",
    "to_int8",
    "to_onnx",
    "trace_int8",
]

# Module of this folder -> the public names that it defines.
_MODULES = {
    "comparison": ("compare_files",),
    "export": ("ExportError", "export_module", "to_onnx"),
    "int8": ("onnx_logits", "to_int8"),
    "memory": ("peak_activation_bytes",),
    "profiling": ("Operation", "profile"),
    "qdq": ("read_qdq", "trace_int8"),
    "ratio": ("Ratio", "times_as_long"),
    "saturation": ("int8_product", "saturates"),
    "session": ("SessionError", "onnx_session"),
    "timing": ("Timing", "latency", "ready_to_run", "time_in_turn"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import ``name`` on first use (PEP 562); an ImportError passes through unchanged."""
    if name not in _HOME:
        raise AttributeError(f"module 'labcode.runtime' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"labcode.runtime.{_HOME[name]}"), name)
    globals()[name] = value  # found without this function from now on
    return value


def __dir__() -> list[str]:
    """List the public names, those not imported yet included."""
    return sorted({*globals(), *_HOME})
