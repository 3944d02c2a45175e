"""What a filter takes with it: a row of its own layer, and a column of the next."""

from __future__ import annotations

from labcode._checks import check_between
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, heading, note
from labcode.show.pictures import Picture, Shape

INPUTS, MIDDLE, OUTPUTS = 3, 4, 3  # channels before, between and after two convolutions
CELL = 26.0


def weights_left(removed: int) -> tuple[int, int]:
    """Return how many k × k blocks of weights both layers keep if some filters of the first go.

    >>> weights_left(0), weights_left(1)
    ((12, 12), (9, 9))
    """
    return (MIDDLE - removed) * INPUTS, OUTPUTS * (MIDDLE - removed)


def removed_filter(which: int = 1) -> Figure:
    """Draw the weights of two convolutions in a row, and those that go with one filter.

    Args:
        which: The filter of the first convolution that goes, 0 to 3.

    Raises:
        ValueError: There is no such filter.

    >>> removed_filter()
    A filter goes: a row of the first layer, 3 of 12 blocks; a column of the next, 3 of 12 blocks.
    """
    check_between("which", which, 0, MIDDLE - 1)
    first, second = ([[""] * INPUTS] * MIDDLE, [[""] * MIDDLE] * OUTPUTS)
    left, right = 62.0, 206.0
    row = 34 + (which + 0.5) * CELL
    column = right + (which + 0.5) * CELL
    shapes: list[Shape] = [
        heading(left + INPUTS * CELL / 2, 12, "first layer"),
        heading(right + MIDDLE * CELL / 2, 12, "next layer"),
        *grid(left, 34, first, CELL, lambda r, _: "cell b" if r == which else "cell a"),
        *grid(right, 34, second, CELL, lambda _, c: "cell b" if c == which else "cell a"),
        note(left - 6, row, "filter", "end"),
        *arrow((left + INPUTS * CELL + 6, row), (right - 8, row)),
        note(column, 34 + OUTPUTS * CELL + 14, "its channel"),
        note(165, 182, "row: a filter; column: a channel that it reads"),
    ]
    whole, kept = weights_left(0), weights_left(1)
    gone = [
        f"{before - after} of {before} blocks" for before, after in zip(whole, kept, strict=True)
    ]
    for middle, number in zip(
        (left + INPUTS * CELL / 2, right + MIDDLE * CELL / 2), gone, strict=True
    ):
        shapes.append(note(middle, 156, f"{number} go"))
    label = f"A filter goes: a row of the first layer, {gone[0]}; a column of the next, {gone[1]}."
    return Figure((Picture(330, 196, label, tuple(shapes)),))
