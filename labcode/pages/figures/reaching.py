"""What one output reads of each channel: depthwise and pointwise one after the other, or added."""

from __future__ import annotations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, squares
from labcode.show.pictures import Picture, Rect, Shape

CHANNELS, SIDE, CELL, GAP = 4, 7, 9.0, 14.0  # maps, pixels of a map, pixels of the page
WINDOW, PIXEL = 3, 1


def windows(*, added: bool) -> list[int]:
    """Return the side of what the first output channel reads of each input channel.

    >>> windows(added=False), windows(added=True)
    ([3, 3, 3, 3], [3, 1, 1, 1])
    """
    others = PIXEL if added else WINDOW
    return [WINDOW, *[others] * (CHANNELS - 1)]


def composed_and_added() -> Figure:
    """Draw the pixels that one output reads of four channels, for both ways.

    >>> composed_and_added().panels[1].label
    'Added: one output reads 3 × 3 pixels of its own channel and one pixel of each other.'
    """
    return Figure(
        (
            _panel(
                "one after the other",
                f"One after the other: one output reads {WINDOW} × {WINDOW} pixels of every "
                "channel.",
                windows(added=False),
            ),
            _panel(
                "added",
                f"Added: one output reads {WINDOW} × {WINDOW} pixels of its own channel and one "
                "pixel of each other.",
                windows(added=True),
            ),
        )
    )


def _panel(title: str, label: str, read: list[int]) -> Picture:
    side = SIDE * CELL
    shapes: list[Shape] = [heading(6, 12, title, "start")]
    for channel, window in enumerate(read):
        x, y = 6 + channel * (side + GAP), 28.0
        first = (SIDE - window) // 2
        places = [
            (x + CELL * (first + column), y + CELL * (first + row))
            for row in range(window)
            for column in range(window)
        ]
        shapes += [Rect("frame", x, y, side, side), squares("full a", places, CELL)]
    return Picture(CHANNELS * (side + GAP) + 4, 28 + side + 8, label, tuple(shapes))
