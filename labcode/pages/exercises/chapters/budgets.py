"""The exercises of *Dynamic computation: widths and budgets*."""

from typing import Any

from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several


def _early() -> Marks:
    right = (8 - 2) / (8 - 1)
    return Marks(
        right,
        {
            1 - right: "That is the share that goes on. Asked is who leaves early.",
            0.75: "That would be so if leaving early took no time. It takes 1 ms.",
            0.5: "Half and half makes a mean of 4.5 ms.",
        },
    )


def _percentile() -> Marks:
    import numpy as np

    share = _early().right
    times = np.where(np.linspace(0, 1, 1001) < share, 1, 8)
    return Marks(
        int(np.quantile(times, 0.95)),
        {
            2: "That is the mean. 95 of 100 images must be done by the time that is asked.",
            1: "So many leave early only if fewer than one in twenty goes on. Here it is one in "
            "seven.",
            7: "A time between 1 and 8 ms does not occur.",
        },
    )


def _by_depth() -> Marks:
    from labcode import weights

    network, depths = weights.load_exits(), []
    for k in range(4):
        parts = [*network.stages[: k + 1], network.exits[k]]
        depths.append(sum(p.numel() for part in parts for p in part.parameters()))
    return Marks(
        sum(depths) / max(depths),
        {
            4.0: "That would be four networks as large as the last. The short ones are smaller.",
            4 / 3: "That would be so if each member had a quarter of the next one's weights. By "
            "depth the third network is half as large as the last.",
            1.0: "That is the largest member alone. The shorter ones have weights of their own.",
            1.99: "That is the family by width, as the table shows it.",
        },
    )


def _oracle(right: Any) -> Any:
    import torch

    found = torch.zeros(right.shape[1], dtype=torch.long)
    for image in range(right.shape[1]):
        for place in range(right.shape[0]):
            if right[place, image]:
                found[image] = place
                break
    return found


def _last_if_none(right: Any) -> Any:
    import torch

    return torch.where(right.any(0), right.int().argmax(0), len(right) - 1)


def _last_right(right: Any) -> Any:
    import torch

    back = len(right) - 1 - right.flip(0).int().argmax(0)
    return torch.where(right.any(0), back, 0)


def _all_first(right: Any) -> Any:
    import torch

    return torch.zeros(right.shape[1], dtype=torch.long)


def _tables() -> tuple[Case, ...]:
    import torch

    make = torch.Generator().manual_seed(0)
    none = torch.zeros(4, 3, dtype=torch.bool)
    some = torch.tensor([[0, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0]]).bool()
    return (
        Case((some,), "four images"),
        Case((torch.rand(4, 200, generator=make) < 0.4,), "200 images"),
        Case((none,), "images that no exit answers rightly"),
        Case((torch.ones(1, 2, dtype=torch.bool),), "a single exit"),
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="budgets-1",
        parts=(
            Field(asks="share that leaves early, between 0 and 1", solve=_early),
            Field(asks="95th percentile", unit="ms", solve=_percentile),
        ),
        hints=(
            "With a share s that leaves, the mean is 1 · s + 8 · (1 − s).",
            "Sort all times. Which time do 95 of 100 stay under?",
        ),
    ),
    Number(
        id="budgets-2",
        asks="parameters of the family by depth, in multiples of the largest member's",
        solve=_by_depth,
        hints=(
            "Count each member for itself: its stages and one exit.",
            "`network.stages[: k + 1]` and `network.exits[k]`, for k from 0 to 3.",
        ),
    ),
    Function(
        id="budgets-3",
        asks="the exit that an oracle takes for each image",
        cases=_tables,
        oracle=_oracle,
        wrong=(
            (
                _last_if_none,
                "Right where some exit is right. Where none is, going on buys nothing: an oracle "
                "leaves at once.",
            ),
            (_last_right, "That is the last exit that is right. The first one is cheaper."),
            (_all_first, "Not every image is right at the first exit. An oracle would go on."),
        ),
        hints=(
            "`right[k, i]` says whether exit k answers image i rightly. Which k is cheapest?",
            "`right.int().argmax(0)` finds the first largest value of each column.",
        ),
    ),
)
