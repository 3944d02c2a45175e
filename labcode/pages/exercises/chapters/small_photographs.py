"""The exercises of *Does it carry over?*."""

from __future__ import annotations

import math
from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number

PICTURES = 10_000  # test pictures behind each accuracy
FLASH = 50_000  # bytes of the second exercise's chip


def _error() -> Marks:
    from labcode import studies

    share = float(studies.table("cifar10_resnet8")["test_accuracy"].mean())
    variance = share * (1 - share)
    return Marks(
        round(100 * math.sqrt(variance / PICTURES), 2),
        {
            round(100 * math.sqrt(variance / 1000), 2): "That is of 1,000 pictures, as the digits "
            "have them.",
            round(100 * math.sqrt(variance), 1): "That is the spread of a single picture. The mean "
            "of 10,000 scatters less, by the root of their number.",
            round(
                196 * math.sqrt(variance / PICTURES), 2
            ): "That is the margin of a 95 % interval. Asked is one standard error.",
        },
        within=0.02,
    )


def _fits() -> str:
    """The most accurate of the forms that fit, by the stored rows."""
    from labcode import studies

    table = studies.table("cifar10_untrained").groupby(["method", "bits"])
    size, right = table["bytes_on_disk"].max(), table["test_accuracy"].mean()
    ways = {"int8": ("int8", 7), "four": ("rounded", 4), "shared": ("shared", 6)}
    ways["two"] = ("rounded", 2)
    small = [name for name, way in ways.items() if size[way] <= FLASH]
    return max(small, key=lambda name: float(right[ways[name]]))


def _verdict(low: Any, high: Any, bound: float) -> Any:
    """By the side on which the bound lies: 1, 0 or 0.5."""
    import torch

    ends = torch.stack([torch.as_tensor(low), torch.as_tensor(high)])  # (2, N)
    above = (ends > -bound).sum(0)  # ends that are above: 0, 1 or 2
    return above / 2


def _by_zero(low: Any, high: Any, bound: float) -> Any:
    import torch

    low, high = torch.as_tensor(low), torch.as_tensor(high)
    return torch.where(low > 0, 1.0, torch.where(high < 0, 0.0, 0.5))


def _by_middle(low: Any, high: Any, bound: float) -> Any:
    import torch

    return ((torch.as_tensor(low) + torch.as_tensor(high)) / 2 > -bound).double()


def _low_alone(low: Any, high: Any, bound: float) -> Any:
    import torch

    return (torch.as_tensor(low) > -bound).double()


def _intervals() -> tuple[Case, ...]:
    import torch

    def case(named: str, *pairs: tuple[float, float]) -> Case:
        low, high = torch.tensor(pairs, dtype=torch.float64).T
        return Case((low, high, 0.02), named)

    return (
        case("three plain cases", (-0.01, 0.005), (-0.06, -0.03), (-0.03, -0.01)),
        case("an interval that holds zero and the bound", (-0.05, 0.03)),
        case("a loss that is real and little", (-0.015, -0.004)),
        case("a wide interval with its middle below the bound", (-0.09, 0.03), (-0.05, -0.021)),
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="small_photographs-1",
        asks="standard error of the network's accuracy",
        unit="points",
        solve=_error,
        hints=(
            "A picture is right or wrong. With a share p of right ones its variance is p · (1 − p)."
            "",
            "Divide by the number of pictures, take the root, and turn it into points.",
        ),
    ),
    Choice(
        id="small_photographs-2",
        asks="50 kB of flash, no time to train. Which form do you ship?",
        choices={
            "int8": Option(
                "The int8 file: it loses nothing that could be told.",
                "Nothing is lost that could be told, but it does not fit: look at its kilobytes.",
            ),
            "four": Option(
                "4 bits, rounded to the nearest.",
                "It fits, but another form fits as well and is right more often.",
            ),
            "shared": Option(
                "64 shared values a layer.",
                "It fits, and of those that fit it is right most often.",
            ),
            "two": Option(
                "2 bits, rounded to the nearest: the smallest.",
                "It is the smallest, and right less often than any other. Small is not the aim; "
                "small enough is.",
            ),
        },
        solve=_fits,
        hints=(
            "First strike out what is larger than 50 kB.",
            "Of the rest, take the highest accuracy, and look whether the intervals tell.",
        ),
    ),
    Function(
        id="small_photographs-3",
        asks="1.0, 0.0 or 0.5 for each interval",
        cases=_intervals,
        oracle=_verdict,
        wrong=(
            (_by_zero, "That asks whether anything is lost at all. Asked is whether it is little."),
            (
                _by_middle,
                "The middle alone decides nothing: an interval with the bound inside it tells "
                "neither.",
            ),
            (
                _low_alone,
                "The first case is right. But that the lower end is below the bound does not say "
                "that the upper end is.",
            ),
        ),
        hints=(
            "Three cases: the whole interval above −bound, the whole interval below it, and the "
            "bound inside.",
            "`torch.where(low > -bound, 1.0, torch.where(high < -bound, 0.0, 0.5))`.",
        ),
    ),
)
