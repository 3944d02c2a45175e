"""Early exit that really exits: a later stage runs only for images that are still in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from labcode._checks import check_number
from labcode.early_exit.rules import certainty
from labcode.models.exit_network import ExitNetwork, Features
from labcode.models.lenet5 import check_images
from labcode.training import eval_mode


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network with exits said about some images, in their order.

    Args:
        logits: Of the exit that each image took, (N, classes).
        exits: Number of that exit, from 0, (N,).
        ran: How many images each stage got.
    """

    logits: Tensor
    exits: Tensor
    ran: tuple[int, ...]

    @property
    def labels(self) -> Tensor:
        """The class that each image is said to show, (N,)."""
        return self.logits.argmax(dim=1)


@torch.inference_mode()
def answer(
    network: ExitNetwork,
    images: Tensor,
    thresholds: float | Sequence[float],
    *,
    rule: str = "confidence",
) -> Answer:
    """Run each image until an exit is sure enough.

    The batch shrinks: after each exit, those that leave are taken out, and the next stage sees
    the rest alone. When none is left, no later stage runs. Batch norm uses its stored means, so
    an image gets the same answer alone as in any batch, but for rounding.

    Args:
        network: A network with exits; it is run in evaluation mode.
        images: Shape (N, C, H, W).
        thresholds: How sure each exit but the last must be; one number serves all. An image
            leaves when it is at least that sure. Above 1, none leaves.
        rule: "confidence", "entropy" or "margin"; see `certainty`.

    Returns:
        Logits and exits in the order of the images.

    Raises:
        ValueError: The images do not fit, the rule is unknown, or a threshold is missing or
            no number.

    >>> from labcode.models import exit_cnn
    >>> found = answer(exit_cnn(), torch.zeros(5, 1, 28, 28), 0.0)
    >>> found.ran, found.exits
    ((5, 0, 0, 0), tensor([0, 0, 0, 0, 0]))
    """
    check_images(images, network.input_shape)
    limits = check_thresholds(thresholds, len(network.exits))
    alive = torch.arange(len(images))  # places of the images that are still in
    exits = torch.full((len(images),), len(limits))
    logits: Tensor | None = None
    ran = [0] * len(network.exits)
    features: Features = (images,)
    with eval_mode(network):
        for index in range(len(network.exits)):
            if not len(alive):
                break
            ran[index] = len(alive)
            found, features = network.step(index, features)
            if logits is None:
                logits = found.new_empty(len(images), found.shape[1])
            if index == len(limits):
                logits[alive] = found
                break
            leaves = certainty(found, rule) >= limits[index]  # (alive,)
            logits[alive[leaves]] = found[leaves]
            exits[alive[leaves]] = index
            alive, stay = alive[~leaves], ~leaves
            features = tuple(part[stay] for part in features)
    if logits is None:
        raise ValueError("images must hold at least one image, got none")
    return Answer(logits, exits, tuple(ran))


def check_thresholds(thresholds: float | Sequence[float], exits: int) -> tuple[float, ...]:
    """Return one threshold for each exit but the last.

    Raises:
        TypeError: A threshold is not a number.
        ValueError: There are too few or too many, or one is NaN or infinite.

    >>> check_thresholds(0.9, 4)
    (0.9, 0.9, 0.9)
    """
    if not isinstance(thresholds, Sequence):
        return (check_number("thresholds", thresholds),) * (exits - 1)
    if len(thresholds) != exits - 1:
        raise ValueError(
            f"thresholds must be one number, or {exits - 1} for {exits} exits, "
            f"got {len(thresholds)}"
        )
    return tuple(check_number(f"thresholds[{i}]", t) for i, t in enumerate(thresholds))
