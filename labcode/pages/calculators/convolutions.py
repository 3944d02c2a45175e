"""Standard, grouped and depthwise-separable convolution side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import gcd

from labcode import cost
from labcode.cost import Cost
from labcode.pages.calculators.grouped_convolution import divisors
from labcode.pages.live.cells import compared
from labcode.pages.live.result import Result
from labcode.pages.pictures.wiring import wiring
from labcode.show.numbers import number, plural, times
from labcode.show.pictures import TONES, Picture
from labcode.show.tables import Cell, Head, Rows, Table

CAPTION = (
    "The squares: each row is an output channel, each column an input channel that it reads; "
    "full colour through a {k} × {k} filter, pale through a single weight."
)


@dataclass(frozen=True)
class Kind:
    """One way to convolve: its cost and the formulas that lead to it, or why there is none."""

    name: str
    pictures: tuple[Picture, ...] = ()
    cost: Cost | None = None
    params_formula: str = ""
    macs_formula: str = ""
    why_not: str = ""


def convolutions(
    in_channels: int = 3,
    out_channels: int = 4,
    kernel_size: int = 3,
    input_size: int = 5,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
) -> Result:
    """Compare the cost of three kinds of convolution with the same input and output.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Height and width of a filter, in pixels.
        input_size: Height and width of the input, in pixels.
        stride: Step of the filter, in pixels.
        padding: Zero pixels added on each side.
        groups: Groups of the grouped convolution alone.

    Returns:
        Parameters and multiply-adds of each for one image, without biases.

    Raises:
        ValueError: No convolution is possible, such as with a kernel larger than the padded
            input. Groups that do not divide the channels only close their own column.

    >>> print(convolutions(out_channels=8, groups=2).summary)
    Standard 216 parameters, depthwise separable 51; grouped is impossible.
    """
    sizes = (in_channels, out_channels, kernel_size, input_size)
    conv = partial(cost.conv2d, *sizes, stride=stride, padding=padding)
    standard = conv()
    separable = cost.depthwise_separable(*sizes, stride=stride, padding=padding)
    kinds = (
        _standard(in_channels, out_channels, kernel_size, standard),
        _grouped(in_channels, out_channels, kernel_size, groups, conv),
        _separable(in_channels, out_channels, kernel_size, separable),
    )
    return Result(
        f"{times(in_channels, input_size, input_size)} → {times(out_channels, *_by(standard))}",
        (_table(kinds),),
        CAPTION.format(k=kernel_size),
        values={
            "params": [kind.cost.params if kind.cost else None for kind in kinds],
            "macs": [kind.cost.macs if kind.cost else None for kind in kinds],
            "params_formulas": [kind.params_formula for kind in kinds],
            "macs_formulas": [kind.macs_formula for kind in kinds],
        },
        spoken=_summary(kinds),
    )


def _by(cost: Cost) -> tuple[int, int]:
    assert cost.output_size is not None
    return cost.output_size


def _standard(c_in: int, c_out: int, k: int, cost: Cost) -> Kind:
    params, macs = times(c_out, c_in, f"{k}²"), times(cost.params, *_by(cost))
    return Kind("Standard", (wiring(c_in, c_out),), cost, params, macs)


def _grouped(c_in: int, c_out: int, k: int, groups: int, conv: partial[Cost]) -> Kind:
    """Return the grouped column; its groups may not divide the channels."""
    name = f"Grouped, {plural(groups, 'group')}"
    allowed = divisors(gcd(c_in, c_out))
    if groups not in allowed:
        ways = ", ".join(map(str, allowed))
        channels = f"{number(c_in)} and {number(c_out)}"
        return Kind(name, why_not=f"groups must divide {channels} channels, as {ways} would")
    cost = conv(groups=groups)
    params = times(c_out, f"{number(c_in)}/{groups}", f"{k}²")
    macs = times(cost.params, *_by(cost))
    return Kind(name, (wiring(c_in, c_out, groups, tone="b"),), cost, params, macs)


def _separable(c_in: int, c_out: int, k: int, cost: Cost) -> Kind:
    height, width = _by(cost)
    depthwise, pointwise = c_in * k**2, c_in * c_out
    params = f"{times(c_in, f'{k}²')} + {times(c_out, c_in)} = {depthwise:,} + {pointwise:,}"
    macs = (
        f"({depthwise:,} + {pointwise:,}) × {height} × {width} = "
        f"{depthwise * height * width:,} + {pointwise * height * width:,}"
    )
    pictures = (
        wiring(c_in, c_in, c_in, tone="c"),
        wiring(c_in, c_out, kernel_is_one=True, tone="c"),
    )
    return Kind("Depthwise separable", pictures, cost, params, macs)


def _table(kinds: tuple[Kind, ...]) -> Table:
    params = _cells(kinds, "params", Cell(f"Impossible: {kinds[1].why_not}", kind="error"))
    macs = _cells(kinds, "macs", Cell())
    pictures = (Cell(pictures=kind.pictures) for kind in kinds)
    rows: Rows = (("Parameters", *params), ("Multiply-adds", *macs), ("Channels", *pictures))
    return Table(columns=("", *map(Head, (kind.name for kind in kinds), TONES)), rows=rows)


def _cells(kinds: tuple[Kind, ...], what: str, closed: Cell) -> list[Cell]:
    """Return a row's cells; ``closed`` where a kind is impossible."""
    values = [getattr(kind.cost, what) if kind.cost else 0 for kind in kinds]
    cells = compared(values, [getattr(kind, f"{what}_formula") for kind in kinds])
    return [cell if kind.cost else closed for kind, cell in zip(kinds, cells, strict=True)]


def _summary(kinds: tuple[Kind, ...]) -> str:
    standard, grouped, separable = (kind.cost and number(kind.cost.params) for kind in kinds)
    if grouped is None:
        ending = f"depthwise separable {separable}; grouped is impossible."
        return f"Standard {standard} parameters, {ending}"
    return f"Standard {standard} parameters, grouped {grouped}, depthwise separable {separable}."
