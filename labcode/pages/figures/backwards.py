"""Gradients of a network with exits: what they are multiplied by on their way back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple

from labcode.pages.figures.budgets import CHANNELS
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import LINE, arrow, box, lines, words
from labcode.show.pictures import Picture, Shape

WAYS = ("a tenth of the gradient", "gradient equilibrium")
STAGES = len(CHANNELS)  # of the chain of the chapter
WIDTH, HIGH, STEP, TOP = 162.0, 28.0, 62.0, 30.0  # pixels: of a panel, a box, between two boxes
STAGE, EXIT = (2.0, 64.0), (110.0, 50.0)  # left side and width of the boxes


class Factors(NamedTuple):
    """By what gradients are multiplied, from the first stage on; 1 leaves them as they are.

    Args:
        own: Of each exit, where it enters its stage.
        behind: Of what comes back from the stage behind; the last stage has none.
    """

    own: Sequence[Fraction | float]
    behind: Sequence[Fraction | float]


def gradients_of_exits() -> Figure:
    """Draw two ways to train exits: what their gradients are multiplied by on the way back.

    Source: Li et al., "Improved techniques for training adaptive deep networks"
        (arXiv:1908.06294), for gradient equilibrium.

    >>> for panel in gradients_of_exits().panels:
    ...     print(panel.label)
    A tenth of the gradient: exits 1 to 3 send back 0.1 of theirs, exit 4 all; stage 1 hears ...
    Gradient equilibrium: exits 1 to 3 send 1/4, 1/3, 1/2 of theirs, and from behind come 3/4, ...
    """
    tenth, equal = (factors(way) for way in WAYS)
    early = f"exits 1 to {STAGES - 1} send"
    labels = (
        f"A tenth of the gradient: {early} back {tenth.own[0]} of theirs, exit {STAGES} all; "
        f"stage 1 hears {', '.join(map(str, heard(tenth)))} of the exits' gradients.",
        f"Gradient equilibrium: {early} {', '.join(map(str, equal.own[:-1]))} of theirs, and "
        f"from behind come {', '.join(map(str, equal.behind))}; stage 1 hears {heard(equal)[0]} of "
        "each.",
    )
    panels = zip(WAYS, labels, (tenth, equal), strict=True)
    return Figure(tuple(_panel(*panel) for panel in panels))


def factors(way: str) -> Factors:
    """Return what a way of training does to the gradients, as `early_exit.training` does it.

    Args:
        way: Of `early_exit.METHODS`.

    >>> factors("gradient equilibrium").own
    [Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), 1]
    """
    from labcode.early_exit import METHODS

    method = METHODS[way]
    left = range(STAGES, 1, -1)  # exits that are still to come, at each branch
    if method.equilibrium:
        return Factors([*(Fraction(1, n) for n in left), 1], [Fraction(n - 1, n) for n in left])
    return Factors([*(method.into_early for _ in left), 1], [1 for _ in left])


def heard(found: Factors) -> list[Fraction | float]:
    """Return how much of each exit's gradient arrives at the first stage.

    >>> heard(factors("a tenth of the gradient"))
    [0.1, 0.1, 0.1, 1]
    """
    return [own * prod(found.behind[:at]) for at, own in enumerate(found.own)]


def _panel(way: str, label: str, found: Factors) -> Picture:
    """Return the chain with arrows backwards, and a factor on each that is scaled."""
    middle = STAGE[0] + STAGE[1] / 2
    edge = STAGE[0] + STAGE[1]
    shapes: list[Shape] = [words(WIDTH / 2, 12, way)]
    for at, own in enumerate(found.own):
        y = TOP + STEP * at
        shapes += [
            *box(STAGE[0], y, STAGE[1], HIGH, f"stage {at + 1}"),
            *box(EXIT[0], y, EXIT[1], HIGH, f"exit {at + 1}", "b"),
            *arrow((EXIT[0], y + HIGH / 2), (edge, y + HIGH / 2)),
        ]
        if own != 1:
            shapes.append(words((edge + EXIT[0]) / 2, y + HIGH / 2 - 11, f"× {own}"))
    for at, behind in enumerate(found.behind):
        y = TOP + STEP * at + HIGH
        shapes += arrow((middle, y + STEP - HIGH), (middle, y))
        if behind != 1:
            shapes.append(words(middle + 9, y + (STEP - HIGH) / 2, f"× {behind}", "start"))
    foot = TOP + STEP * (len(found.own) - 1) + HIGH
    total = " + ".join(map(str, heard(found)))
    shapes += lines(WIDTH / 2, foot + 20, ["stage 1 hears", total])
    return Picture(WIDTH, foot + 20 + LINE + 11, label, tuple(shapes))
