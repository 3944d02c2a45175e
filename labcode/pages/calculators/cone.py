"""A picture of what one value of the last layer sees of each layer below it."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.pages.live.draw import rect, svg

Window = tuple[str, int, int, int]  # name, kernel_size, stride, dilation

WIDTH, ROW, CELL = 300.0, 26.0, 11.0  # pixels: of the picture, of a layer, of a value at most
LABEL = 52.0  # pixels at the left for the names
MOST_SQUARES = 48  # more values than this in a row are drawn as one bar


def seen_below(seen: list[int], kernel_size: int, stride: int, dilation: int) -> list[int]:
    """Return the places that the values at ``seen`` read in the layer below, sorted.

    >>> seen_below([0, 1], kernel_size=3, stride=2, dilation=1)
    [0, 1, 2, 3, 4]
    """
    return sorted({at * stride + tap * dilation for at in seen for tap in range(kernel_size)})


def cone(windows: Sequence[Window], input_size: int) -> str:
    """Return the picture, the last layer on top and the input at the bottom.

    Args:
        windows: Name, kernel size, stride and dilation of each layer, from the input up.
        input_size: Pixels of the input along one direction, drawn as a frame.

    Returns:
        An SVG picture; each row is one direction of a layer's output.
    """
    rows = _rows(windows)
    jumps = [1]
    for _, _, stride, _ in windows:
        jumps.append(jumps[-1] * stride)
    spans = [(row[-1] - row[0]) * jump + 1 for row, jump in zip(rows, jumps, strict=True)]
    scale = min(CELL, (WIDTH - LABEL) / max(spans[0], input_size))
    middle = LABEL + (WIDTH - LABEL) / 2
    names = ["input", *(name for name, *_ in windows)]
    height = ROW * len(rows)
    body = []
    for level in range(len(rows)):
        y = height - ROW * (level + 1)
        body.append(f'<text class="live-name" x="0" y="{y + 15:g}">{names[level]}</text>')
        if level:
            body.append(_beam(middle, y, spans[level] * scale, spans[level - 1] * scale))
        body.append(_row(rows[level], jumps[level] * scale, scale, middle, y))
    frame = input_size * scale
    body.append(rect(middle - frame / 2, height - ROW + 2, frame, 18, "live-frame live-edge"))
    label = f"One value of {names[-1]} sees {spans[0]} of {input_size} pixels in a line"
    return svg(WIDTH, height, label, "".join(body))


def _rows(windows: Sequence[Window]) -> list[list[int]]:
    """Return the places that one value on top sees in each layer, the input first."""
    rows = [[0]]
    for _, kernel_size, stride, dilation in reversed(windows):
        top = rows[-1]
        if len(top) > MOST_SQUARES:  # only the ends matter from here on
            top = [top[0], top[-1]]
        rows.append(seen_below(top, kernel_size, stride, dilation))
    return rows[::-1]


def _row(seen: list[int], pitch: float, pixel: float, middle: float, y: float) -> str:
    """Return the values seen of one layer, centred."""
    first = middle - ((seen[-1] - seen[0]) * pitch + pixel) / 2
    if len(seen) > MOST_SQUARES or pixel < 2.5:
        width = (seen[-1] - seen[0]) * pitch + pixel
        return rect(first, y + 5, width, 12, "live-full")
    gap = min(1.0, pixel / 5)
    return "".join(
        rect(first + (at - seen[0]) * pitch + gap / 2, y + 5, pixel - gap, 12, "live-full")
        for at in seen
    )


def _beam(middle: float, y: float, above: float, below: float) -> str:
    """Return the shade from the values of one layer down to those that they see."""
    top, bottom = y + 17, y + ROW + 5
    points = (
        f"{middle - above / 2:.4g},{top:g} {middle + above / 2:.4g},{top:g} "
        f"{middle + below / 2:.4g},{bottom:g} {middle - below / 2:.4g},{bottom:g}"
    )
    return f'<polygon class="live-beam" points="{points}"/>'
