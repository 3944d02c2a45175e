"""Padding and stride: a border of zeros around the image, and a filter that skips pixels."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.cost import conv_output_size
from labcode.pages.figures.convolving import FILTER, IMAGE, Rows, output_of
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, heading, note, outline
from labcode.show.pictures import Picture, Rect, Shape

CELL, WIDE = 20.0, 24.0  # pixels: of a cell of the image, and of one of the output
LEFT, TOP = 5.0, 28.0  # where the image begins
SIZE = len(IMAGE)


def padding_and_stride() -> Figure:
    """Draw the same filter with a border of zeros, and with a step of two pixels.

    >>> for panel in padding_and_stride().panels:
    ...     print(panel.label.partition(":")[0])
    Padding 1
    Stride 2
    """
    return Figure((_padding(1), _stride(2)))


def padded(image: Rows, border: int) -> list[list[int]]:
    """Return an image with zeros around it.

    >>> padded([[7]], 1)
    [[0, 0, 0], [0, 7, 0], [0, 0, 0]]
    """
    wide = len(image[0]) + 2 * border
    sides = [0] * border
    above, below = ([[0] * wide for _ in range(border)] for _ in range(2))
    return [*above, *([*sides, *row, *sides] for row in image), *below]


def skipped(rows: Rows, stride: int) -> list[list[int]]:
    """Return the numbers that a filter with a stride gives, from those of each place.

    >>> skipped([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 2)
    [[1, 3], [7, 9]]
    """
    return [list(row[::stride]) for row in rows[::stride]]


def _padding(border: int) -> Picture:
    """Return the image in its border, and an output as large as the image."""
    height, width = conv_output_size(SIZE, len(FILTER), padding=border)
    label = (
        f"Padding {border}: with {border} row of zeros on each side of {SIZE} × {SIZE} pixels a "
        f"{_side()} filter fits at its corner too, and the output has {height} × {width} numbers."
    )
    whole = output_of(padded(IMAGE, border), FILTER)
    return _panel(label, padded(IMAGE, border), border, (0,), whole)


def _stride(stride: int) -> Picture:
    """Return the image with the filter's first two places, and the smaller output."""
    height, width = conv_output_size(SIZE, len(FILTER), stride=stride)
    label = (
        f"Stride {stride}: a {_side()} filter moves by {stride} pixels from place to place, and "
        f"of {SIZE} × {SIZE} pixels an output of {height} × {width} numbers is left."
    )
    return _panel(label, IMAGE, 0, (0, stride), skipped(output_of(IMAGE, FILTER), stride))


def _side() -> str:
    return f"{len(FILTER)}×{len(FILTER)}"


def _panel(label: str, image: Rows, border: int, columns: Sequence[int], output: Rows) -> Picture:
    """Return an image, the filter's first places in it, and the output with their numbers marked.

    Args:
        label: What is seen; its title is the panel's heading.
        image: Pixels, border included.
        border: Rows of zeros on each side.
        columns: Where the filter stands in the first row.
        output: What it gives.
    """
    size, side = CELL * len(image), CELL * len(FILTER)
    right = LEFT + size + 46  # where the output begins
    down = TOP + (size - WIDE * len(output)) / 2
    foot = TOP + size + 14
    shapes: list[Shape] = [heading(LEFT, 12, label.partition(":")[0].lower(), "start")]
    shapes += _image(image, border)
    for at, (column, tone) in enumerate(zip(columns, "ab", strict=False)):
        inset = 2.5 * at  # so that two outlines do not hide each other
        x, wide = LEFT + CELL * column + inset, side - 2 * inset
        shapes += [
            Rect(f"beam {tone}", x, TOP + inset, wide, wide),
            outline(x, TOP + inset, wide, wide, tone),
        ]
    shapes += arrow((LEFT + size + 9, TOP + size / 2), (right - 9, TOP + size / 2))
    shapes += grid(right, down, output, WIDE)
    shapes += [
        outline(right + WIDE * at, down, WIDE, WIDE, tone)
        for at, tone in zip(range(len(columns)), "ab", strict=False)
    ]
    around = " and a border" if border else ""
    wide_of = WIDE * len(output[0])
    shapes += [
        note(LEFT + size / 2, foot, f"{SIZE} × {SIZE}{around}"),
        note(right + wide_of / 2, foot, f"{len(output)} × {len(output[0])}"),
    ]
    return Picture(right + wide_of + LEFT, foot + 12, label, tuple(shapes))


def _image(image: Rows, border: int) -> list[Shape]:
    """Return an image whose border has another look than its pixels."""
    last = len(image) - border

    def style(row: int, column: int) -> str:
        inside = border <= row < last and border <= column < last
        return "cell" if inside else "ghost"

    return grid(LEFT, TOP, image, CELL, style)
