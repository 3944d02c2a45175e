"""How the small networks of this part are trained: few digits, the same steps for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

from labcode import counting
from labcode.data import Dataset, load
from labcode.training import evaluate, fit

N_TRAIN = 1000  # few, so that differences show and a run takes seconds
Row = dict[str, Any]


@cache
def digits() -> Dataset:
    """Return mnist5k with 1,000 training, 500 validation and 1,000 test images."""
    return load("mnist5k", n_train=N_TRAIN)


def trained(
    build: Callable[[], nn.Module], seed: int, *, epochs: int, lr: float, batch_size: int = 50
) -> nn.Module:
    """Train a network on the digits with AdamW and a cosine.

    Args:
        build: Makes the untrained network.
        seed: Decides the first weights and the order of the images.
        epochs: Passes over the 1,000 training images.
        lr: Learning rate at the start.
        batch_size: Images in a step.

    Returns:
        The network, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build()
    fit(
        model,
        digits().train,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        weight_decay=0.05,
        seed=seed,
        device="cpu",
        progress=False,
    )
    return model.eval()


def facts(model: nn.Module) -> Row:
    """Return parameters, multiply-adds and accuracies of a network of the digits."""
    cost = counting.count(model, digits().input_shape)
    return {
        "params": cost.params,
        "macs": cost.macs,
        "train_accuracy": evaluate(model, digits().train).accuracy,
        "validation_accuracy": evaluate(model, digits().validation).accuracy,
        "test_accuracy": evaluate(model, digits().test).accuracy,
    }
