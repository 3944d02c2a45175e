"""What squeeze-and-excitation adds to ResNet-50, by formula: reduction and stage."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_between, check_choice, check_int
from labcode.cost import Cost
from labcode.pages.live.result import Result
from labcode.pages.networks import Layer
from labcode.show.numbers import number, percent, rounded
from labcode.show.tables import Cell, Table

BLOCKS = {"stage 2": (3, 64), "stage 3": (4, 128), "stage 4": (6, 256), "stage 5": (3, 512)}
WHERE = ("all stages", *BLOCKS)


def resnet50(input_size: int = 224) -> list[Layer]:
    """Return the layers of ResNet-50 whose bottlenecks have the stride on their first 1x1.

    The parameters of a convolution include the scale and shift of its batch norm.

    Args:
        input_size: Height and width of the images, in pixels.

    Source: He et al. (arXiv:1512.03385), Table 1.

    >>> layers = resnet50()
    >>> sum(layer.cost.params for layer in layers), sum(layer.cost.macs for layer in layers)
    (25557032, 3857973248)
    """

    def conv(name: str, inputs: int, outputs: int, kernel: int, size: int, stride: int = 1) -> int:
        plain = cost.conv2d(inputs, outputs, kernel, size, stride=stride, padding=kernel // 2)
        assert plain.output_size is not None
        spent = Cost(plain.params + 2 * outputs, plain.macs, plain.output_size)
        layers.append(Layer(name, "conv", (outputs, *plain.output_size), spent))
        return plain.output_size[0]

    layers: list[Layer] = []
    size = conv("conv1", 3, 64, 7, input_size, 2)
    pooled = cost.pool2d(size, 3, stride=2, padding=1).output_size
    assert pooled is not None
    size, inside = pooled[0], 64
    for stage, (blocks, width) in BLOCKS.items():
        for block in range(blocks):
            stride = 2 if not block and stage != "stage 2" else 1
            after = conv(f"{stage}.{block}.conv1", inside, width, 1, size, stride)
            conv(f"{stage}.{block}.conv2", width, width, 3, after)
            conv(f"{stage}.{block}.conv3", width, 4 * width, 1, after)
            if not block:
                conv(f"{stage}.{block}.shortcut", inside, 4 * width, 1, size, stride)
            size, inside = after, 4 * width
    return [*layers, Layer("fc", "linear", (1000,), cost.linear(inside, 1000))]


def excitation(channels: int, reduction: int, *, bias: bool = True) -> Cost:
    """Return the cost of one squeeze-and-excitation layer: two linear layers.

    The averages and the scaling are not multiply-adds of a layer and are not counted.

    Args:
        channels: Channels of the map.
        reduction: The hidden layer has channels / reduction units, rounded down.
        bias: Whether the linear layers have biases.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: ``reduction`` is more than the channels.

    Source: Hu et al. (arXiv:1709.01507), equation 4.

    >>> excitation(256, 16, bias=False).params
    8192
    """
    hidden = check_int("channels", channels) // check_int("reduction", reduction)
    if not hidden:
        raise ValueError(f"reduction must be at most the channels, {channels}, got {reduction!r}")
    first = cost.linear(channels, hidden, bias=bias)
    return first + cost.linear(hidden, channels, bias=bias)


def se_cost(reduction: int = 16, where: str = "all stages") -> Result:
    """Show what SE adds to ResNet-50, stage by stage.

    Args:
        reduction: The paper's r, 1 to 64.
        where: "all stages", or one of "stage 2" to "stage 5".

    Returns:
        Added parameters of each stage, and their share of the network's, with multiply-adds.

    Raises:
        TypeError: ``reduction`` is not an integer.
        ValueError: A setting is out of range.

    >>> print(se_cost().summary)
    r = 16, all stages: 2,530,992 parameters more (9.9 %), 2,514,944 multiply-adds more (0.0652 %).
    """
    check_between("reduction", reduction, 1, 64)
    check_choice("where", where, WHERE)
    layers = resnet50()
    params = sum(layer.cost.params for layer in layers)
    macs = sum(layer.cost.macs for layer in layers)
    added = {
        stage: _added(stage, reduction) if where in (stage, WHERE[0]) else Cost(0, 0)
        for stage in BLOCKS
    }
    total = sum(added.values(), Cost(0, 0))
    most = max(spent.params for spent in added.values())
    rows = tuple(_row(stage, spent.params, params, most) for stage, spent in added.items())
    return Result(
        f"r = {reduction}, {where}: {number(total.params)} parameters more "
        f"({percent(total.params, params)}), {number(total.macs)} multiply-adds more "
        f"({percent(total.macs, macs)}).",
        (Table(columns=("Stage", "Added parameters"), rows=rows, style="list"),),
        f"ResNet-50 alone: {rounded(params / 1e6)} million parameters, "
        f"{rounded(macs / 1e9)} billion multiply-adds.",
        values={
            "params": total.params,
            "macs": total.macs,
            "by_stage": {stage: spent.params for stage, spent in added.items()},
        },
    )


def _added(stage: str, reduction: int) -> Cost:
    """Return what a stage gains: one squeeze-and-excitation layer a block."""
    blocks, width = BLOCKS[stage]
    one = excitation(4 * width, reduction)
    return Cost(blocks * one.params, blocks * one.macs)


def _row(stage: str, added: int, params: int, most: int) -> tuple[Cell, Cell]:
    blocks, width = BLOCKS[stage]
    remark = f"{percent(added, params)} of the network"
    name = Cell(stage, remark=f"{blocks} × {4 * width} channels")
    return name, Cell(number(added), added / most, remark=remark)
