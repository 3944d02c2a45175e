"""Before a network is compressed: which method takes which of its layers, and why not."""

from labcode.preflight.check import LayerCheck, Preflight, check
from labcode.preflight.methods import METHODS, Method
from labcode.preflight.verdict import ANSWERS, Verdict

__all__ = ["ANSWERS", "METHODS", "LayerCheck", "Method", "Preflight", "Verdict", "check"]
