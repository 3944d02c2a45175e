"""From a model to a file that a product can run: checked, quantized, weighed and timed."""

from labcode.runtime.export.files import ExportError, to_int8, to_onnx
from labcode.runtime.export.report import report

__all__ = ["ExportError", "report", "to_int8", "to_onnx"]
