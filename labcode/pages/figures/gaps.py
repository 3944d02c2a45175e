"""Relative indices: the zeros before each value, and a filler where a gap is too long."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, heading, note, path_line
from labcode.show.pictures import Picture, Shape

ROWS: Sequence[Sequence[int]] = ((0, 0, 3, 0, 0, 0, 5, 0), (7, 0, 0, 0, 0, 2, 0, 4))
BITS = 2
CELL, LEFT = 20.0, 5.0  # pixels: of a place, where the row begins
Stored = tuple[int, int]  # a place, and the zeros before it since what was stored last


def relative_index() -> Figure:
    """Draw the gaps of a short matrix, and what is stored where an index has two bits.

    >>> relative_index()
    Relative indices: the gaps before 5 values are 2, 3, 1, 4, 1. 2 bits count to 3, so in the ...
    """
    row = [value for line in ROWS for value in line]
    plain, short = stored(row), stored(row, BITS)
    most = 2**BITS - 1
    shapes: list[Shape] = [
        note(LEFT, 12, "zeros before each value", "start"),
        *_row(row, plain, 48),
        note(LEFT, 98, f"the same in {BITS} bits, which count to {most}", "start"),
        *_row(row, short, 134),
    ]
    fillers = [place for place, _ in short if row[place] == 0]
    shapes += [note(_middle(place), 166, "filler") for place in fillers]
    gaps, entries = (", ".join(str(gap) for _, gap in found) for found in (plain, short))
    label = (
        f"Relative indices: the gaps before {len(plain)} values are {gaps}. {BITS} bits count to "
        f"{most}, so in the longer gap a zero is stored as a filler: {entries}."
    )
    return Figure((Picture(2 * LEFT + CELL * len(row), 178, label, tuple(shapes)),))


def stored(row: Sequence[int], bits: int | None = None) -> list[Stored]:
    """Return what is stored of a row, each with the zeros before it.

    A filler is a zero of the row that is stored since an index cannot count any further. Deep
    Compression has this rule, and so has `labcode.pruning.save_sparse`. In `labcode.coding` a
    filler takes no place of its own.

    Args:
        row: Its values; zeros behind the last of them need no index.
        bits: Of an index; as many as the longest gap needs if None.

    >>> stored([0, 0, 0, 0, 5, 7], 2)
    [(3, 3), (4, 0), (5, 0)]
    """
    most = len(row) if bits is None else 2**bits - 1
    last = max((place for place, value in enumerate(row) if value), default=-1)
    found: list[Stored] = []
    zeros = 0
    for place, value in enumerate(row[: last + 1]):
        if value or zeros == most:
            found.append((place, zeros))
            zeros = 0
        else:
            zeros += 1
    return found


def _row(row: Sequence[int], entries: list[Stored], y: float) -> list[Shape]:
    """Return a row of places with the indices above those that are stored."""
    places = {place for place, _ in entries}

    def style(_: int, place: int) -> str:
        return ("map a" if row[place] else "map b") if place in places else "frame"

    shown = [value if place in places else "" for place, value in enumerate(row)]
    half = LEFT + CELL * len(ROWS[0])  # where the second row of the matrix begins
    return [
        *(heading(_middle(place), y - 14, f"{gap}") for place, gap in entries),
        *grid(LEFT, y, [shown], CELL, style),
        *(note(_middle(at), y + CELL / 2, "0") for at in range(len(row)) if at not in places),
        path_line((half, y - 4), (half, y + CELL + 4)),
    ]


def _middle(place: int) -> float:
    return LEFT + CELL * (place + 0.5)
