"""Receptive fields that grow from layer to layer."""

from __future__ import annotations

from labcode._checks import check_between
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import note
from labcode.pages.pictures.cone import seen_below
from labcode.show.pictures import Picture, Polygon, Rect, Shape, points

CELL, HIGH, STEP = 18.0, 15.0, 46.0  # pixels: of a value, its height, from row to row


def receptive_fields(layers: int = 3, kernel_size: int = 3) -> Figure:
    """Draw what one value of the last layer sees of every layer below it.

    Args:
        layers: Convolutions with stride 1, 1 to 4.
        kernel_size: Of each, in pixels, 2 to 3.

    >>> receptive_fields()
    Receptive fields: one value of layer 3 sees 3 of layer 2, 5 of layer 1, 7 of the image.
    """
    rows = [[0]]
    for _ in range(check_between("layers", layers, 1, 4)):
        rows.append(seen_below(rows[-1], check_between("kernel_size", kernel_size, 2, 3), 1, 1))
    names = [*(f"layer {layers - at}" for at in range(layers)), "the image"]
    widest = len(rows[-1]) + 2
    middle = 78 + widest * CELL / 2
    shapes: list[Shape] = []
    for at, (row, name) in enumerate(zip(rows, names, strict=True)):
        y = 4 + STEP * at
        if at:
            shapes.append(_beam(middle, y, len(rows[at - 1]), len(row)))
        shapes += _row(middle, y, len(row), widest, at == 0)
        right = middle + widest * CELL / 2 + 10
        shapes += [
            note(70, y + HIGH / 2, name, "end"),
            note(right, y + HIGH / 2, f"sees {len(row)}" if at else "one value", "start"),
        ]
    said = ", ".join(f"{len(row)} of {name}" for row, name in zip(rows[1:], names[1:], strict=True))
    label = f"Receptive fields: one value of layer {layers} sees {said}."
    width = middle + widest * CELL / 2 + 90
    return Figure((Picture(width, STEP * layers + HIGH + 8, label, tuple(shapes)),))


def _row(middle: float, y: float, seen: int, widest: int, top: bool) -> list[Shape]:
    """Return the values of a layer along one direction; those that are seen are filled."""
    first = middle - widest * CELL / 2
    beside = (widest - seen) / 2
    return [
        Rect(
            f"full {'b' if top else 'a'}" if beside <= at < widest - beside else "frame",
            first + at * CELL + 1,
            y,
            CELL - 2,
            HIGH,
            2,
        )
        for at in range(widest)
    ]


def _beam(middle: float, y: float, above: int, below: int) -> Polygon:
    """Return the shade from the values of one layer down to those that they see."""
    top, low = above * CELL / 2, below * CELL / 2
    ends = ((-top, y - STEP + HIGH), (top, y - STEP + HIGH), (low, y), (-low, y))
    return Polygon("beam a", points(*((middle + x, at) for x, at in ends)))
