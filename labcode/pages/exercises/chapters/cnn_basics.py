"""The exercises of *CNN basics*."""

from collections.abc import Callable
from typing import Any

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several


def _field() -> Marks:
    from labcode import basics

    conv, pool = basics.Window(3), basics.Window(2, stride=2)
    return Marks(
        basics.receptive_field([conv, pool, conv, pool, conv]),
        {
            basics.receptive_field([conv, conv, conv]): "That is without the poolings. Each of "
            "them doubles the steps of all layers behind it.",
            basics.receptive_field([conv, basics.Window(2), conv, basics.Window(2), conv]): "You "
            "counted the poolings with stride 1. With stride 2 all steps behind them are doubled.",
            basics.receptive_field(
                [conv, basics.Window(1, stride=2), conv, basics.Window(1, stride=2), conv]
            ): "You doubled the steps, and forgot that a pooling itself reads two pixels.",
            27: "Fields add up, they are not multiplied: 3 · 3 · 3 is too much.",
        },
    )


def _dense() -> Marks:
    right = cost.linear(3 * 32**2, 16 * 28**2, bias=False).params
    return Marks(
        right,
        {
            right // 3: "The image has three colours: 3 · 32 · 32 numbers go in.",
            right // 16: "There are 16 maps of 28 × 28 numbers that come out.",
            3 * 32**2 + 16 * 28**2: "Each pair of an input and an output has a weight: multiply.",
        },
    )


def _local() -> Marks:
    right = cost.locally_connected2d(3, 16, 5, 32).params
    return Marks(
        right,
        {
            right // 3: "A patch reads all three colours: 3 · 5 · 5 numbers.",
            28**2 * 75: "Each of the 16 maps has weights of its own at each place.",
            16 * 75: "Those are the shared weights. Here each place has its own.",
        },
    )


def _shared() -> Marks:
    right = cost.conv2d(3, 16, 5, 32).params
    return Marks(
        right,
        {
            right + 16: "You counted the biases; asked are the weights.",
            right // 3: "A filter reads all three colours: 3 · 5 · 5 weights.",
            cost.locally_connected2d(3, 16, 5, 32).params: "Those are the weights without "
            "sharing. A convolution uses one patch everywhere.",
        },
    )


def _first_layers() -> dict[str, Callable[[], Any]]:
    """What is trained: a small dense network, to be quick, and the one with the convolution."""
    from torch import nn

    from labcode.models.first_layer_network import first_layer_network

    def dense() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    return {"dense": dense, "convolution": lambda: first_layer_network("convolution")}


def _right(build: Callable[[], Any], train: Any, test: Any) -> float:
    """The share of test digits that a network gets right after five passes."""
    from labcode import training

    model = training.seeded(build, seed=0)
    settings: dict[str, Any] = {"batch_size": 50, "lr": 3e-3, "device": "cpu", "progress": False}
    training.fit(model, train, epochs=5, seed=0, **settings)
    return training.evaluate(model, test).accuracy


def _who_stays() -> str:
    """Train both on digits and on shuffled digits: which of them loses nothing by the shuffle?"""
    import torch

    from labcode import data

    digits = data.load("mnist5k", n_train=1000)
    order = torch.randperm(784, generator=torch.Generator().manual_seed(0))

    def shuffled(part: Any) -> Any:
        pixels = part.images.flatten(1)[:, order]  # (N, 784)
        return data.Split(pixels.reshape(-1, 1, 28, 28), part.labels)

    parts = digits.train, digits.test
    lost = {
        kind: _right(build, *parts) - _right(build, *map(shuffled, parts))
        for kind, build in _first_layers().items()
    }
    fewest = min(lost, key=lambda kind: lost[kind])
    return fewest if max(lost.values()) - lost[fewest] > 0.05 else "either"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="cnn_basics-1",
        asks="receptive field, as the side of a square",
        unit="pixels",
        solve=_field,
        hints=(
            "Go from the image to the end. Each layer adds its kernel less one, times the step "
            "between its inputs.",
            "The step is 1 before the first pooling, then 2, then 4.",
        ),
    ),
    Several(
        id="cnn_basics-2",
        parts=(
            Field(asks="dense", unit="weights", solve=_dense),
            Field(asks="locally connected", unit="weights", solve=_local),
            Field(asks="convolution", unit="weights", solve=_shared),
        ),
        hints=(
            "How many numbers go in, and how many come out?",
            "A patch has 3 · 5 · 5 weights. Dense: a weight for each pair. Local: a patch for each "
            "output. Convolution: a patch for each map.",
        ),
    ),
    Choice(
        id="cnn_basics-3",
        asks="Your inputs are 784 sensors in no order. Which first layer would you ship?",
        choices={
            "dense": Option(
                "A dense one: it never knew which inputs are neighbours.",
                "A fixed order changes nothing for it but the names of its weights.",
            ),
            "convolution": Option(
                "A convolution: it read the digits equally well, with far fewer weights.",
                "It did so since neighbours belong together in an image. Here they do not, and a "
                "pattern of 5 × 5 sensors means nothing. Train both on shuffled digits.",
            ),
            "either": Option(
                "Either: a fixed shuffle keeps all information, so nothing is lost.",
                "The information is there, but a filter of 5 × 5 reads neighbours only, and what "
                "belonged together is far apart now. Train both on shuffled digits.",
            ),
        },
        solve=_who_stays,
        hints=(
            "If the shuffle is the same for every image, can the weights of a dense layer be "
            "shuffled in the same way?",
            "Shuffle the pixels of all digits by one `torch.randperm(784)` and train both.",
        ),
    ),
)
