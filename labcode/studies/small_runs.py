"""How the small networks of this part are trained: few digits, the same steps for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import nn

from labcode import counting
from labcode.basics.dropping import mean_groups
from labcode.data import Dataset, Split, load
from labcode.training import evaluate, fit

N_TRAIN = 1000  # few, so that differences show and a run takes seconds
Row = dict[str, Any]


@cache
def digits() -> Dataset:
    """Return mnist5k with 1,000 training, 500 validation and 1,000 test images."""
    return load("mnist5k", n_train=N_TRAIN)


@cache
def small_digits() -> Dataset:
    """Return the same digits at 14x14 pixels: each is the mean of 2x2."""
    full = digits()
    train, validation, test = (
        Split(mean_groups(part.images, 2), part.labels)
        for part in (full.train, full.validation, full.test)
    )
    return replace(full, train=train, validation=validation, test=test)


def trained(
    build: Callable[[], nn.Module],
    seed: int,
    *,
    epochs: int,
    lr: float,
    batch_size: int = 50,
    images: Dataset | None = None,
) -> nn.Module:
    """Train a network on the digits with AdamW and a cosine.

    Args:
        build: Makes the untrained network.
        seed: Decides the first weights and the order of the images.
        epochs: Passes over the 1,000 training images.
        lr: Learning rate at the start.
        batch_size: Images in a step.
        images: What to train on; None is `digits`.

    Returns:
        The network, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build()
    fit(
        model,
        (images or digits()).train,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        weight_decay=0.05,
        seed=seed,
        device="cpu",
    )
    return model.eval()


def facts(model: nn.Module, images: Dataset | None = None) -> Row:
    """Return parameters, multiply-adds and accuracies of a network of the digits."""
    data = images or digits()
    cost = counting.count(model, data.input_shape)
    return {
        "params": cost.params,
        "macs": cost.macs,
        "train_accuracy": evaluate(model, data.train).accuracy,
        "validation_accuracy": evaluate(model, data.validation).accuracy,
        "test_accuracy": evaluate(model, data.test).accuracy,
    }
