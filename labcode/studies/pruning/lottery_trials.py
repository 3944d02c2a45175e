"""Lottery tickets of LeNet-300-100: found, tried from other weights, and trained once more."""

from __future__ import annotations

from collections import deque
from itertools import product

from torch import nn

from labcode.data import Dataset
from labcode.pruning.lottery import Ticket, Train, find_tickets, shuffled, weights_of
from labcode.pruning.masks import Masks
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import scores
from labcode.weights import baselines

SETTINGS = {"epochs": 10, "batch_size": 60, "lr": 1.2e-3}  # Adam, batch and rate of the paper
ROUNDS = 17
REINITIALISED = (3, 7, 10, 13, 15, 17)  # rounds whose masks are tried from other first weights
SHUFFLED = (7, 13, 17)  # rounds whose masks are tried at random places, too
EARLY_EPOCHS = 1
LATE_ROUND = 13  # 5.6 % of the weights: what is trained once more, each start at its own rate
LATE_STARTS = ("unpruned", "original", "re-initialised")
RATES_TRIED = (3e-4, 6e-4, 1.2e-3, 2.4e-3, 4.8e-3, 9.6e-3, 1.92e-2)  # tried for them


def lottery_rows(start: str, seed: int, rounds: int = ROUNDS) -> list[Row]:
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
    train = lottery_training(digits, seed, SETTINGS["epochs"] - early)
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
    train = lottery_training(digits, seed, SETTINGS["epochs"])
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
    train = lottery_training(digits, seed, SETTINGS["epochs"], lr)
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
    """Return the validation accuracy of each of `LATE_STARTS` at each of `RATES_TRIED`.

    Args:
        seed: Decides the first weights, the ticket and the order of the images.
    """
    digits, rows = protocol.digits(), []
    ticket = late_ticket(digits, seed)
    for start, lr in product(LATE_STARTS, RATES_TRIED):
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


def lottery_training(
    digits: Dataset, seed: int, epochs: float, lr: float = SETTINGS["lr"]
) -> Train:
    """Return the training of the lottery ticket paper: plain Adam, no decay, no augmentation."""

    def train(model: nn.Module, masks: Masks | None) -> None:
        protocol.train(
            model,
            digits.train,
            seed,
            epochs=int(epochs),
            batch_size=int(SETTINGS["batch_size"]),
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
