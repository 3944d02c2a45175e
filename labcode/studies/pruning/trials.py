"""One network, one setting, one seed, one row: what `tables` runs."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from itertools import product

import torch
from torch import nn

from labcode.data import Dataset
from labcode.pruning import importance
from labcode.pruning.dsd import dense_sparse_dense
from labcode.pruning.formats import save_sparse
from labcode.pruning.lottery import Ticket, Train, find_tickets, shuffled, weights_of
from labcode.pruning.masks import Masks
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

LOTTERY = {"epochs": 10, "batch_size": 60, "lr": 1.2e-3}  # Adam, batch and rate of the paper
LOTTERY_ROUNDS = 17
REINITIALISED = (3, 7, 10, 13, 15, 17)  # rounds whose masks are tried from other first weights
SHUFFLED = (7, 13, 17)  # rounds whose masks are tried at random places, too
EARLY_EPOCHS = 1
LATE_ROUND = 13  # 5.6 % of the weights: what is trained once more, each start at its own rate
LATE_STARTS = ("unpruned", "original", "re-initialised")
LOTTERY_RATES = (3e-4, 6e-4, 1.2e-3, 2.4e-3, 4.8e-3, 9.6e-3, 1.92e-2)  # tried for them


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


def lottery_rows(start: str, seed: int, rounds: int = LOTTERY_ROUNDS) -> list[Row]:
    """Find lottery tickets of LeNet-300-100, with controls where the start is the original one.

    Args:
        start: "original" rewinds to the first weights, "early" to those after one epoch.
        seed: Decides the first weights and the order of the images.
        rounds: Number of prunings, 20 % of the remaining weights each.

    Returns:
        A row for each round and kind of start: "original", "early", and in some rounds
        "re-initialised" (same masks, other first weights) and "shuffled" (masks at random
        places, other first weights).
    """
    digits, recipe = protocol.digits(), baselines.recipe("lenet_300_100")
    model = recipe.initial(digits, seed=seed)
    early = EARLY_EPOCHS if start == "early" else 0
    if early:
        lottery_training(digits, seed, early)(model, None)
    train = lottery_training(digits, seed, LOTTERY["epochs"] - early)
    rows = []
    for ticket in find_tickets(model, weights_of(model), train, rounds=rounds):
        rows.append(_lottery_row(start, ticket.round, ticket.masks, ticket.trained, digits))
        if ticket.masks is not None and not early:
            for kind, masks in lottery_controls(ticket, seed).items():
                other = from_new_weights(masks, train, digits, seed)
                rows.append(_lottery_row(kind, ticket.round, masks, other, digits))
    return rows


def late_ticket(digits: Dataset, seed: int) -> Ticket:
    """Find the ticket of LeNet-300-100 in round `LATE_ROUND`, at the rate of the paper."""
    model = baselines.recipe("lenet_300_100").initial(digits, seed=seed)
    train = lottery_training(digits, seed, LOTTERY["epochs"])
    tickets = find_tickets(model, weights_of(model), train, rounds=LATE_ROUND)
    (ticket,) = deque(tickets, maxlen=1)
    return ticket


def trained_from(
    start: str, ticket: Ticket | None, lr: float, digits: Dataset, seed: int
) -> nn.Module:
    """Train LeNet-300-100 once more, whole or as a ticket, at a rate of its own.

    Args:
        start: One of `LATE_STARTS`.
        ticket: Its masks; "unpruned" needs none.
        lr: Learning rate, constant.
        digits: Trained on its train split.
        seed: Of the ticket, and of the order of the images.
    """
    train = lottery_training(digits, seed, LOTTERY["epochs"], lr)
    masks = ticket.masks if ticket is not None and start != "unpruned" else None
    if start == "re-initialised":
        assert masks is not None
        return from_new_weights(masks, train, digits, seed)
    model = baselines.recipe("lenet_300_100").initial(digits, seed=seed)
    if masks is not None:
        masks.apply(model)
    train(model, masks)
    return model


def lottery_rate_rows(seed: int) -> list[Row]:
    """Return the validation accuracy of each of `LATE_STARTS` at each of `LOTTERY_RATES`.

    Args:
        seed: Decides the first weights, the ticket and the order of the images.
    """
    digits, rows = protocol.digits(), []
    ticket = late_ticket(digits, seed)
    for start, lr in product(LATE_STARTS, LOTTERY_RATES):
        model = trained_from(start, ticket, lr, digits, seed)
        rows.append({"start": start, "lr": lr} | scores(model, digits, ["validation"]))
    return rows


def lottery_controls(ticket: Ticket, seed: int) -> dict[str, Masks]:
    """Return the masks of a ticket to try from other first weights, by kind."""
    assert ticket.masks is not None
    controls = {}
    if ticket.round in REINITIALISED:
        controls["re-initialised"] = ticket.masks
    if ticket.round in SHUFFLED:
        controls["shuffled"] = shuffled(ticket.masks, seed=seed)
    return controls


def from_new_weights(masks: Masks, train: Train, digits: Dataset, seed: int) -> nn.Module:
    """Train a LeNet-300-100 with these masks from first weights that no ticket had."""
    other = baselines.recipe("lenet_300_100").initial(digits, seed=1000 + seed)
    masks.apply(other)
    train(other, masks)
    return other


def lottery_training(digits: Dataset, seed: int, epochs: float, lr: float = LOTTERY["lr"]) -> Train:
    """Return the training of the lottery ticket paper: plain Adam, no decay, no augmentation."""

    def train(model: nn.Module, masks: Masks | None) -> None:
        protocol.train(
            model,
            digits.train,
            seed,
            epochs=int(epochs),
            batch_size=int(LOTTERY["batch_size"]),
            lr=lr,
            schedule="constant",
            after_step=masks.after_step if masks is not None else None,
        )

    return train


def _lottery_row(
    kind: str, number: int, masks: Masks | None, model: nn.Module, digits: Dataset
) -> Row:
    kept = 1 - masks.sparsity if masks is not None else 1.0
    return {"kind": kind, "round": number, "kept": kept} | scores(model, digits)


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
