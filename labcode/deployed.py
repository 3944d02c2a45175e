"""The file that a runtime would run for each row of the scoreboard, and the memory that it needs.

A technique that no kernel knows changes nothing here: a network with zeros or with two-bit weights
runs as the same dense float32 file as before. That is why its row shows no gain in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labcode import baselines, data
from labcode.distillation.networks import student
from labcode.early_exit import load_exits
from labcode.export import to_int8, to_onnx
from labcode.models.exit_network import Trunk

INPUT_SHAPE = (1, 28, 28)
CALIBRATION = 200  # training images that set the ranges of int8
BASELINES = ("lenet5", "lenet_300_100", "small_cnn")
# Techniques that change a file's bytes or a network's accuracy and leave the operations alone.
SAME_OPERATIONS = (
    "uncompressed",
    "pruned to",
    "4-bit",
    "2-bit",
    "ternary",
    "binary",
    "Deep Compression",
)


def deployed_model(network: str, technique: str) -> nn.Module:
    """Return a network with the shapes that a technique leaves; its weights may be untrained.

    Args:
        network: As in the scoreboard's tables, such as "lenet5".
        technique: As there, such as "half of the filters cut out".

    Raises:
        ValueError: No rule says what runs for this row.
    """
    if network == "student":
        return student()
    if network == "exit_cnn":
        exits = load_exits()
        return exits if technique.startswith("early exit") else Trunk(exits)
    if network in BASELINES:
        model = baselines.load(network, seed=0)
        if technique.startswith(SAME_OPERATIONS) or technique.startswith("int8"):
            return model
        if technique == "half of the filters cut out":
            from labcode.pruning.unit_trials import WIDTHS, cut_by

            return cut_by(model, WIDTHS[network]["half"], "L1 norm", 0)
    raise ValueError(f"no rule says which file runs for {network!r}, {technique!r}")


def deployed_file(network: str, technique: str) -> bytes:
    """Return the ONNX file of a row: int8 where the technique is, else float32.

    Args:
        network: See `deployed_model`.
        technique: See `deployed_model`.
    """
    model = deployed_model(network, technique)
    if technique.startswith("int8"):
        return to_int8(model, data.load("mnist5k").train.images[:CALIBRATION])
    return to_onnx(model, INPUT_SHAPE)


@torch.inference_mode()
def peak_activation_bytes(model: nn.Module, input_shape: Sequence[int]) -> int:
    """Return the least memory for activations: at the worst layer, its input and its output.

    ReLU and flattening work in place, so they need nothing of their own.

    Args:
        model: A plain chain of layers.
        input_shape: The shape of one image, (channels, height, width).

    Returns:
        Bytes of float32 values for one image.

    >>> peak_activation_bytes(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 5, 5))
    172
    """
    most = 0

    def seen(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal most
        if not isinstance(layer, nn.ReLU | nn.Flatten):
            most = max(most, inputs[0].nbytes + output.nbytes)

    leaves = [layer for layer in model.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(seen) for layer in leaves]
    try:
        model(torch.zeros(1, *input_shape))
    finally:
        for hook in hooks:
            hook.remove()
    return most
