"""Where the cost of a whole network sits, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.calculators.networks import Layer, alexnet, alexnet_torchvision, lenet5
from labcode.pages.live.draw import bar, number, percent, times
from labcode.pages.live.result import Result


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

    >>> print(network_layers())
    LeNet-5: 431,080 parameters, 94.1 % of them in linear layers; 2,293,000 multiply-adds, \
82.3 % in convolutions.
    conv1 (conv) -> 20 × 24 × 24: 520 parameters, 288,000 multiply-adds
    conv2 (conv) -> 50 × 8 × 8: 25,050 parameters, 1,600,000 multiply-adds
    fc1 (linear) -> 500: 400,500 parameters, 400,000 multiply-adds
    fc2 (linear) -> 10: 5,010 parameters, 5,000 multiply-adds
    """
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {network!r}")
    known = NETWORKS[network]
    layers = known.build(
        check_int("input_size", input_size, minimum=0) or known.input_size,
        check_int("in_channels", in_channels, minimum=0) or known.in_channels,
        check_int("classes", classes, minimum=0) or known.classes,
    )
    lead = _summary(network, layers)
    image = times(
        in_channels or known.in_channels,
        input_size or known.input_size,
        input_size or known.input_size,
    )
    lines = [_line(layer) for layer in layers]
    return Result(_html(lead, image, layers), "\n".join([lead, *lines]))


def _total(layers: list[Layer], what: str, kind: str = "") -> int:
    """Return the sum of "params" or "macs" over all layers, or over those of one kind."""
    return sum(getattr(layer.cost, what) for layer in layers if kind in ("", layer.kind))


def _summary(network: str, layers: list[Layer]) -> str:
    params, macs = _total(layers, "params"), _total(layers, "macs")
    return (
        f"{network}: {params:,} parameters, "
        f"{percent(_total(layers, 'params', 'linear'), params)} of them in linear layers; "
        f"{macs:,} multiply-adds, {percent(_total(layers, 'macs', 'conv'), macs)} in convolutions."
    )


def _line(layer: Layer) -> str:
    return (
        f"{layer.name} ({layer.kind}) -> {times(*layer.output_shape)}: "
        f"{layer.cost.params:,} parameters, {layer.cost.macs:,} multiply-adds"
    )


def _html(lead: str, image: str, layers: list[Layer]) -> str:
    most = {what: max(getattr(layer.cost, what) for layer in layers) for what in ("params", "macs")}
    rows = "\n".join(_row(layer, most, layers) for layer in layers)
    params, macs = _total(layers, "params"), _total(layers, "macs")
    return (
        f'<p class="live-lead">{lead}</p>\n<table class="live-table live-layers">'
        '<thead><tr><th scope="col">Layer</th><th scope="col">Output</th>'
        '<th scope="col">Parameters</th><th scope="col">Multiply-adds</th></tr></thead>\n'
        f"<tbody>{rows}</tbody>\n"
        f'<tfoot><tr><th scope="row">All</th><td></td><td>{number(params)}</td>'
        f"<td>{number(macs)}</td></tr></tfoot></table>\n"
        f'<p class="live-caption">One image of {image}; parameters with biases. '
        "A slider at 0 means the published number. "
        '<span class="live-dot live-a" aria-hidden="true"></span>convolutions (conv) '
        '<span class="live-dot live-b" aria-hidden="true"></span>linear layers (fc)</p>'
    )


def _row(layer: Layer, most: dict[str, int], layers: list[Layer]) -> str:
    cells = []
    for what in ("params", "macs"):
        value = getattr(layer.cost, what)
        drawn = bar(value / most[what], "a" if layer.kind == "conv" else "b")
        share = percent(value, _total(layers, what))
        cells.append(f'<td>{number(value)} <span class="live-remark">{share}</span>{drawn}</td>')
    shape = times(*layer.output_shape)
    return f'<tr><th scope="row">{layer.name}</th><td>{shape}</td>{"".join(cells)}</tr>'
