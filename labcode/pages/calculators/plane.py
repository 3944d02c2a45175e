"""Points on a plane with two named axes, for calculators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labcode.pages.live.draw import svg

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


def plane(points: Sequence[Point], x: Axis, y: Axis, label: str) -> str:
    """Return points as a picture, with a line along the front.

    Args:
        points: At least one; values of an axis by factors are above zero.
        x: The axis to the right.
        y: The axis upwards.
        label: What the picture shows, in words.

    >>> one = Point(1.0, 1.0, "1", True)
    >>> axis = Axis("size", str, by_factors=True)
    >>> plane([one, Point(10.0, 2.0, "2", False)], axis, axis, "two").count("<circle")
    2
    """
    across = _scale([x.bent(point.x) for point in points], LEFT, WIDTH - RIGHT)
    up = _scale([y.bent(point.y) for point in points], HEIGHT - BELOW, ABOVE)
    places = [(across(x.bent(point.x)), up(y.bent(point.y))) for point in points]
    front = sorted(place for place, point in zip(places, points, strict=True) if point.front)
    line = " ".join(f"{a:.4g},{b:.4g}" for a, b in front)
    dots = "".join(_dot(place, point) for place, point in zip(places, points, strict=True))
    names = _names(places, points)
    body = f'{_frame(points, x, y)}<polyline class="live-line" points="{line}"/>{dots}{names}'
    return svg(WIDTH, HEIGHT, label, body)


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = min(values), max(values)
    room, inner = max(high - low, 1e-9), INNER * (end - start)
    return lambda value: start + inner + (value - low) / room * (end - start - 2 * inner)


def _dot(place: tuple[float, float], point: Point) -> str:
    a, b = place
    tone = "live-a" if point.front else "live-b"
    return f'<g class="{tone}"><circle class="live-full" cx="{a:.4g}" cy="{b:.4g}" r="4.5"/></g>'


def _names(places: Sequence[tuple[float, float]], points: Sequence[Point]) -> str:
    """Return the names beside the points, the front's first; one that hid another is left out."""
    taken: list[tuple[float, float, float]] = []  # left end, right end, foot
    texts = []
    for (a, b), point in sorted(
        zip(places, points, strict=True), key=lambda pair: not pair[1].front
    ):
        left, right, foot = a + 6, a + 6 + CHARACTER * len(point.name), b - 4
        hidden = any(left < r and right > s and abs(foot - f) < LINE for s, r, f in taken)
        if point.name and not hidden:
            taken.append((left, right, foot))
            texts.append(
                f'<text class="live-name" x="{left:.4g}" y="{foot:.4g}">{point.name}</text>'
            )
    return "".join(texts)


def _frame(points: Sequence[Point], x: Axis, y: Axis) -> str:
    """Return the frame, the names of the axes and the values at their ends."""
    foot, right = HEIGHT - BELOW, WIDTH - RIGHT
    xs, ys = sorted(point.x for point in points), sorted(point.y for point in points)
    texts = [
        (LEFT, foot + 14, "start", x.text(xs[0])),
        (right, foot + 14, "end", x.text(xs[-1])),
        ((LEFT + right) / 2, HEIGHT - 6, "middle", f"{x.name} →"),
        (LEFT + 4, ABOVE + 13, "start", y.text(ys[-1])),
        (LEFT + 4, foot - 5, "start", y.text(ys[0])),
        (LEFT, 13, "start", f"{y.name} ↑"),
    ]
    named = "".join(
        f'<text class="live-name" text-anchor="{anchor}" x="{a:.4g}" y="{b:.4g}">{text}</text>'
        for a, b, anchor, text in texts
    )
    return f'<path class="live-frame" d="M{LEFT:g},{ABOVE:g} V{foot:g} H{right:g}"/>{named}'
