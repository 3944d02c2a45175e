"""Make what `labcode.pages.drawing` stores for the page *Draw a digit*: run as `make drawing`."""

from __future__ import annotations

import copy
import json
from typing import Any

import torch
from torch import nn

from labcode import early_exit
from labcode.data import load
from labcode.pages.drawing.networks import distilled_student, shipped, unpacked_lenet5
from labcode.pages.drawing.shipped import INPUT_SHAPE
from labcode.pages.drawing.site import from_others
from labcode.runtime import to_onnx
from labcode.weights import load_exits


def stored_files() -> dict[str, bytes]:
    """Return what the folder `stored` holds, by name, exported anew from the networks."""
    stages = early_exit.stage_files(load_exits())
    graphs = {
        "packed.onnx": without_weights(unpacked_lenet5()),
        "student.onnx": to_onnx(distilled_student(), INPUT_SHAPE),
        **{f"exits-{number}.onnx": stage for number, stage in enumerate(stages, start=1)},
    }
    graphs = {name: _unsigned(file) for name, file in graphs.items()}
    networks = shipped(graphs | from_others(graphs["packed.onnx"]))
    listing = json.dumps([network.entry() for network in networks], indent=1) + "\n"
    return graphs | {"networks.json": listing.encode(), "samples.bin": samples()}


def without_weights(model: nn.Module) -> bytes:
    """Return a model as an ONNX file without its weights, to be written behind it.

    Args:
        model: The network; only its shapes matter.
    """
    like = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    for parameter in like.parameters():  # the exporter leaves out zeros and merges what is equal
        parameter.data = torch.rand(parameter.shape, generator=generator)
    file = _read(to_onnx(like, INPUT_SHAPE))
    for constant in list(file.graph.initializer):
        if constant.name in like.state_dict():
            file.graph.initializer.remove(constant)
    serialised: bytes = file.SerializeToString()
    return serialised


def samples() -> bytes:
    """Return one test image of each digit, 0 to 9: 784 grey values from 0 to 255 each."""
    test = load("mnist5k").test
    chosen = [test.images[test.labels == digit][0] for digit in range(10)]
    return (torch.stack(chosen) * 255).round().to(torch.uint8).numpy().tobytes()


def _unsigned(file: bytes) -> bytes:
    """Drop the exporter's version: it names the build for one kind of processor or card."""
    model = _read(file)
    model.ClearField("producer_version")
    serialised: bytes = model.SerializeToString()
    return serialised


def _read(file: bytes) -> Any:
    import onnx

    return onnx.load_from_string(file)
