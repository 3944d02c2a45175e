"""Layers that PyTorch quantized dynamically: their weights are packed, no longer parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from labcode.counting.shapes import META

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode


def packed_tensors(module: nn.Module) -> list[torch.Tensor]:
    """Return the weight and bias that a quantized layer keeps packed; none for other layers.

    >>> packed_tensors(nn.Linear(3, 2))
    []
    """
    if ".quantized" not in type(module).__module__ or list(module.parameters(recurse=False)):
        return []
    if "_packed_params" not in (*module.__dict__, *module._modules):
        return []
    found = [getattr(module, name)() for name in ("weight", "bias") if hasattr(module, name)]
    return [tensor for tensor in found if isinstance(tensor, torch.Tensor)]


def _linear(mode: CountingMode, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Rule for a dynamically quantized linear layer: as many multiply-adds as before."""
    x, packed = args[0], args[1]
    unpack = getattr(torch.ops.quantized, _UNPACK[mode.operation])
    weight = unpack(packed)[0]  # (out_features, in_features)
    if x.shape[-1] != weight.shape[1]:
        raise RuntimeError(
            f"a quantized linear layer expects {weight.shape[1]} features, got {tuple(x.shape)}"
        )
    out = torch.empty((*x.shape[:-1], weight.shape[0]), dtype=x.dtype, device=META)
    mode.add_macs(out.numel() * weight.shape[1])
    return out


_UNPACK = {
    "quantized::linear_dynamic": "linear_unpack",
    "quantized::linear_relu_dynamic": "linear_unpack",
    "quantized::linear_dynamic_fp16": "linear_unpack_fp16",
    "quantized::linear_relu_dynamic_fp16": "linear_unpack_fp16",
}


def packed_rules() -> dict[Any, Any]:
    """Return the rules, for the operations that this build of PyTorch has."""
    names = [name.removeprefix("quantized::") for name in _UNPACK]
    return {getattr(torch.ops.quantized, n).default: _linear for n in names if _has(n)}


def _has(name: str) -> bool:
    return hasattr(torch.ops.quantized, name)
