"""Trials of the MobileNet for digits: width, resolution, and decay of depthwise filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.data import Dataset, RandomAffine, Split
from labcode.models.digits_mobilenet import DigitsMobileNet, digits_mobilenet
from labcode.studies.definition import Row
from labcode.studies.protocol import N_TRAIN, changed, digits, facts, train
from labcode.training import seeded
from labcode.training.decay import parameter_groups

WIDTHS = (1.0, 0.5, 0.25)
SIZES = (28, 20, 14)  # pixels; rho is the size over 28
DECAY = 1.0  # AdamW's: 20 times the usual one, so that an effect has a chance to show
EPOCHS = 10
LR = 1e-2  # where none is searched


@cache
def sized_digits(size: int) -> Dataset:
    """Return the digits of all trials of this part with so many pixels a side."""
    return changed(digits(N_TRAIN), lambda part: resized(part, size))


def resized(split: Split, size: int) -> Split:
    """Return the images in another size, by bilinear interpolation without aliasing.

    Args:
        split: Images (N, C, H, W) and their labels.
        size: Height and width, in pixels.
    """
    if split.images.shape[-1] == check_int("size", size):
        return split
    shape = (size, size)
    images = F.interpolate(split.images, shape, mode="bilinear", antialias=True)
    return Split(images, split.labels)


def trained_mobilenet(
    width_multiplier: float,
    size: int,
    seed: int,
    where: str = "everywhere",
    decay: float = 0.05,
    *,
    epochs: int = EPOCHS,
    augment: RandomAffine | None = None,
    lr: float = LR,
) -> DigitsMobileNet:
    """Return a MobileNet trained on 1,000 digits of a size.

    Args:
        width_multiplier: The paper's alpha.
        size: Height and width of the images, in pixels.
        seed: Decides the first weights and the order of the images.
        where: Which weights decay; see `parameter_groups`.
        decay: AdamW's weight decay.
        epochs: Passes over the training images.
        augment: How training images are changed.
        lr: Learning rate at the start.
    """
    model = seeded(lambda: digits_mobilenet(width_multiplier), seed)
    groups = parameter_groups(model, where, decay)
    return train(
        model,
        sized_digits(size).train,
        seed,
        epochs=epochs,
        augment=augment,
        batch_size=50,
        optimizer=lambda _: torch.optim.AdamW(groups, lr=lr),
    )


def multiplier_row(width_multiplier: float, size: int, seed: int, lr: float = LR) -> Row:
    """Return cost and accuracies at a width and a resolution."""
    return facts(trained_mobilenet(width_multiplier, size, seed, lr=lr), sized_digits(size))


def longer_row(
    width_multiplier: float, epochs: int, augmented: bool, seed: int, lr: float = LR
) -> Row:
    """Return cost and accuracies at a width after so many passes over plain or changed digits."""
    augment = RandomAffine() if augmented else None
    model = trained_mobilenet(width_multiplier, 28, seed, epochs=epochs, augment=augment, lr=lr)
    return facts(model, sized_digits(28))


def decay_row(where: str, decay: float, seed: int, lr: float = LR) -> Row:
    """Return accuracies with weight decay everywhere, not on depthwise filters, or nowhere."""
    model = trained_mobilenet(1.0, 28, seed, where, decay, lr=lr)
    norms = [
        float(layer.weight.detach().norm())
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d) and layer.groups > 1
    ]
    return facts(model, sized_digits(28)) | {"depthwise_norm": sum(norms) / len(norms)}


TRIALS: dict[str, Callable[..., Row]] = {
    "multiplier": multiplier_row,
    "decay": decay_row,
}


def rate_row(trial: str, **setting: Any) -> Row:
    """Return the validation accuracy at a learning rate.

    Args:
        trial: A key of `TRIALS`.
        setting: The arguments of the trial's function, ``lr`` and ``seed`` among them.
    """
    return {"validation_accuracy": TRIALS[trial](**setting)["validation_accuracy"]}
