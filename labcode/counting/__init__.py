"""Count the parameters and multiply-adds of any PyTorch model, layer by layer."""

from labcode.counting.counter import count
from labcode.counting.parameters import count_parameters
from labcode.counting.result import LayerCost, ModelCost

__all__ = ["LayerCost", "ModelCost", "count", "count_parameters"]
