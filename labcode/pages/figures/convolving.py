"""A convolution with numbers, and its filter on its way over the image."""

from __future__ import annotations

from collections.abc import Sequence

from labcode._checks import check_between
from labcode.cost import conv_output_size
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, heading, note, outline, signed, words
from labcode.show.pictures import Picture, Rect, Shape

Rows = Sequence[Sequence[int]]
IMAGE: Rows = (  # a bright bar beside a dark ground
    (0, 0, 3, 3, 0),
    (0, 0, 3, 3, 0),
    (0, 1, 3, 2, 0),
    (0, 2, 3, 1, 0),
    (1, 3, 3, 0, 0),
)
FILTER: Rows = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))  # answers where it grows brighter to the right


def patch_of(image: Rows, row: int, column: int, size: int) -> list[list[int]]:
    """Return the square of the image that a filter sees at a place.

    >>> patch_of([[1, 2], [3, 4]], 1, 0, 1)
    [[3]]
    """
    return [list(line[column : column + size]) for line in image[row : row + size]]


def products(patch: Rows, weights: Rows) -> list[list[int]]:
    """Return a patch times a filter, place by place."""
    return [
        [a * b for a, b in zip(left, right, strict=True)]
        for left, right in zip(patch, weights, strict=True)
    ]


def output_of(image: Rows, weights: Rows) -> list[list[int]]:
    """Return what the filter gives at each place of the image.

    >>> output_of([[1, 2], [3, 4]], [[10]])
    [[10, 20], [30, 40]]
    """
    size = len(weights)
    rows, columns = conv_output_size((len(image), len(image[0])), size)
    return [
        [sum(map(sum, products(patch_of(image, r, c, size), weights))) for c in range(columns)]
        for r in range(rows)
    ]


def convolution(row: int = 0, column: int = 1) -> Figure:
    """Draw one step of a convolution with all its numbers.

    Args:
        row: Of the patch, 0 to 2.
        column: Of the patch, 0 to 2.

    Raises:
        ValueError: The patch does not lie in the image.

    >>> convolution()
    A convolution with numbers: the patch at row 0, column 1 times the filter gives 7.
    """
    size, cell = len(FILTER), 24.0
    whole = output_of(IMAGE, FILTER)
    check_between("row", row, 0, len(whole) - 1)
    check_between("column", column, 0, len(whole[0]) - 1)
    patch = patch_of(IMAGE, row, column, size)
    answer = whole[row][column]

    def seen(r: int, c: int) -> str:
        return "cell b" if 0 <= r - row < size and 0 <= c - column < size else "cell"

    def found(r: int, c: int) -> str:
        return "cell c" if (r, c) == (row, column) else "cell"

    shapes: list[Shape] = [
        heading(65, 12, "image"),
        heading(182, 12, "filter"),
        heading(288, 12, "output"),
        *grid(5, 26, IMAGE, cell, seen),
        outline(5 + column * cell, 26 + row * cell, 3 * cell, 3 * cell),
        *grid(146, 50, FILTER, cell, "cell a"),
        *grid(252, 50, whole, cell, found),
        outline(252 + column * cell, 50 + row * cell, cell, cell, "c"),
        *(words(x, 86, sign) for x, sign in ((136, "∗"), (235, "="))),
        note(5, 172, "patch times filter, place by place:", "start"),
        *grid(5, 188, patch, cell, "cell b"),
        *grid(110, 188, FILTER, cell, "cell a"),
        *grid(215, 188, products(patch, FILTER), cell),
        *(words(x, 224, sign) for x, sign in ((93, "×"), (198, "="))),
        note(5, 278, "and all nine added up:", "start"),
        Rect("cell c", 154, 265, 34, 26, 3),
        words(171, 278, signed(answer)),
    ]
    label = (
        f"A convolution with numbers: the patch at row {row}, column {column} times the filter "
        f"gives {answer}."
    )
    return Figure((Picture(330, 296, label, tuple(shapes)),))


def sliding_filter() -> Figure:
    """Draw one filter at its first, second and last place, and the output that fills up.

    >>> len(sliding_filter().panels)
    1
    """
    whole = output_of(IMAGE, FILTER)
    places = [(r, c) for r in range(len(whole)) for c in range(len(whole[0]))]
    shapes: list[Shape] = []
    for at, number in enumerate((0, 1, len(places) - 1)):
        shapes += _place(whole, places, number, 8 + 112.0 * at)
    label = (
        f"A sliding filter: the same {len(FILTER) ** 2} weights at place 1, 2 and {len(places)}; "
        "each place gives one number of the output."
    )
    return Figure((Picture(330, 330, label, tuple(shapes)),))


def _place(whole: Rows, places: list[tuple[int, int]], number: int, y: float) -> list[Shape]:
    """Return the image with the filter at one place, and the output so far."""
    row, column = places[number]
    size, cell = len(FILTER), 18.0
    done = set(places[: number + 1])
    shown = [[v if (r, c) in done else "" for c, v in enumerate(line)] for r, line in
             enumerate(whole)]  # fmt: skip
    return [
        *grid(5, y, IMAGE, cell),
        Rect("beam a", 5 + column * cell, y + row * cell, size * cell, size * cell),
        outline(5 + column * cell, y + row * cell, size * cell, size * cell, "a"),
        note(148, y + 28, f"place {number + 1} of {len(places)}"),
        *arrow((108, y + 45), (190, y + 45)),
        *grid(206, y + 8, shown, 26),
        outline(206 + column * 26, y + 8 + row * 26, 26, 26, "c"),
    ]
