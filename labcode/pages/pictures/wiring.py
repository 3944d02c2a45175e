"""A picture of which input channels each output channel of a convolution reads."""

from __future__ import annotations

from labcode.show.pictures import Picture, Rect, Tone

SIDE = 46.0  # pixels of the longer side
NARROWEST = 12.0  # pixels of the shorter side at least: 3 channels beside 64 must still be seen
GRID_UP_TO = 16  # with more channels than this, gaps between the squares would hide them


def wiring(
    in_channels: int,
    out_channels: int,
    groups: int = 1,
    *,
    kernel_is_one: bool = False,
    tone: Tone = "a",
) -> Picture:
    """Return squares for the channels that are joined: rows are outputs, columns inputs.

    Where one side has many more channels than the other, the squares are oblong.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        groups: Groups, which divide both.
        kernel_is_one: Whether the filters are 1 × 1, which is drawn pale.
        tone: The colour of the squares.

    >>> len(wiring(4, 4, groups=2).shapes)  # the frame, and 2 groups of 2 × 2 squares
    9
    """
    side = SIDE / max(in_channels, out_channels)
    wide, high = max(side, NARROWEST / in_channels), max(side, NARROWEST / out_channels)
    rows, columns = out_channels // groups, in_channels // groups
    frame = Rect("frame", 0, 0, wide * in_channels, high * out_channels)
    style = "pale" if kernel_is_one else "full"
    size = "1 × 1" if kernel_is_one else "k × k"
    blocks = [(group * columns * wide, group * rows * high) for group in range(groups)]
    if max(in_channels, out_channels) > GRID_UP_TO:
        drawn = [Rect(style, x, y, columns * wide, rows * high) for x, y in blocks]
    else:
        drawn = [
            Rect(style, x + column * wide + 0.5, y + row * high + 0.5, wide - 1, high - 1)
            for x, y in blocks
            for row in range(rows)
            for column in range(columns)
        ]
    label = f"Each of {out_channels} output channels reads {columns} of {in_channels} ({size})"
    return Picture(frame.width, frame.height, label, (frame, *drawn), tone)
