"""One network, one setting, one seed, one row: what `tables` runs."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from labcode.data import Dataset
from labcode.pruning import importance
from labcode.pruning.dsd import dense_sparse_dense
from labcode.pruning.formats import save_sparse
from labcode.pruning.pruner import prune_and_train
from labcode.pruning.schedules import KeptSchedule, gradual, iterative, one_shot
from labcode.pruning.selection import select
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import fine_tuning, scores
from labcode.training import evaluate
from labcode.weights import baselines

EPOCHS = {"lenet5": 8, "lenet_300_100": 12}  # of fine-tuning, the same for each way to prune
SCOREBOARD = {"lenet5": (0.03, 20), "lenet_300_100": (0.1, 30)}  # kept share, epochs

KEPT_WITHOUT_TRAINING = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02)

METHODS: dict[str, tuple[Callable[[float], KeptSchedule], str]] = {
    "at once": (one_shot, "magnitude"),
    "in rounds": (iterative, "magnitude"),
    "gradually": (gradual, "magnitude"),
    "random, at once": (one_shot, "random"),
}


def order_rows(network: str, seed: int) -> list[Row]:
    """Prune a baseline in several orders, without any training after it.

    Args:
        network: A baseline.
        seed: Of the baseline; decides the random order, too.

    Returns:
        A row for each order and kept share, with the accuracy on the test split.
    """
    digits, model = protocol.digits(), baselines.load(network, seed=seed)
    sizes = importance.magnitude(model)
    orders = {
        "magnitude": (sizes, "global"),
        "magnitude, layer by layer": (sizes, "local"),
        "gradient × weight": (importance.gradient_times_weight(model, digits.train), "global"),
        "random": (importance.random_scores(model, seed=seed), "global"),
        "reversed": (importance.reversed_scores(sizes), "global"),
    }
    rows = []
    for order, (ranks, scope) in orders.items():
        for kept in KEPT_WITHOUT_TRAINING:
            pruned = copy.deepcopy(model)
            select(model, ranks, kept, scope=scope).apply(pruned)
            accuracy = evaluate(pruned, digits.test).accuracy
            rows.append({"order": order, "kept": kept, "test_accuracy": accuracy})
    return rows


def rate_row(network: str, method: str, kept: float, lr: float, seed: int, times: int = 1) -> Row:
    """Prune and fine-tune a baseline as `finetune_row` does, at a learning rate of its own.

    Args:
        network: A baseline.
        method: One of `METHODS`.
        kept: Part of the weights that stays.
        lr: Learning rate at the start.
        seed: Of the baseline, and of the order of the images.
        times: How many times as long the fine-tuning is, rounds included.
    """
    return finetuned(network, method, kept, times * EPOCHS[network], seed, lr=lr)[1]


def finetune_row(network: str, method: str, kept: float, epochs: int, seed: int) -> Row:
    """Prune a baseline in one way and fine-tune it; every way takes the same steps.

    Args:
        network: A baseline.
        method: One of `METHODS`.
        kept: Part of the weights that stays.
        epochs: Passes over the training split, pruning rounds included.
        seed: Of the baseline, and of the order of the images.

    Returns:
        Validation and test accuracy, and the number of weights and biases that are not zero.
    """
    return finetuned(network, method, kept, epochs, seed)[1]


def finetuned(
    network: str, method: str, kept: float, epochs: int, seed: int, **settings: float
) -> tuple[nn.Module, Row]:
    """Return the network of `finetune_row` with its row; see `prune_by` for the settings."""
    digits, model = protocol.digits(), baselines.load(network, seed=seed)
    prune_by(method, model, network, digits, kept, epochs, seed, **settings)
    return model, scores(model, digits) | {"params": nonzero(model)}


def prune_by(
    method: str,
    model: nn.Module,
    network: str,
    digits: Dataset,
    kept: float,
    epochs: int,
    seed: int,
    **settings: float,
) -> None:
    """Prune a trained network in one way and fine-tune it, in place.

    Args:
        method: One of `METHODS`.
        model: Trained by the recipe of the baseline ``network``.
        network: Its name, which decides how it is fine-tuned.
        digits: Trained on its train split.
        kept: Part of the weights that stays.
        epochs: Passes over the training split, pruning rounds included.
        seed: Decides the order of the images, and what goes at random.
        settings: Of `labcode.training.fit`, in place of the baseline's own, such as ``lr``.
    """
    schedule, kind = METHODS[method]
    chance = importance.random_scores(model, seed=seed)
    prune_and_train(
        model,
        digits.train,
        schedule(kept),
        epochs=epochs,
        importance=importance.magnitude if kind == "magnitude" else lambda _: chance,
        seed=seed,
        **(fine_tuning(network) | settings),
    )


def scoreboard_row(network: str, technique: str, seed: int) -> Row:
    """Prune a baseline's single weights for the scoreboard, and write the file.

    Args:
        network: A baseline with an entry in `SCOREBOARD`.
        technique: The id of the row's technique.
        seed: Of the baseline.

    Returns:
        Accuracies, parameters that are not zero, multiply-adds of the dense kernels, and the
        bytes of the smaller of the two sparse forms, with all of its weights in float32.
    """
    kept, epochs = SCOREBOARD[network]
    model, row = finetuned(network, "gradually", kept, epochs, seed)
    size = min(len(save_sparse(model, form)) for form in ("csr", "relative"))
    spent = {"macs": baselines.results(network)[0].macs, "bytes_on_disk": size}
    return {"kept": kept, "epochs": epochs} | row | spent


def nonzero(model: nn.Module) -> int:
    """Return the number of parameters that are not zero, biases included."""
    return sum(int(torch.count_nonzero(p)) for p in model.parameters())


def dsd_row(network: str, kind: str, epochs: int, lr: float, seed: int) -> Row:
    """Train a baseline on: dense, sparse, dense; or dense for as many steps (the control).

    Args:
        network: A baseline.
        kind: "dense" (the control), or "DSD 30 %", "DSD 50 %": the part that is pruned.
        epochs: Passes over the training split, half of them sparse.
        lr: Learning rate at the start; the second half takes a tenth of it.
        seed: Of the baseline, and of the order of the images.

    Returns:
        Validation and test accuracy.
    """
    digits, model = protocol.digits(), baselines.load(network, seed=seed)
    sparsity = 0.0 if kind == "dense" else float(kind.split()[1]) / 100
    dense_sparse_dense(
        model,
        digits.train,
        sparsity=sparsity,
        sparse_epochs=epochs // 2,
        dense_epochs=epochs - epochs // 2,
        seed=seed,
        **(fine_tuning(network) | {"lr": lr}),
    )
    return scores(model, digits)
