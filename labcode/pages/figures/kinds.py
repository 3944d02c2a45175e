"""Five kinds of convolution in one style: which output channel reads which input channel."""

from __future__ import annotations

from collections.abc import Iterator

from labcode import cost
from labcode._checks import check_int
from labcode.cost import Cost
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import grid, heading, note
from labcode.show.numbers import number
from labcode.show.pictures import Line, Picture, Rect, Shape

WIDTH, SIDE, STEP, TOP = 162.0, 24.0, 33.0, 66.0  # pixels: of a panel, a map, from map to map
SIZE, KERNEL = 5, 3  # of the input map and of the filter, as in the notes' example


def standard_convolution(in_channels: int = 3, out_channels: int = 4) -> Figure:
    """Draw a standard convolution: each output channel reads all input channels, with k × k.

    >>> standard_convolution()
    Standard convolution: 3 to 4 channels, 108 weights, 972 multiplications.
    """
    spent = cost.conv2d(in_channels, out_channels, KERNEL, SIZE)
    return _one("Standard", in_channels, out_channels, spent)


def depthwise_convolution(channels: int = 3) -> Figure:
    """Draw a depthwise convolution: each channel has a k × k filter of its own.

    >>> depthwise_convolution()
    Depthwise convolution: 3 to 3 channels, 27 weights, 243 multiplications.
    """
    spent = cost.conv2d(channels, channels, KERNEL, SIZE, groups=channels)
    return _one("Depthwise", channels, channels, spent, groups=channels)


def pointwise_convolution(in_channels: int = 3, out_channels: int = 4) -> Figure:
    """Draw a pointwise convolution: all channels are mixed, each place by itself, with 1 × 1.

    >>> pointwise_convolution()
    Pointwise convolution: 3 to 4 channels, 12 weights, 108 multiplications.
    """
    spent = cost.conv2d(in_channels, out_channels, 1, SIZE - KERNEL + 1)
    return _one("Pointwise", in_channels, out_channels, spent, kernel_size=1)


def grouped_convolution(in_channels: int = 4, out_channels: int = 4, groups: int = 2) -> Figure:
    """Draw a grouped convolution: each output channel reads the inputs of its own group.

    >>> grouped_convolution()
    Grouped convolution: 4 to 4 channels, 72 weights, 648 multiplications.
    """
    spent = cost.conv2d(in_channels, out_channels, KERNEL, SIZE, groups=groups)
    return _one("Grouped", in_channels, out_channels, spent, groups=groups)


def separable_convolution(in_channels: int = 3, out_channels: int = 4) -> Figure:
    """Draw a depthwise separable convolution beside the standard one that it replaces.

    >>> print(repr(separable_convolution()).splitlines()[1])
    Depthwise separable convolution: 3 to 4 channels, 39 weights, 351 multiplications.
    """
    spent = cost.depthwise_separable(in_channels, out_channels, KERNEL, SIZE)
    return Figure(
        (
            standard_convolution(in_channels, out_channels).panels[0],
            _separable(in_channels, out_channels, spent),
        )
    )


def kinds_of_convolution() -> Figure:
    """Draw standard, grouped, depthwise and pointwise side by side, to compare them.

    >>> len(kinds_of_convolution().panels)
    4
    """
    drawn = (
        standard_convolution(4, 4),
        grouped_convolution(4, 4),
        depthwise_convolution(4),
        pointwise_convolution(4, 4),
    )
    return Figure(tuple(panel for figure in drawn for panel in figure.panels))


def _one(
    name: str,
    in_channels: int,
    out_channels: int,
    spent: Cost,
    *,
    groups: int = 1,
    kernel_size: int = KERNEL,
) -> Figure:
    most = max(check_int("in_channels", in_channels), check_int("out_channels", out_channels))
    shapes = [
        *_wires(38, WIDTH - 38, in_channels, out_channels, groups, most),
        *_maps(14, in_channels, "n", most, in_channels // groups),
        *_maps(WIDTH - 38, out_channels, "c", most, out_channels // groups),
        *_filter(WIDTH / 2, kernel_size),
        note(26, 56, "in"),
        note(WIDTH - 26, 56, "out"),
        heading(WIDTH / 2, 12, name),
    ]
    return Figure((_panel(name, (in_channels, out_channels), spent, most, shapes, WIDTH),))


def _separable(in_channels: int, out_channels: int, spent: Cost) -> Picture:
    most, wide = max(in_channels, out_channels), 260.0
    middle = wide / 2 - SIDE / 2
    shapes = [
        *_wires(38, middle, in_channels, in_channels, in_channels, most),
        *_wires(middle + SIDE, wide - 38, in_channels, out_channels, 1, most),
        *_maps(14, in_channels, "n", most, 1),
        *_maps(middle, in_channels, "a", most, 1),
        *_maps(wide - 38, out_channels, "c", most, out_channels),
        *_filter((38 + middle) / 2, KERNEL),
        *_filter((middle + SIDE + wide - 38) / 2, 1),
        note(26, 56, "in"),
        note(wide / 2, 56, "between"),
        note(wide - 26, 56, "out"),
        heading(wide / 2, 12, "Depthwise separable"),
    ]
    return _panel("Depthwise separable", (in_channels, out_channels), spent, most, shapes, wide)


def _panel(
    name: str, channels: tuple[int, int], spent: Cost, most: int, shapes: list[Shape], wide: float
) -> Picture:
    foot = TOP + STEP * most + 8
    weights, products = number(spent.params), number(spent.macs)
    said = [
        note(wide / 2, foot, f"{weights} weights"),
        note(wide / 2, foot + 17, f"{products} products"),
    ]
    label = (
        f"{name} convolution: {channels[0]} to {channels[1]} channels, {weights} weights, "
        f"{products} multiplications."
    )
    return Picture(wide, foot + 30, label, (*shapes, *said))


def _y(channel: int, channels: int, most: int) -> float:
    """Return the upper side of a map; fewer channels stand in the middle of the room of most."""
    return TOP + STEP * (channel + (most - channels) / 2)


def _maps(x: float, channels: int, tone: str, most: int, group: int) -> Iterator[Rect]:
    """Yield the maps of a layer; every second group is paler."""
    for channel in range(channels):
        style = "pale" if group < channels and (channel // group) % 2 else "map"
        yield Rect(f"{style} {tone}", x, _y(channel, channels, most), SIDE, SIDE, 2)


def _wires(
    x: float, to_x: float, in_channels: int, out_channels: int, groups: int, most: int
) -> Iterator[Line]:
    """Yield a line from each input channel to each output channel that reads it."""
    read, made = in_channels // groups, out_channels // groups
    for out in range(out_channels):
        for place in range(read):
            channel = out // made * read + place
            tone = ("a", "b")[out // made % 2] if groups > 1 else "a"
            yield Line(
                f"wire {tone}",
                x,
                _y(channel, in_channels, most) + SIDE / 2,
                to_x,
                _y(out, out_channels, most) + SIDE / 2,
            )


def _filter(x: float, kernel_size: int) -> list[Shape]:
    """Return a filter's size as a small grid above the wires, with its name."""
    side = 7.0
    wide = side * kernel_size
    rows = [[""] * kernel_size] * kernel_size
    return [
        *grid(x - wide / 2, 50 - wide / 2, rows, side, "cell a"),
        note(x, 29, f"{kernel_size} × {kernel_size}"),
    ]
