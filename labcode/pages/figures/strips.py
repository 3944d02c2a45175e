"""A whole network as a strip: one row a layer, with the shape and the weights of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.figures.marks import heading, note, rule, words
from labcode.show.numbers import humanise, number
from labcode.show.pictures import Picture, Rect, Shape

WIDTH, MAPS, ROW = 340.0, 72.0, 21.0  # pixels: of the strip, of its maps, of a row at least
NAME, SHAPE, COUNT = 76.0, 256.0, 338.0  # where the columns stand; the last two end there
HIGHEST, FLATTEST = 44.0, 3.0  # pixels: of the tallest map and of the lowest


@dataclass(frozen=True)
class Layer:
    """A row: what a layer is, what comes out of it, and what it holds.

    Args:
        name: In a word or two.
        shape: Channels, height and width of its output, or the features alone.
        params: Its weights and biases.
        tone: Its colour.
    """

    name: str
    shape: tuple[int, ...]
    params: int
    tone: str = "a"


def strip(label: str, layers: Sequence[Layer]) -> Picture:
    """Return a network, its input on top.

    Each map is drawn as a bar: as high as the map, and the wider the more channels it has.

    Args:
        label: What is shown, in words.
        layers: From the input down, one at least.
    """
    tallest = max(_size(layer.shape) for layer in layers)
    most = max(math.prod(layer.shape[:1]) for layer in layers)
    shapes: list[Shape] = [
        heading(NAME, 12, "layer", "start"),
        heading(SHAPE, 12, "output", "end"),
        heading(COUNT, 12, "params", "end"),
        rule(0, 24, WIDTH, 24),
    ]
    y = 28.0
    for layer in layers:
        high = max(FLATTEST, HIGHEST * _size(layer.shape) / tallest)
        wide = 6 + (MAPS - 10) * math.sqrt(math.prod(layer.shape[:1]) / most)
        room = max(ROW, high + 4)
        shapes += [
            Rect(f"map {layer.tone}", (MAPS - wide) / 2, y + (room - high) / 2, wide, high, 1),
            *_said(layer, y + room / 2),
        ]
        y += room
    total = number(sum(layer.params for layer in layers))
    shapes += [rule(0, y + 4, WIDTH, y + 4), words(NAME, y + 16, "all", "start")]
    shapes.append(words(COUNT, y + 16, total, "end"))
    return Picture(WIDTH, y + 28, label, tuple(shapes))


def _size(shape: tuple[int, ...]) -> int:
    """Return the height of a map; 1 for a list of features."""
    return shape[1] if len(shape) == 3 else 1


def _said(layer: Layer, y: float) -> list[Shape]:
    count = check_int("params", layer.params, minimum=0)
    short = number(count) if count < 100_000 else humanise(count)
    return [
        words(NAME, y, layer.name, "start"),
        note(SHAPE, y, " × ".join(map(str, layer.shape)), "end"),
        note(COUNT, y, short if count else "–", "end"),
    ]
