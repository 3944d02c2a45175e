"""Networks for several budgets: exits on the way, widths to choose from."""

from __future__ import annotations

from labcode import cost
from labcode.cost import Cost
from labcode.pages import data
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, box, heading, note, squares
from labcode.show.numbers import number, percent
from labcode.show.pictures import Picture, Shape

# The chain of the chapters, as `models.exit_cnn` has it: filters of its four stages.
CHANNELS, STRIDES = (8, 16, 32, 32), (2, 2, 1, 1)
WIDTHS = (0.25, 0.5, 0.75, 1.0)


def early_exits() -> Figure:
    """Draw a chain of stages with an exit behind each, and the work that is done up to it.

    >>> early_exits()  # doctest: +NORMALIZE_WHITESPACE
    Early exits: four stages, an exit behind each; up to them 127,728, 298,512, 978,768, 1,884,816
    multiply-adds.
    """
    macs: list[int] = data.load("exit_thresholds")["macs"]
    shapes: list[Shape] = [note(62, 12, "image")]
    for at, spent in enumerate(macs):
        y, last = 38 + 66.0 * at, at == len(macs) - 1
        shapes += [
            *arrow((62, y - 18 if at == 0 else y - 36), (62, y)),
            *box(14, y, 96, 30, f"stage {at + 1}"),
            *arrow((110, y + 15), (150, y + 15)),
            *box(150, y, 68, 30, f"exit {at + 1}", "b"),
            note(330, y + 6, f"{number(spent)}", "end"),
            note(330, y + 23, "all" if last else percent(spent, macs[-1]), "end"),
        ]
        if not last:
            shapes.append(note(184, y + 42, "not sure? go on"))
    shapes += [heading(330, 12, "multiply-adds", "end")]
    label = (
        f"Early exits: four stages, an exit behind each; up to them {', '.join(map(number, macs))} "
        "multiply-adds."
    )
    return Figure((Picture(336, 38 + 66 * len(macs) - 28, label, tuple(shapes)),))


def width_cost(share: float) -> Cost:
    """Return what the slimmable network costs at a width: its convolutions and its last layer.

    >>> width_cost(1.0).macs
    1879776
    """
    spent, channels, size = Cost(0, 0), 1, 28
    for full, stride in zip(CHANNELS, STRIDES, strict=True):
        out = round(full * share)
        for step, inputs in ((stride, channels), (1, out)):
            layer = cost.conv2d(inputs, out, 3, size, stride=step, padding=1)
            assert layer.output_size is not None
            spent, size = spent + layer, layer.output_size[0]
        channels = out
    return spent + cost.linear(channels * 9, 10)


def slimmable_widths() -> Figure:
    """Draw one set of weights at four widths: each layer runs with its first channels.

    >>> slimmable_widths().panels[0].label
    'Slimmable network at 25 %: 2, 4, 8, 8 channels, 120,672 multiply-adds.'
    """
    return Figure(tuple(map(_slim, WIDTHS)))


def _slim(share: float) -> Picture:
    """Return the channels of each stage as squares; those that run are filled."""
    shapes: list[Shape] = [heading(81, 12, f"width {share:g}")]
    side, step = 7.0, 9.0
    for at, full in enumerate(CHANNELS):
        runs = round(full * share)
        left = 9 + step * max(0, 16 - full) / 2
        places = [
            (left + step * (channel % 16), 28 + 30.0 * at + step * (channel // 16))
            for channel in range(full)
        ]
        shapes += [squares("full a", places[:runs], side), squares("frame", places[runs:], side)]
    channels = [round(full * share) for full in CHANNELS]
    macs = number(width_cost(share).macs)
    shapes += [note(81, 158, f"{', '.join(map(str, channels))} channels")]
    shapes += [note(81, 175, f"{macs} MACs")]
    label = (
        f"Slimmable network at {100 * share:.0f} %: {', '.join(map(str, channels))} channels, "
        f"{macs} multiply-adds."
    )
    return Picture(162, 188, label, tuple(shapes))
