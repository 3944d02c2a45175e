"""Pooling with numbers: four groups of a map, and what each of them leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labcode.pages.figures.convolving import Rows, patch_of
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, heading
from labcode.show.pictures import Picture, Shape

MAP: Rows = ((1, 3, 0, 0), (2, 4, 0, 8), (5, 5, 1, 1), (5, 5, 1, 1))
TONES = (("cell a", "cell b"), ("cell c", "cell"))  # of the four groups
SIDE, CELL = 2, 32.0  # of a group, in values; of a value, in pixels


def mean(values: Sequence[int]) -> float:
    """Return the mean of some numbers.

    >>> mean([1, 2])
    1.5
    """
    return sum(values) / len(values)


def pooled(rule: Callable[[Sequence[int]], float]) -> list[list[float]]:
    """Return the map with one number for each of its groups.

    >>> pooled(max)
    [[4, 8], [5, 1]]
    """
    starts = range(0, len(MAP), SIDE)
    return [
        [rule([value for line in patch_of(MAP, r, c, SIDE) for value in line]) for c in starts]
        for r in starts
    ]


def max_and_mean_pooling() -> Figure:
    """Draw a map in groups of 2 × 2, its maxima and its means.

    >>> max_and_mean_pooling()
    Pooling: of each group of 2 × 2 the maximum, 4, 8, 5, 1, or the mean, 2.5, 2, 5, 1.
    """
    largest, means = pooled(max), pooled(mean)
    shapes: list[Shape] = [
        heading(69, 12, "map"),
        *grid(5, 26, MAP, CELL, lambda r, c: TONES[r // SIDE][c // SIDE]),
    ]
    for name, kept, middle, beside in (("maximum", largest, 58, 12), ("mean", means, 138, 184)):
        shapes += arrow((140, middle), (204, middle))
        shapes += grid(212, middle - CELL, kept, CELL, lambda r, c: TONES[r][c])
        shapes.append(heading(212 + CELL, beside, name))
    numbers = [
        ", ".join(f"{value:g}" for row in kept for value in row) for kept in (largest, means)
    ]
    label = f"Pooling: of each group of 2 × 2 the maximum, {numbers[0]}, or the mean, {numbers[1]}."
    return Figure((Picture(330, 194, label, tuple(shapes)),))
