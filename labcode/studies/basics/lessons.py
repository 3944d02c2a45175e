"""What the chapter's networks learn from: a lesson for each experiment, apart from its rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_choice
from labcode.basics.dropping import enlarge, keep_every, keep_random, mean_groups
from labcode.basics.shifts import place
from labcode.data import Dataset, RandomAffine, Split
from labcode.models import field_network, first_layer_network, place_network, pooled_network
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import digits

N_TRAIN = 1000  # few, so that differences show and a trial takes seconds
EPOCHS = 10
LR = 3e-3  # of networks whose rate is not searched
CANVAS = 48
MIDDLE = 10  # empty rows above, and columns left of, an image in the middle of the canvas
DROPPINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "full": lambda x: x,
    "every 2nd": lambda x: enlarge(keep_every(x, 2), 2),
    "every 4th": lambda x: enlarge(keep_every(x, 4), 4),
    "every 7th": lambda x: enlarge(keep_every(x, 7), 7),
    "mean of 2 × 2": lambda x: enlarge(mean_groups(x, 2), 2),
    "random quarter": lambda x: keep_random(x, 0.25),
}
"""What is left of an image (N, C, 28, 28), brought back to its size for the same network."""
SMALL = "every 2nd, small"  # the 14 × 14 images themselves


@dataclass(frozen=True)
class Lesson:
    """One kind of network, and what it learns from.

    Args:
        build: Makes the untrained network.
        images: Training, validation and test images as this experiment has them.
        times: How many times `EPOCHS` passes it gets.
        augment: How training images are changed in each pass.
        laid: What a run's seed does to the images before its first pass.
    """

    build: Callable[[], nn.Module]
    images: Dataset
    times: int = 1
    augment: RandomAffine | None = None
    laid: Callable[[Dataset, int], Dataset] | None = None

    def seen(self, seed: int) -> Dataset:
        """Return the images of the run with this seed."""
        return self.laid(self.images, seed) if self.laid else self.images

    def learned(self, seed: int, lr: float) -> nn.Module:
        """Return the trained network, in evaluation mode.

        Args:
            seed: Decides the first weights, the order of the images and their changes.
            lr: Learning rate at the start.
        """
        how = {"epochs": self.times * EPOCHS, "augment": self.augment, "lr": lr}
        return trained(self.build, self.seen(seed).train, seed, **how)


def trained(build: Callable[[], nn.Module], train: Split, seed: int, **settings: Any) -> nn.Module:
    """Train a network the way all trials do it.

    Args:
        build: Makes the untrained network.
        train: What to train on.
        seed: Decides the first weights, the order of the images and their changes.
        settings: Of `labcode.training.fit`, where they are not `EPOCHS` and `LR`.

    Returns:
        The network, in evaluation mode.
    """
    how = {"epochs": EPOCHS, "batch_size": 50, "lr": LR} | settings
    return protocol.trained(build, train, seed, **how)


def sharing(kind: str, times: int = 3) -> Lesson:
    """Return a dense, local or convolutional first layer.

    Args:
        kind: One of `labcode.models.first_layer_network.FIRST_LAYERS`.
        times: How many times `EPOCHS` passes it gets: three, until the smallest, the convolution,
            has learned its images too.
    """
    return Lesson(lambda: first_layer_network(kind), digits(N_TRAIN), times)


def field(field: int) -> Lesson:
    """Return a network whose every place votes, from a receptive field of so many pixels: odd."""
    images = digits(N_TRAIN, size=14)  # four times as fast
    # Six narrow layers need longer than the two or three of the other trials.
    return Lesson(lambda: field_network((field - 1) // 2), images, times=2)


def places(kind: str, everywhere: bool, times: int = 1) -> Lesson:
    """Return digits in the middle of a canvas, or in random places.

    Args:
        kind: One of `labcode.models.place_network.PLACE_NETWORKS`.
        everywhere: Whether training and validation digits stand in random places, each run's own.
        times: How many times `EPOCHS` passes it gets.
    """

    def laid(data: Dataset, seed: int) -> Dataset:
        return replace(
            data,
            train=placed(data.train, everywhere, seed),
            validation=placed(data.validation, everywhere, 1000 + seed),
            test=placed(data.test, False, seed),
        )

    return Lesson(lambda: place_network(kind), digits(N_TRAIN), times, laid=laid)


def placed(split: Split, everywhere: bool, seed: int) -> Split:
    """Return digits on the canvas, in its middle or in random places."""
    return Split(on_canvas(split.images, seed if everywhere else None), split.labels)


def on_canvas(images: Tensor, seed: int | None) -> Tensor:
    """Lay images (N, 1, 28, 28) in the middle, or with a seed in random places up to 8 off."""
    if seed is None:
        return place(images, CANVAS, MIDDLE, MIDDLE)
    generator = torch.Generator().manual_seed(seed)
    moves = torch.randint(-8, 9, (len(images), 2), generator=generator) + MIDDLE
    spots = moves.tolist()
    return torch.stack([place(i, CANVAS, *at) for i, at in zip(images, spots, strict=True)])


def dropping(trained_on: str) -> Lesson:
    """Return images with pixels left out: one of `DROPPINGS`, or `SMALL`."""
    small = trained_on == SMALL
    change = (lambda x: keep_every(x, 2)) if small else DROPPINGS[trained_on]
    images = protocol.changed(digits(N_TRAIN), lambda p: Split(change(p.images), p.labels))
    size = images.input_shape[-1]
    return Lesson(lambda: pooled_network(input_size=size), images)


def pooling(kind: str, augmented: bool = False, times: int = 1) -> Lesson:
    """Return a network with a pooling in groups of 2 × 2.

    Args:
        kind: One of `labcode.basics.poolings.POOLINGS`.
        augmented: Whether the training digits are shifted at random, up to 4 pixels.
        times: How many times `EPOCHS` passes it gets.
    """
    augment = RandomAffine(max_shift=4.0, max_degrees=0.0, max_scale=0.0) if augmented else None
    return Lesson(lambda: pooled_network(kind), digits(N_TRAIN), times, augment)


def group(kind: str, group: int, twice: bool) -> Lesson:
    """Return a network with a pooling and a size of its groups.

    Args:
        kind: "max", "mean" or "drop".
        group: Side of a group after the first convolution, in pixels.
        twice: Whether the second pooling has groups of the same size; else of 2 × 2.
    """
    second = group if twice else 2
    # Means are smaller than maxima, so their weights need longer to grow.
    return Lesson(lambda: pooled_network(kind, group, second_group=second), digits(N_TRAIN), 3)


def rate_row(trial: str, lr: float, seed: int, **setting: Any) -> Row:
    """Return the validation accuracy at a learning rate.

    Args:
        trial: The function of this file that makes the lesson: a key of `TRIALS`.
        lr: Learning rate at the start.
        seed: Decides the first weights, the order of the images, their changes and places.
        setting: Arguments of that function.
    """
    lesson = TRIALS[check_choice("trial", trial, TRIALS)](**setting)
    return protocol.scores(lesson.learned(seed, lr), lesson.seen(seed), ("validation",))


TRIALS: dict[str, Callable[..., Lesson]] = {
    "sharing": sharing,
    "field": field,
    "places": places,
    "dropping": dropping,
    "pooling": pooling,
}
