"""Dense, locally connected or convolution: what local connections and shared weights save."""

from __future__ import annotations

from labcode import cost
from labcode.pages.live.cells import compared
from labcode.pages.live.result import Result
from labcode.show.numbers import number, times
from labcode.show.pictures import TONES
from labcode.show.tables import Head, Rows, Table

NAMES = ("Dense", "Locally connected", "Convolution")
CAPTION = (
    "All three turn the same input into an output of the same size, without biases. Where "
    "bars are drawn, their scale is logarithmic: a bar half as long stands for the square root."
)


def sharing(
    in_channels: int = 1,
    out_channels: int = 6,
    input_size: int = 28,
    kernel_size: int = 5,
    stride: int = 1,
    padding: int = 0,
) -> Result:
    """Compare a dense layer, a locally connected one and a convolution, without biases.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        input_size: Height and width of the input, in pixels.
        kernel_size: Height and width of what one output value sees, in pixels.
        stride: Step from one output value to the next, in pixels.
        padding: Zero pixels added on each side.

    Returns:
        Parameters and multiply-adds of each for one image.

    Raises:
        ValueError: A number is out of range, or the kernel is larger than the padded input.

    >>> print(sharing().summary)
    Dense 2,709,504 parameters, locally connected 86,400, convolution 150.
    """
    sizes = (in_channels, out_channels, kernel_size, input_size)
    shared = cost.conv2d(*sizes, stride=stride, padding=padding)
    local = cost.locally_connected2d(*sizes, stride=stride, padding=padding)
    assert shared.output_size is not None
    height, width = shared.output_size
    dense = cost.linear(in_channels * input_size**2, out_channels * height * width, bias=False)
    inputs = (in_channels, input_size, input_size)
    outputs = (out_channels, height, width)
    filters = (out_channels, in_channels, f"{kernel_size}²")
    inputs_to_outputs = f"{times(*inputs)} inputs, each to {times(*outputs)} outputs"
    at_places = f"{times(*filters)} at each of {times(height, width)} places"
    params_formulas = (inputs_to_outputs, at_places, f"{times(*filters)}, shared by all places")
    macs_formulas = (inputs_to_outputs, at_places, times(shared.params, height, width))
    params = [spent.params for spent in (dense, local, shared)]
    macs = [spent.macs for spent in (dense, local, shared)]
    rows: Rows = (
        ("Parameters", *compared(params, params_formulas, log=True)),
        ("Multiply-adds", *compared(macs, macs_formulas, log=True)),
    )
    return Result(
        f"{times(*inputs)} → {times(*outputs)}",
        (Table(columns=("", *map(Head, NAMES, TONES)), rows=rows),),
        CAPTION,
        values={"params": params, "macs": macs},
        spoken=f"Dense {number(dense.params)} parameters, locally connected "
        f"{number(local.params)}, convolution {number(shared.params)}.",
    )
