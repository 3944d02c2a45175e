"""The exercises of *MobileNet*."""

from functools import cache
from typing import Any

from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several

_BUDGET = 150e6


@cache
def _macs(percent: int, size: int, separable: bool = True) -> int:
    import torch

    import labcode
    from labcode import models

    with torch.device("meta"):
        network = models.mobilenet_v1(width_multiplier=percent / 100, separable=separable)
    return labcode.count(network, (3, size, size)).macs


def _widest(size: int) -> float:
    return max(p for p in range(45, 100, 5) if _macs(p, size) <= _BUDGET) / 100


def _at_224() -> Marks:
    right = _widest(224)
    return Marks(
        right,
        {
            right + 0.05: "That is a bit too wide: count it once more.",
            round((_BUDGET / _macs(100, 224)), 2): "The multiply-adds grow nearly with the square "
            "of α, so take the root of the share.",
            right - 0.05: "One step wider still fits.",
        },
    )


def _at_160() -> Marks:
    right = _widest(160)
    return Marks(
        right,
        {
            _widest(224): "That fits, but with 160 pixels there is room for more.",
            right + 0.05: "That is a bit too wide: count it once more.",
            right - 0.05: "One step wider still fits.",
        },
    )


def _standard() -> Marks:
    more = _macs(100, 224, separable=False) / _macs(100, 224)
    return Marks(
        more,
        {
            9.0: "A block leaves 1/N + 1/9 of the multiply-adds, not 1/9, and the first and the "
            "last layer save nothing.",
            1 / more: "That is the share that is left, the other way round.",
            9 - 1 / more: "Count both networks rather than correcting the 9.",
        },
    )


def _pointwise() -> Marks:
    import torch
    from torch import nn

    import labcode
    from labcode import models

    def share(network: Any, linear: bool = False) -> float:
        found = labcode.count(network, (3, 224, 224))
        layers = dict(network.named_modules())
        points = 0
        for row in found.layers:
            layer = layers.get(row.name)
            is_point = isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1)
            if is_point or (linear and isinstance(layer, nn.Linear)):
                points += row.macs
        return 100 * points / found.macs

    with torch.device("meta"):
        second, first = models.mobilenet_v2().eval(), models.mobilenet_v1().eval()
    right = share(second)
    return Marks(
        right,
        {
            share(first): "That is version 1. In version 2 the depthwise filters work on widened "
            "maps, so their share is larger.",
            100 - right: "That is the share of all others.",
            right / 2: "Each block but the first has two 1×1 convolutions, one that widens and one "
            "that narrows.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="mobilenet-1",
        parts=(
            Field(asks="width α at 224 pixels", solve=_at_224),
            Field(asks="width α at 160 pixels", solve=_at_160),
        ),
        hints=(
            "With α = 1 and 224 pixels it is 569 million. How does the cost grow with α, and how "
            "with the size of the image?",
            "Nearly as α² and as the square of the size. Try the steps around that with "
            "`by_formula`.",
        ),
    ),
    Number(
        id="mobilenet-2",
        asks="times more multiply-adds",
        solve=_standard,
        hints=(
            "`labcode.count(models.mobilenet_v1(separable=False), (3, 224, 224))`",
            "What does the formula 1/N + 1/9 leave of a block, for N from 64 to 1,024?",
        ),
    ),
    Number(
        id="mobilenet-3",
        asks="share of the 1×1 convolutions in version 2's multiply-adds",
        unit="%",
        solve=_pointwise,
        hints=(
            "Count the layers by kind, as the page does for version 1.",
            "With `second = models.mobilenet_v2()`, `labcode.count(second, (3, 224, 224)).layers` "
            "has a row for each layer. Of those with multiply-adds, "
            "`kind_of(second.get_submodule(row.name))` says which are 1×1.",
        ),
    ),
)
