"""The exercises of *Later blocks*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number

_IN, _OUT = 64, 128


def _ghosts() -> Marks:
    from labcode import cost

    def weights(computed: int, ghosts: int) -> int:
        first = cost.conv2d(_IN, computed, 1, 14).params
        return first + cost.conv2d(ghosts, ghosts, 3, 14, padding=1, groups=ghosts).params

    quarter = _OUT // 4
    return Marks(
        weights(quarter, 3 * quarter),
        {
            weights(2 * quarter, 2 * quarter): "That is the module of the page: half of the maps "
            "are computed.",
            weights(quarter, quarter): "Each computed map has three ghosts, not one.",
            _IN * quarter: "That is the 1×1 convolution alone. The ghosts have weights too.",
            _IN * _OUT: "That is the plain layer, which computes all maps.",
        },
    )


def _channels() -> Marks:
    def first(filter_weights: int, widened: int) -> int:
        return next(
            c for c in range(1, 9999) if filter_weights / (filter_weights + 2 * widened * c) < 0.05
        )

    right = first(49, 4)
    return Marks(
        right,
        {
            right - 1: "There the share is still a little more than 5 %.",
            first(9, 4): "That is for a filter of 3×3.",
            first(49, 1): "Inside the block there are four times as many channels.",
        },
    )


def _first_to_go() -> str:
    import torch
    from torchvision.models import mobilenet_v3_large

    import labcode

    with torch.device("meta"):
        network = mobilenet_v3_large().eval()
    counted = labcode.count(network, (3, 224, 224))
    layers = dict(network.named_modules())
    held = {"weighing": 0, "depthwise": 0, "image": 0, "first": 0}
    for row in counted.layers:
        if row.name.endswith((".fc1", ".fc2")):
            held["weighing"] += row.params
        elif getattr(layers.get(row.name), "groups", 1) > 1:
            held["depthwise"] += row.params
    held["first"] = counted.layers[0].params
    return max(held, key=held.__getitem__)


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="later_blocks-1",
        asks="weights",
        unit="weights",
        solve=_ghosts,
        hints=(
            "How many of the 128 maps does the 1×1 convolution make now, and how many are ghosts?",
            "Each ghost is made by one filter of 3×3 that reads one map.",
        ),
    ),
    Number(
        id="later_blocks-2",
        asks="channels",
        unit="channels",
        solve=_channels,
        hints=(
            "At each place the filter takes 49 multiply-adds a channel. And the two 1×1 layers?",
            "Try `49 / (49 + 8 * c)` for a few c.",
        ),
    ),
    Choice(
        id="later_blocks-3",
        asks="What do you try first?",
        choices={
            "depthwise": Option(
                "Smaller depthwise filters, 3×3 instead of 5×5.",
                "All depthwise filters together hold less than two percent of the parameters.",
            ),
            "image": Option(
                "Smaller images.",
                "That makes the network quicker, and leaves each of its bytes where it is.",
            ),
            "weighing": Option(
                "Fewer hidden units in the layers that weigh the channels.",
                "These layers hold more than a quarter of the parameters and do less than a "
                "hundredth of the work.",
            ),
            "first": Option(
                "A narrower first layer.",
                "It has a few hundred weights, of five and a half million parameters.",
            ),
        },
        solve=_first_to_go,
        hints=(
            "Which of these hold a fifth of the parameters at all?",
            "The page counts what the layers hold that weigh the channels.",
        ),
    ),
)
