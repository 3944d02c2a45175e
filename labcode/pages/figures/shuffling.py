"""The channel shuffle: as wires, and as a table that is read the other way."""

from __future__ import annotations

from labcode._checks import check_between
from labcode.pages.calculators.channel_shuffle import shuffled_order
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, note
from labcode.pages.pictures.wires import name, wires
from labcode.show.pictures import TONES, Picture, Shape

CELL = 28.0


def channel_shuffle(groups: int = 3, per_group: int = 4) -> Figure:
    """Draw where each channel goes, and the three steps: reshape, transpose, flatten.

    Args:
        groups: 2 or 3.
        per_group: Channels in each, 2 to 4.

    >>> print(repr(channel_shuffle(2, 2)).splitlines()[1])
    Reshape, transpose, flatten: 2 rows of 2 become 2 rows of 2; read line by line: A1 B1 A2 B2.
    """
    g, n = check_between("groups", groups, 2, 3), check_between("per_group", per_group, 2, 4)
    order = shuffled_order(g, n)
    rows = [[name(row * n + column, n) for column in range(n)] for row in range(g)]
    turned = [list(column) for column in zip(*rows, strict=True)]
    wide = CELL * n
    shapes: list[Shape] = [
        note(6, 12, "a row a group", "start"),
        *grid(6, 26, rows, CELL, lambda r, _: f"cell {TONES[r]}"),
        *arrow((wide + 16, 26 + CELL), (wide + 60, 26 + CELL)),
        note(wide + 38, 26 + CELL - 12, "turn"),
        *grid(wide + 72, 26, turned, CELL, lambda _, c: f"cell {TONES[c]}"),
        note(wide + 72 + CELL * g + 8, 26 + CELL / 2, "read", "start"),
        note(wide + 72 + CELL * g + 8, 43 + CELL / 2, "by lines", "start"),
    ]
    said = " ".join(name(channel, n) for channel in order)
    label = (
        f"Reshape, transpose, flatten: {g} rows of {n} become {n} rows of {g}; read line by "
        f"line: {said}."
    )
    width = wide + 72 + CELL * g + 68
    return Figure((wires(order, n), Picture(width, 32 + CELL * n, label, tuple(shapes))))
