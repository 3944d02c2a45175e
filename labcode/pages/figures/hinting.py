"""Feature hints: a student first imitates what its teacher sees in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import LINE, arrow, box, heading, lines, note, words
from labcode.show.pictures import Picture, Rect, Shape

if TYPE_CHECKING:
    from torch import nn

TEACHER, STUDENT = "pool2", "3"  # the layers that are compared
IMAGE = (1, 28, 28)
WIDE, HIGH, STEP = 98.0, 40.0, 54.0  # pixels: of a box, and from one box to the next
LEFT, RIGHT, TOP, WIDTH = 5.0, 237.0, 28.0, 340.0
GUESS = 94.0  # of the box between the chains
_KINDS = {"Conv2d": "conv", "ReLU": "ReLU", "Flatten": "flatten", "Linear": "linear"}


class Row(NamedTuple):
    """A layer: its name in the network, what the drawing calls it, and the shape of its output."""

    name: str
    text: str
    shape: str


def hints() -> Figure:
    """Draw the first stage of FitNets: layers that meet over a convolution, and pale ones.

    Source: Romero et al., "FitNets" (arXiv:1412.6550), section 2.2.

    >>> hints()
    Hints, stage 1: the student's layer 3 gives 8 maps, from which a 1×1 convolution guesses ...
    """
    import torch

    from labcode import distillation, models

    teacher, student = models.lenet5(), models.student()
    image = torch.zeros(1, *IMAGE)
    given = distillation.features(student, STUDENT, image)
    wanted = distillation.features(teacher, TEACHER, image)
    guess = distillation.regressor(given, wanted)
    narrow, wide = (int(maps.shape[1]) for maps in (given, wanted))
    side = "×".join(map(str, next(guess.parameters()).shape[2:]))
    left, right = rows_of(teacher), rows_of(student)
    shapes = [
        *_chain(LEFT, "teacher", left, TEACHER, "n"),
        *_chain(RIGHT, "student", right, STUDENT, "a"),
        *_image(),
        *_bridge(_place(left, TEACHER), f"{side}, {narrow} to {wide}"),
    ]
    label = (
        f"Hints, stage 1: the student's layer {STUDENT} gives {narrow} maps, from which a {side} "
        f"convolution guesses the {wide} of the teacher's {TEACHER}; it is thrown away afterwards. "
        "The layers behind have no part in it."
    )
    foot = TOP + STEP * len(left) - (STEP - HIGH)
    return Figure((Picture(WIDTH, foot + 6, label, tuple(shapes)),))


def rows_of(model: nn.Module) -> list[Row]:
    """Return a network's layers in running order; a number as a name gets its layer's kind.

    >>> from labcode.models import student
    >>> rows_of(student())[0]
    Row(name='0', text='0: conv', shape='4 × 12 × 12')
    """
    import labcode

    counted = labcode.count(model, IMAGE).in_running_order().layers
    return [
        Row(
            layer.name,
            f"{layer.name}: {_KINDS[layer.type]}" if layer.name.isdigit() else layer.name,
            " × ".join(map(str, layer.output_shape or ())),
        )
        for layer in counted
    ]


def _place(rows: Sequence[Row], name: str) -> int:
    return [row.name for row in rows].index(name)


def _chain(x: float, title: str, rows: Sequence[Row], last: str, tone: str) -> list[Shape]:
    """Return a network's layers from the top down; those behind the last one used are pale."""
    middle = x + WIDE / 2
    shapes: list[Shape] = [heading(middle, 12, title)]
    for at, row in enumerate(rows):
        y = TOP + STEP * at
        used = at <= _place(rows, last)
        name = words if used else note
        shapes += [
            Rect(f"box {tone}" if used else "ghost", x, y, WIDE, HIGH, 5),
            name(middle, y + 13, row.text),
            note(middle, y + 13 + LINE - 2, row.shape),
        ]
        if at:
            shapes += arrow((middle, y - (STEP - HIGH)), (middle, y))
    return shapes


def _image() -> list[Shape]:
    """Return the image, which both networks read."""
    y, middle = TOP + HIGH / 2, WIDTH / 2
    return [
        note(middle, y, "one image"),
        *arrow((middle - 40, y), (LEFT + WIDE, y)),
        *arrow((middle + 40, y), (RIGHT, y)),
    ]


def _bridge(at: int, text: str) -> list[Shape]:
    """Return the way from the student's layer to the teacher's, in the row ``at``."""
    y, x, right = TOP + STEP * at + HIGH / 2, (WIDTH - GUESS) / 2, (WIDTH + GUESS) / 2
    return [
        *lines(WIDTH / 2, y - 18 - 2 * LINE, ["loss: how far", "off is the guess?"]),
        *arrow((RIGHT, y), (right, y)),
        *box(x, y - 15, GUESS, 30, text, "b"),
        *arrow((x, y), (LEFT + WIDE, y)),
        *lines(WIDTH / 2, y + 28, ["thrown away", "afterwards"]),
    ]
