"""A picture of channels before and after a shuffle, and a wire from each place to its new one."""

from __future__ import annotations

from collections.abc import Sequence

from labcode.show.pictures import TONES, Line, Picture, Rect, Shape, Words

SIDE, HEIGHT, MARGIN = 22.0, 116.0, 2.0  # pixels: of a square, of the picture, around it
_STYLES = ("full", "pale", "faint")  # of the first three groups, the next three, the last ones


def name(channel: int, per_group: int) -> str:
    """Return a channel's name: the letter of its group and its number there.

    >>> name(0, 4), name(5, 4)
    ('A1', 'B2')
    """
    return f"{chr(ord('A') + channel // per_group)}{channel % per_group + 1}"


def wires(order: Sequence[int], per_group: int) -> Picture:
    """Return the channels in their first order above, in ``order`` below, and wires between.

    Args:
        order: The channel that stands at each place below.
        per_group: Channels in each group; a gap stands between two groups.
    """
    n, bottom = per_group, HEIGHT - SIDE - MARGIN
    shapes: list[Shape] = [
        Line(
            f"wire {TONES[channel // n % 3]}",
            _x(channel, n) + SIDE / 2,
            MARGIN + SIDE,
            _x(place, n) + SIDE / 2,
            bottom,
        )
        for place, channel in enumerate(order)
    ]
    for place, channel in enumerate(order):
        shapes += _square(place, place, n, MARGIN) + _square(place, channel, n, bottom)
    before, after = (" ".join(name(c, n) for c in way) for way in (sorted(order), order))
    label = f"Channels before: {before}; after: {after}"
    return Picture(_x(len(order) - 1, n) + SIDE + MARGIN, HEIGHT, label, tuple(shapes))


def _x(place: int, n: int) -> float:
    """Return where a square begins; a gap of half a square stands between two groups."""
    return MARGIN + SIDE * (place + 0.5 * (place // n))


def _square(place: int, channel: int, n: int, y: float) -> list[Shape]:
    """Return a square at a place with the name of its channel; the group decides its colour."""
    group, x = channel // n, _x(place, n)
    return [
        Rect(f"{_STYLES[group // 3]} {TONES[group % 3]}", x + 1, y, SIDE - 2, SIDE, 2),
        Words(
            "tag on" if group < 3 else "tag",
            x + SIDE / 2,
            y + SIDE / 2 + 4,
            name(channel, n),
            "middle",
        ),
    ]
