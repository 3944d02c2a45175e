"""Where int8 products go wrong: processors that add two of them in 16 bits."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

LEAST, MOST = -(2**15), 2**15 - 1  # what 16 bits hold


def saturated_product(integers: Tensor, weight: Tensor) -> Tensor:
    """Return integers @ weight.T as a processor computes it that adds pairs in 16 bits.

    The instruction (vpmaddubsw of x86) multiplies bytes and adds each two neighbouring products.
    A sum of two that does not fit into 16 bits becomes the nearest that does.

    Args:
        integers: (N, inputs), from 0 to 255, with an even number of inputs.
        weight: (outputs, inputs), from -128 to 127.

    Returns:
        (N, outputs), int32.

    Raises:
        ValueError: The number of inputs is odd.

    >>> saturated_product(torch.tensor([[255, 255]]), torch.tensor([[127, 127]]))
    tensor([[32767]], dtype=torch.int32)
    """
    if integers.shape[1] % 2:
        raise ValueError(f"integers must have an even number of inputs, got {integers.shape[1]}")
    products = integers[:, None].to(torch.int32) * weight.to(torch.int32)  # (N, outputs, inputs)
    pairs = products.reshape(*products.shape[:2], -1, 2).sum(3)
    return pairs.clamp(LEAST, MOST).sum(2).to(torch.int32)


def runtime_product(integers: Tensor, weight: Tensor) -> Tensor:
    """Return integers @ weight.T as ONNX Runtime computes it on this processor.

    Args:
        integers: (N, inputs), from 0 to 255.
        weight: (outputs, inputs), from -128 to 127.

    Returns:
        (N, outputs), int32.

    >>> runtime_product(torch.tensor([[3, 5]]), torch.tensor([[2, -1]]))
    tensor([[1]], dtype=torch.int32)
    """
    from onnx import TensorProto, helper, numpy_helper

    from labcode.runtime.latency import onnx_session

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

    Most x86 processors without VNNI instructions do. Weights of 7 bits are safe on all: two
    products are at most 2 × 255 × 64 = 32,640.
    """
    large = runtime_product(torch.full((1, 4), 255), torch.full((1, 4), 127))
    return int(large) != 4 * 255 * 127
