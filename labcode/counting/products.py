"""Direct rules for the operations that multiply: convolution, linear, matmul, attention, RNNs.

A rule gives an empty `meta` tensor of the output's shape and adds the multiply-adds, or gives
None where the case is unusual or wrong: then PyTorch itself decides, and raises its own error.
PyTorch could infer all these shapes as well, but some of them only slowly, in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from labcode.counting.formulas import attention_macs, convolution_macs
from labcode.counting.shapes import as_tuple, broadcast, empty, window

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode

aten = torch.ops.aten
Args = tuple[Any, ...]
Rule = Callable[["CountingMode", Args, dict[str, Any]], Any]


def _conv(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for conv1d, conv2d and conv3d with numbers for the padding."""
    if kwargs:
        return None
    x, weight, *rest = args
    settings: list[Any] = [*rest, *(None, 1, 0, 1, 1)[len(rest) :]]
    bias, stride, padding, dilation, groups = settings
    dims = weight.dim() - 2
    if not x.is_meta or x.dim() != dims + 2 or x.dtype is not weight.dtype:
        return None
    shape, kernel = x.shape, weight.shape
    fits = shape[1] == kernel[1] * groups and kernel[0] % groups == 0
    if not fits or (bias is not None and bias.shape != kernel[:1]):
        return None
    stride, padding, dilation = (as_tuple(v, dims) for v in (stride, padding, dilation))
    size = window(shape[2:], kernel[2:], stride, padding, dilation)
    if size is None:
        return None
    mode.note_use(weight)
    out = empty((shape[0], kernel[0], *size), x)  # (N, C_out, H_out, W_out)
    mode.add_macs(convolution_macs(kernel, out.shape))
    return out


def _conv_transpose(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Refuse wrong channels, which PyTorch checks only when it computes; infer nothing."""
    x, weight = args[0], args[1]
    axes = weight.dim() - 1  # input (..., C, *size), weight (C, C_out / groups, *size)
    if x.dim() >= axes and x.shape[-axes] != weight.shape[0]:
        raise RuntimeError(
            f"transposed weight {tuple(weight.shape)} expects {weight.shape[0]} channels, "
            f"input is {tuple(x.shape)}"
        )


def _linear(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, weight = args[0], args[1]
    if (
        not (x.is_meta or isinstance(weight, torch.nn.Parameter))
        or weight.dim() != 2
        or x.dim() < 1
        or x.dtype is not weight.dtype
    ):
        return None
    if x.shape[-1] != weight.shape[1] or weight.layout is not torch.strided:
        return None
    mode.note_use(weight)
    out = empty((*x.shape[:-1], weight.shape[0]), x)  # (..., out_features)
    mode.add_macs(out.numel() * weight.shape[1])
    return out


def _matmul(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, y = args[0], args[1]  # (..., n, m), (..., m, p)
    if kwargs or x.dtype is not y.dtype or not (x.is_meta or y.is_meta):
        return None
    if x.dim() < 2 or y.dim() < 2 or x.shape[-1] != y.shape[-2]:
        return None
    if x.layout is not torch.strided or y.layout is not torch.strided:
        return None  # a sparse one costs less
    batch = broadcast(x.shape[:-2], y.shape[:-2])
    if batch is None:
        return None
    out = empty((*batch, x.shape[-2], y.shape[-1]), x)  # (..., n, p)
    mode.add_macs(out.numel() * x.shape[-1])
    return out


def _attention(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    query, key, value = args[:3]
    if not query.is_meta or query.dim() < 3 or key.dim() != query.dim() or value.dim() < 3:
        return None
    same = query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
    if not same or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        return None
    mode.add_macs(attention_macs(query.shape, key.shape, value.shape))
    return empty((*query.shape[:-1], value.shape[-1]), query)  # (..., L, E_v)


def _recurrent(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for LSTM, GRU and plain RNN: each weight matrix works once a time step and image."""
    packed = isinstance(args[3], (list, tuple))
    x, state, weights, bidirectional = args[0], *(args[2:4] if packed else args[1:3]), args[-1]
    if not packed:
        bidirectional = args[-2]  # the last one is batch_first
    states = list(state) if isinstance(state, (list, tuple)) else [state]
    if not x.is_meta or weights[0].shape[1] != x.shape[-1]:
        return None
    mode.add_macs(x.shape[:-1].numel() * sum(w.numel() for w in weights if w.dim() == 2))
    features = states[0].shape[-1] * (2 if bidirectional else 1)
    out = empty((*x.shape[:-1], features), x)  # (..., directions x hidden)
    return (out, *(empty(s.shape, x) for s in states))


PRODUCTS: dict[torch._ops.OpOverload, Rule] = {
    aten.matmul.default: _matmul,
    aten.bmm.default: _matmul,
    aten.conv1d.default: _conv,
    aten.conv2d.default: _conv,
    aten.conv3d.default: _conv,
    aten.conv_transpose1d.default: _conv_transpose,
    aten.conv_transpose2d.input: _conv_transpose,
    aten.conv_transpose3d.input: _conv_transpose,
    aten.linear.default: _linear,
    aten.scaled_dot_product_attention.default: _attention,
}
for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    PRODUCTS[getattr(aten, _name).input] = _recurrent
    PRODUCTS[getattr(aten, _name).data] = _recurrent
