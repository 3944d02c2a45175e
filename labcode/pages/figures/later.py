"""What came after MobileNet v2: blocks of v3 and v4, v3's end, GhostNet's module, ConvNeXt's."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.show.numbers import number

WIDE, THIN = 176.0, 112.0  # pixels: of a box with many channels, and with few
END = 130.0  # of a box of the network's end


def weighed_bottleneck(channels: int = 160, wide: int = 960, kernel: int = 5) -> Figure:
    """Draw MobileNet v3's block: an inverted residual that weighs its wide channels.

    Args:
        channels: Of the input and of the output.
        wide: Channels inside.
        kernel: Side of the depthwise filter, in pixels.

    Source: Howard et al., "Searching for MobileNetV3" (arXiv:1905.02244), Figure 4.

    >>> weighed_bottleneck()
    MobileNet v3's block: 160 to 960 channels, depthwise 5×5, weighed, 160 again; the input is ...
    """
    ends = f"{check_int('channels', channels)} channels"
    side = check_int("kernel", kernel)
    body: list[Part] = [
        Box("1×1, hard swish", width=WIDE),
        Says(f"{wide}"),
        Box(f"depthwise {side}×{side}", "hard swish", tone="b", width=WIDE),
        Box("SE weighs", f"{wide} channels", tone="n", width=WIDE),
        Box("1×1: narrow", tone="c", width=THIN + 24),
    ]
    parts: list[Part] = [End(ends), Fork((body, []), through=0), End(ends)]
    label = (
        f"MobileNet v3's block: {channels} to {wide} channels, depthwise {side}×{side}, weighed, "
        f"{channels} again; the input is added."
    )
    return Figure((chart(label, parts),))


def mean_before_or_after(in_channels: int = 960, out_channels: int = 1280, size: int = 7) -> Figure:
    """Draw MobileNet v3's widening behind the mean of its maps, and the same layer in front of it.

    Args:
        in_channels: Of the last map.
        out_channels: Of what the classifier reads.
        size: Of the map, in pixels.

    Source: Howard et al., "Searching for MobileNetV3" (arXiv:1905.02244), section 5.1.

    >>> for panel in mean_before_or_after().panels:
    ...     print(panel.label)
    The mean last: 960 × 7 × 7, widened at each place to 1,280 × 7 × 7, then the mean: 1,280.
    The mean first: 960 × 7 × 7, then the mean: 960 numbers, widened to 1,280.
    """
    place = f" × {check_int('size', size)} × {size}"
    few = number(check_int("in_channels", in_channels))
    many = number(check_int("out_channels", out_channels))
    widen, mean = Box("1×1, hard swish", width=END), Box("mean", tone="n", width=END)
    last: list[Part] = [End(few + place), widen, Says(many + place), mean, End(many)]
    first: list[Part] = [
        End(few + place),
        mean,
        Says(few),
        Box("linear, hard swish", width=END),
        End(many),
    ]
    return Figure(
        (
            chart(
                f"The mean last: {few}{place}, widened at each place to {many}{place}, then the "
                f"mean: {many}.",
                last,
                title="version 2's order",
            ),
            chart(
                f"The mean first: {few}{place}, then the mean: {few} numbers, widened to {many}.",
                first,
                title="version 3's order",
            ),
        )
    )


def ghost_module(in_channels: int = 64, out_channels: int = 128) -> Figure:
    """Draw GhostNet's module: half of the maps are computed, half are made from them.

    Args:
        in_channels: Of the input.
        out_channels: Of the output, an even number.

    Source: Han et al., "GhostNet" (arXiv:1911.11907), section 3.1.

    >>> ghost_module()
    Ghost module: 64 channels to 64 by a 1×1 convolution, 64 more from them; 4,672 weights, ...
    """
    half = check_int("out_channels", out_channels, minimum=2) // 2
    first = cost.conv2d(check_int("in_channels", in_channels), half, 1, 14).params
    cheap = cost.conv2d(half, half, 3, 14, padding=1, groups=half).params
    plain = cost.conv2d(in_channels, 2 * half, 1, 14).params
    shadow: list[Part] = [Box("depthwise 3×3", f"{number(cheap)} weights", "b")]
    kept: list[Part] = [Box("as they are", tone="n")]
    parts: list[Part] = [
        End(f"{in_channels} channels"),
        Box("conv 1×1, ReLU", f"{number(first)} weights"),
        Says(f"{half} channels"),
        Fork((kept, shadow), "concatenate"),
        End(f"{2 * half} channels"),
    ]
    label = (
        f"Ghost module: {in_channels} channels to {half} by a 1×1 convolution, {half} more from "
        f"them; {number(first + cheap)} weights, where a plain 1×1 has {number(plain)}."
    )
    return Figure((chart(label, parts),))


def universal_bottleneck() -> Figure:
    """Draw MobileNet v4's block: two depthwise filters, each of which may be left out.

    Source: Qin et al., "MobileNetV4" (arXiv:2404.10518), section 3.

    >>> universal_bottleneck()
    Universal bottleneck: depthwise, wide 1×1, depthwise, narrow 1×1; each depthwise may be absent.
    """
    body: list[Part] = [
        Box("depthwise, or not", tone="b", width=THIN + 24),
        Box("1×1, ReLU: wider", width=WIDE),
        Box("depthwise, or not", tone="b", width=WIDE),
        Box("1×1: narrow", tone="c", width=THIN + 24),
    ]
    parts: list[Part] = [End("C channels"), Fork((body, []), through=0), End("C channels")]
    label = (
        "Universal bottleneck: depthwise, wide 1×1, depthwise, narrow 1×1; each depthwise may be "
        "absent."
    )
    return Figure((chart(label, parts),))


def convnext_block(channels: int = 96) -> Figure:
    """Draw ConvNeXt's block: look far around first, then widen and narrow each pixel.

    Args:
        channels: Of the input and of the output.

    Source: Liu et al., "A ConvNet for the 2020s" (arXiv:2201.03545), Figure 4.

    >>> convnext_block()
    ConvNeXt's block: depthwise 7×7, norm, 96 to 384, GELU, 384 to 96; the input is added.
    """
    wide = 4 * check_int("channels", channels)
    body: list[Part] = [
        Box("depthwise 7×7", tone="b", width=THIN + 24),
        Box("layer norm", tone="n", width=THIN + 24),
        Box("1×1, GELU", width=WIDE),
        Says(f"{wide}"),
        Box("1×1", tone="c", width=THIN + 24),
    ]
    ends = f"{channels} channels"
    parts: list[Part] = [End(ends), Fork((body, []), through=0), End(ends)]
    label = (
        f"ConvNeXt's block: depthwise 7×7, norm, {channels} to {wide}, GELU, {wide} to {channels}; "
        "the input is added."
    )
    return Figure((chart(label, parts),))
