"""Trials of squeeze-and-excitation: placement, reduction, squeeze and gate."""

from __future__ import annotations

from typing import Any

from labcode.data import Dataset
from labcode.models.small_se_resnet import SmallSEResNet, small_se_resnet
from labcode.studies.definition import Row
from labcode.studies.protocol import facts, small_run

EPOCHS = 6
LR = 1e-2  # that of the small SqueezeNet, for all; `RATES` are searched for each of `NETWORKS`
RATES = (5e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.16)
NETWORKS = {  # by name: placement, reduction, squeeze and gate
    "without SE": ("none", 4, "average", "sigmoid"),
    "standard SE": ("standard", 4, "average", "sigmoid"),
    "maximum": ("standard", 4, "maximum", "sigmoid"),
    "r = 2": ("standard", 2, "average", "sigmoid"),
    "tanh": ("standard", 4, "average", "tanh"),
    "ReLU": ("standard", 4, "average", "relu"),
}


def se_row(
    placement: str,
    reduction: int,
    squeeze: str,
    gate: str,
    seed: int,
    *,
    epochs: int = EPOCHS,
    lr: float = LR,
    images: Dataset | None = None,
) -> Row:
    """Train the small ResNet with SE, or with placement "none" without it.

    Args:
        placement: "none", or see `small_se_resnet`, like the next three.
        reduction: At most 8.
        squeeze: "average" or "maximum".
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        seed: Of the first weights and the order of the images.
        epochs: Passes over the training images.
        lr: Learning rate at the start.
        images: What to train on; None is 1,000 digits.
    """
    model = se_model(placement, reduction, squeeze, gate, seed, epochs=epochs, lr=lr, images=images)
    return facts(model, images)


def se_model(
    placement: str,
    reduction: int,
    squeeze: str,
    gate: str,
    seed: int,
    *,
    epochs: int = EPOCHS,
    lr: float = LR,
    images: Dataset | None = None,
) -> SmallSEResNet:
    """Return the trained network of a row of `se_row`."""
    place = None if placement == "none" else placement
    settings: dict[str, Any] = {"reduction": reduction, "squeeze": squeeze, "gate": gate}
    return small_run(
        lambda: small_se_resnet(place, **settings), seed, epochs=epochs, lr=lr, images=images
    )


def rate_row(network: str, lr: float, seed: int) -> Row:
    """Return the accuracies at a learning rate; only the validation split may choose.

    Args:
        network: One of `NETWORKS`.
        lr: Learning rate at the start.
        seed: Of the first weights and the order of the images.
    """
    row = se_row(*NETWORKS[network], seed, lr=lr)
    return {what: row[what] for what in ("train_accuracy", "validation_accuracy")}
