"""A picture of what one value of the last layer sees of each layer below it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from labcode.show.pictures import Picture, Polygon, Rect, Shape, Words, points

Window = tuple[str, int, int, int]  # name, kernel_size, stride, dilation

WIDTH, ROW, CELL = 300.0, 26.0, 11.0  # pixels: of the picture, of a layer, of a value at most
LABEL = 52.0  # pixels at the left for the names
MIDDLE = LABEL + (WIDTH - LABEL) / 2
MOST_SQUARES = 48  # more values than this in a row are drawn as one bar


def seen_below(seen: list[int], kernel_size: int, stride: int, dilation: int) -> list[int]:
    """Return the places that the values at ``seen`` read in the layer below, sorted.

    >>> seen_below([0, 1], kernel_size=3, stride=2, dilation=1)
    [0, 1, 2, 3, 4]
    """
    return sorted({at * stride + tap * dilation for at in seen for tap in range(kernel_size)})


def cone(windows: Sequence[Window], input_size: int) -> Picture:
    """Return the picture, the last layer on top and the input at the bottom.

    Args:
        windows: Name, kernel size, stride and dilation of each layer, from the input up.
        input_size: Pixels of the input along one direction, drawn as a frame.

    Returns:
        A picture; each row is one direction of a layer's output.
    """
    rows = _rows(windows)
    jumps = list(accumulate((stride for _, _, stride, _ in windows), mul, initial=1))
    spans = [(row[-1] - row[0]) * jump + 1 for row, jump in zip(rows, jumps, strict=True)]
    scale = min(CELL, (WIDTH - LABEL) / max(spans[0], input_size))
    names = ["input", *(name for name, *_ in windows)]
    height = ROW * len(rows)
    shapes: list[Shape] = []
    for level, row in enumerate(rows):
        y = height - ROW * (level + 1)
        shapes.append(Words("name", 0, y + 15, names[level]))
        if level:
            shapes.append(_beam(y, spans[level] * scale, spans[level - 1] * scale))
        shapes += _row(row, jumps[level] * scale, scale, y)
    frame = input_size * scale
    shapes.append(Rect("frame edge", MIDDLE - frame / 2, height - ROW + 2, frame, 18))
    label = f"One value of {names[-1]} reaches over {spans[0]} of {input_size} pixels in a line"
    return Picture(WIDTH, height, label, tuple(shapes), "a")


def _rows(windows: Sequence[Window]) -> list[list[int]]:
    """Return the places that one value on top sees in each layer, the input first."""
    rows = [[0]]
    for _, kernel_size, stride, dilation in reversed(windows):
        top = rows[-1]
        if len(top) > MOST_SQUARES:  # only the ends matter from here on
            top = [top[0], top[-1]]
        rows.append(seen_below(top, kernel_size, stride, dilation))
    return rows[::-1]


def _row(seen: list[int], pitch: float, pixel: float, y: float) -> list[Rect]:
    """Return the values seen of one layer, centred."""
    width = (seen[-1] - seen[0]) * pitch + pixel
    first = MIDDLE - width / 2
    if len(seen) > MOST_SQUARES or pixel < 2.5:
        return [Rect("full", first, y + 5, width, 12)]
    gap = min(1.0, pixel / 5)
    return [
        Rect("full", first + (at - seen[0]) * pitch + gap / 2, y + 5, pixel - gap, 12)
        for at in seen
    ]


def _beam(y: float, above: float, below: float) -> Polygon:
    """Return the shade from the values of one layer down to those that they see."""
    top, bottom = y + 17, y + ROW + 5
    return Polygon(
        "beam",
        points(
            (MIDDLE - above / 2, top),
            (MIDDLE + above / 2, top),
            (MIDDLE + below / 2, bottom),
            (MIDDLE - below / 2, bottom),
        ),
    )
