"""How learned rounding learns best: single layers of Lite0, judged on photographs they never saw.

A layer is learned by itself, on what it reads in the network that was not rounded. All of it
happens on the photographs that calibrate: four fifths teach, the others judge.
"""

from __future__ import annotations

import copy
from functools import cache

import torch
from torch import Tensor, nn

from labcode import quantization
from labcode.studies.definition import Row, grid
from labcode.studies.photographs.images import calibration
from labcode.studies.photographs.trials import BATCH, SAMPLES, folded

# One of each kind, in the order in which they run.
LAYERS = (
    "stem",
    "blocks.0.depthwise",
    "blocks.5.narrow",
    "blocks.8.depthwise",
    "blocks.12.widen",
    "fc",
)
TEACH = 100  # of the 125 photographs
BITS = 4
OUTPUTS = 64  # of a layer: each output learns for itself, so that a part can stand for all
RATES = (0.05, 0.1, 0.2, 0.5, 1.0)
PULLS = (0.1, 0.3, 1.0, 3.0, 10.0)
STEPS = 300


def row(layer: str, lr: float, pull: float, steps: int) -> Row:
    """Return how far a layer's answers are off after rounding, to the nearest and learned.

    Args:
        layer: One of `LAYERS`.
        lr: See `quantization.learn_rounding`.
        pull: Likewise.
        steps: Likewise.

    Returns:
        ``nearest`` and ``learned``: mean squared error of the answers on photographs that did not
        teach, as a part of their mean square.
    """
    plain, rounded, teach, judge = _task(layer)
    better = quantization.learn_rounding(
        plain, rounded, teach, steps=steps, samples=SAMPLES, lr=lr, pull=pull
    )
    return {
        "nearest": _error(plain, rounded, judge),
        "learned": _error(plain, better, judge),
    }


def settings() -> list[Row]:
    """Return all rates with all pulls, for each layer."""
    return grid(layer=LAYERS, lr=RATES, pull=PULLS, steps=[STEPS])


@cache
def _task(name: str) -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """Return a layer alone, as it is and rounded, and what it reads: to teach and to judge."""
    layer, seen = _part(folded().get_submodule(name), _inputs(name))
    plain = nn.Sequential(layer)
    rounded = quantization.quantize_model(plain, seen[:TEACH], weight_bits=BITS)
    return plain, rounded, seen[:TEACH], seen[TEACH:]


def _inputs(name: str) -> Tensor:
    """Return what a layer reads from all photographs that calibrate."""
    seen: list[Tensor] = []
    layer = folded().get_submodule(name)
    handle = layer.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    try:
        with torch.no_grad():
            for part in torch.split(calibration(), BATCH):
                folded()(part)
    finally:
        handle.remove()
    return torch.cat(seen)


def _part(layer: nn.Module, x: Tensor) -> tuple[nn.Module, Tensor]:
    """Return a copy of a layer with its first outputs alone, and what those read."""
    part = copy.deepcopy(layer)
    assert isinstance(part, nn.Conv2d | nn.Linear)
    assert part.bias is not None
    part.weight = nn.Parameter(part.weight.detach()[:OUTPUTS].clone())
    part.bias = nn.Parameter(part.bias.detach()[:OUTPUTS].clone())
    outputs = len(part.weight)
    if isinstance(part, nn.Linear):
        part.out_features = outputs
    elif part.groups == 1:
        part.out_channels = outputs
    else:  # depthwise: each output reads its own input
        part.in_channels = part.out_channels = part.groups = outputs
        x = x[:, :outputs].clone()
    return part, x


def _error(plain: nn.Module, other: nn.Module, x: Tensor) -> float:
    with torch.no_grad():
        wanted, got = plain(x), other(x)
    return float((got - wanted).square().mean() / wanted.square().mean())
