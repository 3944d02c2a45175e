"""Points on a plane with two named axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labcode.show.pictures import Circle, Path, Picture, Polyline, Words, points

WIDTH, HEIGHT = 360.0, 280.0  # pixels
LEFT, RIGHT, ABOVE, BELOW = 14.0, 14.0, 26.0, 40.0  # margins around the plane
CHARACTER, LINE = 8.0, 12.0  # room for a character of a name, and for a line
INNER = 0.07  # part of a side between its end and the first point


@dataclass(frozen=True)
class Point:
    """A point: where it is, what stands beside it, and whether it is on the front."""

    x: float
    y: float
    name: str
    front: bool


@dataclass(frozen=True)
class Axis:
    """An axis: its name, how its numbers are written, and whether equal steps are factors."""

    name: str
    text: Callable[[float], str]
    by_factors: bool

    def bent(self, value: float) -> float:
        """Return the number that grows evenly along the axis."""
        return math.log10(value) if self.by_factors else value


def plane(dots: Sequence[Point], x: Axis, y: Axis, label: str) -> Picture:
    """Return points as a picture, with a line along the front.

    Args:
        dots: At least one; values of an axis by factors are above zero.
        x: The axis to the right.
        y: The axis upwards.
        label: What the picture shows, in words.

    >>> one = Point(1.0, 1.0, "1", True)
    >>> axis = Axis("size", str, by_factors=True)
    >>> found = plane([one, Point(10.0, 2.0, "2", False)], axis, axis, "two").shapes
    >>> sum(isinstance(shape, Circle) for shape in found)
    2
    """
    across = _scale([x.bent(dot.x) for dot in dots], LEFT, WIDTH - RIGHT)
    up = _scale([y.bent(dot.y) for dot in dots], HEIGHT - BELOW, ABOVE)
    places = [(across(x.bent(dot.x)), up(y.bent(dot.y))) for dot in dots]
    front = sorted(place for place, dot in zip(places, dots, strict=True) if dot.front)
    shapes = (
        *_frame(dots, x, y),
        Polyline("line", points(*front)),
        *(
            Circle("full a" if dot.front else "full b", *place, 4.5)
            for place, dot in zip(places, dots, strict=True)
        ),
        *_names(places, dots),
    )
    return Picture(WIDTH, HEIGHT, label, shapes)


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = min(values), max(values)
    room, inner = max(high - low, 1e-9), INNER * (end - start)
    return lambda value: start + inner + (value - low) / room * (end - start - 2 * inner)


def _names(places: Sequence[tuple[float, float]], dots: Sequence[Point]) -> list[Words]:
    """Return the names beside the points, the front's first; one that hid another is left out."""
    taken: list[tuple[float, float, float]] = []  # left end, right end, foot
    shown = []
    for (a, b), dot in sorted(zip(places, dots, strict=True), key=lambda pair: not pair[1].front):
        left, right, foot = a + 6, a + 6 + CHARACTER * len(dot.name), b - 4
        hidden = any(left < r and right > s and abs(foot - f) < LINE for s, r, f in taken)
        if dot.name and not hidden:
            taken.append((left, right, foot))
            shown.append(Words("name", left, foot, dot.name))
    return shown


def _frame(dots: Sequence[Point], x: Axis, y: Axis) -> tuple[Path | Words, ...]:
    """Return the frame, the names of the axes and the values at their ends."""
    foot, right = HEIGHT - BELOW, WIDTH - RIGHT
    xs, ys = sorted(dot.x for dot in dots), sorted(dot.y for dot in dots)
    return (
        Path("frame", f"M{LEFT:g},{ABOVE:g} V{foot:g} H{right:g}"),
        Words("name", LEFT, foot + 14, x.text(xs[0]), "start"),
        Words("name", right, foot + 14, x.text(xs[-1]), "end"),
        Words("name", (LEFT + right) / 2, HEIGHT - 6, f"{x.name} →", "middle"),
        Words("name", LEFT + 4, ABOVE + 13, y.text(ys[-1]), "start"),
        Words("name", LEFT + 4, foot - 5, y.text(ys[0]), "start"),
        Words("name", LEFT, 13, f"{y.name} ↑", "start"),
    )
