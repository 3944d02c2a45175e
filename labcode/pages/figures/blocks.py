"""The blocks of MobileNet, and of a bottleneck that cuts channels first."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.show.numbers import number, plural
from labcode.show.pictures import Picture

THIN, WIDE = 78.0, 168.0  # pixels: of a box with few channels, and with many


def mobilenet_block(channels: int = 512, size: int = 14) -> Figure:
    """Draw MobileNet's block beside the standard layer that it replaces.

    Args:
        channels: Of the input and of the output.
        size: Of the map, in pixels.

    Source: Howard et al., "MobileNets" (arXiv:1704.04861), section 3.2.

    >>> mobilenet_block(512, 14).panels[1].label
    'MobileNet v1: depthwise 3×3 and pointwise 1×1, each with norm and ReLU; 52.3 M multiply-adds.'
    """
    shape = f"{check_int('channels', channels)} × {size} × {size}"
    plain = cost.conv2d(channels, channels, 3, size, padding=1).macs
    deep = cost.conv2d(channels, channels, 3, size, padding=1, groups=channels).macs
    point = cost.conv2d(channels, channels, 1, size).macs
    norm = Box("batch norm, ReLU", tone="n")
    standard: list[Part] = [
        End(shape),
        Box("conv 3×3", f"{_millions(plain)} MACs"),
        norm,
        End(shape),
    ]
    separable: list[Part] = [
        End(shape),
        Box("depthwise 3×3", f"{_millions(deep)} MACs", "b"),
        norm,
        Box("conv 1×1", f"{_millions(point)} MACs"),
        norm,
        End(shape),
    ]
    return Figure(
        (
            chart(
                f"A standard layer: conv 3×3, norm and ReLU; {_millions(plain)} multiply-adds.",
                standard,
                title="standard layer",
                width=164,
            ),
            chart(
                "MobileNet v1: depthwise 3×3 and pointwise 1×1, each with norm and ReLU; "
                f"{_millions(deep + point)} multiply-adds.",
                separable,
                title="MobileNet v1",
                width=164,
            ),
        )
    )


def inverted_residual(channels: int = 24, expansion: int = 6) -> Figure:
    """Draw MobileNet v2's block beside a classic bottleneck: wide inside, narrow outside.

    Args:
        channels: Between the blocks.
        expansion: How many times wider the block is inside.

    Source: Sandler et al., "MobileNetV2" (arXiv:1801.04381), section 3.3.

    >>> print(inverted_residual().panels[1].label)
    Inverted residual: 24 channels, 144 inside, 24 again without ReLU; the input is added.
    """
    wide = check_int("channels", channels) * check_int("expansion", expansion)
    classic: list[Part] = [
        End(f"{wide} channels"),
        Fork(
            (
                [
                    Box("1×1, ReLU", tone="a", width=THIN + 16),
                    Says(f"{channels}"),
                    Box("3×3, ReLU", tone="a", width=THIN + 16),
                    Says(f"{channels}"),
                    Box("1×1", tone="a", width=WIDE),
                ],
                [],
            ),
            through=0,
        ),
        Box("ReLU", tone="n"),
        End(f"{wide} channels"),
    ]
    inverted: list[Part] = [
        End(f"{channels} channels"),
        Fork(
            (
                [
                    Box("1×1, ReLU6", tone="a", width=WIDE),
                    Says(f"{wide}"),
                    Box("depthwise 3×3, ReLU6", tone="b", width=WIDE),
                    Says(f"{wide}"),
                    Box("1×1, linear", tone="c", width=THIN + 16),
                ],
                [],
            ),
            through=0,
        ),
        End(f"{channels} channels, no ReLU"),
    ]
    return Figure(
        (
            chart(
                f"A classic bottleneck: {wide} channels, {channels} inside, {wide} again; "
                "the input is added.",
                classic,
                title="bottleneck: wide, thin, wide",
                width=236,
            ),
            chart(
                f"Inverted residual: {channels} channels, {wide} inside, {channels} again "
                "without ReLU; the input is added.",
                inverted,
                title="inverted: thin, wide, thin",
                width=236,
            ),
        )
    )


def channel_compression(channels: int = 256, squeezed: int = 64, size: int = 14) -> Figure:
    """Draw how a 1×1 convolution that cuts channels makes the next layer cheaper.

    Args:
        channels: Of the input and of the output.
        squeezed: Between the two layers.
        size: Of the map, in pixels.

    >>> [panel.label.split("; ")[1] for panel in channel_compression().panels]
    ['589,824 weights.', '163,840 weights.']
    """
    check_int("squeezed", squeezed)
    plain = cost.conv2d(channels, channels, 3, size, padding=1)
    first = cost.conv2d(channels, squeezed, 1, size)
    second = cost.conv2d(squeezed, channels, 3, size, padding=1)
    both = first + second
    direct: list[Part] = [
        End(f"{channels} channels"),
        Box("conv 3×3", f"{number(plain.params)} weights", width=WIDE - 10),
        End(f"{channels} channels"),
    ]
    through: list[Part] = [
        End(f"{channels} channels"),
        Box("conv 1×1", f"{number(first.params)} weights", "b", WIDE - 10),
        Says(f"{squeezed} channels"),
        Box("conv 3×3", f"{number(second.params)} weights", "a", WIDE - 10),
        End(f"{channels} channels"),
    ]
    return Figure(
        (
            _compared("Direct", direct, plain.params),
            _compared("Channels cut first", through, both.params),
        )
    )


def _compared(title: str, parts: list[Part], weights: int) -> Picture:
    layers = plural(sum(isinstance(part, Box) for part in parts), "layer")
    label = f"{title}: {layers} from input to output; {number(weights)} weights."
    return chart(label, parts, title=f"{title}: {number(weights)}", width=164)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"
