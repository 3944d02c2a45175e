"""Multi-scale dense networks: a coarse map from the first layer on, and everything read again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, box, heading, note, path_line, words
from labcode.show.pictures import Circle, Picture, Rect, Shape

IMAGE = (1, 28, 28)
FIRST, STEP = 22.0, 35.0  # pixels: the middle of the first column, from one to the next
BOX, TAP = 22.0, 6.0  # side of a box; from its middle to where lines enter and leave
NUMBERS, BUS, FINE, COARSE, BELOW, EXITS = 31.0, 50.0, 68.0, 130.0, 170.0, 190.0  # heights
EXIT = 52.0  # width of an exit's box

Sizes = list[tuple[int, int]]  # channels so far and side in pixels, behind each layer


def multi_scale_dense() -> Figure:
    """Draw the small multi-scale dense network of the chapter, its layers from left to right.

    What a layer adds joins a line, and all later layers read from this line.

    Source: Huang et al., "Multi-scale dense networks" (arXiv:1703.09844), whose small form
        `labcode.models.msd_net` is.

    >>> multi_scale_dense()
    Multi-scale dense network: 8 layers, all with a coarse map and the first 4 with a fine one. ...
    """
    fine, coarse = scales()
    every = (len(coarse) - 1) // exits()  # layers from exit to exit
    read = [coarse[every * number][0] for number in range(1, exits() + 1)]
    shapes = [
        *_head(len(coarse) - 1),
        *_row(_added(fine), FINE, BUS, _x(len(fine) - 1) - TAP, "a"),
        *_row(_added(coarse), COARSE, BELOW, _x(len(coarse) - 1) + 2 * TAP, "c"),
        *_down(len(fine)),
        *_exits(every, read),
        note(_x(len(fine)) - 10, FINE + BOX / 2, _size("fine map", fine), "start"),
        note(_x(len(fine)) - 10, COARSE - 14, _size("coarse map", coarse), "start"),
    ]
    label = (
        f"Multi-scale dense network: {len(coarse) - 1} layers, all with a coarse map and the first "
        f"{len(fine) - 1} with a fine one. A map is made from all before it in its row, a coarse "
        f"one from the fine row too while there is one; {len(read)} exits read coarse maps of "
        f"{', '.join(map(str, read))} channels."
    )
    return Figure((Picture(_x(len(coarse) - 1) + 39, EXITS + 56, label, tuple(shapes)),))


def scales() -> tuple[Sizes, Sizes]:
    """Return the fine and the coarse map behind the stem and behind each layer that has them.

    >>> fine, coarse = scales()
    >>> fine
    [(8, 14), (12, 14), (16, 14), (20, 14), (24, 14)]
    """
    import torch

    from labcode.models.msd_net import DenseLayer, Stem, msd_net

    found: tuple[Sizes, Sizes] = ([], [])
    features = (torch.zeros(1, *IMAGE),)
    for part in msd_net().eval().modules():
        if not isinstance(part, (Stem, DenseLayer)):
            continue
        features = part(features[0] if isinstance(part, Stem) else features)
        for row, map_ in zip(reversed(found), reversed(features), strict=False):
            row.append((map_.shape[1], map_.shape[2]))
    return found


def exits() -> int:
    """Return how many exits the network has."""
    from labcode.models.msd_net import msd_net

    return len(msd_net().exits)


def _added(sizes: Sizes) -> list[int]:
    """Return the channels that each layer adds."""
    so_far = [0, *(channels for channels, _ in sizes)]
    return [after - before for before, after in pairwise(so_far)]


def _x(column: int) -> float:
    return FIRST + STEP * column


def _size(name: str, sizes: Sizes) -> str:
    return f"{name}, {sizes[0][1]} × {sizes[0][1]}"


def _head(layers: int) -> list[Shape]:
    """Return the image above the stem, and the layers' numbers."""
    return [
        note(_x(0), NUMBERS, "image"),
        *arrow((_x(0), NUMBERS + 9), (_x(0), FINE)),
        heading(_x(layers // 2) + STEP / 2, 12, "layer"),
        *(note(_x(layer), NUMBERS, str(layer)) for layer in range(1, layers + 1)),
    ]


def _row(added: Sequence[int], y: float, bus: float, end: float, tone: str) -> list[Shape]:
    """Return the maps of a scale, and the line that collects them.

    Args:
        added: Channels of each map.
        y: Where the boxes begin.
        bus: Height of the line, above or below them.
        end: Where it ends; nothing reads a map that joins it further on.
        tone: Of boxes and line.
    """
    edge = y if bus < y else y + BOX
    shapes: list[Shape] = [path_line((_x(0) + TAP, bus), (end, bus), style=f"curve {tone}")]
    for column, channels in enumerate(added):
        x, read = _x(column), _x(column) + TAP < end
        left = x - BOX / 2
        if read:
            shapes += [
                path_line((x + TAP, edge), (x + TAP, bus)),
                Circle(f"full {tone}", x + TAP, bus, 3.5),  # here it joins
                *box(left, y, BOX, BOX, f"{channels}", tone),
            ]
        else:
            shapes += [
                Rect("ghost", left, y, BOX, BOX, 5),
                words(x, y + BOX / 2, f"{channels}"),
            ]
        if column:
            shapes += arrow((x - TAP, bus), (x - TAP, edge))
    return shapes


def _down(columns: int) -> list[Shape]:
    """Return the ways from the fine maps to the coarse ones: each reads all fine maps before it."""
    shapes = arrow((_x(0), FINE + BOX), (_x(0), COARSE))  # the stem's
    for column in range(1, columns):
        x, turn = _x(column), FINE + BOX + 14
        shapes += arrow((x - STEP / 2, BUS), (x - STEP / 2, turn), (x, turn), (x, COARSE))
    return shapes


def _exits(every: int, read: Sequence[int]) -> list[Shape]:
    """Return an exit behind each stage, with the channels that it reads."""
    y = EXITS + 30 + 15
    shapes: list[Shape] = [note(5, y, "reads", "start")]
    for number, channels in enumerate(read, start=1):
        x = _x(every * number) + 2 * TAP
        shapes += [
            *arrow((x, BELOW), (x, EXITS)),
            *box(x - EXIT / 2, EXITS, EXIT, 30, f"exit {number}", "b"),
            note(x, y, str(channels)),
        ]
    return shapes
