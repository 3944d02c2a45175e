"""MobileNet's Tables 1 to 10, computed: weights without biases, multiply-adds with the FC layer."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from labcode import cost, models
from labcode.papers.conventions import M, built, convolution_macs, counted, printed_rows, weights
from labcode.papers.row import Found, Row, cut_off, make_row, to_digits

_CONVOLUTIONS = "convolutions alone, without the linear layer"


def rows() -> list[Row]:
    """Return Tables 1 to 10 of "MobileNets" (arXiv:1704.04861), published beside computed.

    >>> [row.verdict for row in rows() if row.published == "94.86"]
    ['equal to the digits printed']
    """
    return [
        make_row(table, _labelled(table, printed), _found(table, printed))
        for table, printed in printed_rows("mobilenet_v1", r"Table ([1-9]|10)")
    ]


def _labelled(table: str, printed: dict[str, str]) -> dict[str, str]:
    """Put the label of a layer, which holds its stride, in front of its shapes in Table 1."""
    if table != "Table 1":
        return printed
    label = re.sub(r"layer \d+ (5x )?| \(.*\)", "", printed["config"])
    return {**printed, "value": f"{label} | {printed['value']}"}


def _found(table: str, printed: dict[str, str]) -> Found | None:
    if "top1" in printed["quantity"]:
        return None
    if table == "Table 1":
        return _layer(int(printed["config"].split()[1]))
    if table == "Table 2":
        return _share(printed["config"], printed["quantity"])
    if table == "Table 3":
        return _one_layer(printed["config"], printed["quantity"])
    if table in ("Table 8", "Table 9") and "MobileNet" not in printed["model"]:
        return _other(printed["model"], printed["quantity"])
    return _network(table, printed)


def layer_table() -> list[str]:
    """Return our Table 1: kind and stride | filter | input, one text a printed row.

    >>> layer_table()[0]
    'Conv/s2 | 3x3x3x32 | 224x224x3'
    """
    model, found, size = built(models.mobilenet_v1), [], 224
    for row in counted(models.mobilenet_v1).layers:
        layer = model.get_submodule(row.name)
        if isinstance(layer, nn.Conv2d):
            kernel, channels = layer.kernel_size[0], layer.in_channels
            depthwise = layer.groups > 1
            filters = f"{kernel}x{kernel}x{channels}" + (
                "" if depthwise else f"x{layer.out_channels}"
            )
            kind = f"Conv{' dw' if depthwise else ''}/s{layer.stride[0]}"
            found.append(f"{kind} | {filters} | {size}x{size}x{channels}")
            size = row.output_shape[1] if row.output_shape else size
    linear = model.fc
    assert isinstance(linear, nn.Linear)
    shape = f"{linear.in_features}x{linear.out_features} | 1x1x{linear.in_features}"
    pool = f"AvgPool | {size}x{size} | {size}x{size}x{linear.in_features}"
    start = next(i for i, text in enumerate(found) if found[i : i + 2] == found[i + 2 : i + 4])
    return [*found[: start + 2], *found[start + 10 :], pool, f"FC | {shape}"]


def _layer(number: int) -> Found:
    ours = layer_table()[number]
    if number != 17:
        return Found(ours)
    reason = (
        "misprint of stride 1: the next layer's input is printed as 7x7, and stride 2 leaves 4x4"
    )
    return Found(ours, reason, instead=ours.replace("/s1", "/s2"))


def shares() -> dict[str, tuple[float, float]]:
    """Return our Table 2: kind of layer -> (share of multiply-adds, share of weights) in %."""
    model, sums = built(models.mobilenet_v1), dict[str, list[int]]()
    for row in counted(models.mobilenet_v1).layers:
        layer = model.get_submodule(row.name)
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            part = sums.setdefault(_kind(layer), [0, 0])
            part[0] += row.macs
            part[1] += layer.weight.numel()
    macs, size = (sum(part[i] for part in sums.values()) for i in (0, 1))
    return {kind: (100 * part[0] / macs, 100 * part[1] / size) for kind, part in sums.items()}


def _kind(layer: nn.Conv2d | nn.Linear) -> str:
    if isinstance(layer, nn.Linear):
        return "Fully Connected"
    if layer.groups > 1:
        return "Conv DW 3x3"
    return "Conv 1x1" if layer.kernel_size == (1, 1) else "Conv 3x3"


def _share(kind: str, quantity: str) -> Found:
    macs, size = shares()[kind]
    if "params" in quantity:
        return Found(size)
    reason = "misprint of 1.91, whose digits are swapped: the printed column adds up to 99.29 %"
    return Found(macs, reason if kind == "Conv 3x3" else "", explained=kind == "Conv 3x3")


def _one_layer(config: str, quantity: str) -> Found:
    """Table 3: each row applies one more change to a layer of 512 filters on 14 x 14."""
    if config == "Convolution":
        found = cost.conv2d(512, 512, 3, 14, padding=1)
    else:
        width = 512 if config.startswith("Depthwise") else 384  # alpha 0.75
        size = 10 if config.startswith("rho") else 14  # 0.714 x 14
        found = cost.depthwise_separable(width, width, 3, size, padding=1)
    return Found((found.macs if quantity == "mult-adds" else found.params) / M)


def _network(table: str, printed: dict[str, str]) -> Found:
    name, quantity = printed["model"], printed["quantity"]
    settings: dict[str, Any] = {}
    if found := re.search(r"0\.\d+", name):
        settings["width_multiplier"] = float(found.group())
    if name.startswith("Shallow"):
        settings["repeats"] = 0
    if name.startswith("Conv "):
        settings["separable"] = False
    plain = dict(settings)
    if table == "Table 10":
        settings["num_classes"] = 120
    if "params" in quantity:
        return Found(weights(models.mobilenet_v1, **settings) / M)
    size = int(found.group(1)) if (found := re.search(r"-(\d+)$", name)) else 224
    ours = counted(models.mobilenet_v1, size, **settings)
    return _with_reason(float(printed["value"]), ours, plain, size)


def _with_reason(published: float, ours: Any, plain: dict[str, Any], size: int) -> Found:
    """Try the paper's own convention first, then 1000 classes, then convolutions alone."""
    if round(ours.macs / M) == published:
        return Found(ours.macs / M)
    thousand = counted(models.mobilenet_v1, size, **plain).macs / M
    if round(thousand) == published:
        return Found(ours.macs / M, "the figure for 1000 classes, not for 120", instead=thousand)
    return Found(ours.macs / M, _CONVOLUTIONS, instead=convolution_macs(ours) / M)


def _other(name: str, quantity: str) -> Found:
    macs = quantity == "mult-adds"
    if name == "GoogleNet":
        reason = "in millions of 1,024 x 1,000, the one unit that fits both of its figures"
        value = counted(models.googlenet).macs if macs else weights(models.googlenet)
        return Found(value / M, reason, instead=to_digits(value / (1024 * 1000), 3))
    if name == "VGG 16":
        ours = counted(models.vgg16)
        three = to_digits(convolution_macs(ours) / M, 3)
        reason = f"{_CONVOLUTIONS}, rounded to three digits"
        return Found(ours.macs / M, reason, three) if macs else Found(weights(models.vgg16) / M)
    if name == "Squeezenet":
        ours = counted(models.squeezenet, 227)
        reason = "twice the multiply-adds, rounded to two digits: here a multiply-add is two"
        if macs:
            return Found(ours.macs / M, reason, instead=to_digits(2 * ours.macs / M, 2))
        return Found(weights(models.squeezenet) / M, "with biases", instead=ours.params / M)
    ours = counted(models.alexnet, 227)
    if macs:
        return Found(ours.macs / M, "rounded to two digits", instead=to_digits(ours.macs / M, 2))
    size = weights(models.alexnet) / M
    return Found(size, "cut off, as in AlexNet's abstract", instead=cut_off(size))
