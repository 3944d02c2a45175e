"""The exercises of *ShuffleNet*."""

from typing import Any

from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _depth() -> Marks:
    from torch import nn

    from labcode.basics.fields import seen_inputs

    layers: list[nn.Module] = [nn.Conv2d(8, 8, 1, groups=4)]
    depth = 1
    while not seen_inputs(nn.Sequential(*layers), 8).all():
        layers += [nn.ChannelShuffle(4), nn.Conv2d(8, 8, 1, groups=4)]
        depth += 1
    return Marks(
        depth,
        {
            2: "After two layers an output has heard 4 of 8. A group has only two channels, so "
            "what is heard doubles with each layer.",
            4: "What is heard doubles with each layer: 2, 4, 8. You counted one layer too many.",
            8: "It goes faster: what an output has heard doubles with each layer.",
        },
    )


def _branch() -> Marks:
    from labcode.models.shufflenet_v1 import STAGE2, STEM

    return Marks(
        round(STAGE2[8] * 0.25) - round(STEM * 0.25),
        {
            96: "That is the whole stage. The branch is joined with the 6 channels of the input, "
            "so it makes fewer.",
            6: "That is what conv1 makes. The branch makes the rest of the stage.",
            102: "The channels of the input are joined to those of the branch: take them off.",
        },
    )


def _fewest(order: Any, groups: int) -> Any:
    import torch

    size = len(order) // groups
    met = torch.zeros(groups, groups)
    for place, channel in enumerate(order):
        met[place // size, int(channel) // size] = 1
    return int(met.sum(dim=1).min())


def _most(order: Any, groups: int) -> int:
    size = len(order) // groups
    return max(len({int(c) // size for c in order[i : i + size]}) for i in _starts(order, size))


def _channels(order: Any, groups: int) -> int:
    size = len(order) // groups
    return min(len({int(c) for c in order[i : i + size]}) for i in _starts(order, size))


def _by_rest(order: Any, groups: int) -> int:
    size = len(order) // groups
    return min(len({int(c) % groups for c in order[i : i + size]}) for i in _starts(order, size))


def _starts(order: Any, size: int) -> range:
    return range(0, len(order), size)


def _orders() -> tuple[Case, ...]:
    shuffle = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    return (
        Case((shuffle, 3), "the shuffle of 12 channels"),
        Case((list(range(12)), 3), "no shuffle at all"),
        Case(([0, 4, 8, 1, 2, 3, 5, 6, 7, 9, 10, 11], 3), "one lucky group of three"),
        Case(([0, 2, 4, 6, 1, 3, 5, 7], 2), "8 channels in two groups"),
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="shufflenet-1",
        asks="layers until each output sees all inputs",
        unit="layers",
        solve=_depth,
        hints=(
            "After one layer an output has seen the two channels of its group.",
            "After a shuffle the two channels of a group come from two groups, which have seen two "
            "each.",
        ),
    ),
    Number(
        id="shufflenet-2",
        asks="channels that the branch with stride 2 would have",
        unit="channels",
        solve=_branch,
        hints=(
            "Stage 2 would have 384 · 0.25 channels, and conv1 24 · 0.25.",
            "The unit with stride 2 joins its branch with the pooled input.",
        ),
    ),
    Function(
        id="shufflenet-3",
        asks="of how many old groups the least lucky new group hears",
        cases=_orders,
        oracle=_fewest,
        wrong=(
            (_most, "That is the luckiest group. Every group must hear all: take the fewest."),
            (
                _channels,
                "You counted channels. Asked is from how many old groups they come.",
            ),
            (
                _by_rest,
                "An old group holds neighbours: channel c came from group c // size, not c % size.",
            ),
        ),
        hints=(
            "Cut the order into groups of len(order) // groups channels.",
            "Channel c came from group c // size. How many different ones are in each new group?",
        ),
    ),
)
