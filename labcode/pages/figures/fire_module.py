"""The Fire module, SqueezeNet's own block."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.show.numbers import number


def fire(in_channels: int = 96, squeeze: int = 16, expand: int = 64, size: int = 55) -> Figure:
    """Draw a Fire module: squeeze the channels, then expand them by 1×1 and by 3×3.

    Args:
        in_channels: Of the input.
        squeeze: Filters of the squeeze layer.
        expand: Filters of each of the two expand layers.
        size: Of the map, in pixels.

    Source: Iandola et al., "SqueezeNet" (arXiv:1602.07360), section 3.2.

    >>> fire()
    Fire module: 96 channels squeezed to 16, expanded to 64 + 64; 11,920 weights and biases.
    """
    check_int("squeeze", squeeze)
    squeezing = cost.conv2d(in_channels, squeeze, 1, size, bias=True)
    ones = cost.conv2d(squeeze, expand, 1, size, bias=True)
    threes = cost.conv2d(squeeze, expand, 3, size, padding=1, bias=True)
    total = number((squeezing + ones + threes).params)
    branches: tuple[list[Part], ...] = (
        [Box("expand 1×1, ReLU", f"{number(ones.params)} parameters"), Says(f"{expand}")],
        [Box("expand 3×3, ReLU", f"{number(threes.params)} parameters"), Says(f"{expand}")],
    )
    parts: list[Part] = [
        End(f"{in_channels} × {size} × {size}"),
        Box("squeeze 1×1, ReLU", f"{number(squeezing.params)} parameters", "b"),
        Says(f"{squeeze} × {size} × {size}"),
        Fork(branches, "concatenate"),
        End(f"{2 * expand} × {size} × {size}"),
    ]
    label = (
        f"Fire module: {in_channels} channels squeezed to {squeeze}, expanded to {expand} + "
        f"{expand}; {total} weights and biases."
    )
    return Figure((chart(label, parts),))
