"""SENet's Tables 2, 3 and 10, under several conventions, since no single one fits all rows."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from labcode import models
from labcode.counting import ModelCost
from labcode.models.squeeze_excite import SEResidual
from labcode.papers.conventions import (
    G,
    M,
    counted,
    normalised_values,
    printed_rows,
    running_statistics,
    squeezed_values,
    weights,
)
from labcode.papers.row import Found, Row, agrees, cut_off, make_row

_SE = partial(SEResidual, placement="standard", bias=False)
_RESNETS: dict[str, dict[str, Any]] = {
    "ResNet-50": {"depth": 50, "stride_on": "1x1"},
    "ResNet-101": {"depth": 101, "stride_on": "1x1"},
    "ResNet-152": {"depth": 152, "stride_on": "1x1"},
    "ResNeXt-50": {"depth": 50, "groups": 32, "group_width": 4},
    "ResNeXt-101": {"depth": 101, "groups": 32, "group_width": 4},
}


def rows() -> list[Row]:
    """Return Tables 2, 3 and 10 of "Squeeze-and-excitation networks" (arXiv:1709.01507).

    >>> sorted({row.kind for row in rows() if row.quantity == "params"})
    ['equal to the digits printed', 'explained']
    """
    return [
        make_row(table, _two_decimals(table, printed), _found(table, printed))
        for table, printed in printed_rows("senet", r"Table (2|3|10)|sec 4")
    ]


def _two_decimals(table: str, printed: dict[str, str]) -> dict[str, str]:
    """Give Table 2's operations back the zeros at the end that the stored numbers lost."""
    if table != "Table 2" or "error" in printed["quantity"]:
        return printed
    return {**printed, "value": f"{float(printed['value']):.2f}"}


def _found(table: str, printed: dict[str, str]) -> Found | None:
    if "error" in printed["quantity"]:
        return None
    if table == "Table 2":
        return _operations(printed["model"], f"{float(printed['value']):.2f}")
    if table == "Table 3":
        return _mobile(printed)
    return _reduction(printed["config"], printed["quantity"])


def _operations(name: str, value: str) -> Found:
    """Table 2: multiply-adds; where they do not fit, with other operations added."""
    with_se, plain = name.startswith("SE-"), name.removeprefix("SE-")
    if plain in _RESNETS:
        wrap = {"wrap": _SE} if with_se else {}
        return _fitted(counted(models.bottleneck_resnet, **_RESNETS[plain], **wrap), value)
    if plain == "BN-Inception":
        settings = {"bias": False} if with_se else {}
        make = models.se_inception if with_se else models.bn_inception
        return _fitted(counted(make, **settings), value)
    if plain == "VGG-16":
        return _se_vgg16() if with_se else Found(counted(models.vgg16).macs / G)
    return Found(None, "the course does not build Inception-ResNet-v2")


def _fitted(ours: ModelCost, value: str) -> Found:
    """Try multiply-adds, then also one for each value that a batch norm or a squeeze handles."""
    if agrees(value, ours.macs / G):
        return Found(ours.macs / G)
    squeezed = squeezed_values(ours)
    total = (ours.macs + normalised_values(ours) + squeezed) / G
    reason = "one more multiply-add for each value out of a batch norm"
    reason += " and into a squeeze" if squeezed else ""
    if agrees(value, cut_off(total, 2)):
        return Found(ours.macs / G, f"{reason}, cut off", instead=cut_off(total, 2))
    return Found(ours.macs / G, f"{reason}, rounded", instead=total)


def _se_vgg16() -> Found:
    """VGG-16 with SE behind each convolution, reduction 16, without biases."""
    ours = counted(models.vgg16)
    shapes = [row.output_shape or () for row in ours.layers if row.type == "Conv2d"]
    macs = ours.macs + sum(2 * shape[0] ** 2 // 16 for shape in shapes)
    squeezed = sum(math.prod(shape) for shape in shapes)
    reason = "SE behind each convolution, its squeeze counted; the paper does not say where it is"
    return Found(macs / G, reason, instead=(macs + squeezed) / G)


def _mobile(printed: dict[str, str]) -> Found:
    """Table 3: MobileNet and ShuffleNet with and without SE."""
    with_se, params = printed["config"] == "SE", printed["quantity"] == "params"
    if printed["model"] == "MobileNet":
        if params:
            make, plain = models.se_mobilenet_v1, models.mobilenet_v1
            return Found((weights(make, bias=False) if with_se else weights(plain)) / M)
        if not with_se:
            return Found(counted(models.mobilenet_v1).macs / M)
        ours = counted(models.se_mobilenet_v1, bias=False)
        reason = "one more for each value into a squeeze"
        return Found(ours.macs / M, reason, instead=(ours.macs + squeezed_values(ours)) / M)
    return _shuffle(with_se, params)


def _shuffle(with_se: bool, params: bool) -> Found:
    if params and not with_se:
        return Found(weights(models.shufflenet_v1) / M)
    if params:
        size = weights(models.se_shufflenet_v1, bias=False) / M
        return Found(size, "cut off, not rounded", instead=cut_off(size, 1))
    plain = counted(models.shufflenet_v1)
    if not with_se:
        reason = "140 is from the first row of ShuffleNet's Table 2; its Table 1 prints 137"
        return Found(plain.macs / M, reason)
    ours = counted(models.se_shufflenet_v1, bias=False)
    extra = (ours.macs + squeezed_values(ours) - plain.macs) / M
    return Found(ours.macs / M, "140 is taken over, and SE and its squeeze added", 140 + extra)


def _reduction(config: str, quantity: str) -> Found:
    """Table 10: parameters and running statistics, without biases in SE."""
    base = counted(models.resnet50).params
    statistics = running_statistics(models.resnet50)
    if config == "r=original":
        return Found((base + statistics) / M)
    r = int(config.removeprefix("r="))
    ours = counted(models.se_resnet50, reduction=r, bias=False).params
    if quantity == "additional params":
        return Found((ours - base) / M)
    if r != 8:
        return Found((ours + statistics) / M)
    biased = counted(models.se_resnet50, reduction=r).params
    reason = "with biases in SE, as no other row needs them"
    return Found((ours + statistics) / M, reason, instead=(biased + statistics) / M)
