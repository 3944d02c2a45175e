"""A picture of which input channels each output channel of a convolution reads."""

from __future__ import annotations

from labcode.pages.live.draw import rect, svg

SIDE = 46.0  # pixels of the longer side
GRID_UP_TO = 16  # with more channels than this, gaps between the squares would hide them


def depthwise_then_pointwise(in_channels: int, out_channels: int) -> str:
    """Return the two pictures of a depthwise-separable convolution, one after the other.

    >>> depthwise_then_pointwise(2, 2).count("<svg")
    2
    """
    first = wiring(in_channels, in_channels, in_channels)
    second = wiring(in_channels, out_channels, kernel_is_one=True)
    return f'<span class="live-pair">{first}→{second}</span>'


def wiring(
    in_channels: int, out_channels: int, groups: int = 1, *, kernel_is_one: bool = False
) -> str:
    """Return squares for the channels that are joined: rows are outputs, columns inputs.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        groups: Groups, which divide both.
        kernel_is_one: Whether the filters are 1 × 1, which is drawn pale.

    Returns:
        An SVG picture.

    >>> wiring(4, 4, groups=2).count("<rect")  # the frame, and 2 groups of 2 × 2 squares
    9
    """
    side = SIDE / max(in_channels, out_channels)
    rows, columns = out_channels // groups, in_channels // groups
    style = "live-pale" if kernel_is_one else "live-full"
    body = [rect(0, 0, side * in_channels, side * out_channels, "live-frame")]
    for group in range(groups):
        corner = (group * columns * side, group * rows * side)
        if max(in_channels, out_channels) > GRID_UP_TO:
            body.append(rect(*corner, columns * side, rows * side, style))
            continue
        for row in range(rows):
            for column in range(columns):
                x, y = corner[0] + column * side, corner[1] + row * side
                body.append(rect(x + 0.5, y + 0.5, side - 1, side - 1, style))
    size = "1 × 1" if kernel_is_one else "k × k"
    label = f"Each of {out_channels} output channels reads {columns} of {in_channels} ({size})"
    return svg(side * in_channels, side * out_channels, label, "".join(body))
