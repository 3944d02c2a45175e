"""The exercises of *Efficient convolutions*."""

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several


def _saved() -> Marks:
    plain, split = (cost.conv2d(240, 240, 1, 28, groups=groups).macs for groups in (1, 3))
    return Marks(
        plain - split,
        {
            split: "That is what is left. Asked is what is saved.",
            plain: "That is what it takes without groups.",
            plain - plain // 9: "Off by the factor of the groups: a ninth is what one group takes, "
            "and there are three of them. So a third is left.",
        },
    )


def _read() -> Marks:
    return Marks(
        1 / 3,
        {
            80.0: "Those are the channels. Asked is which part of all 240 they are.",
            3.0: "That is the number of groups. An output reads one of them.",
            1 / 9: "Inputs and outputs are split alike, but an output reads a whole group of "
            "inputs: one of three.",
        },
    )


def _bottleneck() -> Marks:
    direct = cost.conv2d(256, 256, 3, 56, padding=1).macs
    narrow = cost.conv2d(256, 64, 1, 56).macs
    middle = cost.conv2d(64, 64, 3, 56, padding=1).macs
    return Marks(
        direct / (2 * narrow + middle),
        {
            direct / middle: "You counted the layer in the middle alone. The two 1×1 layers work "
            "as well.",
            direct / (narrow + middle): "There are two 1×1 layers, one before and one behind.",
            direct / (2 * narrow): "You forgot the 3×3 layer in the middle.",
            (2 * narrow + middle) / direct: "That is the share that is left. Asked is how many "
            "times cheaper.",
        },
    )


def _first() -> str:
    usual = cost.depthwise_separable(32, 64, 3, 14, padding=1).macs
    filtered = cost.conv2d(64, 64, 3, 14, padding=1, groups=64)
    swapped = (cost.conv2d(32, 64, 1, 14) + filtered).macs
    return "depthwise" if usual < swapped else "pointwise"


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="efficient_convolutions-1",
        parts=(
            Field(asks="MACs saved", unit="MACs", solve=_saved),
            Field(asks="part of the inputs that an output reads", solve=_read),
        ),
        hints=(
            "Without groups: 240 inputs times 240 outputs times 28 · 28 places.",
            "With three groups an output reads 80 channels.",
        ),
    ),
    Number(
        id="efficient_convolutions-2",
        asks="times cheaper",
        solve=_bottleneck,
        hints=(
            "Each place costs 256 · 64, then 9 · 64 · 64, then 64 · 256 multiply-adds.",
            "The direct layer costs 9 · 256 · 256 for each place.",
        ),
    ),
    Choice(
        id="efficient_convolutions-3",
        asks="From 32 channels to 64, few multiply-adds: which order of the two would you ship?",
        choices={
            "depthwise": Option(
                "Depthwise first, then pointwise.",
                "The depthwise filters run on 32 channels instead of 64. Where a block narrows, "
                "it is the other way round.",
            ),
            "pointwise": Option(
                "Pointwise first, then depthwise.",
                "The 1×1 costs the same in both places. But the depthwise filters run on 64 "
                "channels then, instead of 32.",
            ),
            "same": Option(
                "Either: the same two layers cost the same in any order.",
                "The layers are not the same: the depthwise one has as many filters as there are "
                "channels where it stands.",
            ),
        },
        solve=_first,
        hints=(
            "On how many channels does the depthwise convolution run in each order?",
            "`cost.conv2d(64, 64, 3, 14, padding=1, groups=64)` against the same with 32.",
        ),
    ),
)
