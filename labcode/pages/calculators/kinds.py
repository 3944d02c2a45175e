"""Standard, grouped and depthwise-separable convolution side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from labcode import cost
from labcode.cost import Cost
from labcode.pages.calculators.wiring import depthwise_then_pointwise, wiring
from labcode.pages.live.draw import (
    Tone,
    heading,
    impossible,
    number,
    percent,
    quantity,
    table,
    times,
    tinted,
)
from labcode.pages.live.result import Result

CAPTION = (
    "The squares: each row is an output channel, each column an input channel that it reads; "
    "full colour through a {k} × {k} filter, pale through a single weight."
)


@dataclass(frozen=True)
class Kind:
    """One way to convolve: its cost and the formulas that lead to it, or why there is none."""

    name: str
    tone: Tone
    picture: str = ""
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

    >>> print(convolutions(out_channels=8, groups=2))
    Standard 216 parameters, depthwise separable 51; grouped is impossible.
    3 x 5 x 5 -> 8 x 3 x 3, kernel 3, stride 1, padding 0
    Standard: 216 parameters, 1,944 multiply-adds
    Grouped, 2 groups: impossible, groups must divide in_channels, got groups=2 and in_channels=3
    Depthwise separable: 51 parameters (23.6 % of standard), 459 multiply-adds (23.6 %)
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
    shape = (
        f"{in_channels} × {input_size} × {input_size} → "
        f"{out_channels} × {_by(standard)[0]} × {_by(standard)[1]}"
    )
    setting = f"{shape}, kernel {kernel_size}, stride {stride}, padding {padding}"
    return Result(_html(kinds, standard, shape, kernel_size), _text(kinds, standard, setting))


def _by(cost: Cost) -> tuple[int, int]:
    assert cost.output_size is not None
    return cost.output_size


def _standard(c_in: int, c_out: int, k: int, cost: Cost) -> Kind:
    params = times(c_out, c_in, f"{k}²")
    macs = times(cost.params, *_by(cost))
    return Kind("Standard", "a", wiring(c_in, c_out), cost, params, macs)


def _grouped(c_in: int, c_out: int, k: int, groups: int, conv: Callable[..., Cost]) -> Kind:
    """Return the grouped column; its groups may not divide the channels."""
    name = f"Grouped, {groups} group" + "s" * (groups != 1)
    try:
        cost = conv(groups=groups)
    except ValueError as error:
        return Kind(name, "b", why_not=str(error))
    params = times(c_out, f"{number(c_in)}/{groups}", f"{k}²")
    macs = times(cost.params, *_by(cost))
    return Kind(name, "b", wiring(c_in, c_out, groups), cost, params, macs)


def _separable(c_in: int, c_out: int, k: int, cost: Cost) -> Kind:
    height, width = _by(cost)
    depthwise, pointwise = c_in * k**2, c_in * c_out
    params = f"{times(c_in, f'{k}²')} + {times(c_out, c_in)} = {depthwise:,} + {pointwise:,}"
    macs = (
        f"({depthwise:,} + {pointwise:,}) × {height} × {width} = "
        f"{depthwise * height * width:,} + {pointwise * height * width:,}"
    )
    picture = depthwise_then_pointwise(c_in, c_out)
    return Kind("Depthwise separable", "c", picture, cost, params, macs)


def _html(kinds: tuple[Kind, ...], standard: Cost, shape: str, k: int) -> str:
    costs = [kind.cost for kind in kinds if kind.cost is not None]
    most = (max(c.params for c in costs), max(c.macs for c in costs))
    rows = (
        ("Parameters", [_params_cell(kind, standard, most[0]) for kind in kinds]),
        ("Multiply-adds", [_macs_cell(kind, standard, most[1]) for kind in kinds]),
        ("Channels", [tinted(kind.picture, kind.tone) for kind in kinds]),
    )
    heads = [heading(kind.name, kind.tone) for kind in kinds]
    return (
        f'<p class="live-lead">{shape}</p>\n{table(heads, rows)}\n'
        f'<p class="live-caption">{CAPTION.format(k=k)}</p>'
    )


def _params_cell(kind: Kind, standard: Cost, most: int) -> str:
    if kind.cost is None:
        return impossible(f"Impossible: {kind.why_not}")
    return _quantity(kind, kind.cost.params, kind.params_formula, standard.params, most)


def _macs_cell(kind: Kind, standard: Cost, most: int) -> str:
    if kind.cost is None:
        return ""
    return _quantity(kind, kind.cost.macs, kind.macs_formula, standard.macs, most)


def _quantity(kind: Kind, value: int, formula: str, standard: int, most: int) -> str:
    return quantity(value, value / most, kind.tone, formula, percent(value, standard))


def _text(kinds: tuple[Kind, ...], standard: Cost, setting: str) -> str:
    lines = [_summary(kinds), setting.replace("×", "x").replace("→", "->")]
    return "\n".join([*lines, *(_line(kind, standard) for kind in kinds)])


def _summary(kinds: tuple[Kind, ...]) -> str:
    standard, grouped, separable = (kind.cost for kind in kinds)
    assert standard is not None
    assert separable is not None
    if grouped is None:
        ending = f"depthwise separable {separable.params:,}; grouped is impossible."
        return f"Standard {standard.params:,} parameters, {ending}"
    return (
        f"Standard {standard.params:,} parameters, grouped {grouped.params:,}, "
        f"depthwise separable {separable.params:,}."
    )


def _line(kind: Kind, standard: Cost) -> str:
    if kind.cost is None:
        return f"{kind.name}: impossible, {kind.why_not}"
    params, macs = f"{kind.cost.params:,} parameters", f"{kind.cost.macs:,} multiply-adds"
    if kind.cost is not standard:
        params += f" ({percent(kind.cost.params, standard.params)} of standard)"
        macs += f" ({percent(kind.cost.macs, standard.macs)})"
    return f"{kind.name}: {params}, {macs}"
