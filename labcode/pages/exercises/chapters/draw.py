"""The exercises of *Draw a digit*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _thin_errors() -> Marks:
    import torch

    from labcode import data
    from labcode.data.dataset import Split
    from labcode.pages.drawing.networks import shipped
    from labcode.training import evaluate

    test, model = data.load("mnist5k").test, shipped()[0].model
    thin = Split(torch.where(test.images > 0.7, test.images, 0.0), test.labels)
    right, whole = evaluate(model, thin).correct, evaluate(model, test).correct
    return Marks(
        1000 - right,
        {
            right: "Those are right. Asked are the errors.",
            whole - right: "Those are the new ones. The old ones are errors too.",
            1000 - whole: "That is before the strokes were made thinner.",
        },
        within=0.1,
    )


def _pixels() -> Marks:
    from labcode.pages.drawing.digit import BOX, SIDE

    paper = 280
    side = paper // BOX
    return Marks(
        side**2,
        {
            side: "That is in one direction. The paper is shrunk in both.",
            (paper // SIDE) ** 2: "That would be right without a margin. The digit itself gets "
            "20 of the 28 pixels.",
            paper**2: "Those are all pixels of the paper, shared by those of the digit.",
            SIDE**2: "Those are the pixels that the network sees.",
        },
    )


def _what_first() -> str:
    """Whether preparing digits in a corner brings more than the network is off by."""
    import numpy as np
    import torch

    from labcode import data
    from labcode.pages.drawing.digit import to_digit
    from labcode.pages.drawing.networks import shipped

    test, model = data.load("mnist5k").test, shipped()[0].model
    images, labels = test.images[:60], test.labels[:60]
    corner = torch.zeros(60, 1, 56, 56)
    corner[:, :, :28, :28] = images
    drawn = torch.nn.functional.avg_pool2d(corner, 2)
    prepared = torch.from_numpy(np.stack([to_digit(one[0].numpy()) for one in drawn]))
    with torch.no_grad():
        shares = [
            float((model(x.reshape(60, 1, 28, 28).float()).argmax(1) == labels).double().mean())
            for x in (drawn, prepared, images)
        ]
    return "preparation" if shares[1] - shares[0] > shares[2] - shares[1] else "network"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="draw-1",
        asks="errors among the 1,000 thin digits",
        unit="errors",
        solve=_thin_errors,
        hints=(
            "`torch.where(digits.test.images > 0.7, digits.test.images, 0.0)` makes them thin.",
            "`share_right(thin)` is a share of 1,000 digits. How many are not right?",
        ),
    ),
    Number(
        id="draw-2",
        asks="pixels of the paper for one pixel that the network sees",
        unit="pixels",
        solve=_pixels,
        hints=(
            "To how many pixels is the longer side of a digit shrunk?",
            "280 pixels become 20. How many is that in each direction, and how many in a square?",
        ),
    ),
    Choice(
        id="draw-3",
        asks="97 % right in the test, 11 % in the product. What do you do first?",
        choices={
            "network": Option(
                "Train a larger network: this one is too weak for real drawings.",
                "It reads 97 % of the same digits once they are prepared as it was taught.",
            ),
            "data": Option(
                "Collect drawings of users and train on them.",
                "That helps in the end. But first compare what reaches the network here with what "
                "it was trained on.",
            ),
            "preparation": Option(
                "Look at the pictures that reach the network, beside those of the test.",
                "Size, place and grey levels are part of what it learned. Prepared in the same "
                "way, the digits are read again.",
            ),
        },
        solve=_what_first,
        hints=(
            "What differs between the test and the product, if the network is the same?",
            "Read the two lines that the last cell before these exercises prints.",
        ),
    ),
)
