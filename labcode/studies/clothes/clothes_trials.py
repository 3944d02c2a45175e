"""The trials of this part again on Fashion-MNIST: ten times the images, and more steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from labcode.data import Dataset, load
from labcode.studies.blocks import block_trials
from labcode.studies.blocks.other_images import contest
from labcode.studies.definition import Row
from labcode.studies.protocol import facts
from labcode.studies.senet import se_trials
from labcode.studies.shufflenet import shuffle_trials

N_TRAIN = 10_000
N_TEST = 10_000  # all of Fashion-MNIST's
EPOCHS = 10  # 2,000 steps; on digits 120 or 200


@cache
def clothes() -> Dataset:
    """Return Fashion-MNIST with 10,000 training images; downloads 30 MB the first time.

    Raises:
        DownloadError: There is no connection.
    """
    return load("fashion_mnist").with_train(N_TRAIN)


def block_row(kind: str, budget: int, lr: float, seed: int) -> Row:
    """Return cost and accuracies of a backbone of `block_trials.trained_block`.

    Args:
        kind: One of `blocks.BLOCKS`.
        budget: Of multiply-adds, which decides the widths.
        lr: Learning rate at the start.
        seed: Decides the first weights and the order of the images.
    """
    model = block_trials.trained_block(kind, budget, seed, lr, epochs=EPOCHS, images=clothes())
    return facts(model, clothes())


def few_row(kind: str, seed: int) -> Row:
    """Return the test accuracy of a block in `other_images.contest`: as few steps as on digits.

    Args:
        kind: One of `blocks.BLOCKS`.
        seed: Decides the first weights and the order of the images.
    """
    return {"test_accuracy": contest(load("fashion_mnist"), [kind], seed=seed)[kind]}


def shuffle_row(**setting: Any) -> Row:
    """Train the small ShuffleNet; see `shuffle_trials.shuffle_row` for the arguments."""
    return shuffle_trials.shuffle_row(**setting, epochs=EPOCHS, images=clothes())


def se_row(**setting: Any) -> Row:
    """Train the small SE-ResNet; see `se_trials.se_row` for the arguments."""
    return se_trials.se_row(**setting, epochs=EPOCHS, images=clothes())


def rate_row(trial: str, **setting: Any) -> Row:
    """Return the accuracies at a learning rate; only the validation split may choose.

    Args:
        trial: "block", "shuffle" or "se".
        setting: The arguments of the trial's function, ``lr`` and ``seed`` among them.
    """
    rows: dict[str, Callable[..., Row]] = {"block": block_row, "shuffle": shuffle_row, "se": se_row}
    row = rows[trial](**setting)
    return {what: row[what] for what in ("train_accuracy", "validation_accuracy")}
