"""How the studies' networks are trained and scored: one set of images, one use of a seed.

A seed decides a network's first weights, the order of its images and their changes. The
validation split chooses, the test split reports. All runs are on the CPU, so that they repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from torch import nn

from labcode import counting
from labcode.basics.dropping import mean_groups
from labcode.data import Dataset, Split, load
from labcode.studies.definition import Row
from labcode.training import evaluate, fit, seeded
from labcode.weights import baselines, pack, unpack

Network = TypeVar("Network", bound=nn.Module)

N_TRAIN = 1000  # of the small networks: few, so that differences show and a run takes seconds
N_TEST = 1000  # digits behind each stored test accuracy
SPLITS = ("train", "validation", "test")


@cache
def digits(n_train: int | None = None, size: int = 28, fold: int = 0) -> Dataset:
    """Return mnist5k, read once, with 500 validation and 1,000 test images.

    Args:
        n_train: Training images; smaller sets are part of larger ones. None takes all 3,500.
        size: 28, or 14 for digits made half as large: each pixel is the mean of 2 x 2.
        fold: Which fifth of the 5,000 digits is tested, from 0 to 4; the chapters' is 0.

    Raises:
        ValueError: There are not as many images, or ``size`` is another.
    """
    if size not in (14, 28):
        raise ValueError(f"size must be 14 or 28, got {size!r}")
    full = load("mnist5k", n_train=n_train, fold=fold)
    if size == 28:
        return full
    return changed(full, lambda part: Split(mean_groups(part.images, 2), part.labels))


def changed(data: Dataset, change: Callable[[Split], Split]) -> Dataset:
    """Return a data set with every split changed in the same way."""
    train, validation, test = (change(getattr(data, name)) for name in SPLITS)
    return replace(data, train=train, validation=validation, test=test)


def train(model: Network, split: Split, seed: int, **settings: Any) -> Network:
    """Train a network in place.

    Args:
        model: The network.
        split: What to train on.
        seed: Decides the order of the images and their changes.
        settings: Of `labcode.training.fit`.

    Returns:
        The same network, in evaluation mode.
    """
    fit(model, split, seed=seed, **({"device": "cpu"} | settings))
    return model.eval()


def trained(build: Callable[[], Network], split: Split, seed: int, **settings: Any) -> Network:
    """Build a network and train it; the seed decides its first weights too. See `train`."""
    return train(seeded(build, seed), split, seed, **settings)


def small_run(
    build: Callable[[], Network],
    seed: int,
    *,
    epochs: int,
    lr: float,
    images: Dataset | None = None,
) -> Network:
    """Train a small network of the chapters on architectures: few digits, the same steps for all.

    Args:
        build: Makes the untrained network.
        seed: Decides the first weights and the order of the images.
        epochs: Passes over the training images.
        lr: Learning rate at the start.
        images: What to train on; None is 1,000 digits.
    """
    split = (images or digits(N_TRAIN)).train
    return trained(build, split, seed, epochs=epochs, lr=lr, batch_size=50, weight_decay=0.05)


def rounded(model: Network) -> Network:
    """Round the weights to float16 in place, as stored files have them; in evaluation mode."""
    unpack(model, pack(model, {}))
    return model.eval()


def fine_tuning(network: str) -> Row:
    """Return how networks are fine-tuned, for `fit`: as their baseline was trained."""
    recipe = baselines.recipe(network)
    return {
        "batch_size": recipe.batch_size,
        "lr": recipe.lr,
        "weight_decay": recipe.weight_decay,
        "augment": recipe.augment,
        "device": "cpu",
    }


def scores(model: nn.Module, data: Dataset, splits: Sequence[str] = ("validation", "test")) -> Row:
    """Return a network's accuracy on some splits, such as "test_accuracy"."""
    return {f"{name}_accuracy": evaluate(model, getattr(data, name)).accuracy for name in splits}


def facts(model: nn.Module, images: Dataset | None = None) -> Row:
    """Return parameters, multiply-adds and all accuracies; without images, of 1,000 digits."""
    data = images or digits(N_TRAIN)
    cost = counting.count(model, data.input_shape)
    return {"params": cost.params, "macs": cost.macs} | scores(model, data, SPLITS)
