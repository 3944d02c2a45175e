"""Which block learns most of small photographs, at equal multiply-adds in ResNet-8's place?"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from labcode import counting
from labcode.distillation import logits_of
from labcode.models.block_resnet8 import block_resnet8, widths
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import SHAPE, changes, validation_accuracy
from labcode.studies.cifar10.trials import in_bfloat16, trained
from labcode.studies.definition import Row
from labcode.training.loop import cross_entropy

BUDGET = 6_250_000  # multiply-adds: half of ResNet-8's
N_TRAIN = 10_000
PASSES = 5
SEARCH = {"n_train": 5_000, "passes": 2}  # of `cifar10_block_rates`
KINDS = {  # by what the settings call their rates; the first is what the others stand against
    "standard": "standard",
    "separable": "depthwise separable",
    "fire": "Fire",
    "inverted": "inverted residual",
}


def learned(kind: str, seed: int, *, lr: float, n_train: int, passes: int) -> nn.Module:
    """Return a network of a kind of block, trained from the start, in evaluation mode."""
    build = partial(block_resnet8, kind, *widths(kind, BUDGET))
    data, loss = pictures(n_train), in_bfloat16(cross_entropy)
    return trained(build, seed, data=data, lr=lr, passes=passes, loss_fn=loss)


def rate_row(kind: str, lr: float, seed: int) -> Row:
    """Return how a short training at a learning rate does on the validation split."""
    network = learned(kind, seed, lr=lr, **SEARCH)
    return {"validation_accuracy": validation_accuracy(partial(logits_of, network))}


def contest_rows(seed: int, **rates: float) -> list[Row]:
    """Return every kind of block, trained on the same pictures in the same order.

    Args:
        seed: Decides the first weights, the order of the pictures and their changes.
        rates: Highest learning rate of each of `KINDS`, with ``_lr`` behind its name.

    Returns:
        For each kind its widths, its cost, accuracies, and ``lost`` and ``won``: test pictures
        that the network of standard blocks, or this one, alone gets right.
    """
    rows: list[Row] = []
    test, standard = pictures().test, None
    for name, kind in KINDS.items():
        network = learned(kind, seed, lr=rates[f"{name}_lr"], n_train=N_TRAIN, passes=PASSES)
        answers = partial(logits_of, network)
        right: Tensor = answers(test.images).argmax(1) == test.labels
        standard = right if standard is None else standard
        cost = counting.count(network, SHAPE)
        sizes = widths(kind, BUDGET)
        rows.append(
            {
                "kind": kind,
                **{f"width{place}": width for place, width in enumerate(sizes, start=1)},
                "params": cost.params,
                "macs": cost.macs,
                "validation_accuracy": validation_accuracy(answers),
                "test_accuracy": float(right.double().mean()),
                **changes(standard, right),
            }
        )
    return rows
