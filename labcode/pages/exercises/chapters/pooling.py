"""The exercises of *Pooling and a whole network*."""

from typing import Any

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _strided(images: Any, filters: Any) -> Any:
    from torch.nn import functional as F

    return F.conv2d(images, filters, stride=2)


def _every(rows: slice, columns: slice) -> Any:
    """A function that convolves with stride 1 and keeps some rows and columns."""

    def some(images: Any, filters: Any) -> Any:
        from torch.nn import functional as F

        return F.conv2d(images, filters)[..., rows, columns]

    return some


def _largest(images: Any, filters: Any) -> Any:
    from torch.nn import functional as F

    return F.max_pool2d(F.conv2d(images, filters), 2, ceil_mode=True)


def _cases() -> tuple[Case, ...]:
    import torch

    make = torch.Generator().manual_seed(0)

    def case(named: str, n: int, c: int, side: int, kernel: int) -> Case:
        images = torch.rand(n, c, side, side, generator=make)
        return Case((images, torch.randn(4, c, kernel, kernel, generator=make)), named)

    return (
        case("one image of 28 × 28", 1, 1, 28, 5),
        case("an odd size", 1, 1, 13, 3),
        case("three colour images", 3, 3, 12, 3),
        case("an image as small as the filter", 1, 1, 5, 5),
    )


def _fc1() -> Marks:
    right = cost.linear(50 * 2 * 2, 500).params
    return Marks(
        right,
        {
            right - 500: "You forgot the biases: 500 of them.",
            cost.linear(50 * 4 * 4, 500).params: "That is the number of before. Follow the shapes "
            "with groups of 3 × 3 in the first pooling.",
            cost.linear(50, 500).params: "You enlarged both poolings. Only the first has groups of "
            "3 × 3.",
            50 * 2 * 2: "Those are the values that enter. Each of the 500 neurons has a weight for "
            "every one.",
        },
    )


def _steadier() -> str:
    from torch import nn

    from labcode import basics, data
    from labcode.weights import baselines

    probe = data.load("mnist5k").test.images[:50]
    lenet: Any = baselines.load("lenet5", seed=0)
    ends: dict[str, nn.Module] = {"groups": nn.MaxPool2d(2), "global": nn.AdaptiveMaxPool2d(1)}
    change = {
        name: basics.change_of_features(nn.Sequential(lenet.conv1, nn.ReLU(), pool), probe, 3)
        for name, pool in ends.items()
    }
    return min(change, key=lambda name: change[name])


EXERCISES: tuple[Exercise, ...] = (
    Function(
        id="pooling-1",
        asks="what a convolution with stride 2 returns, made from one with stride 1",
        cases=_cases,
        oracle=_strided,
        wrong=(
            (
                _every(slice(1, None, 2), slice(1, None, 2)),
                "You keep the second row and column of each pair. The first window of a stride "
                "begins at the very first pixel: keep rows and columns 0, 2, 4, ….",
            ),
            (_every(slice(None, None, 2), slice(None)), "You drop rows only. Columns go too."),
            (_every(slice(None), slice(None)), "Nothing is dropped yet: that is stride 1."),
            (_largest, "That takes the largest of four values. A stride drops three of the four."),
        ),
        hints=(
            "`nn.functional.conv2d(images, filters)` has stride 1. Which rows and columns stay?",
            "`maps[..., ::2, ::2]` keeps every other row and column, from the first on.",
        ),
    ),
    Number(
        id="pooling-2",
        asks="parameters of the first fully connected layer",
        unit="parameters",
        solve=_fc1,
        hints=(
            "24 pixels become 8. What does a 5 × 5 convolution make of 8, and 2 × 2 pooling then?",
            "50 maps of 2 × 2 values enter the layer, and each of the 500 neurons has a bias.",
        ),
    ),
    Choice(
        id="pooling-3",
        asks="The place of the pattern does not matter to you. How should the network end?",
        choices={
            "global": Option(
                "With one global maximum of each map.",
                "When the digit moves, the maps move, and their largest value moves with them.",
            ),
            "groups": Option(
                "With 2 × 2 max pooling, which forgives small shifts.",
                "It forgives a shift within a group. After 3 pixels the features differ by about "
                "their whole length; measure it with `basics.change_of_features`.",
            ),
            "none": Option(
                "Without pooling: a convolution has no place of its own anyway.",
                "Its maps move with the digit, and what reads them does have places. Something "
                "must take the place out.",
            ),
        },
        solve=_steadier,
        hints=(
            "What is the largest value of a map, before and after the digit has moved?",
            "`basics.change_of_features(nn.Sequential(lenet.conv1, nn.ReLU(), pool), probe, 3)` "
            "compares both.",
        ),
    ),
)
