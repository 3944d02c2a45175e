"""The trained ResNet-8 of each seed, and what another network changes of its answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch  # noqa: F401 (the example below)
from torch import Tensor, nn

from labcode import quantization
from labcode.distillation import logits_of
from labcode.models import resnet8
from labcode.studies.cifar10.images import pictures
from labcode.studies.definition import Row
from labcode.training import seeded
from labcode.weights import read, unpack

SHAPE = (3, 32, 32)
CALIBRATION = 500  # training pictures, unchanged, that ranges are found with
Answers = Callable[[Tensor], Tensor]  # pictures (N, 3, 32, 32) to logits (N, 10)


def whole(seed: int) -> nn.Module:
    """Return the stored ResNet-8 of a seed, a copy of its own in evaluation mode."""
    network = seeded(resnet8, seed)
    unpack(network, read(f"resnet8-seed{seed}.safetensors"))
    return network.eval()


def folded(seed: int) -> nn.Module:
    """Return the stored ResNet-8 with its batch norms folded."""
    return quantization.fold_batch_norm(whole(seed), SHAPE)


def calibration() -> Tensor:
    """Return the pictures that ranges are found with, (500, 3, 32, 32)."""
    return pictures().train.images[:CALIBRATION]


@cache
def right(seed: int) -> Tensor:
    """Return where the stored network is right on the test pictures, (10,000,)."""
    test = pictures().test
    return logits_of(whole(seed), test.images).argmax(1) == test.labels


def changes(before: Tensor, after: Tensor) -> Row:
    """Return the pictures that one of two networks alone gets right.

    Args:
        before: Where the first is right, (N,).
        after: Where the second is right, (N,).

    >>> changes(torch.tensor([True, True, False]), torch.tensor([False, True, True]))
    {'lost': 1, 'won': 1}
    """
    return {"lost": int((before & ~after).sum()), "won": int((after & ~before).sum())}


def judged(answers: Answers, seed: int) -> Row:
    """Return accuracies, and ``lost`` and ``won`` against the stored network of the seed."""
    data = pictures()
    now = answers(data.test.images).argmax(1) == data.test.labels
    return {
        "validation_accuracy": validation_accuracy(answers),
        "test_accuracy": float(now.double().mean()),
        **changes(right(seed), now),
    }


def validation_accuracy(answers: Answers) -> float:
    """Return the accuracy on the validation split, which may choose."""
    split = pictures().validation
    return float((answers(split.images).argmax(1) == split.labels).double().mean())
