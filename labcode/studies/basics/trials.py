"""The experiments of the chapter, each as a function of a setting, a learning rate and a seed.

The chapter runs single points of them, and `tables` has them all.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode.basics.shifts import directions, place, shift
from labcode.basics.steadiness import change_of_features, predictions
from labcode.counting import count_parameters
from labcode.data import Split
from labcode.studies.basics import lessons
from labcode.studies.basics.lessons import CANVAS, DROPPINGS, LR, MIDDLE, N_TRAIN
from labcode.studies.definition import Row
from labcode.studies.protocol import digits
from labcode.training import evaluate

DISTANCES = (0, 1, 2, 3, 4)  # MNIST's digits keep 4 pixels of margin
MOVES = (0, 1, 2, 3, 4, 6, 8)  # pixels down and to the right


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the part of the images that are recognised."""
    return evaluate(model, Split(images, labels)).accuracy


def learned(lesson: lessons.Lesson, seed: int, lr: float) -> Row:
    """Return parameters, and accuracy on the training and the test images of a lesson."""
    model, images = lesson.learned(seed, lr), lesson.seen(seed)
    return {
        "params": count_parameters(model),
        "train_accuracy": evaluate(model, images.train).accuracy,
        "accuracy": evaluate(model, images.test).accuracy,
    }


def sharing_trial(kind: str, seed: int, lr: float = LR) -> Row:
    """Train a network with a dense, local or convolutional first layer.

    Args:
        kind: One of `labcode.models.first_layer_network.FIRST_LAYERS`.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.
    """
    return learned(lessons.sharing(kind), seed, lr)


def field_trial(field: int, seed: int, lr: float = LR) -> Row:
    """Train a network whose every place votes, from a receptive field of so many pixels.

    Args:
        field: 1 + 2 × the layers with 3 × 3 filters, from 1 to 13; the images are 14 × 14.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.
    """
    return learned(lessons.field(field), seed, lr)


def place_trial(kind: str, everywhere: bool, seed: int, lr: float = LR) -> list[Row]:
    """Train with digits in the middle of a canvas, and test them in other places.

    Args:
        kind: One of `labcode.models.place_network.PLACE_NETWORKS`.
        everywhere: Whether the training digits stand in random places instead.
        seed: Of the first weights, the order of the images, and the places.
        lr: Learning rate at the start.
    """
    model, test = lessons.places(kind, everywhere).learned(seed, lr), digits(N_TRAIN).test
    rows = []
    for move in MOVES:
        images = place(test.images, CANVAS, MIDDLE + move, MIDDLE + move)
        rows.append({"move": move, "accuracy": accuracy(model, images, test.labels)})
    return rows


def dense_everywhere_row(times: int, seed: int, lr: float = LR) -> Row:
    """Train the dense network on digits in random places, several times as long.

    Args:
        times: How many times `lessons.EPOCHS` passes it gets.
        seed: Of the first weights, the order of the images, and the places.
        lr: Learning rate at the start.

    Returns:
        Accuracy on its own training digits, and on test digits in the middle.
    """
    lesson = lessons.places("dense", True, times)
    return {"epochs": times * lessons.EPOCHS} | learned(lesson, seed, lr)


def dropping_trial(trained_on: str, seed: int, lr: float = LR) -> list[Row]:
    """Train and test a network on images with pixels left out.

    Trained on full images, the same network is also tested on all other kinds.

    Args:
        trained_on: One of `lessons.DROPPINGS`, or `lessons.SMALL`.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.
    """
    lesson, test = lessons.dropping(trained_on), digits(N_TRAIN).test
    model = lesson.learned(seed, lr)
    tested = {trained_on: lesson.images.test.images}
    if trained_on == "full":
        tested = {name: change(test.images) for name, change in DROPPINGS.items()}
    return [
        {"tested_on": name, "accuracy": accuracy(model, images, test.labels)}
        for name, images in tested.items()
    ]


def pooling_trial(kind: str, augmented: bool, seed: int, lr: float = LR) -> list[Row]:
    """Train a network with a pooling, and shift the digits that it is tested on.

    Args:
        kind: One of `labcode.basics.poolings.POOLINGS`, in groups of 2 × 2.
        augmented: Whether the training digits are shifted at random, up to 4 pixels.
        seed: Of the first weights, the order of the images and the shifts.
        lr: Learning rate at the start.
    """
    lesson = lessons.pooling(kind, augmented)
    model = lesson.learned(seed, lr)
    return [under_shift(model, lesson.images.test, distance) for distance in DISTANCES]


def longer_pooling_trial(kind: str, times: int, seed: int, lr: float = LR) -> list[Row]:
    """Train a network with a pooling on digits as they are, and ask how well it has learned them.

    Args:
        kind: One of `labcode.basics.poolings.POOLINGS`, in groups of 2 × 2.
        times: How many times `lessons.EPOCHS` passes it gets.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.
    """
    lesson = lessons.pooling(kind, times=times)
    model = lesson.learned(seed, lr)
    learned = {"train_accuracy": evaluate(model, lesson.images.train).accuracy}
    return [learned | under_shift(model, lesson.images.test, distance) for distance in (0, 1, 3)]


def group_trial(kind: str, group: int, twice: bool, seed: int, lr: float = LR) -> Row:
    """Train a network with a pooling and a size of its groups.

    Args:
        kind: "max", "mean" or "drop".
        group: Side of a group after the first convolution, in pixels.
        twice: Whether the second pooling has groups of the same size; else of 2 × 2.
        seed: Of the first weights and the order of the images.
        lr: Learning rate at the start.
    """
    return learned(lessons.group(kind, group, twice), seed, lr)


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
