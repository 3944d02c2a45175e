"""The experiments of the chapter, each as a function of a setting and a seed.

The chapter runs single points of them, and `tables` has them all.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labcode.basics.dropping import enlarge, keep_every, keep_random, mean_groups
from labcode.basics.shifts import directions, place, shift
from labcode.basics.steadiness import change_of_features, predictions
from labcode.counting import count_parameters
from labcode.data import RandomAffine, Split
from labcode.models import field_network, first_layer_network, place_network, pooled_network
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import digits
from labcode.training import evaluate

N_TRAIN = 1000  # few, so that differences show and a trial takes seconds
EPOCHS = 10
CANVAS = 48
MIDDLE = 10  # empty rows above, and columns left of, an image in the middle of the canvas
DISTANCES = (0, 1, 2, 3, 4)  # MNIST's digits keep 4 pixels of margin
MOVES = (0, 1, 2, 3, 4, 6, 8)  # pixels down and to the right


def trained(
    build: Callable[[], nn.Module],
    train: Split,
    seed: int,
    *,
    augment: RandomAffine | None = None,
    epochs: int | None = None,
) -> nn.Module:
    """Train a network the way all trials do it.

    Args:
        build: Makes the untrained network.
        train: What to train on.
        seed: Decides the first weights and the order of the images.
        augment: How training images are changed.
        epochs: Passes over the training images; None means `EPOCHS`.

    Returns:
        The network, in evaluation mode.
    """
    return protocol.trained(
        build, train, seed, epochs=epochs or EPOCHS, batch_size=50, lr=3e-3, augment=augment
    )


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the part of the images that are recognised."""
    return evaluate(model, Split(images, labels)).accuracy


def sharing_trial(kind: str, seed: int) -> list[Row]:
    """Train a network with a dense, local or convolutional first layer.

    Args:
        kind: One of `labcode.models.first_layer_network.FIRST_LAYERS`.
        seed: Of the first weights and the order of the images.
    """
    data = digits(N_TRAIN)
    # Until the smallest, the convolution, has learned its images too.
    model = trained(lambda: first_layer_network(kind), data.train, seed, epochs=3 * EPOCHS)
    return [
        {
            "kind": kind,
            "params": count_parameters(model),
            "train_accuracy": evaluate(model, data.train).accuracy,
            "accuracy": evaluate(model, data.test).accuracy,
        }
    ]


def field_trial(spatial_layers: int, seed: int) -> list[Row]:
    """Train a network whose every place votes, from a receptive field of 1 + 2 × this.

    Args:
        spatial_layers: Layers with 3 × 3 filters, from 0 to 6; the images are 14 × 14.
        seed: Of the first weights and the order of the images.
    """
    data = digits(N_TRAIN)
    train, test = (
        Split(mean_groups(part.images, 2), part.labels)  # (N, 1, 14, 14): four times as fast
        for part in (data.train, data.test)
    )
    # Six narrow layers need longer than the two or three of the other trials.
    model = trained(lambda: field_network(spatial_layers), train, seed, epochs=2 * EPOCHS)
    return [
        {
            "field": 1 + 2 * spatial_layers,
            "params": count_parameters(model),
            "train_accuracy": evaluate(model, train).accuracy,
            "accuracy": evaluate(model, test).accuracy,
        }
    ]


def place_trial(kind: str, everywhere: bool, seed: int) -> list[Row]:
    """Train with digits in the middle of a canvas, and test them in other places.

    Args:
        kind: One of `labcode.models.place_network.PLACE_NETWORKS`.
        everywhere: Whether the training digits stand in random places instead.
        seed: Of the first weights, the order of the images, and the places.
    """
    data = digits(N_TRAIN)
    model = trained(lambda: place_network(kind), placed(data.train, everywhere, seed), seed)
    rows = []
    for move in MOVES:
        images = place(data.test.images, CANVAS, MIDDLE + move, MIDDLE + move)
        right = accuracy(model, images, data.test.labels)
        rows.append({"kind": kind, "everywhere": everywhere, "move": move, "accuracy": right})
    return rows


def placed(split: Split, everywhere: bool, seed: int) -> Split:
    """Return digits on the canvas, in its middle or in random places."""
    return Split(on_canvas(split.images, seed if everywhere else None), split.labels)


def dense_everywhere_row(epochs: int, seed: int) -> Row:
    """Train the dense network on digits in random places for so many passes.

    Args:
        epochs: Passes over the training digits.
        seed: Of the first weights, the order of the images, and the places.

    Returns:
        Accuracy on its own training digits, and on test digits in the middle.
    """
    data = digits(N_TRAIN)
    train = placed(data.train, True, seed)
    model = trained(lambda: place_network("dense"), train, seed, epochs=epochs)
    return {
        "train_accuracy": evaluate(model, train).accuracy,
        "accuracy": accuracy(model, on_canvas(data.test.images, None), data.test.labels),
    }


def on_canvas(images: Tensor, seed: int | None) -> Tensor:
    """Lay images (N, 1, 28, 28) in the middle, or with a seed in random places up to 8 off."""
    if seed is None:
        return place(images, CANVAS, MIDDLE, MIDDLE)
    generator = torch.Generator().manual_seed(seed)
    moves = torch.randint(-8, 9, (len(images), 2), generator=generator) + MIDDLE
    spots = moves.tolist()
    return torch.stack([place(i, CANVAS, *at) for i, at in zip(images, spots, strict=True)])


DROPPINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "full": lambda x: x,
    "every 2nd": lambda x: enlarge(keep_every(x, 2), 2),
    "every 4th": lambda x: enlarge(keep_every(x, 4), 4),
    "every 7th": lambda x: enlarge(keep_every(x, 7), 7),
    "mean of 2 × 2": lambda x: enlarge(mean_groups(x, 2), 2),
    "random quarter": lambda x: keep_random(x, 0.25),
}
"""What is left of an image (N, C, 28, 28), brought back to its size for the same network."""


def dropping_trial(kind: str, seed: int) -> list[Row]:
    """Train and test a network on images with pixels left out.

    Trained on full images, the same network is also tested on all other kinds.

    Args:
        kind: One of `DROPPINGS`, or "every 2nd, small" for the 14 × 14 images themselves.
        seed: Of the first weights and the order of the images.
    """
    data, small = digits(N_TRAIN), kind == "every 2nd, small"
    change = (lambda x: keep_every(x, 2)) if small else DROPPINGS[kind]
    train = Split(change(data.train.images), data.train.labels)
    size = train.images.shape[-1]
    model = trained(lambda: pooled_network(input_size=size), train, seed)
    others = DROPPINGS if kind == "full" else {kind: change}
    return [
        {
            "trained_on": kind,
            "tested_on": name,
            "accuracy": accuracy(model, other(data.test.images), data.test.labels),
        }
        for name, other in others.items()
    ]


def pooling_trial(kind: str, augmented: bool, seed: int) -> list[Row]:
    """Train a network with a pooling, and shift the digits that it is tested on.

    Args:
        kind: One of `labcode.basics.poolings.POOLINGS`, in groups of 2 × 2.
        augmented: Whether the training digits are shifted at random, up to 4 pixels.
        seed: Of the first weights, the order of the images and the shifts.
    """
    data = digits(N_TRAIN)
    augment = RandomAffine(max_shift=4.0, max_degrees=0.0, max_scale=0.0) if augmented else None
    model = trained(lambda: pooled_network(kind), data.train, seed, augment=augment)
    setting = {"kind": kind, "augmented": augmented}
    return [setting | under_shift(model, data.test, distance) for distance in DISTANCES]


def longer_pooling_trial(kind: str, epochs: int, seed: int) -> list[Row]:
    """Train a network with a pooling on digits as they are, and ask how well it has learned them.

    Args:
        kind: One of `labcode.basics.poolings.POOLINGS`, in groups of 2 × 2.
        epochs: Passes over the training digits.
        seed: Of the first weights and the order of the images.
    """
    data = digits(N_TRAIN)
    model = trained(lambda: pooled_network(kind), data.train, seed, epochs=epochs)
    learned = {"train_accuracy": evaluate(model, data.train).accuracy}
    return [learned | under_shift(model, data.test, distance) for distance in (0, 1, 3)]


def group_trial(kind: str, group: int, twice: bool, seed: int) -> list[Row]:
    """Train a network with a pooling and a size of its groups.

    Args:
        kind: "max", "mean" or "drop".
        group: Side of a group after the first convolution, in pixels.
        twice: Whether the second pooling has groups of the same size; else of 2 × 2.
        seed: Of the first weights and the order of the images.
    """
    data = digits(N_TRAIN)
    model = trained(
        lambda: pooled_network(kind, group, second_group=group if twice else 2),
        data.train,
        seed,
        epochs=3 * EPOCHS,  # means are smaller than maxima, so their weights need longer to grow
    )
    return [
        {
            "kind": kind,
            "group": group,
            "twice": twice,
            "params": count_parameters(model),
            "train_accuracy": evaluate(model, data.train).accuracy,
            "accuracy": evaluate(model, data.test).accuracy,
        }
    ]


def under_shift(model: nn.Module, test: Split, distance: int) -> Row:
    """Return accuracy, changed predictions and changed features at a distance, in pixels."""
    before = predictions(model, test.images)
    ways = directions(distance) if distance else [(0, 0)]
    after = torch.stack([predictions(model, shift(test.images, *way)) for way in ways])
    body = next(model.children())
    return {
        "distance": distance,
        "accuracy": float((after == test.labels).double().mean()),
        "changed": float((after != before).double().mean()),
        "feature_change": change_of_features(body, test.images[:200], distance),
    }
