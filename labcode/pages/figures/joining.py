"""Three ways to join neurons to a row of pixels: to all, to a patch, or by weights they share."""

from __future__ import annotations

from collections.abc import Mapping

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, lines
from labcode.show.pictures import Circle, Line, Picture, Rect, Shape

PIXELS, PATCH = 6, 3
NEURONS = PIXELS - PATCH + 1  # one above each patch
WIDTH, STEP, TOP, LOW = 164.0, 25.0, 44.0, 122.0  # pixels: of a panel, between places, two rows
RADIUS, SIDE = 8.0, 16.0  # pixels: of a neuron, of a pixel of the image
COLOURS = "abc"  # one for each weight that is shared

Joined = Mapping[tuple[int, int], tuple[int, ...]]  # pixel and neuron -> which weight it is


def dense_local_shared() -> Figure:
    """Draw neurons that read a row of pixels: dense, locally connected, as a convolution.

    >>> for panel in dense_local_shared().panels:
    ...     print(panel.label)
    Dense: 24 lines, 24 weights.
    Locally connected: 12 lines, 12 weights.
    Convolution: 12 lines, 3 weights.
    """
    pairs = [(pixel, neuron) for neuron in range(NEURONS) for pixel in range(PIXELS)]
    near = [(pixel, neuron) for pixel, neuron in pairs if 0 <= pixel - neuron < PATCH]
    return Figure(
        (
            _panel("Dense", {pair: pair for pair in pairs}),
            _panel("Locally connected", {pair: pair for pair in near}),
            _panel("Convolution", {pair: (pair[0] - pair[1],) for pair in near}),
        )
    )


def _panel(title: str, joined: Joined) -> Picture:
    """Return neurons above pixels; a line has a colour if its weight is used more than once."""
    weights = set(joined.values())
    shared = len(weights) < len(joined)
    shapes: list[Shape] = [heading(WIDTH / 2, 12, title)]
    for (pixel, neuron), weight in joined.items():
        tone = COLOURS[weight[0]] if shared else "n"
        shapes.append(Line(f"wire {tone}", _x(neuron, NEURONS), TOP, _x(pixel, PIXELS), LOW))
    shapes += [Circle("dot", _x(at, NEURONS), TOP, RADIUS) for at in range(NEURONS)]
    shapes += [_pixel(_x(at, PIXELS)) for at in range(PIXELS)]
    said = (f"{len(joined)} lines", f"{len(weights)} weights")
    shapes += lines(WIDTH / 2, LOW + 24, said)
    return Picture(WIDTH, LOW + 50, f"{title}: {', '.join(said)}.", tuple(shapes))


def _pixel(middle: float) -> Rect:
    return Rect("dot", middle - SIDE / 2, LOW - SIDE / 2, SIDE, SIDE, 2)


def _x(at: int, places: int) -> float:
    return WIDTH / 2 + STEP * (at - (places - 1) / 2)
