"""RepVGG's block: three branches while it learns, one convolution where it is used."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, chart
from labcode.show.numbers import number


def folded_branches(channels: int = 8) -> Figure:
    """Draw the three branches of RepVGG's block, and the one convolution that they become.

    Args:
        channels: Of the input and of the output.

    Source: Ding et al., "RepVGG" (arXiv:2101.03697), section 3.3.

    >>> [panel.label for panel in folded_branches().panels]  # doctest: +NORMALIZE_WHITESPACE
    ['In training: a 3×3 convolution of 576 weights, a 1×1 convolution of 64 and the input are
    added.', 'In use: one 3×3 convolution of 576 weights.']
    """
    wide = check_int("channels", channels)
    large = number(cost.conv2d(wide, wide, 3, 8, padding=1).params)
    small = number(cost.conv2d(wide, wide, 1, 8).params)
    ends = f"{wide} channels"
    window: list[Part] = [Box("3×3", f"{large} weights")]
    point: list[Part] = [Box("1×1", f"{small} weights", "b")]
    joined = Fork((window, point, []), through=1)
    training: list[Part] = [End(f"in training: {ends}"), joined, End(ends)]
    use: list[Part] = [End(f"in use: {ends}"), *window, End(ends)]
    return Figure(
        (
            chart(
                f"In training: a 3×3 convolution of {large} weights, a 1×1 convolution of {small} "
                "and the input are added.",
                training,
            ),
            chart(f"In use: one 3×3 convolution of {large} weights.", use),
        )
    )
