"""Output shapes of the most frequent operations, computed directly.

PyTorch can infer every shape on the `meta` device, but for some operations only slowly, in
Python. Each rule here returns an empty `meta` tensor of the right shape at once, or None where
the case is unusual or wrong: then PyTorch itself decides, and gives its own error.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import torch

from labcode.counting.formulas import attention_macs, convolution_macs

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode

aten = torch.ops.aten
Args = tuple[Any, ...]
Rule = Callable[["CountingMode", Args, dict[str, Any]], Any]
META = torch.device("meta")


def empty(shape: Any, like: torch.Tensor) -> torch.Tensor:
    """Return a `meta` tensor of a shape with another tensor's dtype."""
    return torch.empty(shape, dtype=like.dtype, device=META)


def _pair(value: Any, dims: int) -> tuple[int, ...]:
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * dims if len(values) == 1 else values


def _window(
    size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool = False
) -> list[int] | None:
    """Return the output size of a sliding window, or None where it does not fit."""
    out = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0 or s <= 0 or p < 0:
            return None
        steps = room // s + 1
        if ceil and room % s and steps * s < n + p:
            steps += 1
        out.append(steps)
    return out


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
    stride, padding, dilation = (_pair(v, dims) for v in (stride, padding, dilation))
    size = _window(shape[2:], kernel[2:], stride, padding, dilation)
    if size is None:
        return None
    out = empty((shape[0], kernel[0], *size), x)  # (N, C_out, H_out, W_out)
    mode.add_macs(convolution_macs(shape, kernel, out.shape, False))
    return out


def _linear(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, weight = args[0], args[1]
    if not x.is_meta or weight.dim() != 2 or x.dim() < 1 or x.dtype is not weight.dtype:
        return None
    if x.shape[-1] != weight.shape[1]:
        return None
    out = empty((*x.shape[:-1], weight.shape[0]), x)  # (..., out_features)
    mode.add_macs(out.numel() * weight.shape[1])
    return out


def _batch_norm(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    if not x.is_meta or x.dim() < 2:
        return None
    if any(t is not None and t.shape != x.shape[1:2] for t in args[1:5]):
        return None
    return empty(x.shape, x)


def _layer_norm(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, shape = args[0], list(args[1])
    if not x.is_meta or list(x.shape[-len(shape) :]) != shape:
        return None
    return empty(x.shape, x)


def _same(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for one tensor in, one of the same shape and dtype out."""
    x = args[0]
    if kwargs and not kwargs.keys() <= {"approximate", "inplace"}:
        return None
    return empty(x.shape, x) if x.is_meta and x.is_floating_point() else None


def _same_in_place(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    return x if x.is_meta and x.is_floating_point() else None


def _binary(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for two tensors of one shape and dtype, or a tensor and a number."""
    x, y = args[0], args[1]
    if kwargs or not x.is_meta:
        return None
    if isinstance(y, torch.Tensor):
        if y.shape != x.shape or y.dtype is not x.dtype:
            return None
    elif isinstance(y, complex) or not x.is_floating_point():
        return None
    return empty(x.shape, x)


def _binary_in_place(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, y = args[0], args[1]
    same = isinstance(y, torch.Tensor) and y.shape == x.shape and y.dtype is x.dtype
    return x if same and x.is_meta and not kwargs else None


def _dropout(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    return empty(x.shape, x) if x.is_meta else None


def _pool(mode: CountingMode, args: Args, kwargs: dict[str, Any], average: bool) -> Any:
    """Rule for max_pool2d and avg_pool2d."""
    defaults: Args = ((), 0, False) if average else ((), 0, 1, False)
    x, kernel = args[0], args[1]
    stride, padding, *rest = (*args[2:], *defaults[len(args) - 2 :])
    if kwargs or not x.is_meta or x.dim() != 4:
        return None
    dilation, ceil = (1, rest[0]) if average else (rest[0], rest[1])
    kernel, padding, dilation = (_pair(value, 2) for value in (kernel, padding, dilation))
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        return None
    strides = _pair(stride, 2) or kernel
    size = _window(x.shape[2:], kernel, strides, padding, dilation, ceil)
    return size and empty((*x.shape[:2], *size), x)  # (N, C, H_out, W_out)


def _max_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    return _pool(mode, args, kwargs, average=False)


def _avg_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    return _pool(mode, args, kwargs, average=True)


def _adaptive_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, size = args[0], tuple(args[1])
    if not x.is_meta or x.dim() != 4 or 0 in x.shape:
        return None
    return empty((*x.shape[:2], *_pair(size, 2)), x)  # (N, C, H_out, W_out)


def _cat(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    tensors, axis = args[0], args[1] if len(args) > 1 else 0
    first = tensors[0]
    if kwargs or any(not t.is_meta or t.dtype is not first.dtype for t in tensors):
        return None
    shapes = [list(t.shape) for t in tensors]
    if not -len(shapes[0]) <= axis < len(shapes[0]):
        return None
    lengths = [shape.pop(axis) if len(shape) > axis else 0 for shape in shapes]
    if any(shape != shapes[0] for shape in shapes):
        return None
    shape = list(first.shape)
    shape[axis] = sum(lengths)
    return empty(shape, first)


def _flatten(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x: torch.Tensor = args[0]
    start, end = [*args[1:], *(0, -1)[len(args) - 1 :]]
    if kwargs or not x.is_meta or not x.is_inference():
        return None
    dims = x.dim()
    start, end = start % dims if dims else 0, end % dims if dims else 0
    if not 0 <= start <= end < dims or any(not -dims <= a < dims for a in args[1:]):
        return None
    shape = x.shape
    return empty((*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]), x)


def _view(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for view and reshape: memory layout is not followed, so a view always works.

    A view of the model's own tensor must stay an ordinary tensor, which PyTorch sees to itself.
    """
    x, shape = args[0], list(args[1])
    if not x.is_meta or not x.is_inference():
        return None
    if -1 in shape:
        known = -prod(shape)
        if known <= 0 or x.numel() % known:
            return None
        shape[shape.index(-1)] = x.numel() // known
    return empty(shape, x) if prod(shape) == x.numel() and min(shape, default=0) >= 0 else None


def _mean(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x: torch.Tensor = args[0]
    axes, keep = args[1], len(args) > 2 and args[2]
    if kwargs or not x.is_meta or not axes or not x.is_floating_point():
        return None
    dims = x.dim()
    if any(not -dims <= axis < dims for axis in axes):
        return None
    gone = {axis % dims for axis in axes}
    kept = (1 if i in gone else n for i, n in enumerate(x.shape) if keep or i not in gone)
    return empty(tuple(kept), x)


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


RULES: dict[torch._ops.OpOverload, Rule] = {
    aten.conv1d.default: _conv,
    aten.conv2d.default: _conv,
    aten.conv3d.default: _conv,
    aten.linear.default: _linear,
    aten.batch_norm.default: _batch_norm,
    aten.layer_norm.default: _layer_norm,
    aten.max_pool2d.default: _max_pool,
    aten.avg_pool2d.default: _avg_pool,
    aten.adaptive_avg_pool2d.default: _adaptive_pool,
    aten.cat.default: _cat,
    aten.flatten.using_ints: _flatten,
    aten.view.default: _view,
    aten.reshape.default: _view,
    aten.mean.dim: _mean,
    aten.scaled_dot_product_attention.default: _attention,
    aten.dropout.default: _dropout,
    aten.feature_dropout.default: _dropout,
}
for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    RULES[getattr(aten, _name).input] = _recurrent
    RULES[getattr(aten, _name).data] = _recurrent
_SAME_NAMES = "relu relu6 hardswish hardsigmoid silu gelu sigmoid tanh hardtanh leaky_relu elu"
for _name in _SAME_NAMES.split():
    RULES[getattr(aten, _name).default] = _same
    if hasattr(aten, _name + "_"):
        RULES[getattr(aten, _name + "_").default] = _same_in_place
for _name in ("add", "mul", "sub", "div"):
    RULES[getattr(aten, _name).Tensor] = _binary
    RULES[getattr(aten, _name + "_").Tensor] = _binary_in_place
