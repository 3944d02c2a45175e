"""The way of a network to where it answers."""

from __future__ import annotations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, chart


def way_out() -> Figure:
    """Draw the way from a checkpoint to a process that answers, with both checks on it.

    >>> str(way_out()).partition(", ")[0]
    'The way out: checkpoint'
    """
    steps = (
        Box("checkpoint", "weights, and a class in Python"),
        Box("ONNX file", "weights and operations"),
        Box("same answers?", "run both and compare", tone="c"),
        Box("int8 file", "ranges from training images", tone="b"),
        Box("still right?", "test images, and the clock", tone="c"),
        Box("process that answers", "a runtime, no PyTorch", tone="n"),
    )
    label = f"The way out: {', '.join(step.text for step in steps)}."
    return Figure((chart(label, steps, width=240),))
