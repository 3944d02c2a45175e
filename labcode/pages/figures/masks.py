"""Which weights stay: a mask by magnitude, and two of each four with their places."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, heading, note, words
from labcode.show.pictures import Picture, Shape

Row = Sequence[float]
WEIGHTS: Sequence[Row] = ((0.9, -0.1, 0.3), (-0.8, 0.2, 0.5), (0.4, -0.7, 0.6))
STAY = 3  # of the nine weights
CELL = 34.0  # pixels
FOURS: Sequence[Row] = ((0.9, -0.1, 0.3, -0.8), (0.2, 0.1, 0.7, -0.4))  # two groups of a row


def largest(values: Row, count: int) -> list[int]:
    """Return the places of the values that are farthest from zero, in order.

    >>> largest([0.1, -0.9, 0.3], 2)
    [1, 2]
    """
    return sorted(sorted(range(len(values)), key=lambda at: -abs(values[at]))[:count])


def magnitude_mask() -> Figure:
    """Draw weights, the mask of the largest, and what is left of the weights.

    >>> magnitude_mask()
    A mask by magnitude: of 9 weights the 3 largest stay, 0.9, −0.8, −0.7; the others become 0.
    """
    columns = len(WEIGHTS[0])
    flat = [weight for row in WEIGHTS for weight in row]
    kept = largest(flat, STAY)
    mask = [int(at in kept) for at in range(len(flat))]
    left = [weight if stays else 0 for weight, stays in zip(flat, mask, strict=True)]

    def tone(row: int, column: int) -> str:
        return "cell a" if row * columns + column in kept else "cell"

    wide = columns * CELL
    starts = [2 + at * (wide + 16) for at in range(3)]
    shapes: list[Shape] = []
    panels: list[tuple[str, Row]] = [("weights", flat), ("mask", mask), ("what is left", left)]
    for x, (title, values) in zip(starts, panels, strict=True):
        shapes.append(heading(x + wide / 2, 12, title))
        rows = [values[at : at + columns] for at in range(0, len(values), columns)]
        shapes += grid(x, 26, rows, CELL, tone)
    middle = 26 + len(WEIGHTS) * CELL / 2
    signs = zip(starts[1:], ("×", "="), strict=True)
    shapes += [words(x - 8, middle, sign) for x, sign in signs]
    said = ", ".join(f"{flat[at]:g}".replace("-", "−") for at in kept)
    label = (
        f"A mask by magnitude: of {len(flat)} weights the {STAY} largest stay, {said}; "
        "the others become 0."
    )
    return Figure((Picture(starts[-1] + wide + 2, 28 + len(WEIGHTS) * CELL, label, tuple(shapes)),))


def two_of_four() -> Figure:
    """Draw 2:4 sparsity: of each four weights two stay, and each notes its place in two bits.

    >>> two_of_four()
    Two of four: of 8 weights 0.9, −0.8, 0.7, −0.4 are stored, with the places 00, 11, 10, 11.
    """
    shapes: list[Shape] = [note(2, 12, "weights, in groups of four", "start")]
    shapes += [note(2, 92, "stored: two values of each group,", "start")]
    shapes += [note(2, 172, "and for each its place, in two bits", "start")]
    values, places = [], []
    for group, four in enumerate(FOURS):
        kept = largest(four, 2)
        x = 2 + group * (4 * CELL + 18)
        bits = [f"{at:02b}" for at in kept]
        stored = [four[at] for at in kept]

        def tone(_: int, at: int, kept: Sequence[int] = kept) -> str:
            return "cell a" if at in kept else "cell"

        shapes += grid(x, 26, [four], CELL, tone)
        shapes += grid(x, 106, [stored], CELL, "cell a")
        shapes += grid(x, 186, [bits], CELL, "cell c")
        values += [f"{value:g}".replace("-", "−") for value in stored]
        places += bits
    label = (
        f"Two of four: of {4 * len(FOURS)} weights {', '.join(values)} are stored, with the "
        f"places {', '.join(places)}."
    )
    return Figure((Picture(8 * CELL + 22, 190 + CELL, label, tuple(shapes)),))
