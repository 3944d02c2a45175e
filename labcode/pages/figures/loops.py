"""Loops: what is done again and again until it is enough."""

from __future__ import annotations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, chart
from labcode.pages.figures.marks import arrow, note
from labcode.show.pictures import Picture


def pruning_loop() -> Figure:
    """Draw the loop of pruning: evaluate, sort, remove, fine-tune, and again.

    >>> pruning_loop()
    The loop of pruning: evaluate, sort, remove a few, fine-tune; small enough? If not, again.
    """
    steps = (
        Box("evaluate the importance", tone="n"),
        Box("sort", tone="n"),
        Box("remove a few", tone="b"),
        Box("fine-tune"),
        Box("small enough?", tone="c"),
    )
    label = (
        "The loop of pruning: evaluate, sort, remove a few, fine-tune; small enough? If not, again."
    )
    drawn = chart(label, steps, width=200)
    x, first, last = drawn.width, 5 + 13.0, drawn.height - 5 - 13
    half = steps[0].reach().left
    back = arrow(
        (drawn.width / 2 + steps[-1].reach().right, last),
        (x + 6, last),
        (x + 6, first),
        (drawn.width / 2 + half, first),
    )
    said = note(x + 12, drawn.height / 2, "no: again", "start")
    done = note(drawn.width / 2 - steps[-1].reach().left - 6, last, "yes", "end")
    return Figure((Picture(x + 90, drawn.height, label, (*drawn.shapes, *back, said, done)),))
