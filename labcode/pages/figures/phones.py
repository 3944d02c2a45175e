"""What a phone has against what a network needs, with the assumptions beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labcode.pages.calculators.mobilenet_table import mobilenet_layers
from labcode.pages.calculators.squeezenet_size import squeezenet
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.letters import width_of
from labcode.pages.figures.marks import heading, note, words
from labcode.pages.networks import Layer, alexnet, vgg16
from labcode.show.numbers import scaled
from labcode.show.pictures import Line, Picture, Rect, Shape

WIDTH, NAME, BAR = 340.0, 104.0, 160.0  # pixels: of a panel, of the names, of the longest bar
BITS_A_SECOND = 10e6  # a radio link, as the chapter on SqueezeNet assumes
CHIP_BYTES = 10e6  # what a large FPGA holds; Source: SqueezeNet (arXiv:1602.07360), section 1
MACS_A_SECOND = 10e9  # assumed: a phone's processor that does ten thousand million a second
IMAGES_A_SECOND = 30  # a film


@dataclass(frozen=True)
class Need:
    """What a network needs: bytes of weights in float32, multiply-adds for one image."""

    name: str
    bytes: int
    macs: int


def needs() -> list[Need]:
    """Return what five networks need for 1,000 classes, counted by formula.

    >>> [(need.name, need.bytes) for need in needs()][0]
    ('VGG-16', 553430176)
    """
    return [
        _need("VGG-16", vgg16()),
        _need("AlexNet", alexnet()),
        _need("SqueezeNet", squeezenet()),
        _mobilenet("MobileNet", 100),
        _mobilenet("MobileNet, ½", 50),
    ]


def _need(name: str, layers: Sequence[Layer]) -> Need:
    params, macs = (sum(getattr(la.cost, what) for la in layers) for what in ("params", "macs"))
    return Need(name, 4 * params, macs)


def _mobilenet(name: str, width_percent: int) -> Need:
    layers = mobilenet_layers(width_percent)
    params = sum(layer.repeats * (layer.cost.params + layer.norm_params) for layer in layers)
    return Need(name, 4 * params, sum(layer.repeats * layer.cost.macs for layer in layers))


def phone_and_network() -> Figure:
    """Draw two things that a network needs beside what a device gives.

    >>> [panel.label.partition(":")[0] for panel in phone_and_network().panels]
    ['Bytes of weights', 'Multiply-adds for one image']
    """
    found = needs()
    large, _, small, *_ = found
    budget = MACS_A_SECOND / IMAGES_A_SECOND
    return Figure(
        (
            _panel(
                "Bytes of weights",
                [(need.name, need.bytes, "B") for need in found],
                CHIP_BYTES,
                "large FPGA: often < 10 MB",
                [f"at {BITS_A_SECOND / 1e6:g} Mbit/s (assumed), {large.name} loads",
                 f"in {8 * large.bytes / BITS_A_SECOND / 60:.0f} minutes, "
                 f"{small.name} in {8 * small.bytes / BITS_A_SECOND:.0f} seconds"],
            ),
            _panel(
                "Multiply-adds for one image",
                [(need.name, need.macs, "") for need in found],
                budget,
                f"{IMAGES_A_SECOND} images a second",
                [f"on a processor that does {MACS_A_SECOND / 1e9:g} G multiply-adds",
                 "a second (assumed)"],
            ),
        )
    )  # fmt: skip


def _panel(
    title: str,
    rows: Sequence[tuple[str, int, str]],
    limit: float,
    limit_said: str,
    remarks: Sequence[str],
) -> Picture:
    """Return bars on a scale by factors, with a line at what the device gives."""
    low = 10 ** math.floor(math.log10(min(limit, *(value for _, value, _ in rows)) / 2))
    high = max(value for _, value, _ in rows)

    def length(value: float) -> float:
        return BAR * math.log(value / low) / math.log(high / low)

    at, foot = NAME + length(limit), 52 + 26.0 * len(rows)
    shapes: list[Shape] = [heading(4, 12, title, "start")]
    for place, (name, value, unit) in enumerate(rows):
        y = 48 + 26.0 * place
        shapes += [
            words(NAME - 8, y + 9, name, "end"),
            Rect(f"pale {'b' if value > limit else 'c'}", NAME, y, length(value), 18, 2),
            note(
                _beside(NAME + length(value), at, scaled(value, unit)),
                y + 9,
                scaled(value, unit),
                "start",
            ),
        ]
    shapes += [Line("drop n", at, 42, at, foot), note(at, 34, limit_said)]
    shapes += [note(4, foot + 14 + 17 * line, text, "start") for line, text in enumerate(remarks)]
    said = ", ".join(f"{name} {scaled(value, unit)}" for name, value, unit in rows)
    label = f"{title}: {said}; the line is what the device gives: {limit_said}."
    return Picture(WIDTH, foot + 12 + 17 * len(remarks), label, tuple(shapes))


def _beside(end: float, line: float, text: str) -> float:
    """Return where the words at a bar's end begin: behind the line that they would stand on."""
    return line + 6 if end <= line < end + 6 + width_of(text) else end + 6
