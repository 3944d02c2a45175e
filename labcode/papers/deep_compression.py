"""Deep Compression's sizes, layer by layer, from the printed shares and bits."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from torch import nn

from labcode import models
from labcode.counting import count_parameters
from labcode.papers import published
from labcode.papers.conventions import built, printed_rows
from labcode.papers.row import Found, Row, agrees, cut_off, make_row, printed_number

# network -> (factory, settings, the paper's name of a layer -> ours)
_NETWORKS: dict[str, tuple[Any, dict[str, str]]] = {
    "LeNet-300-100": (models.lenet_300_100, {"ip1": "fc1", "ip2": "fc2", "ip3": "fc3"}),
    "LeNet-5": (models.lenet5, {"ip1": "fc1", "ip2": "fc2"}),
    "AlexNet": (models.alexnet, {}),
    "VGG-16": (models.vgg16, {}),
}
_UNITS = {"K": 1e3, "M": 1e6}


class Total(NamedTuple):
    """What the layers of a table add up to."""

    weights: int
    kept: float  # weights that are left
    compressed_bytes: float

    @property
    def rate(self) -> float:
        """Compressed over float32 size."""
        return self.compressed_bytes / (4 * self.weights)


def rows() -> list[Row]:
    """Return Tables 1 to 5 of "Deep Compression" (arXiv:1510.00149).

    >>> [row.computed for row in rows() if row.config == "conv1" and row.quantity == "weights"]
    [0.5, 34.848]
    """
    return [
        make_row(table, printed, _found(table, printed))
        for table, printed in printed_rows("deep_compression", r"Table [1-5]")
    ]


def _found(table: str, printed: dict[str, str]) -> Found | None:
    network, layer, quantity = printed["model"], printed["config"], printed["quantity"]
    if table == "Table 1":
        return _table1(network, quantity, printed["value"])
    if quantity == "weights":
        return _weights(network, layer, printed["value"])
    if quantity.startswith("compress rate"):
        stage = re.findall(r"\((.*)\)", quantity)[0]
        if layer == "Total":
            return _total_rate(network, stage, printed["value"])
        return _layer_rate(network, layer, stage, printed["value"])
    if layer == "Total" and quantity == "weights kept (P)":
        return _total_kept(network, printed["value"])
    return None  # what pruning and clustering gave the authors


@cache
def _printed() -> dict[tuple[str, str, str], str]:
    table = published.table("deep_compression")
    keys = zip(table["model"], table["config"], table["quantity"], strict=True)
    return dict(zip(keys, table["value"], strict=True))


def layer_names(network: str) -> list[str]:
    """Return the layers of a network, as the paper names them.

    >>> layer_names("LeNet-5")
    ['conv1', 'conv2', 'ip1', 'ip2']
    """
    names = dict.fromkeys(key[1] for key in _printed() if key[0] == network and key[2] == "weights")
    return [name for name in names if name != "Total"]


def _module(network: str, layer: str) -> nn.Conv2d | nn.Linear:
    make, names = _NETWORKS[network]
    model = built(make)
    name = names.get(layer, layer)
    inside = getattr(model, "features", None)
    found = getattr(model, name, None)
    found = getattr(inside, name) if found is None else found
    assert isinstance(found, (nn.Conv2d, nn.Linear))
    return found


def _count(network: str, layer: str) -> int:
    return _module(network, layer).weight.numel()


def _weights(network: str, layer: str, value: str) -> Found:
    unit = _UNITS[value[-1]]
    layers = [_module(network, name) for name in layer_names(network)]
    if layer != "Total":
        layers = [_module(network, layer)]
    size = sum(part.weight.numel() for part in layers) / unit
    biased = size + sum(part.bias.numel() for part in layers if part.bias is not None) / unit
    if agrees(value, biased):
        return Found(size, "with biases", instead=biased)
    return Found(size, "cut off, not rounded", instead=cut_off(size))


def _number(network: str, layer: str, quantity: str) -> tuple[float, float, float]:
    """Return a printed number, and the least and the most that rounds to it."""
    text = _printed()[network, layer, quantity]
    number = printed_number(text)
    assert number is not None
    decimals = len(text.split(".")[1]) if "." in text else 0
    return number, number - 0.5 * 10.0**-decimals, number + 0.5 * 10.0**-decimals


def layer_rate(network: str, layer: str, stage: str) -> tuple[float, float, float]:
    """Return compressed over float32 size of a layer, from the printed shares and bits.

    rate = kept share x (weight bits + index bits) / 32 + codebook / weights; the codebook has
    2^bits values of 32 bits.

    Args:
        network: Such as "LeNet-5".
        layer: Such as "conv1".
        stage: "P+Q" (pruned and quantized) or "P+Q+H" (Huffman-coded too).

    Returns:
        The rate, and the least and the most that the rounding of the printed numbers allows.

    >>> round(layer_rate("LeNet-5", "conv1", "P+Q")[0], 3)
    0.78
    """
    codebook = 2 ** _number(network, layer, "weight bits (P+Q)")[0] / _count(network, layer)
    kept = _number(network, layer, "weights kept (P)")
    bits = [_number(network, layer, f"{kind} bits ({stage})") for kind in ("weight", "index")]
    if stage == "P+Q":  # whole bits: nothing was rounded
        bits = [(number, number, number) for number, _, _ in bits]
    rates = [kept[i] / 100 * (bits[0][i] + bits[1][i]) / 32 + codebook for i in range(3)]
    return rates[0], rates[1], rates[2]


def _layer_rate(network: str, layer: str, stage: str, value: str) -> Found:
    rate, low, high = (100 * number for number in layer_rate(network, layer, stage))
    limits = f"{low:.2f} to {high:.2f} %"
    if agrees(value, _clipped(value, low, high)):
        reason = f"the rounding of the printed shares and bits allows {limits}"
        return Found(rate, reason, instead=_clipped(value, low, high))
    zeros = filler_zeros(network, layer)
    nearest = _clipped(value, low, high * (1 + zeros))
    reason = f"the printed shares and bits allow {limits}, and zeros that fill long distances"
    if agrees(value, nearest):
        return Found(rate, f"{reason} add up to {100 * zeros:.0f} % to it", instead=nearest)
    return Found(rate, f"{reason} only {100 * zeros:.0f} % more")


def _clipped(value: str, low: float, high: float) -> float:
    return min(max(float(value), low), high)


def filler_zeros(network: str, layer: str) -> float:
    """Return the zeros stored for each weight that is left, if those are anywhere at random.

    An index of b bits reaches 2^b places ahead. If a share p of the weights is left, the next
    one is further with probability q = (1 - p)^(2^b), and q / (1 - q) zeros fill the way.

    >>> round(filler_zeros("AlexNet", "fc6"), 2)
    0.28
    """
    kept = _number(network, layer, "weights kept (P)")[0] / 100
    bits = _number(network, layer, "index bits (P+Q)")[0]
    further = float((1 - kept) ** 2.0**bits)
    return further / (1 - further)


def layers_total(network: str, stage: str, rounding: int = 0) -> Total:
    """Return what a network's printed layers add up to: sizes from the printed rates.

    Args:
        network: Such as "LeNet-5".
        stage: "P+Q" (pruned and quantized) or "P+Q+H" (Huffman-coded too).
        rounding: 0 takes the printed numbers as they are, 1 the least and 2 the most that
            rounds to them.

    >>> round(1 / layers_total("LeNet-5", "P+Q+H").rate, 1)
    36.6
    """
    weights, kept, size = 0, 0.0, 0.0
    for layer in layer_names(network):
        count = _count(network, layer)
        weights += count
        kept += count * _number(network, layer, "weights kept (P)")[rounding] / 100
        size += 4 * count * _number(network, layer, f"compress rate ({stage})")[rounding] / 100
    return Total(weights, kept, size)


def _total_rate(network: str, stage: str, value: str) -> Found:
    rate, low, high = (100 * layers_total(network, stage, i).rate for i in range(3))
    limits = f"{low:.2f} to {high:.2f} %"
    if agrees(value, _clipped(value, low, high)):
        reason = f"the rounding of the layers' rates allows {limits}"
        return Found(rate, reason, instead=_clipped(value, low, high))
    return Found(rate, f"the printed layers add up to this; their rounding allows {limits} only")


def _total_kept(network: str, value: str) -> Found:
    shares = []
    for i in range(3):
        total = layers_total(network, "P+Q", i)
        shares.append(100 * total.kept / total.weights)
    nearest = _clipped(value, *shares[1:])
    reason = f"the rounding of the layers' shares allows {shares[1]:.2f} to {shares[2]:.2f} %"
    return Found(shares[0], reason, instead=nearest if agrees(value, nearest) else None)


def _table1(network: str, quantity: str, value: str) -> Found | None:
    if "error" in quantity:
        return None
    total = layers_total(network, "P+Q+H")
    unit = 1e6 if value.endswith("MB") else 1e3
    if quantity == "size compressed":
        ours = total.compressed_bytes / unit
        before, times = (_printed()[network, "total", key] for key in ("size ref", "compression"))
        return Found(ours, f"the printed layers add up to this; printed is {before} / {times}")
    if quantity == "compression":
        rate = _printed()[network, "Total", "compress rate (P+Q+H)"]
        reason = f"the printed layers add up to this; printed is one over the total, {rate} %"
        return Found(1 / total.rate, reason)
    size = 4 * total.weights / unit
    rounded = _printed()[network, "Total", "weights"]
    four = 4 * (printed_number(rounded) or 0) * _UNITS[rounded[-1]] / unit
    if agrees(value, four):
        return Found(size, f"4 bytes for each of {rounded} weights", instead=four)
    whole = 4 * count_parameters(built(_NETWORKS[network][0])) / unit
    place = -1 if unit == 1e3 or network == "AlexNet" else 0
    return Found(size, "with biases, rounded to tens", instead=round(whole, place))
