"""The trained networks of each seed, and what another network changes of their answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

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
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "resnet8": resnet8,
    "resnet8-pooled": partial(resnet8, width=24, pooled=True),
}


def file_name(network: str, seed: int) -> str:
    """Return what the weights of one of `NETWORKS` are called in the store.

    >>> file_name("resnet8", 0)
    'resnet8-seed0.safetensors'
    """
    return f"{network}-seed{seed}.safetensors"


def whole(seed: int, network: str = "resnet8") -> nn.Module:
    """Return one of `NETWORKS` as stored, a copy of its own in evaluation mode."""
    model = seeded(NETWORKS[network], seed)
    unpack(model, read(file_name(network, seed)))
    return model.eval()


def folded(seed: int, network: str = "resnet8") -> nn.Module:
    """Return one of `NETWORKS` as stored, with its batch norms folded."""
    return quantization.fold_batch_norm(whole(seed, network), SHAPE)


def calibration() -> Tensor:
    """Return the pictures that ranges are found with, (500, 3, 32, 32)."""
    return pictures().train.images[:CALIBRATION]


@cache
def right(seed: int, network: str = "resnet8") -> Tensor:
    """Return where the stored network is right on the test pictures, (10,000,)."""
    test = pictures().test
    return logits_of(whole(seed, network), test.images).argmax(1) == test.labels


def changes(before: Tensor, after: Tensor) -> Row:
    """Return the pictures that one of two networks alone gets right.

    Args:
        before: Where the first is right, (N,).
        after: Where the second is right, (N,).

    >>> changes(torch.tensor([True, True, False]), torch.tensor([False, True, True]))
    {'lost': 1, 'won': 1}
    """
    return {"lost": int((before & ~after).sum()), "won": int((after & ~before).sum())}


def judged(answers: Answers, seed: int, network: str = "resnet8") -> Row:
    """Return accuracies, and ``lost`` and ``won`` against the stored network of the seed."""
    data = pictures()
    now = answers(data.test.images).argmax(1) == data.test.labels
    return {
        "validation_accuracy": validation_accuracy(answers),
        "test_accuracy": float(now.double().mean()),
        **changes(right(seed, network), now),
    }


def validation_accuracy(answers: Answers) -> float:
    """Return the accuracy on the validation split, which may choose."""
    split = pictures().validation
    return float((answers(split.images).argmax(1) == split.labels).double().mean())
