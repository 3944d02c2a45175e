"""MobileNet's whole table under a width and a resolution, built from `labcode.cost`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labcode import cost
from labcode._checks import check_between, check_int
from labcode.cost import Cost
from labcode.pages.live.result import Paragraph, Result
from labcode.show.numbers import number, percent, rounded, scaled, times
from labcode.show.pictures import Tone
from labcode.show.tables import AnyCell, Cell, Table

Kind = Literal["3×3", "depthwise", "1×1", "fc"]
BLOCKS = (  # (output channels, stride, how often)
    (64, 1, 1),
    (128, 2, 1),
    (128, 1, 1),
    (256, 2, 1),
    (256, 1, 1),
    (512, 2, 1),
    (512, 1, 5),
    (1024, 2, 1),
    (1024, 1, 1),
)
CLASSES = 1000
SMALLEST = 8  # channels of a layer, as in TF-Slim


@dataclass(frozen=True)
class MobileLayer:
    """One line of the table: a layer, or several equal ones.

    Args:
        kind: What it is.
        stride: Its step, in pixels.
        filters: Its filters as a product, for a reader.
        input_shape: Channels and size of its input.
        repeats: How many of them follow each other.
        cost: Of one of them, weights only.
        norm_params: Two for each channel of the batch norm behind it, or the classifier's biases.
    """

    kind: Kind
    stride: int
    filters: str
    input_shape: tuple[int, int]
    repeats: int
    cost: Cost
    norm_params: int


def mobilenet_layers(width_percent: int = 100, resolution: int = 224) -> list[MobileLayer]:
    """Return the layers of MobileNet v1, equal blocks as one.

    Args:
        width_percent: The width multiplier alpha, in percent.
        resolution: Height and width of the image, in pixels.

    Source: Howard et al., "MobileNets" (arXiv:1704.04861), Table 1, with stride 1 in the last
        depthwise layer, which the sizes beside it need.

    >>> layers = mobilenet_layers()
    >>> sum(layer.repeats for layer in layers)
    28
    >>> sum(layer.repeats * layer.cost.macs for layer in layers)
    568740352
    """
    alpha, size = check_int("width_percent", width_percent), check_int("resolution", resolution)
    channels = _width(32, alpha)
    layers = [_layer("3×3", 3, channels, size, stride=2)]
    size = _after(layers[-1])
    for width, stride, repeats in BLOCKS:
        out_channels = _width(width, alpha)
        layers.append(_layer("depthwise", channels, channels, size, stride, repeats))
        size = _after(layers[-1])
        layers.append(_layer("1×1", channels, out_channels, size, repeats=repeats))
        channels = out_channels
    last = cost.linear(channels, CLASSES, bias=False)
    layers.append(MobileLayer("fc", 1, times(channels, CLASSES), (channels, 1), 1, last, CLASSES))
    return layers


def _width(channels: int, percent: int) -> int:
    return max(SMALLEST, channels * percent // 100)


def _layer(
    kind: Kind, c_in: int, c_out: int, size: int, stride: int = 1, repeats: int = 1
) -> MobileLayer:
    kernel, groups = (1 if kind == "1×1" else 3), (c_in if kind == "depthwise" else 1)
    spent = cost.conv2d(
        c_in, c_out, kernel, size, stride=stride, padding=kernel // 2, groups=groups
    )
    filters = times(kernel, kernel, c_in) if groups > 1 else times(kernel, kernel, c_in, c_out)
    return MobileLayer(kind, stride, filters, (c_in, size), repeats, spent, 2 * c_out)


def _after(layer: MobileLayer) -> int:
    assert layer.cost.output_size is not None
    return layer.cost.output_size[0]


def mobilenet_table(width_percent: int = 100, resolution: int = 224) -> Result:
    """Show MobileNet's layers under the two multipliers.

    Args:
        width_percent: The width multiplier alpha, in percent, from 5 to 200.
        resolution: Height and width of the image, in pixels, from 32 to 512; the resolution
            multiplier rho is this over 224.

    Returns:
        Parameters and multiply-adds of each layer and of each kind of layer.

    Raises:
        ValueError: A number is out of range.

    >>> print(mobilenet_table().summary)
    MobileNet, α = 1, 224 × 224 (ρ = 1): 4.23 M parameters, 569 M multiply-adds.
    """
    check_between("width_percent", width_percent, 5, 200)
    check_between("resolution", resolution, 32, 512)
    layers = mobilenet_layers(width_percent, resolution)
    params, macs = _totals(layers)
    _, full = _totals(mobilenet_layers())
    alpha, rho = width_percent / 100, resolution / 224
    kinds = {kind: percent(part, macs) for kind, part in _by_kind(layers).items()}
    most = max(layer.repeats * layer.cost.macs for layer in layers)
    weights = sum(layer.repeats * layer.cost.params for layer in layers)
    return Result(
        f"MobileNet, α = {alpha:g}, {times(resolution, resolution)} (ρ = {rounded(rho)}): "
        f"{scaled(params)} parameters, {scaled(macs)} multiply-adds.",
        (
            Paragraph(
                f"{percent(macs, full)} of the multiply-adds at α = ρ = 1; α² ρ² = "
                f"{percent((alpha * rho) ** 2, 1)}. By kind: "
                + "; ".join(f"{kind}: {part}" for kind, part in kinds.items())
                + "."
            ),
            Table(
                columns=("Layer", "Filters", "Input", "Multiply-adds"),
                rows=tuple(_row(layer, most) for layer in layers),
                total=("All", f"{number(weights)} weights", "", number(macs)),
                style="layers blocks",
            ),
        ),
        "/2 means stride 2. Parameters in the first line include batch norms and the classifier's "
        "biases; the filters' weights are below.",
        values={"params": params, "macs": macs, "shares": kinds},
    )


def _totals(layers: list[MobileLayer]) -> tuple[int, int]:
    """Return parameters, batch norms and biases included, and multiply-adds."""
    params = sum(x.repeats * (x.cost.params + x.norm_params) for x in layers)
    return params, sum(x.repeats * x.cost.macs for x in layers)


def _by_kind(layers: list[MobileLayer]) -> dict[str, int]:
    found: dict[str, int] = {}
    for layer in layers:
        found[layer.kind] = found.get(layer.kind, 0) + layer.repeats * layer.cost.macs
    return found


def _name(layer: MobileLayer) -> str:
    often = f"{layer.repeats} × " if layer.repeats > 1 else ""
    return f"{often}{layer.kind}" + (f" /{layer.stride}" if layer.stride > 1 else "")


def _row(layer: MobileLayer, most: int) -> tuple[AnyCell, ...]:
    macs, (channels, size) = layer.repeats * layer.cost.macs, layer.input_shape
    tone: Tone = "b" if layer.kind == "1×1" else "a"
    spent = Cell(number(macs), macs / most, tone)
    return _name(layer), layer.filters, times(channels, size, size), spent
