"""A Fire module by formula, beside the plain 3x3 convolution that it stands for."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.cost import Cost
from labcode.pages.live.result import Result
from labcode.pages.networks import Layer
from labcode.show.numbers import number, percent, rounded, times
from labcode.show.tables import Cell, Table


def fire_layers(
    name: str, in_channels: int, squeeze: int, expand1x1: int, expand3x3: int, input_size: int
) -> list[Layer]:
    """Return the layers of a Fire module; an expand layer without filters is left out.

    Args:
        name: Of the module, such as "fire2".
        in_channels: Channels of the input.
        squeeze: Filters of the 1x1 squeeze layer.
        expand1x1: Filters of the 1x1 expand layer.
        expand3x3: Filters of the 3x3 expand layer.
        input_size: Height and width of the map, in pixels.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: A number is out of range, or there is no expand filter.

    Source: SqueezeNet (arXiv:1602.07360), section 3.2.

    >>> [layer.cost.params for layer in fire_layers("fire2", 96, 16, 64, 64, 55)]
    [1552, 1088, 9280]
    """
    check_int("squeeze", squeeze)
    check_int("expand1x1", expand1x1, minimum=0)
    if not expand1x1 + check_int("expand3x3", expand3x3, minimum=0):
        raise ValueError(f"expand1x1 + expand3x3 must be at least 1, got {expand1x1} + {expand3x3}")
    parts = (
        ("squeeze1x1", in_channels, squeeze, 1),
        ("expand1x1", squeeze, expand1x1, 1),
        ("expand3x3", squeeze, expand3x3, 3),
    )
    return [
        Layer(
            f"{name}.{part}",
            "conv",
            (outputs, input_size, input_size),
            cost.conv2d(inputs, outputs, kernel, input_size, padding=kernel // 2, bias=True),
        )
        for part, inputs, outputs, kernel in parts
        if outputs
    ]


def fire_module(
    in_channels: int = 96,
    squeeze: int = 16,
    expand1x1: int = 64,
    expand3x3: int = 64,
    input_size: int = 55,
) -> Result:
    """Show the cost of a Fire module, and of a 3x3 convolution with the same input and output.

    Args:
        in_channels: Channels of the input.
        squeeze: Filters of the 1x1 squeeze layer (s1x1).
        expand1x1: Filters of the 1x1 expand layer (e1x1).
        expand3x3: Filters of the 3x3 expand layer (e3x3).
        input_size: Height and width of the map, in pixels.

    Returns:
        Parameters, with biases, of each layer, and multiply-adds of all together.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: A number is out of range, or there is no expand filter.

    >>> print(fire_module().summary)
    11,920 parameters, 9.29 times fewer than one 3 × 3 convolution (110,720).
    """
    layers = fire_layers("fire", in_channels, squeeze, expand1x1, expand3x3, input_size)
    whole: Cost = sum((layer.cost for layer in layers), Cost(0, 0))
    outputs = expand1x1 + expand3x3
    plain = cost.conv2d(in_channels, outputs, 3, input_size, padding=1, bias=True)
    most = max(whole.params, plain.params)
    reads = {"squeeze1x1": (in_channels, 1), "expand1x1": (squeeze, 1), "expand3x3": (squeeze, 9)}
    rows = []
    for layer in layers:
        part, filters, params = layer.name.split(".")[1], layer.output_shape[0], layer.cost.params
        formula = f"{times(filters, *reads[part])} + {filters}"
        rows.append((f"{part}: {filters}", Cell(number(params), params / most, remark=formula)))
    formula = f"{times(outputs, in_channels, 9)} + {outputs}"
    last = Cell(number(plain.params), plain.params / most, "b", formula)
    heads = ("Layer: filters", "Parameters")
    return Result(
        f"{number(whole.params)} parameters, {_compared(plain.params / whole.params)} than one "
        f"3 × 3 convolution ({number(plain.params)}).",
        (Table("", heads, (*rows, (f"one 3 × 3: {outputs}", last)), style="list"),),
        f"{_rule(squeeze, outputs)} Multiply-adds on {input_size} × {input_size}: "
        f"{number(whole.macs)}, {percent(whole.macs, plain.macs)} of the convolution's "
        f"{number(plain.macs)}.",
        values={"params": whole.params, "macs": whole.macs, "squeezes": squeeze < outputs},
    )


def _compared(ratio: float) -> str:
    return f"{rounded(ratio)} times fewer" if ratio >= 1 else f"{rounded(1 / ratio)} times more"


def _rule(squeeze: int, outputs: int) -> str:
    if squeeze < outputs:
        return f"s1x1 < e1x1 + e3x3 holds: {squeeze} < {outputs}."
    return f"Nothing is squeezed: s1x1 = {squeeze} is not below e1x1 + e3x3 = {outputs}."
