"""SqueezeNet's Tables 1 to 3 and its design-space sizes, computed from the architecture."""

from __future__ import annotations

import re
from typing import NamedTuple

from torch import nn

from labcode import cost, models
from labcode.counting import LayerCost
from labcode.models.squeezenet import EXPAND
from labcode.papers import deep_compression, published
from labcode.papers.conventions import M, built, counted, printed_rows
from labcode.papers.row import Found, Row, agrees, cut_off, make_row, to_digits

MIB = 2**20
_KEPT = "kept fraction s1x1/e1x1/e3x3 (paper calls it sparsity)"
_MIB = "in MiB (1,048,576 bytes), rounded up"


def rows() -> list[Row]:
    """Return Tables 1 to 3 and the sizes of sections 5.2 and 5.3 (Figure 3) of arXiv:1602.07360.

    >>> [row.computed for row in rows() if row.published == "1248424"]
    [1248424]
    """
    return [
        make_row(table, printed, _found(table, printed))
        for table, printed in printed_rows("squeezenet", r"Table [123]|sec 5\.2|Figure 3")
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
    return _size(_designed(printed["config"]), printed["value"])


def _designed(config: str) -> int:
    """Return the parameters of a point of the design space, such as "SR=0.500 pct3x3=1%"."""
    ratio, share = re.findall(r"SR=([\d.]+) pct3x3=(\d+)%", config)[0]
    settings = {"squeeze_ratio": float(ratio), "expand3x3_share": int(share) / 100}
    return counted(models.squeezenet, 227, **settings).params


def _size(params: int, value: str) -> Found:
    """Return the size of float32 weights, in MB; all printed sizes are MiB, rounded up."""
    return Found(4 * params / M, _MIB, instead=-cut_off(-4 * params / MIB, int("." in value)))


def _bypass(config: str) -> Found:
    kind = config.split()[0]
    bypass = None if kind == "vanilla" else kind
    params = counted(models.squeezenet, 227, bypass=bypass).params
    if bypass != "complex":
        return _size(params, "4.8")
    reason = (
        f"a 1x1 convolution around fire2, 4, 6 and 8, where the text has one, gives this "
        f"({4 * params / MIB:.1f} MiB); around all eight modules, {4 * _around_all() / MIB:.1f} MiB"
    )
    return Found(4 * params / M, reason)


def _around_all() -> int:
    """Return SqueezeNet's parameters with a 1x1 convolution around each Fire module."""
    before = (counted(models.squeezenet, 227).layers[0].output_shape or (0,))[0]
    pairs = zip((before, *EXPAND), EXPAND, strict=False)
    extra = sum(cost.conv2d(a, b, 1, 13, bias=True).params for a, b in pairs)
    return counted(models.squeezenet, 227).params + extra


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
    left, biases, layers = _pruned_parts()
    return left * (bits + index_bits) / 8 + 4 * biases + 4 * 2.0**bits * layers


def _pruned_parts() -> tuple[int, int, int]:
    """Return weights that pruning leaves, biases, and layers."""
    convs = [m for m in built(models.squeezenet).modules() if isinstance(m, nn.Conv2d)]
    biases = sum(conv.out_channels for conv in convs)
    return pruned_total() - biases, biases, len(convs)


class Step(NamedTuple):
    """One step of the way from AlexNet's 240 MB to 0.47 MB; "" stands where nothing is printed."""

    network: str
    arithmetic: str
    megabytes: float
    printed_megabytes: str
    times_smaller: float
    printed_times: str


def path() -> list[Step]:
    """Return the way from AlexNet's 240 MB to 4.8, 0.66 and 0.47 MB (50x, 363x and 510x).

    Sizes follow from the architecture, Table 1's shares and the rules of `packed_bytes`, so that
    the last two are sizes before Huffman coding. The printed 4.8 MB are MiB.

    >>> [(round(step.megabytes, 2), step.printed_megabytes) for step in path()]
    [(243.86, '240'), (4.99, '4.8'), (1.68, ''), (0.67, '0.66'), (0.54, '0.47')]
    """
    alexnet, plain = (counted(make, 227).params for make in (models.alexnet, models.squeezenet))
    left, biases, layers = _pruned_parts()
    whole = {
        "AlexNet": (alexnet, "none 32b"),
        "SqueezeNet": (plain, "none 32b"),
        "pruned, its zeros left out": (left + biases, ""),
    }
    steps = [
        (name, f"{params:,} parameters x 4 bytes", 4.0 * params, config)
        for name, (params, config) in whole.items()
    ]
    for bits in (8, 6):
        arithmetic = (
            f"{left:,} x ({bits} + 4) / 8 + {biases:,} biases x 4 + {layers} x {2**bits} x 4 bytes"
        )
        method = f"Deep Compression {bits}b 33% kept"
        steps.append((f"and in {bits} + 4 bits", arithmetic, packed_bytes(bits), method))
    return [
        Step(name, text, size / M, *_printed_step(name, config, 4 * alexnet / size))
        for name, text, size, config in steps
    ]


def _printed_step(name: str, config: str, times: float) -> tuple[str, float, str]:
    model = "AlexNet" if name == "AlexNet" else "SqueezeNet"
    size, ratio = (_printed(model, config, q) for q in ("size after", "reduction vs AlexNet"))
    return size, times, ratio


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
    before = _printed("AlexNet", "none 32b", "size after")
    after = _printed(printed["model"], printed["config"], "size after")
    ratio = float(before) / float(after)
    reason = f"the printed sizes divided, {before} / {after}"
    if agrees(printed["value"], ratio):
        return Found(ours, reason, instead=ratio)
    return Found(ours, f"{reason}, and cut off", instead=cut_off(ratio))


def _printed(model: str, config: str, quantity: str) -> str:
    """Return what Table 2 prints, "" where it has no such row."""
    table = published.table("squeezenet")
    same = (table["model"] == model) & (table["config"] == config) & (table["quantity"] == quantity)
    return "".join(table[same]["value"])


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
    reason = "copied from Deep Compression, whose layers in its own Table 4 add up to this one"
    return Found(layers.compressed_bytes / M, reason)


def _millions(method: str) -> float:
    """Return the millions of parameters that Han et al. (2015) print for a compressed AlexNet."""
    table = published.table("han2015_pruning")
    row = table[(table["config"] == method) & (table["quantity"] == "params")]
    return float(str(row["value"].item()).rstrip("M"))
