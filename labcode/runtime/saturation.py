"""What int8 products ONNX Runtime computes on this processor, sums in 16 bits included."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from labcode.runtime.session import onnx_session


def int8_product(integers: Tensor, weight: Tensor) -> Tensor:
    """Return integers @ weight.T as ONNX Runtime computes it on this processor.

    Args:
        integers: (N, inputs), from 0 to 255.
        weight: (outputs, inputs), from -128 to 127.

    Returns:
        (N, outputs), int32.

    >>> int8_product(torch.tensor([[3, 5]]), torch.tensor([[2, -1]]))
    tensor([[1]], dtype=torch.int32)
    """
    from onnx import TensorProto, helper, numpy_helper

    constant = numpy_helper.from_array(weight.T.numpy().astype(np.int8), "w")
    entry = helper.make_tensor_value_info("x", TensorProto.UINT8, list(integers.shape))
    exit_ = helper.make_tensor_value_info("y", TensorProto.INT32, [len(integers), len(weight)])
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "product", [entry], [exit_], [constant])
    opset = helper.make_opsetid("", 19)
    file = helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString()
    (found,) = onnx_session(file).run(None, {"x": integers.numpy().astype(np.uint8)})
    return torch.from_numpy(found)


@cache
def saturates() -> bool:
    """Tell whether ONNX Runtime's int8 products lose large sums on this processor.

    Most x86 processors without VNNI instructions do, see
    `labcode.quantization.saturated_product`. Weights of 7 bits are safe on all: two
    products are at most 2 × 255 × 64 = 32,640.
    """
    large = int8_product(torch.full((1, 4), 255), torch.full((1, 4), 127))
    return int(large) != 4 * 255 * 127
