"""The contest of blocks on small photographs: the digits' backbone, at equal multiply-adds."""

from __future__ import annotations

from functools import partial

from torch import nn

from labcode import counting, runtime
from labcode.distillation import logits_of
from labcode.models.blocks import backbone, widths
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import SHAPE, changes, judged, validation_accuracy
from labcode.studies.cifar10.trials import in_bfloat16, trained
from labcode.studies.definition import Row
from labcode.training.loop import cross_entropy

BUDGET = 1_600_000  # multiply-adds: the digits' 1,250,000 at 32 x 32 pixels instead of 28 x 28
N_TRAIN = 15_000
PASSES = 4
SEARCH = {"n_train": 5_000, "passes": 3}  # of `cifar10_block_rates`
KINDS = ("standard", "depthwise separable", "grouped + shuffle", "standard + SE")


def built(kind: str) -> nn.Module:
    """Return an untrained backbone with one kind of block, at the budget."""
    channels, size, _ = SHAPE
    pair = widths(kind, BUDGET, in_channels=channels, size=size)
    return backbone(kind, *pair, in_channels=channels)


def learned(kind: str, seed: int, *, n_train: int, passes: int, lr: float) -> nn.Module:
    """Return the backbone with one kind of block, trained, in evaluation mode."""
    loss, data = in_bfloat16(cross_entropy), pictures(n_train)
    return trained(partial(built, kind), seed, data=data, lr=lr, passes=passes, loss_fn=loss)


def rate_row(kind: str, lr: float, seed: int) -> Row:
    """Return how a short training at a learning rate does on the validation split."""
    model = learned(kind, seed, lr=lr, **SEARCH)
    return {"validation_accuracy": validation_accuracy(partial(logits_of, model))}


def block_rows(rates: str, seed: int) -> list[Row]:
    """Return all blocks, trained from the same seed.

    Args:
        rates: Highest learning rate of each of `KINDS`, with commas between.
        seed: Of the first weights and of the order of the pictures.

    Returns:
        For each block: accuracies; ``lost`` and ``won`` against ResNet-8; ``lost_to_standard``
        and ``won_over_standard``: test pictures that the standard block, or this one alone, gets
        right; and the cost.
    """
    rows, test = [], pictures().test
    standard = None
    for kind, lr in zip(KINDS, rates.split(","), strict=True):
        model = learned(kind, seed, n_train=N_TRAIN, passes=PASSES, lr=float(lr))
        right = logits_of(model, test.images).argmax(1) == test.labels
        standard = right if standard is None else standard
        against = changes(standard, right)
        cost = counting.count(model, SHAPE)
        rows.append(
            {
                "kind": kind,
                **judged(partial(logits_of, model), seed),
                "lost_to_standard": against["lost"],
                "won_over_standard": against["won"],
                "params": cost.params,
                "macs": cost.macs,
                "bytes_on_disk": len(runtime.to_onnx(model, SHAPE)),
            }
        )
    return rows
