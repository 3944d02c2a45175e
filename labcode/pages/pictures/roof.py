"""The picture of the roofline: what a device can reach at each arithmetic intensity."""

from __future__ import annotations

import math

from labcode.show.numbers import rounded
from labcode.show.pictures import Anchor, Circle, Line, Picture, Polyline, Shape, Words, points

# The picture, in pixels; both axes are logarithmic.
WIDTH, HEIGHT, LEFT, BOTTOM = 250.0, 170.0, 8.0, 34.0
DECADES = (-2.0, 4.0)  # of the intensity axis: 0.01 to 10,000 FLOP for each byte


def roof(intensity: float, ridge: float) -> Picture:
    """Return the roof over all intensities, and the network's place under it.

    Args:
        intensity: Of the network, in FLOP for each byte.
        ridge: Intensity at which compute begins to bind, in FLOP for each byte.

    Returns:
        A picture with logarithmic axes; the vertical one is a share of the peak.
    """
    attained = min(1.0, intensity / ridge)
    computes = intensity >= ridge
    x, y, floor = _x(intensity), _y(attained), HEIGHT - BOTTOM
    least = 10 ** DECADES[0]
    line = points((_x(least), _y(least / ridge)), (_x(ridge), _y(1)), (WIDTH - LEFT, _y(1)))
    label = (
        f"Roofline: at {rounded(intensity)} FLOP for each byte, "
        f"{'compute' if computes else 'memory'} binds and at most "
        f"{rounded(100 * attained)} % of the peak is reached"
    )
    shapes: tuple[Shape, ...] = (
        Polyline("line", line),
        Line("thin", LEFT, floor, WIDTH - LEFT, floor),
        Line("drop", x, y, x, floor),
        Circle("full", x, y, 5),
        Words("name", WIDTH - LEFT, _y(1) - 8, "peak of the device", "end"),
        Words("name", LEFT, HEIGHT - 4, "FLOP for each byte"),
        *(_tick(10.0**power) for power in range(-2, 5, 2)),
    )
    return Picture(WIDTH, HEIGHT, label, shapes, "a" if computes else "b")


def _tick(value: float) -> Words:
    anchor: Anchor = "start" if value < 0.1 else "end" if value > 1000 else "middle"
    return Words("name", _x(value), HEIGHT - BOTTOM + 14, rounded(value), anchor)


def _x(intensity: float) -> float:
    """Return the place of an intensity, in pixels from the left, kept inside the picture."""
    power = min(max(math.log10(intensity), DECADES[0]), DECADES[1])
    return LEFT + (WIDTH - 2 * LEFT) * (power - DECADES[0]) / (DECADES[1] - DECADES[0])


def _y(share: float) -> float:
    """Return the place of a share of the peak; the axis covers six decades, as the other."""
    power = min(max(math.log10(share), -6.0), 0.0)
    return 24.0 + (HEIGHT - BOTTOM - 24.0) * -power / 6.0
