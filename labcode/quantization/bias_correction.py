"""Bias correction: rounding shifts a layer's mean output, and its bias takes the shift back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode._refusals import clear_failure
from labcode.quantization.modules import quant_layers
from labcode.training import eval_mode


@torch.no_grad()
def correct_bias(model: nn.Module, quantized: nn.Module, images: Tensor) -> nn.Module:
    """Return the quantized network with biases that restore each output channel's mean.

    Both networks see the images once. Each layer is corrected when it runs, so the layers after
    it see what it hands out then.

    Args:
        model: The network before it was quantized, with the same names of layers.
        quantized: From `quantize_model`; left as it is.
        images: Calibration images (N, C, H, W), no labels needed.

    Returns:
        A corrected copy.

    Raises:
        ValueError: The networks' layers have other names, or a layer runs twice.

    Source: Nagel et al. (arXiv:1906.04721), section 4.2, with images instead of assumptions.
    """
    corrected = copied(quantized)
    layers = quant_layers(corrected)
    missing = [name for name in layers if name not in dict(model.named_modules())]
    if missing:
        raise ValueError(f"model has no layer {missing[0]!r}, which quantized has")
    # A linear layer answers along the last dimension, whatever stands before it.
    axes = {name: -1 if isinstance(layer, nn.Linear) else 1 for name, layer in layers.items()}
    wanted: dict[str, Tensor] = {}

    def note(name: str, output: Tensor) -> None:
        if name in wanted:
            raise ValueError(f"{name!r} runs twice: one bias cannot restore two means")
        wanted[name] = channel_means(output, axes[name])

    _watched(model, images, layers, note)
    done: set[str] = set()

    def shift(name: str, output: Tensor) -> Tensor:
        if name in done:
            raise ValueError(f"{name!r} runs twice: one bias cannot restore two means")
        done.add(name)
        layer, gap = layers[name], wanted[name] - channel_means(output, axes[name])
        bias = gap if layer.bias is None else layer.bias + gap
        layer.bias = nn.Parameter(bias.to(layer.weight.dtype))
        return output + (gap if axes[name] < 0 else gap.reshape(-1, *[1] * (output.ndim - 2)))

    _watched(corrected, images, layers, shift)
    return corrected


def channel_means(output: Tensor, axis: int) -> Tensor:
    """Return each channel's mean over images and places: (N, C, ...) or (N, ..., C) to (C,)."""
    return output.transpose(0, axis).flatten(1).mean(1)


def _watched(model: nn.Module, images: Tensor, names: object, see: object) -> None:
    """Run a network with a function that sees, and may replace, what each named layer returns."""
    handles = [
        model.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: see(name, output)  # type: ignore[operator]
        )
        for name in names  # type: ignore[attr-defined]
    ]
    try:
        with eval_mode(model), clear_failure(model, [images]):
            model(images)
    finally:
        for handle in handles:
            handle.remove()
