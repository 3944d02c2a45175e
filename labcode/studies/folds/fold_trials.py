"""Networks of the chapters, trained on one fold of the 5,000 digits, with each answer kept.

Nothing is chosen here: the settings are those of the chapters. A fold has three seeds of its own,
so that no two of the fifteen runs share first weights. Fold 0 is the chapters' split, with the
chapters' seeds.
"""

from __future__ import annotations

import torch
from torch import nn

from labcode.data import Split
from labcode.studies import protocol
from labcode.studies.blocks import block_trials
from labcode.studies.definition import Row
from labcode.studies.early_exit import trials as early_exit
from labcode.studies.protocol import digits
from labcode.studies.senet import se_trials
from labcode.training import eval_mode

SEEDS = 3  # in each fold


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
    missed = torch.nonzero(logits.argmax(1) != split.labels).flatten().tolist()
    return {
        "network": network,
        "right": len(split) - len(missed),
        "wrong": " ".join(map(str, missed)),
    }


def block_rows(fold: int, seed: int) -> list[Row]:
    """Train two blocks at equal multiply-adds on 1,000 digits."""
    data = digits(protocol.N_TRAIN, fold=fold)
    budget = block_trials.BUDGETS[0]
    return [
        answers(kind, block_trials.trained_block(kind, budget, seed, images=data), data.test)
        for kind in ("standard", "depthwise separable")
    ]


def se_rows(fold: int, seed: int) -> list[Row]:
    """Train the small ResNet without SE, with it, and with one choice changed, on 1,000 digits."""
    data = digits(protocol.N_TRAIN, fold=fold)
    networks = {
        "without SE": ("none", 4, "average"),
        "standard SE": ("standard", 4, "average"),
        "maximum": ("standard", 4, "maximum"),
        "r = 2": ("standard", 2, "average"),
    }
    return [
        answers(name, se_trials.se_model(*choices, "sigmoid", seed, images=data), data.test)
        for name, choices in networks.items()
    ]


def exit_rows(fold: int, seed: int) -> list[Row]:
    """Train the narrow chain with its last exit alone, and with all; the last exit answers."""
    data, rows = digits(fold=fold), []
    for method in (early_exit.ALONE, early_exit.CHOSEN):
        network = early_exit.harm_network("narrow chain", method, seed, images=data, probes=False)
        rows.append(answers(method, network, data.test))
    return rows
