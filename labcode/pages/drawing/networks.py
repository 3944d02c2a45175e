"""The networks of the page *Draw a digit*.

Baseline, student and the network with exits are ONNX files. The compressed network is a packed
file of a few kilobytes, which the page unpacks itself; the ONNX file beside it holds the order of
the operations and no weight.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from labcode import weights
from labcode.coding import unpack
from labcode.models import lenet5, student
from labcode.pages.drawing.shipped import Shipped
from labcode.pages.drawing.site import BASELINE_SEED, PACKED, site_files
from labcode.weights import baselines
from labcode.weights.exits import threshold

STUDENT = "student.safetensors"


def shipped(site: Mapping[str, bytes] | None = None) -> tuple[Shipped, ...]:
    """Return the networks of the page, the uncompressed one first.

    Args:
        site: The files that the page loads, by name; those stored, if not given.

    >>> [network.id for network in shipped()]
    ['baseline', 'packed', 'student', 'exits']
    """
    site = site_files() if site is None else site
    makers = (_baseline, _packed, _student, _exits)
    return tuple(maker(site) for maker in makers)


def _baseline(site: Mapping[str, bytes]) -> Shipped:
    model = baselines.load("lenet5", seed=BASELINE_SEED)
    made = "Uncompressed, 32 bits a weight."
    return Shipped("baseline", "LeNet-5", made, model, _of(site, "baseline.onnx"))


def _packed(site: Mapping[str, bytes]) -> Shipped:
    made = "Few weights stay, those of a layer share eight values, and the file is entropy-coded."
    title = "LeNet-5, pruned, quantized, packed"
    found = _of(site, "packed.onnx", "packed.diet")
    return Shipped("packed", title, made, unpacked_lenet5(), found, weights="packed.diet")


def _student(site: Mapping[str, bytes]) -> Shipped:
    made = "A tiny network that learned from LeNet-5's answers."
    found = _of(site, "student.onnx")
    return Shipped("student", "Distilled student", made, distilled_student(), found)


def _exits(site: Mapping[str, bytes]) -> Shipped:
    model = weights.load_exits()
    made = "Four exits. It stops at the first that is sure enough; later layers never run."
    found = _of(site, *(f"exits-{number}.onnx" for number in range(1, len(model.exits) + 1)))
    limits = (threshold(model),) * (len(model.exits) - 1)
    return Shipped("exits", "Early exits", made, model, found, thresholds=limits)


def _of(site: Mapping[str, bytes], *names: str) -> dict[str, bytes]:
    return {name: site[name] for name in names}


def distilled_student() -> nn.Module:
    """Return the student of 2,202 parameters that learned from LeNet-5, in evaluation mode."""
    model = student()
    weights.unpack(model, weights.read(STUDENT), name=STUDENT)
    return model.eval()


def packed_lenet5() -> bytes:
    """Return LeNet-5, pruned, its weights shared and packed: what `labcode.coding.pack` made."""
    return weights.packed(*PACKED)


def unpacked_lenet5() -> nn.Module:
    """Return the network in `packed_lenet5`, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        return unpack(packed_lenet5(), lenet5()).eval()
