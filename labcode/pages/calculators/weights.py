"""Dense, locally connected or convolution: what local connections and shared weights save."""

from __future__ import annotations

from labcode import cost
from labcode.cost import Cost
from labcode.pages.live.draw import TONES, heading, quantities, table, times
from labcode.pages.live.result import Result

NAMES = ("Dense", "Locally connected", "Convolution")
CAPTION = (
    "All three turn the same input into an output of the same size, without biases. The bars are "
    "on a logarithmic scale: a bar half as long stands for the square root."
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

    >>> print(sharing())
    Dense 2,709,504 parameters, locally connected 86,400, convolution 150.
    1 x 28 x 28 -> 6 x 24 x 24
    Dense: 2,709,504 parameters, 2,709,504 multiply-adds
    Locally connected: 86,400 parameters, 86,400 multiply-adds
    Convolution: 150 parameters, 86,400 multiply-adds
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
    formulas = (
        (f"{times(*inputs)} inputs, each to {times(*outputs)} outputs",) * 2,
        (f"{times(*filters)} at each of {times(height, width)} places",) * 2,
        (f"{times(*filters)}, shared by all places", times(shared.params, height, width)),
    )
    costs = (dense, local, shared)
    shape = f"{times(*inputs)} → {times(*outputs)}"
    return Result(_html(costs, formulas, shape), _text(costs, shape))


def _html(costs: tuple[Cost, ...], formulas: tuple[tuple[str, str], ...], shape: str) -> str:
    params = quantities([c.params for c in costs], [first for first, _ in formulas], log=True)
    macs = quantities([c.macs for c in costs], [second for _, second in formulas], log=True)
    heads = [heading(name, tone) for name, tone in zip(NAMES, TONES, strict=True)]
    rows = (("Parameters", params), ("Multiply-adds", macs))
    return (
        f'<p class="live-lead">{shape}</p>\n{table(heads, rows)}\n'
        f'<p class="live-caption">{CAPTION}</p>'
    )


def _text(costs: tuple[Cost, ...], shape: str) -> str:
    dense, local, shared = (f"{spent.params:,}" for spent in costs)
    lines = [
        f"Dense {dense} parameters, locally connected {local}, convolution {shared}.",
        shape.replace("×", "x").replace("→", "->"),
    ]
    for name, spent in zip(NAMES, costs, strict=True):
        lines.append(f"{name}: {spent.params:,} parameters, {spent.macs:,} multiply-adds")
    return "\n".join(lines)
