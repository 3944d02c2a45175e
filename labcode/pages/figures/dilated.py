"""Dilated filters: the same nine weights, further apart."""

from __future__ import annotations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, heading, note, outline, squares
from labcode.pages.pictures.cone import seen_below
from labcode.show.pictures import Picture, Shape

KERNEL, DILATIONS = 3, (1, 2, 3)
CELL, GAP, LEFT, TOP = 14.0, 14.0, 5.0, 28.0  # pixels
INSET = 1.5  # from the edge of a pixel to what fills it


def dilated_filter() -> Figure:
    """Draw the pixels that a filter reads side by side, and two and three pixels apart.

    >>> print(dilated_filter().panels[0].label.partition(":")[2].strip())
    9 weights side by side, 2 and 3 pixels apart read windows of 3 × 3, 5 × 5 and 7 × 7 pixels; ...
    """
    read = [seen_below([0], KERNEL, 1, dilation) for dilation in DILATIONS]
    windows = [places[-1] + 1 for places in read]
    side = max(windows)
    shapes: list[Shape] = []
    for at, (dilation, places) in enumerate(zip(DILATIONS, read, strict=True)):
        shapes += _panel(LEFT + at * (side * CELL + GAP), dilation, places, side)
    *first, last = (f"{window} × {window}" for window in windows)
    _, *apart = map(str, DILATIONS)
    label = (
        f"Dilated filters: {KERNEL**2} weights side by side, {' and '.join(apart)} pixels apart "
        f"read windows of {', '.join(first)} and {last} pixels; the work is the same."
    )
    width = 2 * LEFT + len(DILATIONS) * side * CELL + (len(DILATIONS) - 1) * GAP
    return Figure((Picture(width, TOP + side * CELL + 28, label, tuple(shapes)),))


def _panel(x: float, dilation: int, places: list[int], side: int) -> list[Shape]:
    """Return a grid of pixels with those filled that the filter reads, and its window."""
    window = places[-1] + 1
    start = (side - window) // 2  # the filter stands in the middle
    corner = x + start * CELL, TOP + start * CELL
    read = [
        (corner[0] + column * CELL + INSET, corner[1] + row * CELL + INSET)
        for row in places
        for column in places
    ]
    middle = x + side * CELL / 2
    return [
        heading(middle, 12, f"dilation {dilation}"),
        *grid(x, TOP, [[""] * side] * side, CELL, "frame"),
        squares("full a", read, CELL - 2 * INSET),
        outline(*corner, window * CELL, window * CELL),
        note(middle, TOP + side * CELL + 16, f"{window} × {window}"),
    ]
