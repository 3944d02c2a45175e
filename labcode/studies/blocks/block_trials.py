"""Trials of the blocks at equal multiply-adds: one block, one budget, one seed, one row."""

from __future__ import annotations

from safetensors.torch import save

from labcode.data import Dataset
from labcode.models.blocks import Backbone, backbone, widths
from labcode.studies.definition import Row
from labcode.studies.protocol import digits, facts, fine_tuning, small_run, trained
from labcode.weights import baselines

BUDGETS = (480_000, 1_250_000)  # multiply-adds at which every block finds widths that fit
EPOCHS = 10
LR = 2e-2
RATES = (5e-3, 1e-2, 2e-2)
HIGHER = (4e-2, 8e-2, 0.16, 0.32)  # on digits, where blocks still gained at the highest of `RATES`


def trained_block(
    kind: str,
    macs: int,
    seed: int,
    lr: float = LR,
    *,
    epochs: int = EPOCHS,
    images: Dataset | None = None,
) -> Backbone:
    """Return the backbone with one kind of block, trained on 1,000 digits or other images.

    Args:
        kind: One of `blocks.BLOCKS`.
        macs: Budget of multiply-adds, which decides the widths.
        seed: Decides the first weights and the order of the images.
        lr: Learning rate at the start.
        epochs: Passes over the training images.
        images: What to train on, 28 x 28 and grey; None is 1,000 digits.
    """
    sizes = widths(kind, macs)
    return small_run(lambda: backbone(kind, *sizes), seed, epochs=epochs, lr=lr, images=images)


def block_row(kind: str, budget: int, seed: int) -> Row:
    """Return widths, cost and accuracies of a trained block."""
    width1, width2 = widths(kind, budget)
    return {"width1": width1, "width2": width2} | facts(trained_block(kind, budget, seed))


def rate_row(kind: str, budget: int, lr: float, seed: int) -> Row:
    """Return the accuracies at a learning rate; only the validation split may choose."""
    row = facts(trained_block(kind, budget, seed, lr))
    return {what: row[what] for what in ("train_accuracy", "validation_accuracy")}


def board_row(kind: str, seed: int) -> Row:
    """Train a block's backbone by the recipe of the small CNN, on all training images.

    Args:
        kind: One of `blocks.BLOCKS`, at the smaller of `BUDGETS`.
        seed: Decides the first weights and the order of the images.

    Returns:
        Accuracies, parameters, multiply-adds, and bytes of the weights in float32, as a
        safetensors file (batch norms with their statistics included).
    """
    sizes, settings = widths(kind, BUDGETS[0]), fine_tuning("small_cnn")
    settings["epochs"] = baselines.recipe("small_cnn").epochs
    model = trained(lambda: backbone(kind, *sizes), digits().train, seed, **settings)
    return facts(model, digits()) | {"bytes_on_disk": len(save(model.state_dict()))}
