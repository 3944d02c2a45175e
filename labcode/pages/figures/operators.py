"""ReLU and sigmoid as operators: each number by itself, and nothing to learn."""

from __future__ import annotations

import math
from collections.abc import Callable

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, grid, heading, note, rule, signed
from labcode.show.pictures import Picture, Polyline, Shape, points

VALUES = (-4.0, -1.0, 0.0, 2.0, 5.0)
REACH, SIDE, LEFT, TOP = 6.0, 140.0, 24.0, 28.0  # of the curve to both sides; pixels


def relu(value: float) -> float:
    """Return a number, or 0 if it is negative.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return max(0.0, value)


def sigmoid(value: float) -> float:
    """Return a number squeezed between 0 and 1.

    >>> sigmoid(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-value))


def relu_and_sigmoid() -> Figure:
    """Draw both functions, and what they make of five numbers.

    >>> for panel in relu_and_sigmoid().panels:
    ...     print(panel.label)
    ReLU: −4, −1, 0, 2, 5 become 0, 0, 0, 2, 5.
    Sigmoid: −4, −1, 0, 2, 5 become 0.02, 0.27, 0.5, 0.88, 0.99.
    """
    return Figure((_panel("ReLU", relu, REACH), _panel("Sigmoid", sigmoid, 1.0)))


def _panel(name: str, function: Callable[[float], float], top: float) -> Picture:
    before = [signed(value) for value in VALUES]
    after = [f"{round(function(value), 2):g}" for value in VALUES]
    foot, middle, cell = TOP + SIDE * 0.7, LEFT + SIDE / 2, 33.0
    curve = [x * REACH / 30 for x in range(-30, 31)]

    def place(x: float) -> tuple[float, float]:
        return middle + x / REACH * SIDE / 2, foot - function(x) / top * SIDE * 0.6

    shapes: list[Shape] = [
        heading(middle, 10, name),
        rule(LEFT, foot, LEFT + SIDE, foot),
        rule(middle, TOP - 4, middle, foot + 4),
        Polyline("curve a", points(*map(place, curve))),
        note(middle - 6, TOP + SIDE * 0.1, f"{top:g}", "end"),
        note(LEFT, foot + 13, f"−{REACH:g}", "start"),
        note(LEFT + SIDE, foot + 13, f"{REACH:g}", "end"),
        *grid(2, foot + 32, [before], cell),
        *arrow((2 + 2.5 * cell, foot + 32 + cell), (2 + 2.5 * cell, foot + 50 + cell)),
        *grid(2, foot + 50 + cell, [after], cell, "cell c"),
    ]
    label = f"{name}: {', '.join(before)} become {', '.join(after)}."
    return Picture(4 + 5 * cell, foot + 54 + 2 * cell, label, tuple(shapes))
