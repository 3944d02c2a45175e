"""The receptive field of a stack of layers: how much of the input one output value sees."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_bool, check_int
from labcode._windows import conv_output_size
from labcode.pages.live.result import Beside, Result
from labcode.pages.pictures.cone import cone
from labcode.show.numbers import number
from labcode.show.tables import Table


@dataclass(frozen=True)
class Step:
    """One layer of the stack, and what one of its values sees of the input.

    Args:
        name: The layer's name.
        kernel_size: Values that it reads along one direction.
        stride: Step of its window, in values of the layer below.
        dilation: Distance between the values that it reads.
        output_size: Values along one direction of its output.
        jump: Distance of neighbouring values, in pixels of the input.
        field: Pixels of the input along one direction that one value sees.
    """

    name: str
    kernel_size: int
    stride: int
    dilation: int
    output_size: int
    jump: int
    field: int


def receptive_field(
    layers: int = 3,
    kernel_size: int = 3,
    stride: int = 1,
    dilation: int = 1,
    pool_every: int = 0,
    input_size: int = 28,
    same_padding: bool = False,
) -> Result:
    """Grow the receptive field of a stack of equal convolutions, layer by layer.

    Args:
        layers: Number of convolutions.
        kernel_size: Height and width of each filter, in pixels.
        stride: Step of each filter.
        dilation: Distance between the values that a filter reads.
        pool_every: A 2 × 2 pooling with stride 2 stands after every so many convolutions;
            0 means none.
        input_size: Height and width of the input, in pixels.
        same_padding: Whether each convolution adds half of its kernel in zeros on each side,
            which keeps the size at stride 1 where the kernel is odd.

    Returns:
        Receptive field, jump and output size of each layer, along one direction.

    Raises:
        ValueError: A layer has no room left for its window, or a number is out of range.

    Source: Araujo et al., Computing receptive fields of convolutional neural networks (2019).

    >>> print(receptive_field(layers=2, pool_every=1).summary)
    One value of the last layer sees 10 × 10 pixels of the input.
    """
    check_int("layers", layers)
    check_int("pool_every", pool_every, minimum=0)
    check_bool("same_padding", same_padding)
    steps: list[Step] = []
    for index in range(1, layers + 1):
        padding = dilation * (kernel_size - 1) // 2 if same_padding else 0
        conv = (f"conv {index}", kernel_size, stride, dilation, padding)
        steps.append(_next(steps, input_size, *conv))
        if pool_every and index % pool_every == 0:
            steps.append(_next(steps, input_size, f"pool {index // pool_every}", 2, 2, 1, 0))
    field, output_size = steps[-1].field, steps[-1].output_size
    more = f", more than its {input_size:,} × {input_size:,}" if field > input_size else ""
    windows = [(step.name, step.kernel_size, step.stride, step.dilation) for step in steps]
    columns = ("Layer", "Kernel", "Stride", "Dilation", "Sees", "Jump", "Output")
    table = Table(columns=columns, rows=tuple(map(_row, steps)), style="numbers")
    sees, gaps = "sees", ""
    if len(_seen(windows)) < field:
        sees, gaps = "reaches over", ", and leaves some of them out"
    return Result(
        f"One value of the last layer {sees} {field:,} × {field:,} pixels of the "
        f"input{more}{gaps}.",
        (Beside(cone(windows, input_size), table),),
        _formula(steps),
        values={"field": field, "output_size": output_size},
    )


def _next(
    below: list[Step],
    input_size: int,
    name: str,
    kernel_size: int,
    stride: int,
    dilation: int,
    padding: int,
) -> Step:
    """Return the layer that stands on ``below``."""
    size, jump, field = (
        (below[-1].output_size, below[-1].jump, below[-1].field) if below else (input_size, 1, 1)
    )
    try:
        output_size, _ = conv_output_size(
            size, kernel_size, stride=stride, padding=padding, dilation=dilation
        )
    except ValueError as error:
        raise ValueError(f"{name} does not fit: {error}") from None
    grown = field + (kernel_size - 1) * dilation * jump
    return Step(name, kernel_size, stride, dilation, output_size, jump * stride, grown)


def _seen(windows: list[tuple[str, int, int, int]]) -> set[int]:
    """Return the pixels along one direction that one value on top sees, from its first."""
    places = {0}
    for _, kernel_size, stride, dilation in reversed(windows):
        places = {stride * p + dilation * k for p in places for k in range(kernel_size)}
    return places


def _row(step: Step) -> tuple[str, ...]:
    window = (step.kernel_size, step.stride, step.dilation)
    return step.name, *map(number, (*window, step.field, step.jump, step.output_size))


def _formula(steps: list[Step]) -> str:
    """Return the rule, with the numbers of the last layer put in."""
    last = steps[-1]
    jump, field = (steps[-2].jump, steps[-2].field) if len(steps) > 1 else (1, 1)
    return (
        "A layer sees what the layer below sees, and (kernel − 1) × dilation × jump of the layer "
        f"below more. For {last.name}: {field:,} + ({last.kernel_size} − 1) × {last.dilation} × "
        f"{jump:,} = {last.field:,}. The jump is the distance of neighbouring values in pixels: "
        f"{jump:,} × {last.stride} = {last.jump:,}."
    )
