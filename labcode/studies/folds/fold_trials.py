"""Networks of the chapters, trained on one fold of the 5,000 digits, with each answer kept.

Nothing is chosen here: the settings are those of the chapters. A fold has three seeds of its own,
so that no two of the fifteen runs share first weights. Fold 0 is the chapters' split, with the
chapters' seeds.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from labcode.data import Dataset, Split
from labcode.studies import protocol
from labcode.studies.blocks import block_trials
from labcode.studies.definition import Row
from labcode.studies.early_exit import trials as early_exit
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.protocol import digits
from labcode.studies.pruning import trials as pruning
from labcode.studies.quantization import trials as quantization
from labcode.studies.scoreboard import techniques
from labcode.studies.senet import se_trials
from labcode.training import eval_mode
from labcode.weights import baselines

SEEDS = 3  # in each fold
RANK = 16


def seeds_of(fold: int) -> range:
    """Return the seeds of a fold: those of the chapters in fold 0, others in each other fold.

    >>> list(seeds_of(0)), list(seeds_of(4))
    ([0, 1, 2], [12, 13, 14])
    """
    return range(SEEDS * fold, SEEDS * (fold + 1))


def answers(network: str, model: nn.Module, split: Split) -> Row:
    """Return how many images a network gets right, and the places of those that it gets wrong.

    Args:
        network: What the row is called.
        model: Turns images (N, C, H, W) into logits (N, classes).
        split: The images and labels.

    Returns:
        ``network``, ``right`` and ``wrong``: the places in the split, between spaces.
    """
    with eval_mode(model), torch.inference_mode():
        logits = torch.cat([model(part) for part in torch.split(split.images, 100)])
    return answered(network, logits.argmax(1) == split.labels)


def answered(network: str, right: Tensor) -> Row:
    """Return the row of `answers` from whether each image was right, (N,), bool."""
    missed = torch.nonzero(~right).flatten().tolist()
    return {
        "network": network,
        "right": len(right) - len(missed),
        "wrong": " ".join(map(str, missed)),
    }


def baseline(network: str, data: Dataset, fold: int, seed: int) -> nn.Module:
    """Return an uncompressed network by its recipe, rounded as the stored ones are.

    Args:
        network: "lenet5" or "lenet_300_100".
        data: Trained on its train split, but for fold 0, whose network is stored.
        fold: Of the digits.
        seed: One of `seeds_of` the fold.
    """
    if fold == 0:
        return baselines.load(network, seed=seed)
    return protocol.rounded(baselines.recipe(network).train(data, seed=seed, device="cpu")[0])


def block_rows(fold: int, seed: int) -> list[Row]:
    """Train two blocks at equal multiply-adds on 1,000 digits, at one learning rate."""
    kinds = ("standard", "depthwise separable")
    return [block_row(kind, block_trials.LR, fold, seed) for kind in kinds]


def block_row(network: str, lr: float, fold: int, seed: int) -> Row:
    """Train a block at the smaller budget of multiply-adds on 1,000 digits.

    Args:
        network: One of `blocks.BLOCKS`.
        lr: Learning rate at the start.
        fold: Of the digits.
        seed: One of `seeds_of` the fold.
    """
    data = digits(protocol.N_TRAIN, fold=fold)
    model = block_trials.trained_block(network, block_trials.BUDGETS[0], seed, lr, images=data)
    return answers(network, model, data.test)


def se_rows(fold: int, seed: int) -> list[Row]:
    """Train the small ResNet without SE, with it, and with one choice changed, on 1,000 digits."""
    networks = ("without SE", "standard SE", "maximum", "r = 2")
    return [se_row(network, se_trials.LR, fold, seed) for network in networks]


def se_row(network: str, lr: float, fold: int, seed: int) -> Row:
    """Train a small ResNet, with SE or without, on 1,000 digits.

    Args:
        network: One of `se_trials.NETWORKS`.
        lr: Learning rate at the start.
        fold: Of the digits.
        seed: One of `seeds_of` the fold.
    """
    data = digits(protocol.N_TRAIN, fold=fold)
    model = se_trials.se_model(*se_trials.NETWORKS[network], seed, lr=lr, images=data)
    return answers(network, model, data.test)


def exit_rows(fold: int, seed: int) -> list[Row]:
    """Train the narrow chain with its last exit alone, and with all; the last exit answers."""
    methods = (early_exit.ALONE, early_exit.CHOSEN)
    return [exit_row(method, early_exit.LR, fold, seed) for method in methods]


def exit_row(network: str, lr: float, fold: int, seed: int) -> Row:
    """Train the narrow chain in one way; the last exit answers.

    Args:
        network: How it is trained: a method of `early_exit.harm_network`.
        lr: Learning rate at the start.
        fold: Of the digits.
        seed: One of `seeds_of` the fold.
    """
    data = digits(fold=fold)
    model = early_exit.harm_network("narrow chain", network, seed, lr=lr, images=data, probes=False)
    return answers(network, model, data.test)


def lenet_300_100_rows(fold: int, seed: int) -> list[Row]:
    """Compress LeNet-300-100 as the scoreboard does: prune, give a layer low rank, quantize."""
    name, data = "lenet_300_100", digits(fold=fold)
    whole = baseline(name, data, fold, seed)
    pruned, ranked = copy.deepcopy(whole), copy.deepcopy(whole)
    kept, epochs = pruning.SCOREBOARD[name]
    pruning.prune_by("gradually", pruned, name, data, kept, epochs, seed)
    low_rank_trials.cut_first_layer(ranked, "answers", RANK, data.train.images)
    low_rank_trials.mend(ranked, name, data, seed)
    networks = {"uncompressed": whole, "pruned": pruned, f"rank_{RANK}": ranked}
    for technique in (techniques.INT8.id, techniques.QAT_4_BIT.id):
        images = data.train.images[: quantization.CALIBRATION]
        networks[technique] = quantization.in_few_bits(copy.deepcopy(whole), technique, images)
    quantization.train_on(networks[techniques.QAT_4_BIT.id], name, seed, split=data.train)
    return [answers(each, model, data.test) for each, model in networks.items()]
