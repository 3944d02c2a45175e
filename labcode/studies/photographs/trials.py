"""What each method does to EfficientNet-Lite0, on photographs that no method has seen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from labcode import coding, counting, pruning, quantization, runtime
from labcode._checks import check_choice
from labcode.runtime.int8 import onnx_logits
from labcode.studies.definition import Row
from labcode.studies.photographs.images import SIZE, calibration, judging
from labcode.weights import load_efficientnet_lite

SHAPE = (3, 224, 224)
SEEN = 32  # photographs that calibrate ranges
BATCH = 25
SAMPLES = 2048  # of learned rounding, for each layer
LEARNING = {  # what learned rounding does where nothing else is said
    name: signature(quantization.learn_rounding).parameters[name].default
    for name in ("steps", "lr", "pull")
}
LEVELS = (8, 4, 3)  # bits that mixed precision chooses from

Answers = Callable[[Tensor], Tensor]


@cache
def folded() -> nn.Module:
    """Return Lite0 with its batch norms folded."""
    return quantization.fold_batch_norm(load_efficientnet_lite(), SHAPE)


@cache
def wanted() -> Tensor:
    """Return the logits of the uncompressed network on the photographs that judge."""
    return logits(load_efficientnet_lite())


def row(method: str, bits: int = 0, kept: float = 1.0) -> Row:
    """Return how a compressed Lite0 answers, and how many bytes it takes.

    Args:
        method: One of `METHODS`.
        bits: Of the weights, where the method has a choice.
        kept: Part of the inner channels that stays, where the method cuts.

    Returns:
        ``n`` photographs; ``correct``; ``agree``: answers as before; ``lost`` and ``won``: right
        before or after alone; ``error``: mean squared change of the logits as a part of their mean
        square; ``bytes``, ``params`` and ``macs``.
    """
    answers, facts = METHODS[check_choice("method", method, METHODS)](bits, kept)
    _, labels = judging()
    got, before = answers, wanted()
    was, now = before.argmax(1) == labels, got.argmax(1) == labels
    return {
        "n": len(labels),
        "correct": int(now.sum()),
        "agree": int((got.argmax(1) == before.argmax(1)).sum()),
        "lost": int((was & ~now).sum()),
        "won": int((now & ~was).sum()),
        "error": float((got - before).square().mean() / before.square().mean()),
    } | facts


def logits(model: nn.Module, size: int = SIZE) -> Tensor:
    """Return a network's logits on the photographs that judge, seen at a size in pixels."""
    images, _ = judging(size)
    with torch.no_grad():
        return torch.cat([model(part) for part in torch.split(images, BATCH)])


def _costs(model: nn.Module, size: int) -> Row:
    cost = counting.count(model, SHAPE)
    return {"bytes": size, "params": cost.params, "macs": cost.macs}


def rounded_bytes(model: nn.Module) -> int:
    """Return bytes of weights in their bits, one float32 scale a channel or layer, and biases."""
    total = 0
    for layer in quantization.quant_layers(model).values():
        quantizer = layer.weight_quantizer
        assert isinstance(quantizer, quantization.FakeQuantizer)
        bits = (quantizer.high - quantizer.low).bit_length()
        total += (layer.weight.numel() * bits + 7) // 8 + 4 * quantizer.scale.numel()
        total += 0 if layer.bias is None else 4 * layer.bias.numel()
    return total


def _rounded(model: nn.Module) -> tuple[Tensor, Row]:
    plain = counting.count(folded(), SHAPE)
    size = rounded_bytes(model)
    return logits(model), {"bytes": size, "params": plain.params, "macs": plain.macs}


def uncompressed(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Leave it as it is: float32."""
    model = load_efficientnet_lite()
    return wanted(), _costs(model, len(runtime.to_onnx(model, SHAPE)))


def int8_file(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Let ONNX Runtime make an int8 file, one scale a channel; 7 bits are safe everywhere."""
    images, _ = judging()
    model = load_efficientnet_lite()
    file = runtime.to_int8(model, calibration(SEEN), reduce_range=bits == 7)
    cost = counting.count(load_efficientnet_lite(), SHAPE)
    return onnx_logits(file, images, 1), {
        "bytes": len(file),
        "params": cost.params,
        "macs": cost.macs,
    }


def _quantized(model: nn.Module, bits: int, activations: int | None = 8) -> nn.Module:
    return quantization.quantize_model(
        model, calibration(SEEN), weight_bits=bits, activation_bits=activations
    )


def per_channel(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Round weights with a scale for each channel, and activations to 8 bits."""
    return _rounded(_quantized(folded(), bits))


def per_tensor(bits: int, kept: float) -> tuple[Tensor, Row]:
    """The same with one scale for each layer's weights."""
    return _rounded(quantization.with_one_scale(_quantized(folded(), bits)))


@cache
def equal() -> nn.Module:
    """Return Lite0 with equalized ranges."""
    return quantization.equalize(folded(), SHAPE)


def equalized(bits: int, kept: float) -> tuple[Tensor, Row]:
    """One scale a layer, after range equalization."""
    return _rounded(quantization.with_one_scale(_quantized(equal(), bits)))


def corrected(bits: int, kept: float) -> tuple[Tensor, Row]:
    """One scale a layer, after range equalization, with corrected biases."""
    rounded = quantization.with_one_scale(_quantized(equal(), bits))
    return _rounded(quantization.correct_bias(equal(), rounded, calibration(SEEN)))


def bias_alone(bits: int, kept: float) -> tuple[Tensor, Row]:
    """One scale a channel, with corrected biases."""
    rounded = _quantized(folded(), bits)
    return _rounded(quantization.correct_bias(folded(), rounded, calibration(SEEN)))


def learned(bits: int, kept: float) -> tuple[Tensor, Row]:
    """One scale a channel, and rounding that is learned layer by layer."""
    rounded = _quantized(folded(), bits)
    return _rounded(quantization.learn_rounding(folded(), rounded, calibration(), samples=SAMPLES))


def mixed(bits: int, kept: float) -> tuple[Tensor, Row]:
    """As many bytes as ``bits`` for every weight would take, but where they do least harm."""
    return _rounded(quantization.with_bits(_quantized(folded(), 8), _chosen_bits(bits)))


@cache
def _chosen_bits(average: int) -> dict[str, int]:
    layers = quantization.quant_layers(_quantized(folded(), 8, None))
    sizes = {name: layer.weight.numel() for name, layer in layers.items()}
    seen = calibration(SEEN)
    harms = {
        bits: {n: h.error for n, h in quantization.sensitivity(folded(), seen, bits).items()}
        for bits in LEVELS
    }
    return quantization.fewest_bits(harms, sizes, sum(sizes.values()) * average // 8)


def _plan(kept: float) -> Any:
    """Plan to keep the strongest inner channels of each block: by the norms around them."""
    keep = {}
    for name, block in folded().named_modules():
        if getattr(block, "widen", None) is None:
            continue
        layers = (block.widen, block.depthwise)
        strength = torch.stack([one.weight.flatten(1).norm(dim=1) for one in layers]).prod(0)
        strength = strength * block.narrow.weight.flatten(1).norm(dim=0)
        order = strength.argsort(descending=True)
        keep[f"{name}.widen"] = order[: round(kept * len(order))].tolist()
    return pruning.graph_plan(folded(), keep, SHAPE)


def cut(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Cut inner channels; nothing else."""
    smaller = pruning.cut(folded(), _plan(kept), SHAPE)
    return logits(smaller), _costs(smaller, len(runtime.to_onnx(smaller, SHAPE)))


def repaired(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Cut inner channels, and repair the outputs by least squares."""
    plan = _plan(kept)
    smaller = pruning.cut(folded(), plan, SHAPE)
    whole = pruning.repair(folded(), smaller, plan, calibration())
    return logits(whole), _costs(whole, len(runtime.to_onnx(whole, SHAPE)))


def shared(bits: int, kept: float) -> tuple[Tensor, Row]:
    """Let each layer's weights share 2^bits values, and write the packed file."""
    model = copy.deepcopy(folded())
    quantization.share_weights(model, bits)
    return logits(model), _costs(model, len(coding.pack(model)))


METHODS: dict[str, Callable[[int, float], tuple[Tensor, Row]]] = {
    function.__name__: function
    for function in (
        uncompressed,
        int8_file,
        per_channel,
        per_tensor,
        equalized,
        corrected,
        bias_alone,
        learned,
        mixed,
        cut,
        repaired,
        shared,
    )
}
