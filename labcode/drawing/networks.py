"""The networks of the page *Draw a digit*, as the files that a reader's browser loads.

Baseline and student are ONNX files. The compressed network is a packed file of a few kilobytes,
which the page unpacks itself; the ONNX file beside it holds the order of the operations and no
weight.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from torch import nn

from labcode import baselines
from labcode.coding import unpack
from labcode.counting import count
from labcode.data import load
from labcode.distillation.networks import student
from labcode.latency import onnx_bytes
from labcode.models import lenet5

INPUT_SHAPE = (1, 28, 28)
STORED = files("labcode.drawing") / "stored"  # made by experiments/drawing.py


@dataclass(frozen=True)
class Shipped:
    """A network as files.

    Args:
        id: A short name, part of the files' names.
        title: Its name in words.
        made: How it was made, in a sentence.
        model: The network itself.
        files: Bytes of each file by its name; the first is run first.
        weights: The file of `files` that is packed, if one is.
    """

    id: str
    title: str
    made: str
    model: nn.Module
    files: dict[str, bytes] = field(repr=False)
    weights: str | None = None

    def entry(self) -> dict[str, Any]:
        """Return what the page needs to know of it, as plain values."""
        cost = count(self.model, INPUT_SHAPE)
        tensors = sorted(self.model.state_dict().items())
        return {
            "id": self.id,
            "title": self.title,
            "made": self.made,
            "params": sum(int(p.count_nonzero()) for p in self.model.parameters()),
            "macs": cost.macs,
            "files": {name: len(data) for name, data in self.files.items()},
            "weights": self.weights,
            "tensors": [{"name": n, "shape": list(t.shape)} for n, t in tensors],
        }


def distilled_student() -> nn.Module:
    """Return the student of 2,202 parameters that learned from LeNet-5, in evaluation mode."""
    model = student()
    model.load_state_dict(load_tensors((STORED / "student.safetensors").read_bytes()))
    return model.eval()


def packed_lenet5() -> bytes:
    """Return LeNet-5, pruned, its weights shared and packed: what `labcode.coding.pack` made."""
    return (STORED / "lenet5.diet").read_bytes()


def unpacked_lenet5() -> nn.Module:
    """Return the network in `packed_lenet5`, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        return unpack(packed_lenet5(), lenet5()).eval()


def without_weights(model: nn.Module) -> bytes:
    """Return a model as an ONNX file without its weights, to be written behind it.

    An ONNX file is a protocol buffer, and two of those in a row are read as one: the operations
    of the first with the weights of the second (see book/draw/onnx.mjs).

    Args:
        model: The network; only its shapes matter.
    """
    import onnx

    like = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    for parameter in like.parameters():  # the exporter leaves out zeros and merges what is equal
        parameter.data = torch.rand(parameter.shape, generator=generator)
    file = onnx.load_from_string(onnx_bytes(like, INPUT_SHAPE))
    for constant in list(file.graph.initializer):
        if constant.name in like.state_dict():
            file.graph.initializer.remove(constant)
    serialised: bytes = file.SerializeToString()
    return serialised


def shipped() -> tuple[Shipped, ...]:
    """Return the networks of the page, the uncompressed one first.

    >>> [network.id for network in shipped()]
    ['baseline', 'packed', 'student']
    """
    baseline, small, packed = baselines.load("lenet5"), distilled_student(), unpacked_lenet5()
    return (
        Shipped(
            "baseline",
            "LeNet-5",
            "Uncompressed, 32 bits a weight.",
            baseline,
            {"baseline.onnx": onnx_bytes(baseline, INPUT_SHAPE)},
        ),
        Shipped(
            "packed",
            "LeNet-5, pruned, quantized, packed",
            "Few weights stay, they share eight values a layer, and the file is entropy-coded.",
            packed,
            {"packed.onnx": without_weights(packed), "packed.diet": packed_lenet5()},
            weights="packed.diet",
        ),
        Shipped(
            "student",
            "Distilled student",
            "A tiny network that learned from LeNet-5's answers.",
            small,
            {"student.onnx": onnx_bytes(small, INPUT_SHAPE)},
        ),
    )


def samples() -> bytes:
    """Return one test image of each digit, 0 to 9: 784 grey values from 0 to 255 each."""
    test = load("mnist5k").test
    chosen = [test.images[test.labels == digit][0] for digit in range(10)]
    return (torch.stack(chosen) * 255).round().to(torch.uint8).numpy().tobytes()


def site_files() -> dict[str, bytes]:
    """Return all files that the page loads, by name, the list of networks included."""
    networks = shipped()
    found = {name: data for network in networks for name, data in network.files.items()}
    listing = json.dumps([network.entry() for network in networks], indent=1)
    return found | {"networks.json": listing.encode(), "samples.bin": samples()}
