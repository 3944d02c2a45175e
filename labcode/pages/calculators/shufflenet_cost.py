"""ShuffleNet's complexity by formula, when its groups and its scale move."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_choice, check_int, check_number
from labcode.pages.live.result import Result
from labcode.pages.networks import Layer, by_part
from labcode.show.numbers import number, percent, plural, rounded
from labcode.show.tables import Cell, Table

STAGE2 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # groups -> output channels of stage 2
STEM = 24
REPEATS = (3, 7, 3)  # units with stride 1 in stages 2, 3 and 4
SCALES = ("1", "0.25", "0.5", "0.75", "1.5", "2")


def shuffle_unit(
    name: str, in_channels: int, out_channels: int, size: int, stride: int, groups: int, first: int
) -> list[Layer]:
    """Return the three convolutions of a ShuffleNet unit, without biases.

    Args:
        name: Of the unit.
        in_channels: Channels of the input.
        out_channels: Channels of the output; the bottleneck has a quarter of them.
        size: Height and width of the input, in pixels.
        stride: 1, or 2: then the branch makes out - in channels, beside the pooled shortcut.
        groups: Groups of the second 1x1 convolution.
        first: Groups of the first one.

    Raises:
        ValueError: The groups do not divide the channels.

    >>> [part.cost.macs for part in shuffle_unit("unit", 240, 240, 28, 1, 3, 3)]
    [3763200, 423360, 3763200]
    """
    hidden = out_channels // 4
    if out_channels % 4 or hidden % groups:
        raise ValueError(
            f"{name}: the bottleneck would have {out_channels / 4:g} channels, "
            f"which {groups} groups do not divide"
        )
    branch = out_channels - in_channels if stride == 2 else out_channels
    after = -(-size // stride)
    return [
        Layer(
            f"{name}.conv1",
            "conv",
            (hidden, size, size),
            cost.conv2d(in_channels, hidden, 1, size, groups=first),
        ),
        Layer(
            f"{name}.depthwise",
            "conv",
            (hidden, after, after),
            cost.conv2d(hidden, hidden, 3, size, stride=stride, padding=1, groups=hidden),
        ),
        Layer(
            f"{name}.conv3",
            "conv",
            (branch, after, after),
            cost.conv2d(hidden, branch, 1, after, groups=groups),
        ),
    ]


def shufflenet(groups: int = 3, scale: float = 1.0, input_size: int = 224) -> list[Layer]:
    """Return the convolutions of ShuffleNet v1 and its linear layer, without batch norms.

    Args:
        groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        scale: All channels are multiplied by it.
        input_size: Height and width of the images, in pixels.

    Raises:
        ValueError: ``groups`` is not one of these, or does not divide the scaled channels.

    Source: ShuffleNet (arXiv:1707.01083), Table 1.

    >>> sum(layer.cost.macs for layer in shufflenet())
    137460672
    """
    check_choice("groups", str(check_int("groups", groups)), tuple(map(str, STAGE2)))
    factor = check_number("scale", scale, above=0)
    stem = max(1, round(STEM * factor))
    first = cost.conv2d(3, stem, 3, input_size, stride=2, padding=1)
    assert first.output_size is not None
    layers = [Layer("conv1", "conv", (stem, *first.output_size), first)]
    pooled = cost.pool2d(first.output_size, 3, stride=2, padding=1).output_size
    assert pooled is not None
    size, inside = pooled[0], stem
    for stage, units in enumerate(REPEATS, start=2):
        outside = round(STAGE2[groups] * factor) * 2 ** (stage - 2)
        for unit in range(units + 1):
            stride = 1 if unit else 2
            one = 1 if stage == 2 and not unit else groups
            name = f"stage{stage}.{unit}"
            layers += shuffle_unit(name, inside, outside, size, stride, groups, one)
            size, inside = -(-size // stride), outside
    return [*layers, Layer("fc", "linear", (1000,), cost.linear(inside, 1000))]


def shufflenet_cost(groups: str = "3", scale: str = "1") -> Result:
    """Show ShuffleNet's multiply-adds stage by stage.

    Args:
        groups: "1", "2", "3", "4" or "8".
        scale: One of `SCALES`.

    Returns:
        Channels and multiply-adds of each stage, the convolutions' sum as in the paper's Table 1,
        and its ratio to the sum at scale 1, beside the square of the scale.

    Raises:
        ValueError: A setting is not one of those, or the groups do not divide the channels.

    >>> print(shufflenet_cost().summary)
    3 groups, scale 1: 137 million multiply-adds in convolutions.
    """
    g = int(check_choice("groups", groups, tuple(map(str, STAGE2))))
    factor = float(check_choice("scale", scale, SCALES))
    try:
        layers = shufflenet(g, factor)
    except ValueError:
        reason = "they do not divide the channels of each unit"
        raise ValueError(f"{groups} groups at scale {scale} do not work: {reason}") from None
    macs = by_part(layers, "macs")
    # The last layer of a stage is that of a unit with stride 1: it has all its channels.
    channels = {layer.name.partition(".")[0]: layer.output_shape[0] for layer in layers}
    total, everything = sum(macs.values()) - macs["fc"], sum(macs.values())
    at_one = sum(layer.cost.macs for layer in shufflenet(g) if layer.kind == "conv")
    params = sum(layer.cost.params for layer in layers)
    rows = tuple(
        (
            Cell(name, remark=f"{channels[name]} channels"),
            Cell(
                f"{rounded(value / 1e6)} M",
                value / max(macs.values()),
                remark=percent(value, everything),
            ),
        )
        for name, value in macs.items()
    )
    return Result(
        f"{plural(g, 'group')}, scale {scale}: {rounded(total / 1e6)} million multiply-adds in "
        "convolutions.",
        (Table(columns=("Stage", "Multiply-adds"), rows=rows, style="list"),),
        f"Against scale 1: × {rounded(total / at_one)}; the square of the scale is "
        f"{rounded(factor**2)}. {number(params)} weights and biases, without batch norms.",
        values={"macs": total, "channels": channels},
    )
