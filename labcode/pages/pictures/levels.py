"""A picture of weights on a number line, and of the levels that they move to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from labcode.show.pictures import Circle, Line, Picture, Rect, Shape, Words

WIDTH, HEIGHT, MARGIN = 320.0, 118.0, 14.0  # pixels
ABOVE, BELOW = 26.0, 84.0  # where the weights are, and where the levels
MOST_TICKS = 64  # more levels than this are drawn as one bar


class Move(NamedTuple):
    """A weight, the level that it becomes, and whether it was clipped."""

    weight: float
    level: float
    clipped: bool


def moves_to_levels(moves: Sequence[Move], levels: Sequence[float]) -> Picture:
    """Return the weights above, the levels below, and a line from each weight to its own.

    Args:
        moves: The weights; those that were clipped have the second colour.
        levels: All levels, from the lowest to the highest.
    """
    weights = [move.weight for move in moves]
    first, last = min(*weights, levels[0]), max(*weights, levels[-1])

    def place(value: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * (value - first) / (last - first)

    lines, dots = [], []
    for weight, level, clipped in moves:
        tone = "b" if clipped else "a"
        lines.append(Line(f"drop {tone}", place(weight), ABOVE + 5, place(level), BELOW - 9))
        dots.append(Circle(f"full {tone}", place(weight), ABOVE, 4))
    names = (Words("name", 0, 11, "weights"), Words("name", 0, HEIGHT - 2, "levels"))
    label = (
        f"{len(moves)} weights on a number line and the {len(levels)} levels that they move to; "
        f"{sum(move.clipped for move in moves)} are clipped"
    )
    zero = Words("name", place(0), BELOW + 22, "0", "middle")
    ticks = _ticks([place(value) for value in levels])
    return Picture(WIDTH, HEIGHT, label, (*lines, *dots, *ticks, zero, *names))


def _ticks(places: Sequence[float]) -> list[Shape]:
    """Return the levels as ticks on a line."""
    line = Line("thin", 0, BELOW, WIDTH, BELOW)
    if len(places) > MOST_TICKS:
        first, last = places[0], places[-1]
        return [line, Rect("pale", first, BELOW - 7, last - first, 14)]
    return [line, *(Line("line", x, BELOW - 7, x, BELOW + 7) for x in places)]
