"""Mixed precision: few bits where they do no harm, more where they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode._copied import copied
from labcode.quantization.affine import symmetric_params
from labcode.quantization.fake import FakeQuantizer
from labcode.quantization.layers import quantize_model, weight_quantizer
from labcode.quantization.modules import channel_axis, quant_layers
from labcode.training import eval_mode

BATCH = 8  # images at a time: more only ask for more memory


class Harm(NamedTuple):
    """What rounding one layer alone does to the network's answers.

    Args:
        error: Mean squared change of the logits, as a part of their mean square.
        changed: Part of the answers (the largest logit) that are others.
    """

    error: float
    changed: float


def sensitivity(
    model: nn.Module, images: Tensor, bits: int, *, per_channel: bool = True
) -> dict[str, Harm]:
    """Round the weights of one layer at a time, and return what each does by itself.

    Args:
        model: Batch norm folded; left as it is.
        images: Images (N, C, H, W), no labels needed.
        bits: Bits of the weights, 2 to 8.
        per_channel: Whether each output channel has its own scale, or the layer has one.

    Returns:
        Name of each convolution and linear layer to its harm.

    Raises:
        ValueError: ``bits`` is out of range, the network has no such layer, or does not answer
            with one tensor (N, classes).
    """
    quantized = quantize_model(model, images, weight_bits=bits, activation_bits=None)
    if not per_channel:
        quantized = with_one_scale(quantized)
    layers = quant_layers(quantized)
    quantizers = {name: layer.weight_quantizer for name, layer in layers.items()}
    for layer in layers.values():
        layer.weight_quantizer = nn.Identity()  # type: ignore[assignment]
    harms = {}
    with eval_mode(quantized), torch.no_grad():
        whole = _logits(quantized, images)
        for name, layer in layers.items():
            layer.weight_quantizer = quantizers[name]
            harms[name] = _harm(whole, _logits(quantized, images))
            layer.weight_quantizer = nn.Identity()  # type: ignore[assignment]
    return harms


def _logits(model: nn.Module, images: Tensor) -> Tensor:
    found = [model(part) for part in torch.split(images, BATCH)]
    for answer in found:
        if not isinstance(answer, Tensor) or answer.ndim < 2:
            kind = type(answer).__name__
            raise ValueError(
                f"the network must answer with one tensor (N, classes), got a {kind}: "
                "own.OneAnswer(model, 0) is a network with one of its answers"
            )
    return torch.cat(found)


def _harm(wanted: Tensor, got: Tensor) -> Harm:
    error = (got - wanted).square().mean() / wanted.square().mean().clamp(min=1e-12)
    changed = (got.argmax(1) != wanted.argmax(1)).float().mean()
    return Harm(float(error), float(changed))


def with_one_scale(quantized: nn.Module) -> nn.Module:
    """Return a copy whose layers have one scale each instead of one for each output channel.

    Args:
        quantized: From `quantize_model`, with weights of 2 to 8 bits.
    """
    changed = copied(quantized)
    for layer in quant_layers(changed).values():
        quantizer = layer.weight_quantizer
        if not isinstance(quantizer, FakeQuantizer):
            raise ValueError("weights of one bit, or ternary ones, follow their own channels")
        bits = (quantizer.high - quantizer.low).bit_length()
        largest = layer.weight.detach().abs().max()
        layer.weight_quantizer = FakeQuantizer(symmetric_params(largest, bits))
    return changed


def with_bits(quantized: nn.Module, bits: Mapping[str, int], *, method: str = "mse") -> nn.Module:
    """Return a copy in which some layers' weights have other numbers of bits.

    Args:
        quantized: From `quantize_model`.
        bits: Name of a layer to its bits, 2 to 8; the others stay.
        method: How the range is found, see `quantize_model`.

    Raises:
        ValueError: There is no quantized layer of a name.
    """
    changed = copied(quantized)
    layers = quant_layers(changed)
    for name, number in bits.items():
        if name not in layers:
            raise ValueError(f"bits names {name!r}, which is not a quantized layer")
        layer = layers[name]
        layer.weight_quantizer = weight_quantizer(
            layer.weight.detach(), number, method, learned=False, axis=channel_axis(layer)
        )
    return changed


def fewest_bits(
    harms: Mapping[int, Mapping[str, float]], sizes: Mapping[str, int], budget: int
) -> dict[str, int]:
    """Return bits for each layer that fit a budget and do the least harm.

    Every layer starts with the most bits. Then the step down that does the least harm for each
    bit it saves is taken, again and again, until the budget is met.

    Args:
        harms: Bits to the harm of each layer by name, such as `Harm.error` of `sensitivity`.
        sizes: Number of weights of each layer.
        budget: Bytes of all weights together.

    Returns:
        Name of each layer to its bits.

    Raises:
        TypeError: ``budget`` is not an integer.
        ValueError: Even the fewest bits are more than the budget.

    >>> harms = {8: {"a": 0.0, "b": 0.0}, 4: {"a": 0.1, "b": 9.0}}
    >>> fewest_bits(harms, {"a": 100, "b": 100}, budget=150)
    {'a': 4, 'b': 8}
    """
    check_int("budget", budget)
    levels = sorted(harms, reverse=True)
    bits = dict.fromkeys(sizes, levels[0])
    while _bytes(bits, sizes) > budget:
        steps = list(_steps(bits, levels, harms, sizes))
        if not steps:
            raise ValueError(
                f"budget must be at least {_bytes(bits, sizes)} bytes, which all layers take at "
                f"{levels[-1]} bits, got {budget}"
            )
        _, name, lower = min(steps)
        bits[name] = lower
    return bits


def _bytes(bits: Mapping[str, int], sizes: Mapping[str, int]) -> int:
    return sum((bits[name] * size + 7) // 8 for name, size in sizes.items())


def _steps(
    bits: Mapping[str, int],
    levels: list[int],
    harms: Mapping[int, Mapping[str, float]],
    sizes: Mapping[str, int],
) -> Iterable[tuple[float, str, int]]:
    """Yield each layer's next step down: its harm a saved bit, its name and the bits."""
    for name, now in bits.items():
        place = levels.index(now)
        if place + 1 < len(levels):
            lower = levels[place + 1]
            saved = (now - lower) * sizes[name]
            yield max(harms[lower][name] - harms[now][name], 0.0) / saved, name, lower
