"""Points on a plane with two named axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labcode.show.pictures import Circle, Line, Named, Path, Picture, Polyline, Words, points

WIDTH, HEIGHT = 380.0, 334.0  # pixels
LEFT, RIGHT, ABOVE, BELOW = 66.0, 16.0, 26.0, 78.0  # margins around the plane
ROW = 16.0  # between two lines of words below the plane
LONGEST = 44  # letters of a name in one line
CHARACTER, LINE = 8.0, 12.0  # room for a character of a name, and for a line
INNER = 0.07  # part of a side between its end and the first point
FINGER = 12.0  # pixels around a point in which it is touched
TICKS = 5  # at most, on an axis
TOUCH = "Touch a point for its name."


@dataclass(frozen=True)
class Point:
    """A point: where it is, what stands beside it, whether it is on the front, and its name."""

    x: float
    y: float
    place: str
    front: bool
    name: str


@dataclass(frozen=True)
class Axis:
    """An axis: its name, how its numbers are written, and whether equal steps are factors."""

    name: str
    text: Callable[[float], str]
    by_factors: bool

    def bent(self, value: float) -> float:
        """Return the number that grows evenly along the axis."""
        return math.log10(value) if self.by_factors else value

    @property
    def title(self) -> str:
        """The name, and the scale where it is not the usual one."""
        return f"{self.name} (log scale)" if self.by_factors else self.name

    def ticks(self, low: float, high: float) -> list[float]:
        """Return a few round numbers between two values.

        >>> Axis("bytes", str, by_factors=True).ticks(7_000, 2_000_000)
        [10000.0, 30000.0, 100000.0, 300000.0, 1000000.0]
        >>> Axis("share", str, by_factors=False).ticks(0.951, 0.988)
        [0.96, 0.97, 0.98]
        """
        found = _factors(low, high) if self.by_factors else _steps(low, high)
        return [value for value in found if low <= value <= high]


def plane(dots: Sequence[Point], x: Axis, y: Axis, label: str) -> Picture:
    """Return points as a picture, with a line along the front.

    Args:
        dots: At least one; values of an axis by factors are above zero.
        x: The axis to the right.
        y: The axis upwards.
        label: What the picture shows, in words.

    >>> one = Point(1.0, 1.0, "1", True, "first")
    >>> axis = Axis("size", str, by_factors=True)
    >>> found = plane([one, Point(10.0, 2.0, "2", False, "second")], axis, axis, "two").shapes
    >>> [shape.name for shape in found if isinstance(shape, Named)]
    ['first', 'second']
    """
    across = _scale([x.bent(dot.x) for dot in dots], LEFT, WIDTH - RIGHT)
    up = _scale([y.bent(dot.y) for dot in dots], HEIGHT - BELOW, ABOVE)
    places = [(across(x.bent(dot.x)), up(y.bent(dot.y))) for dot in dots]
    front = sorted(place for place, dot in zip(places, dots, strict=True) if dot.front)
    shapes = (
        *_frame(x, y),
        *_marks_across(x, [dot.x for dot in dots], across),
        *_marks_up(y, [dot.y for dot in dots], up),
        Polyline("line", points(*front)),
        *_beside(places, dots),
        *(_touchable(dot, *place) for place, dot in zip(places, dots, strict=True)),
    )
    return Picture(WIDTH, HEIGHT, label, shapes)


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = min(values), max(values)
    room, inner = max(high - low, 1e-9), INNER * (end - start)
    return lambda value: start + inner + (value - low) / room * (end - start - 2 * inner)


def _factors(low: float, high: float) -> list[float]:
    """Return powers of ten, with 2 and 5 of each between them where that is not too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        if len([value for value in found if low <= value <= high]) <= TICKS:
            return found
    return [10.0**power for power in powers][:: math.ceil(len(powers) / TICKS)]


def _steps(low: float, high: float) -> list[float]:
    """Return multiples of 1, 2 or 5 of a power of ten."""
    if low == high:
        return [low]
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, decimals) for number in range(first, last + 1)]


def _marks_across(
    axis: Axis, values: Sequence[float], across: Callable[[float], float]
) -> Iterator[Line | Words]:
    foot = HEIGHT - BELOW
    for value in axis.ticks(min(values), max(values)):
        place = across(axis.bent(value))
        yield Line("frame", place, foot, place, foot + 4)
        yield Words("name axis", place, foot + 17, axis.text(value), "middle")


def _marks_up(
    axis: Axis, values: Sequence[float], up: Callable[[float], float]
) -> Iterator[Line | Words]:
    for value in axis.ticks(min(values), max(values)):
        place = up(axis.bent(value))
        yield Line("frame", LEFT - 4, place, LEFT, place)
        yield Words("name axis", LEFT - 7, place + 5, axis.text(value), "end")


def _touchable(dot: Point, x: float, y: float) -> Named:
    """Return a point that says its name below the plane."""
    drawn = Circle("full a" if dot.front else "full b", x, y, 4.5)
    words = tuple(
        Words("name axis tip", WIDTH / 2, HEIGHT - 5 - ROW + ROW * line, text, "middle")
        for line, text in enumerate(_lines(dot.name))
    )
    return Named(dot.name, (Circle("finger", x, y, FINGER), drawn), words)


def _lines(name: str) -> list[str]:
    """Return a name in one line, or a long one in two, broken between words near its middle.

    >>> _lines("small CNN"), _lines("LeNet-5, half of the filters cut out, taught, pruned")
    (['small CNN'], ['LeNet-5, half of the filters', 'cut out, taught, pruned'])
    """
    if len(name) <= LONGEST:
        return [name]
    spaces = [place for place, letter in enumerate(name) if letter == " "]
    middle = min(spaces, key=lambda place: abs(place - len(name) / 2), default=len(name))
    return [name[:middle], name[middle + 1 :]]


def _beside(places: Sequence[tuple[float, float]], dots: Sequence[Point]) -> list[Words]:
    """Return what stands beside points, the front's first; one that hid another is left out."""
    taken: list[tuple[float, float, float]] = []  # left end, right end, foot
    shown = []
    for (a, b), dot in sorted(zip(places, dots, strict=True), key=lambda pair: not pair[1].front):
        left, right, foot = a + 6, a + 6 + CHARACTER * len(dot.place), b - 4
        hidden = any(left < r and right > s and abs(foot - f) < LINE for s, r, f in taken)
        if dot.place and not hidden:
            taken.append((left, right, foot))
            shown.append(Words("name axis", left, foot, dot.place))
    return shown


def _frame(x: Axis, y: Axis) -> tuple[Path | Words, ...]:
    """Return the frame, the names of the axes, and what a finger may do."""
    foot, right = HEIGHT - BELOW, WIDTH - RIGHT
    return (
        Path("frame", f"M{LEFT:g},{ABOVE:g} V{foot:g} H{right:g}"),
        Words("name axis", (LEFT + right) / 2, foot + 17 + ROW, f"{x.title} →", "middle"),
        Words("name axis", 2, 14, f"{y.title} ↑", "start"),
        Words("name axis hint", WIDTH / 2, HEIGHT - 5 - ROW, TOUCH, "middle"),
    )
