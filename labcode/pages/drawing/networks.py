"""The networks of the page *Draw a digit*.

Baseline, student and the network with exits are ONNX files. The compressed network is a packed
file of a few kilobytes, which the page unpacks itself; the ONNX file beside it holds the order of
the operations and no weight.
"""

from __future__ import annotations

import copy
import json

import torch
from torch import nn

from labcode import early_exit, weights
from labcode.coding import unpack
from labcode.data import load
from labcode.distillation.networks import student
from labcode.models import exit_macs, lenet5
from labcode.models.exit_network import ExitNetwork
from labcode.pages.drawing.shipped import INPUT_SHAPE, Shipped
from labcode.runtime import to_onnx
from labcode.weights import baselines

STUDENT = "student.safetensors"
KEPT = 0.018  # part of LeNet-5's weights in the packed file: Deep Compression's final setting
BUDGET = 0.16  # expected work of the network with exits, as a part of its whole work


def shipped() -> tuple[Shipped, ...]:
    """Return the networks of the page, the uncompressed one first.

    >>> [network.id for network in shipped()]
    ['baseline', 'packed', 'student', 'exits']
    """
    return _baseline(), _packed(), _student(), _exits()


def _baseline() -> Shipped:
    model = baselines.load("lenet5")
    made = "Uncompressed, 32 bits a weight."
    files = {"baseline.onnx": to_onnx(model, INPUT_SHAPE)}
    return Shipped("baseline", "LeNet-5", made, model, files)


def _packed() -> Shipped:
    model = unpacked_lenet5()
    made = "Few weights stay, those of a layer share eight values, and the file is entropy-coded."
    files = {"packed.onnx": without_weights(model), "packed.diet": packed_lenet5()}
    title = "LeNet-5, pruned, quantized, packed"
    return Shipped("packed", title, made, model, files, weights="packed.diet")


def _student() -> Shipped:
    model = distilled_student()
    made = "A tiny network that learned from LeNet-5's answers."
    files = {"student.onnx": to_onnx(model, INPUT_SHAPE)}
    return Shipped("student", "Distilled student", made, model, files)


def _exits() -> Shipped:
    model = weights.load_exits()
    made = "Four exits. It stops at the first that is sure enough; later layers never run."
    stages = early_exit.stage_files(model)
    files = {f"exits-{number}.onnx": data for number, data in enumerate(stages, start=1)}
    limits = (threshold(model),) * (len(stages) - 1)
    return Shipped("exits", "Early exits", made, model, files, thresholds=limits)


def distilled_student() -> nn.Module:
    """Return the student of 2,202 parameters that learned from LeNet-5, in evaluation mode."""
    model = student()
    weights.unpack(model, weights.read(STUDENT), name=STUDENT)
    return model.eval()


def packed_lenet5() -> bytes:
    """Return LeNet-5, pruned, its weights shared and packed: what `labcode.coding.pack` made."""
    return weights.packed("lenet5", KEPT)


def unpacked_lenet5() -> nn.Module:
    """Return the network in `packed_lenet5`, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        return unpack(packed_lenet5(), lenet5()).eval()


@torch.inference_mode()
def threshold(model: ExitNetwork) -> float:
    """Return how sure an exit must be, so that validation images cost `BUDGET` on average."""
    images = load("mnist5k").validation.images
    logits = model.all_logits(images)  # (exits, N, classes)
    scores = early_exit.certainty(logits.flatten(0, 1)).view(logits.shape[:2])
    macs = exit_macs(model)
    # Rounded, so that no image stands on the very edge: there, rounding in a sum would decide.
    return round(early_exit.shared_threshold(scores, macs, BUDGET * macs[-1]), 3)


def without_weights(model: nn.Module) -> bytes:
    """Return a model as an ONNX file without its weights, to be written behind it.

    An ONNX file is a protocol buffer, and two of those in a row are read as one: the operations
    of the first with the weights of the second (see labcode/pages/drawing/static/onnx.mjs).

    Args:
        model: The network; only its shapes matter.
    """
    import onnx

    like = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    for parameter in like.parameters():  # the exporter leaves out zeros and merges what is equal
        parameter.data = torch.rand(parameter.shape, generator=generator)
    file = onnx.load_from_string(to_onnx(like, INPUT_SHAPE))
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


def site_files() -> dict[str, bytes]:
    """Return all files that the page loads, by name, the list of networks included."""
    networks = shipped()
    found = {name: data for network in networks for name, data in network.files.items()}
    listing = json.dumps([network.entry() for network in networks], indent=1)
    return found | {"networks.json": listing.encode(), "samples.bin": samples()}
