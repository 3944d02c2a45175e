"""The picture of the roofline: what a device can reach at each arithmetic intensity."""

from __future__ import annotations

import math

from labcode.pages.live.draw import rounded, svg

# The picture, in pixels; both axes are logarithmic.
WIDTH, HEIGHT, LEFT, BOTTOM = 250.0, 170.0, 8.0, 34.0
DECADES = (-2.0, 4.0)  # of the intensity axis: 0.01 to 10,000 FLOP for each byte


def roof(intensity: float, ridge: float) -> str:
    """Return the roof over all intensities, and the network's place under it.

    Args:
        intensity: Of the network, in FLOP for each byte.
        ridge: Intensity at which compute begins to bind, in FLOP for each byte.

    Returns:
        An SVG picture with logarithmic axes; the vertical one is a share of the peak.
    """
    attained = min(1.0, intensity / ridge)
    binds = "compute" if intensity >= ridge else "memory"
    x, y = _x(intensity), _y(attained)
    floor = HEIGHT - BOTTOM
    low = _y(10 ** DECADES[0] / ridge)
    body = (
        f'<polyline class="live-line" points="{_x(10 ** DECADES[0]):.4g},{low:.4g} '
        f'{_x(ridge):.4g},{_y(1):.4g} {WIDTH - LEFT:.4g},{_y(1):.4g}"/>'
        + _line("live-thin", LEFT, floor, WIDTH - LEFT, floor)
        + _line("live-drop", x, y, x, floor)
        + f'<circle class="live-full" cx="{x:.4g}" cy="{y:.4g}" r="5"/>'
        + _words()
        + "".join(_tick(10.0**power) for power in range(-2, 5, 2))
    )
    label = (
        f"Roofline: at {rounded(intensity)} FLOP for each byte, {binds} binds and at most "
        f"{rounded(100 * attained)} % of the peak is reached"
    )
    return svg(WIDTH, HEIGHT, label, body)


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{style}" x1="{x1:.4g}" y1="{y1:.4g}" x2="{x2:.4g}" y2="{y2:.4g}"/>'


def _words() -> str:
    """Return the labels that stand in the picture itself."""
    return (
        f'<text class="live-name" text-anchor="end" x="{WIDTH - LEFT:g}" y="{_y(1) - 8:.4g}">'
        "peak of the device</text>"
        f'<text class="live-name" x="{LEFT:g}" y="{HEIGHT - 4:g}">FLOP for each byte</text>'
    )


def _tick(value: float) -> str:
    anchor = "start" if value < 0.1 else "end" if value > 1000 else "middle"
    return (
        f'<text class="live-name" text-anchor="{anchor}" x="{_x(value):.4g}" '
        f'y="{HEIGHT - BOTTOM + 14:g}">{rounded(value)}</text>'
    )


def _x(intensity: float) -> float:
    """Return the place of an intensity, in pixels from the left, kept inside the picture."""
    power = min(max(math.log10(intensity), DECADES[0]), DECADES[1])
    return LEFT + (WIDTH - 2 * LEFT) * (power - DECADES[0]) / (DECADES[1] - DECADES[0])


def _y(share: float) -> float:
    """Return the place of a share of the peak; the axis covers six decades, as the other."""
    power = min(max(math.log10(share), -6.0), 0.0)
    return 24.0 + (HEIGHT - BOTTOM - 24.0) * -power / 6.0
