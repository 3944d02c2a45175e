"""Activation memory: what each layer reads and writes, and the layer that needs the most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, pairwise

from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, note, words
from labcode.show.numbers import scaled
from labcode.show.pictures import Picture, Rect, Shape

WIDTH, NAME, BAR = 340.0, 84.0, 172.0  # pixels: of all, of the names, of the longest bar
TOP, ROW = 48.0, 27.0  # where the first row begins; from one row to the next
BYTES = 4  # of a value in float32
Stage = tuple[str, Sequence[int]]

LIGHTWEIGHT: tuple[Stage, ...] = (
    ("image", (3, 224, 224)),
    ("depthwise", (3, 224, 224)),
    ("pointwise", (32, 224, 224)),
    ("mean", (32,)),
    ("classifier", (10,)),
)


def activation_memory(stages: Sequence[Stage] = LIGHTWEIGHT) -> Figure:
    """Draw the bytes that each layer of a chain holds while it runs: its input and its output.

    Args:
        stages: What goes in, as its name and shape, and then each layer's name and the shape of
            its output; in float32.

    Raises:
        ValueError: There is no layer, or a side is below 1.

    >>> activation_memory().panels[0].label.split(": ")[1].split(", ")[0]
    'depthwise 602 kB and 602 kB'
    """
    if len(stages) < 2:
        raise ValueError(f"stages must be an input and at least one layer, got {len(stages)}")
    names = [name for name, _ in stages[1:]]
    pairs = list(pairwise(_bytes(shape) for _, shape in stages))  # input and output of each layer
    peak = max(map(sum, pairs))
    worst = names[[sum(pair) for pair in pairs].index(peak)]
    foot = TOP + ROW * len(pairs)
    shapes: list[Shape] = [
        heading(4, 12, "bytes of activations", "start"),
        Rect("full a", NAME, 27, 12, 12, 2),
        note(NAME + 18, 33, "input", "start"),
        Rect("full b", NAME + 66, 27, 12, 12, 2),
        note(NAME + 84, 33, "output", "start"),
        *chain.from_iterable(
            _bars(TOP + ROW * at, name, pair, peak)
            for at, (name, pair) in enumerate(zip(names, pairs, strict=True))
        ),
        note(4, foot + 12, f"the peak is that of “{worst}”: {scaled(peak, 'B')}", "start"),
    ]
    said = ", ".join(
        f"{name} {scaled(before, 'B')} and {scaled(after, 'B')}"
        for name, (before, after) in zip(names, pairs, strict=True)
    )
    label = f"Bytes of activations, input and output of each layer: {said}. The peak is {worst}."
    return Figure((Picture(WIDTH, foot + 26, label, tuple(shapes)),))


def _bars(y: float, name: str, pair: tuple[int, int], peak: int) -> list[Shape]:
    """Return a layer's two bars, one behind the other, on a scale that ends at the peak."""
    before, after = (max(1.0, BAR * size / peak) for size in pair)
    say = heading if sum(pair) == peak else words
    return [
        words(NAME - 8, y + 10, name, "end"),
        Rect("full a", NAME, y, before, 20, 2),
        Rect("full b", NAME + before, y, after, 20, 2),
        say(NAME + before + after + 6, y + 10, scaled(sum(pair), "B"), "start"),
    ]


def _bytes(shape: Sequence[int]) -> int:
    return BYTES * math.prod(check_int("shape", side, minimum=1) for side in shape)
