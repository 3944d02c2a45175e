"""Trials of the small ShuffleNet: groups, with and without the shuffle."""

from __future__ import annotations

from labcode.data import Dataset
from labcode.models.small_shufflenet import small_shufflenet
from labcode.studies.definition import Row
from labcode.studies.protocol import facts, small_run

EPOCHS = 10
LR = 1e-2  # where none is searched


def shuffle_row(
    groups: int,
    shuffle: bool,
    seed: int,
    *,
    epochs: int = EPOCHS,
    lr: float = LR,
    images: Dataset | None = None,
) -> Row:
    """Train the small ShuffleNet with or without its shuffle.

    Args:
        groups: Groups of the 1x1 convolutions: 1, 4 or 8.
        shuffle: Whether the channels are shuffled.
        seed: Of the first weights and the order of the images.
        epochs: Passes over the training images.
        lr: Learning rate at the start.
        images: What to train on; None is 1,000 digits.
    """
    model = small_run(
        lambda: small_shufflenet(groups, shuffle=shuffle), seed, epochs=epochs, lr=lr, images=images
    )
    return facts(model, images)


def rate_row(groups: int, shuffle: bool, lr: float, seed: int) -> Row:
    """Return the validation accuracy of `shuffle_row`, whose arguments these are."""
    row = shuffle_row(groups, shuffle, seed, lr=lr)
    return {"validation_accuracy": row["validation_accuracy"]}
