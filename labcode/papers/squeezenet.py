"""SqueezeNet's Tables 1 to 3 and its design-space sizes, computed from the architecture."""

from __future__ import annotations

import re

from torch import nn

from labcode import models, published
from labcode.counting import LayerCost
from labcode.papers import deep_compression
from labcode.papers.conventions import M, built, counted, printed_rows
from labcode.papers.row import Found, Row, agrees, cut_off, make_row, to_digits

MIB = 2**20
_KEPT = "kept fraction s1x1/e1x1/e3x3 (paper calls it sparsity)"
_MIB = "the printed MB are MiB (1,048,576 bytes)"


def rows() -> list[Row]:
    """Return Tables 1 to 3 and the sizes of sections 5.2 and 5.3 of arXiv:1602.07360.

    >>> [row.computed for row in rows() if row.published == "1248424"]
    [1248424]
    """
    return [
        make_row(table, printed, _found(table, printed))
        for table, printed in printed_rows("squeezenet", r"Table [123]|sec 5\.2")
    ]


def _found(table: str, printed: dict[str, str]) -> Found | None:
    if table == "Table 1":
        return _layer(printed["config"], printed["quantity"])
    if table == "Table 2":
        return _compressed(printed)
    if printed["quantity"] != "size":
        return None
    if table == "Table 3":
        return _bypass(printed["config"])
    ratio = float(re.findall(r"SR=([\d.]+)", printed["config"])[0])
    params = counted(models.squeezenet, 227, squeeze_ratio=ratio).params
    return _size(params, printed["value"])


def _size(params: int, value: str) -> Found:
    """Return the size of float32 weights: in MB if that is what was printed, else in MiB."""
    megabytes = 4 * params / M
    if round(megabytes, 1 if "." in value else 0) == float(value):
        return Found(megabytes)
    return Found(megabytes, _MIB, instead=4 * params / MIB)


def _bypass(config: str) -> Found:
    kind = config.split()[0]
    bypass = None if kind == "vanilla" else kind
    params = counted(models.squeezenet, 227, bypass=bypass).params
    if bypass != "complex":
        return _size(params, "4.8")
    return Found(
        4 * params / M,
        "a 1x1 convolution around fire2, 4, 6 and 8, where the text has one, gives 6.4 MB "
        "(6.1 MiB); around all eight modules it gives 8.3 MB",
    )


def layer_rows(name: str) -> list[LayerCost]:
    """Return the rows of `labcode.count` that belong to a row of Table 1, at 227 x 227 pixels."""
    layers = counted(models.squeezenet, 227).layers
    return [row for row in layers if name in row.name.split(".") and row.type == "Conv2d"]


def kept_params(name: str, kept: str) -> int:
    """Return the parameters that are left: each layer's share of weights, rounded up; all biases.

    Args:
        name: A row of Table 1, such as "fire2".
        kept: Its printed shares, such as "100% 100% 33%", for the layers in order.

    Returns:
        The number of parameters after pruning.

    >>> kept_params("fire2", "100% 100% 33%")
    5746
    """
    model, total = built(models.squeezenet), 0
    shares = [int(share) for share in re.findall(r"(\d+)%", kept)]
    for row, share in zip(layer_rows(name), shares, strict=True):
        layer = model.get_submodule(row.name)
        assert isinstance(layer, nn.Conv2d)
        total += -(-share * layer.weight.numel() // 100) + layer.out_channels  # rounded up
    return total


def _layer(name: str, quantity: str) -> Found | None:
    if quantity in (_KEPT, "bits"):
        return None  # what the authors chose
    if quantity == "params before pruning":
        names = _names() if name == "total" else [name]
        return Found(sum(row.params for n in names for row in layer_rows(n)))
    if quantity == "params after pruning":
        return Found(pruned_total() if name == "total" else kept_params(name, _kept(name)))
    parts = layer_rows(name)
    shapes = [row.output_shape or () for row in parts]
    if quantity == "output size":
        channels = sum(shape[0] for shape in shapes[1:]) or shapes[0][0]
        return Found(f"{shapes[0][1]}x{shapes[0][2]}x{channels}")
    return Found("/".join(str(shape[0]) for shape in shapes))


def _names() -> list[str]:
    return ["conv1", *(f"fire{number}" for number in range(2, 10)), "conv10"]


def _kept(name: str) -> str:
    table = published.table("squeezenet")
    row = table[(table["config"] == name) & (table["quantity"] == _KEPT)]
    return str(row["value"].item())


def pruned_total() -> int:
    """Return the parameters after pruning: our sum of Table 1's last column."""
    return sum(kept_params(name, _kept(name)) for name in _names())


def packed_bytes(bits: int, index_bits: int = 4) -> float:
    """Return the size of the pruned and shared network, before Huffman coding.

    Each weight that is left takes an index into a codebook and its distance from the last one;
    each layer has a codebook of float32 values; biases stay float32. Zeros that a distance of
    more than 15 needs are not counted: how many there are depends on the trained weights.

    Args:
        bits: Bits of a codebook's index.
        index_bits: Bits of a distance.

    Returns:
        Bytes.

    >>> round(packed_bytes(8))
    668211
    """
    convs = [m for m in built(models.squeezenet).modules() if isinstance(m, nn.Conv2d)]
    biases = sum(conv.out_channels for conv in convs)
    left = pruned_total() - biases
    return left * (bits + index_bits) / 8 + 4 * biases + 4 * 2.0**bits * len(convs)


def _compressed(printed: dict[str, str]) -> Found | None:
    quantity, alexnet = printed["quantity"], 4 * counted(models.alexnet, 227).params / M
    if quantity in ("top1", "top5"):
        return None
    after = _after(printed["model"], printed["config"])
    if quantity == "reduction vs AlexNet":
        return _reduction(alexnet / float(after.value or 0), printed)
    if printed["model"] == "SqueezeNet" and quantity == "size before":
        return _size(counted(models.squeezenet, 227).params, "4.8")
    if quantity == "size before":
        return Found(alexnet, "rounded to two digits", instead=to_digits(alexnet, 2))
    return after


def _reduction(ours: float, printed: dict[str, str]) -> Found:
    """Return how many times smaller than AlexNet: with our sizes, and with the printed ones."""
    before = _printed_size({"model": "AlexNet", "config": "none 32b"})
    after = _printed_size(printed)
    ratio = float(before) / float(after)
    reason = f"the printed sizes divided, {before} / {after}"
    if agrees(printed["value"], ratio):
        return Found(ours, reason, instead=ratio)
    return Found(ours, f"{reason}, and cut off", instead=cut_off(ratio))


def _printed_size(printed: dict[str, str]) -> str:
    table = published.table("squeezenet")
    same = (table["model"] == printed["model"]) & (table["config"] == printed["config"])
    return str(table[same & (table["quantity"] == "size after")]["value"].item())


def _after(network: str, method: str) -> Found:
    """Return the size after compression, in MB."""
    if network == "SqueezeNet" and method.startswith("none"):
        return _size(counted(models.squeezenet, 227).params, "4.8")
    if network == "SqueezeNet":
        size = packed_bytes(int(method.split()[2][0])) / M
        reason = (
            "the size before Huffman coding and without the zeros that fill long distances: "
            "how much these change depends on the trained weights"
        )
        return Found(size, reason)
    alexnet = 4 * counted(models.alexnet, 227).params / M
    if method.startswith("none"):
        return Found(alexnet, "rounded to two digits", instead=to_digits(alexnet, 2))
    if method.startswith("SVD"):
        return Found(4 * _millions("SVD (Denton)"))
    if method.startswith("Network Pruning"):
        return Found(4 * _millions("Network Pruning"))
    layers = deep_compression.layers_total("AlexNet", "P+Q+H")
    reason = "the printed size; the layers of Deep Compression's own Table 4 add up to this one"
    return Found(layers.compressed_bytes / M, reason, explained=True)


def _millions(method: str) -> float:
    """Return the millions of parameters that Han et al. (2015) print for a compressed AlexNet."""
    table = published.table("han2015_pruning")
    row = table[(table["config"] == method) & (table["quantity"] == "params")]
    return float(str(row["value"].item()).rstrip("M"))
