"""The still pictures of the pieces, for notebooks and for pages that run no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labcode.pages.calculators.channel_shuffle import shuffled_order
from labcode.pages.calculators.soft_label import softened as shares_at
from labcode.pages.pictures.pixels import pixels
from labcode.pages.pictures.tree import Node, tree
from labcode.pages.pictures.wires import wires
from labcode.pages.touch.digits import SIDE, doubtful, sample, shades
from labcode.show.pictures import Picture, Rect, Shape, Words, svg, svg_pair

EDGE = (1, 1, 1, 0, 0, 0, -1, -1, -1)
BAR, LONGEST, BESIDE = 15.0, 160.0, 20.0  # pixels: a bar's row, the longest bar, room for its digit


def filtered(number: int) -> str:
    """Draw a digit and the strength of what the horizontal edge filter makes of it."""
    ink = [value / 255 for value in sample(number)]
    side = SIDE - 2
    sums = [
        abs(sum(EDGE[i] * ink[(y + i // 3) * SIDE + x + i % 3] for i in range(9)))
        for y in range(side)
        for x in range(side)
    ]
    found = [value / max(sums) for value in sums]
    return svg_pair(
        pixels(shades(ink, SIDE), f"A handwritten {number} of 28 by 28 pixels"),
        pixels(shades(found, side), "Its map: dark along the upper and lower edges"),
    )


def pooled(number: int) -> str:
    """Draw a digit and what mean and max pooling make of it."""
    ink = [value / 255 for value in sample(number)]
    means, largest = (_halved(ink, keep) for keep in (lambda four: sum(four) / 4, max))
    return (
        svg(pixels(shades(ink, SIDE), f"A handwritten {number} of 28 by 28 pixels"))
        + svg(pixels(shades(means, SIDE // 2), "After mean pooling, 14 by 14"))
        + svg(pixels(shades(largest, SIDE // 2), "After max pooling, 14 by 14"))
    )


def _halved(ink: Sequence[float], keep: Callable[[list[float]], float]) -> list[float]:
    starts = [y * SIDE + x for y in range(0, SIDE, 2) for x in range(0, SIDE, 2)]
    return [keep([ink[at], ink[at + 1], ink[at + SIDE], ink[at + SIDE + 1]]) for at in starts]


def softened(logits: Sequence[float], temperature: float) -> str:
    """Draw the doubtful seven and its soft label."""
    shapes: list[Shape] = []
    for digit, share in enumerate(shares_at(logits, temperature)):
        y = BAR * digit
        shapes += [
            Words("tag", 4, y + 12, str(digit)),
            Rect("full a", BESIDE, y + 3, max(1.0, LONGEST * share), BAR - 5),
        ]
    label = f"The shares of the ten digits at temperature {temperature:g}"
    ink = [value / 255 for value in doubtful()]
    bars = Picture(BESIDE + LONGEST, 10 * BAR, label, tuple(shapes))
    return svg(pixels(shades(ink, SIDE), "A handwritten seven, nearly closed to a loop")) + svg(
        bars
    )


def abracadabra() -> str:
    """Draw Huffman's tree of the letters of ABRACADABRA."""
    pairs = [_joined(Node(2, "B"), Node(2, "R")), _joined(Node(1, "C"), Node(1, "D"))]
    return svg(tree(_joined(_joined(*pairs), Node(5, "A"))))


def _joined(first: Node, second: Node) -> Node:
    return Node(first.count + second.count, children=(first, second))


def shuffled() -> str:
    """Draw the shuffle of three groups of four channels."""
    return svg(wires(shuffled_order(3, 4), 4))
