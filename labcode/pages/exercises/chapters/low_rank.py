"""The exercises of *Low-rank layers*."""

from typing import Any

from labcode import cost
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several

_IN, _OUT, _RANK = 25_088, 4_096, 512
_FULL, _THIN = _IN * _OUT, _RANK * (_IN + _OUT)


def _break_even() -> Marks:
    from labcode import models

    return Marks(
        models.break_even_rank(_IN, _OUT),
        {
            _OUT: "That is the largest rank the layer can have. Where do r · (n + m) weights "
            "equal n · m?",
            _FULL / (_IN - _OUT): "The two thin layers add up: r · n + r · m.",
            (_IN + _OUT) / 2: "Not the mean of both sides: solve r · (n + m) = n · m for r.",
        },
    )


def _layer() -> Marks:
    return Marks(
        _FULL / _THIN,
        {
            _OUT / _RANK: "You forgot the second thin layer, from 512 to 4,096.",
            _IN / _RANK: "You forgot the first thin layer, from 25,088 to 512.",
            _THIN / _FULL: "That is the share that is left. Asked is how many times fewer.",
        },
    )


def _network() -> Marks:
    import torch

    import labcode
    from labcode import models

    with torch.device("meta"):
        whole = labcode.count(models.vgg16(), (3, 224, 224)).params
    return Marks(
        whole / (whole - _FULL + _THIN),
        {
            _FULL / _THIN: "That is the layer alone. All other layers stay as they are.",
            whole / (whole - _FULL): "The thin layer takes something too.",
            (whole - _FULL + _THIN) / whole: "That is the share that is left.",
        },
    )


def _merged(first_bias: Any, second_weight: Any, second_bias: Any) -> Any:
    from torch.nn import functional as F

    return F.linear(first_bias[None], second_weight, second_bias)[0]


def _biases() -> tuple[Case, ...]:
    import torch

    make = torch.Generator().manual_seed(0)

    def case(named: str, rank: int, outputs: int) -> Case:
        sizes = ((rank,), (outputs, rank), (outputs,))
        return Case(tuple(torch.randn(*size, generator=make) for size in sizes), named)

    return case("rank 4 and 10 outputs", 4, 10), case("rank 1", 1, 6), case("a square layer", 5, 5)


def _largest_rank(kernel: int = 3) -> int:
    whole = cost.conv2d(64, 128, 3, 14, padding=1).macs
    narrow = (
        (cost.conv2d(64, r, kernel, 14, padding=kernel // 2) + cost.conv2d(r, 128, 1, 14)).macs
        for r in range(1, 1000)
    )
    return sum(1 for macs in narrow if macs < whole)


def _rank() -> Marks:
    right = _largest_rank()
    return Marks(
        right,
        {
            right + 1: "That is the first rank that saves nothing. Asked is the last that does.",
            64 * 128 // (64 + 128): "The matrix is larger: an output reads 64 channels at 9 places "
            "each, so n = 576.",
            128: "With 128 channels in the middle nothing is thinner, and a layer is added.",
            _largest_rank(1): "The first of the two layers keeps its 3 × 3 filters.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="low_rank-1",
        parts=(
            Field(asks="break-even rank", solve=_break_even),
            Field(asks="times smaller layer at rank 512", solve=_layer),
            Field(asks="times smaller network", solve=_network),
        ),
        hints=(
            "A layer of n inputs and m outputs has n · m weights, the two thin ones r · (n + m).",
            "VGG-16 has 138.4 million parameters. What is left of them if this layer shrinks?",
        ),
    ),
    Function(
        id="low_rank-2",
        asks="the bias at the end that does what both biases do",
        cases=_biases,
        oracle=_merged,
        wrong=(
            (
                lambda first, weight, second: second,
                "You dropped the bias in the middle. The second layer carries it to the output.",
            ),
            (
                lambda first, weight, second: weight @ first,
                "The bias that stood at the end is gone now. Both are needed.",
            ),
            (
                lambda first, weight, second: weight.sum(dim=1) + second,
                "Each column of the second layer counts as often as the bias in the middle says.",
            ),
        ),
        hints=(
            "What comes out of both layers together, if the input is zero?",
            "U(Vx + b) + c = UVx + (Ub + c).",
        ),
    ),
    Number(
        id="low_rank-3",
        asks="largest rank that saves multiply-adds",
        solve=_rank,
        hints=(
            "An output value is a product of a row of 64 · 9 weights with a window of the input.",
            "So n = 576 and m = 128. The break-even rank need not be a whole number.",
        ),
    ),
)
