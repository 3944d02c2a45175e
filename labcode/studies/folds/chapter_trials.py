"""LeNet-5 compressed, networks that stop early and lottery tickets, once more on each fold."""

from __future__ import annotations

import copy
from collections import deque

import torch
from torch import nn

from labcode.data import Dataset
from labcode.early_exit import budgets
from labcode.early_exit.rules import certainty
from labcode.early_exit.training import METHODS, fit_exits
from labcode.models import exit_macs
from labcode.models.exit_network import ExitNetwork
from labcode.pruning.lottery import find_tickets, weights_of
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.early_exit import trials as early_exit
from labcode.studies.folds.fold_trials import answered, answers, baseline
from labcode.studies.protocol import digits
from labcode.studies.pruning import lottery_trials, unit_trials
from labcode.studies.pruning import trials as pruning
from labcode.studies.quantization import trials as quantization
from labcode.studies.scoreboard import techniques
from labcode.weights import baselines

LENET5 = "lenet5"
TENTH = 0.1  # of the weights, pruned at once
SHARE = 0.16  # of the work: the budget that thresholds are chosen for


def lenet5_rows(fold: int, seed: int) -> list[Row]:
    """Compress LeNet-5 as the chapters do: prune, cut filters, quantize, train in 4 bits."""
    data = digits(fold=fold)
    whole = baseline(LENET5, data, fold, seed)
    kept, epochs = pruning.SCOREBOARD[LENET5]
    tenth, thin = copy.deepcopy(whole), copy.deepcopy(whole)
    pruning.prune_by("at once", tenth, LENET5, data, TENTH, pruning.EPOCHS[LENET5], seed)
    pruning.prune_by("gradually", thin, LENET5, data, kept, epochs, seed)
    images = data.train.images[: quantization.CALIBRATION]
    int8, four_bits = (
        quantization.in_few_bits(copy.deepcopy(whole), technique.id, images)
        for technique in (techniques.INT8, techniques.QAT_4_BIT)
    )
    quantization.train_on(four_bits, LENET5, seed, split=data.train)
    networks = {
        "uncompressed": whole,
        "tenth": tenth,
        "pruned": thin,
        techniques.HALF.id: half_of(whole, data, seed),
        techniques.INT8.id: int8,
        techniques.QAT_4_BIT.id: four_bits,
    }
    return [answers(each, model, data.test) for each, model in networks.items()]


def half_of(whole: nn.Module, data: Dataset, seed: int) -> nn.Module:
    """Return LeNet-5 with half of its filters and neurons, fine-tuned."""
    half = unit_trials.cut_by(whole, unit_trials.WIDTHS[LENET5]["half"], "L1 norm", seed)
    epochs = unit_trials.FINE_TUNING_EPOCHS[LENET5]
    settings = protocol.fine_tuning(LENET5)
    return protocol.train(half, data.train, seed, epochs=epochs, **settings)


def stopping_rows(fold: int, seed: int) -> list[Row]:
    """Let the network with exits go on to its end, and stop early at a budget.

    Returns:
        Two rows, each with the multiply-adds that one test image took in the mean. The threshold
        that the exits share is chosen on the fold's validation split.
    """
    data = digits(fold=fold)
    network = network_with_exits(data, fold, seed)
    macs = exit_macs(network)
    held, seen = (
        early_exit.logits_of(network, part.images) for part in (data.validation, data.test)
    )
    limit = budgets.shared_threshold(certainty(held), macs, SHARE * macs[-1])
    exits = budgets.leaving(certainty(seen), limit)
    right = seen.argmax(2) == data.test.labels
    early = right.gather(0, exits[None])[0]
    spent = float(torch.tensor(macs, dtype=torch.float64)[exits].mean())
    return [
        answered("going on", right[-1]) | {"macs": macs[-1]},
        answered("stopping early", early) | {"macs": round(spent)},
    ]


def network_with_exits(data: Dataset, fold: int, seed: int) -> ExitNetwork:
    """Train the chain with its exits on a fold; its weights fit into float16."""
    if fold == 0:
        return early_exit.trained(seed)
    network, how = early_exit.initial("wide chain", seed), early_exit.full_settings(seed)
    fit_exits(network, data.train, METHODS[early_exit.CHOSEN], **how)
    return protocol.rounded(network)


def lottery_rows(fold: int, seed: int) -> list[Row]:
    """Find the ticket of `lottery_trials.LATE_ROUND`, and try its masks from new weights."""
    data = digits(fold=fold)
    model = baselines.recipe("lenet_300_100").initial(data, seed=seed)
    train = lottery_trials.lottery_training(data, seed, lottery_trials.SETTINGS["epochs"])
    tickets = find_tickets(model, weights_of(model), train, rounds=lottery_trials.LATE_ROUND)
    whole = next(tickets)
    (ticket,) = deque(tickets, maxlen=1)
    networks = {"unpruned": whole.trained, "original": ticket.trained}
    for kind, masks in lottery_trials.lottery_controls(ticket, seed).items():
        networks[kind] = lottery_trials.from_new_weights(masks, train, data, seed)
    return [answers(each, network, data.test) for each, network in networks.items()]


def lottery_row(network: str, lr: float, fold: int, seed: int) -> Row:
    """Return the answers of a whole LeNet-300-100 or of its ticket, at a learning rate.

    Args:
        network: One of `labcode.studies.pruning.lottery_trials.LATE_STARTS`.
        lr: Of the training whose answers these are; tickets are found at that of the paper.
        fold: Whose images it learns from, and answers.
        seed: Decides the first weights and the order of the images.
    """
    data = digits(fold=fold)
    ticket = None if network == "unpruned" else lottery_trials.late_ticket(data, seed)
    return answers(network, lottery_trials.trained_from(network, ticket, lr, data, seed), data.test)
