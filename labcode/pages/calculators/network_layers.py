"""Where the cost of a whole network sits, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labcode._checks import check_choice, check_int
from labcode.pages.live.result import Result
from labcode.pages.networks import Layer, alexnet, alexnet_torchvision, lenet5
from labcode.show.numbers import number, percent, times
from labcode.show.tables import AnyCell, Cell, Head, Table


@dataclass(frozen=True)
class Network:
    """A network as published: how it is built, and its image and classes."""

    build: Callable[[int, int, int], list[Layer]]
    input_size: int
    in_channels: int
    classes: int


def _alexnet_ungrouped(input_size: int, in_channels: int, classes: int) -> list[Layer]:
    return alexnet(input_size, in_channels, classes, groups=1)


NETWORKS = {
    "LeNet-5": Network(lenet5, 28, 1, 10),
    "AlexNet": Network(alexnet, 224, 3, 1000),
    "AlexNet, ungrouped": Network(_alexnet_ungrouped, 224, 3, 1000),
    "AlexNet, torchvision": Network(alexnet_torchvision, 224, 3, 1000),
}


def network_layers(
    network: str = "LeNet-5", input_size: int = 0, in_channels: int = 0, classes: int = 0
) -> Result:
    """Show how many parameters and multiply-adds each layer of a network has.

    Args:
        network: One of ``NETWORKS``.
        input_size: Height and width of the image, in pixels; 0 means as published.
        in_channels: Channels of the image; 0 means as published.
        classes: Outputs of the last layer; 0 means as published.

    Returns:
        Parameters (with biases) and multiply-adds by layer, for one image.

    Raises:
        ValueError: The network is unknown, or the image is too small for it.

    >>> print(network_layers().summary)
    LeNet-5: 431,080 parameters, 94.1 % of them in linear layers; 2,293,000 multiply-adds, \
82.3 % in convolutions.
    """
    known = NETWORKS[check_choice("network", network, tuple(NETWORKS))]
    size = check_int("input_size", input_size, minimum=0) or known.input_size
    channels = check_int("in_channels", in_channels, minimum=0) or known.in_channels
    outputs = check_int("classes", classes, minimum=0) or known.classes
    layers = known.build(size, channels, outputs)
    params, macs = _total(layers, "params"), _total(layers, "macs")
    return Result(
        f"{network}: {number(params)} parameters, "
        f"{percent(_total(layers, 'params', 'linear'), params)} of them in linear layers; "
        f"{number(macs)} multiply-adds, {percent(_total(layers, 'macs', 'conv'), macs)} in "
        "convolutions.",
        (
            Table(
                columns=("Layer", "Output", "Parameters", "Multiply-adds"),
                rows=tuple(_row(layer, layers) for layer in layers),
                total=("All", "", number(params), number(macs)),
                style="layers",
            ),
        ),
        f"One image of {times(channels, size, size)}; parameters with biases.",
        (Head("convolutions (conv)", "a"), Head("linear layers (fc)", "b")),
        values={
            "params": params,
            "macs": macs,
            "by_layer": [(layer.cost.params, layer.cost.macs) for layer in layers],
        },
    )


def _total(layers: list[Layer], what: str, kind: str = "") -> int:
    """Return the sum of "params" or "macs" over all layers, or over those of one kind."""
    return sum(getattr(layer.cost, what) for layer in layers if kind in ("", layer.kind))


def _row(layer: Layer, layers: list[Layer]) -> tuple[AnyCell, ...]:
    shape = times(*layer.output_shape)
    return layer.name, shape, *(_cell(layer, layers, what) for what in ("params", "macs"))


def _cell(layer: Layer, layers: list[Layer], what: str) -> Cell:
    """Return a number with its share of all, and a bar against the largest."""
    value = getattr(layer.cost, what)
    most = max(getattr(other.cost, what) for other in layers)
    remark = percent(value, _total(layers, what))
    return Cell(number(value), value / most, "a" if layer.kind == "conv" else "b", remark)
