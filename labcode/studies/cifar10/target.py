"""MLPerf Tiny's own target: 85 % of the test pictures, in less than the 96 kB of its int8 file.

Its network has 78 thousand weights. Ours has more than twice as many, and gives each half the bits;
it pools early, so that a training takes half of the time (`labcode.models.resnet8`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from labcode import quantization
from labcode.data import FlipAndShift
from labcode.distillation import logits_of
from labcode.studies.cifar10.compressed import Choice, compressed
from labcode.studies.cifar10.images import pictures
from labcode.studies.cifar10.stored import (
    NETWORKS,
    calibration,
    folded,
    judged,
    validation_accuracy,
)
from labcode.studies.cifar10.trials import (
    SEARCH,
    in_bfloat16,
    short_row,
    stored_outcome,
    trained,
    tuned,
)
from labcode.studies.definition import Outcome, Row, Weights
from labcode.training.loop import cross_entropy

NETWORK = "resnet8-pooled"
PASSES = 60
GENTLE: dict[str, Any] = {"weight_decay": 2e-4, "augment": FlipAndShift(max_shift=2)}
RECIPE: dict[str, Any] = GENTLE | {"loss_fn": in_bfloat16(cross_entropy)}
BITS = 4


def rate_row(lr: float, seed: int) -> Row:
    """Return how a short training of the network does at a learning rate."""
    return short_row(NETWORKS[NETWORK], lr=lr, seed=seed, **SEARCH, **RECIPE)


def network_row(lr: float, seed: int) -> Outcome:
    """Train the network for long, and hand out its weights with what they reach."""
    network = trained(NETWORKS[NETWORK], seed, data=pictures(), lr=lr, passes=PASSES, **RECIPE)
    return stored_outcome(NETWORK, seed, network)


def file_row(method: str, bits: int, seed: int) -> Row:
    """Return accuracy and bytes of a file that is made without training.

    Args:
        method: One of `labcode.studies.cifar10.compressed.METHODS`.
        bits: Of the weights, where the method has a choice.
        seed: Of the stored network.
    """
    made = compressed(method, Choice(seed, bits, network=NETWORK))
    return {**judged(made.answers, seed, NETWORK), "bytes_on_disk": made.size}


def lesson_rate_row(lr: float, n_train: int, seed: int) -> Row:
    """Return how a short lesson in four bits does at a learning rate, from the network of seed 0.

    Args:
        lr: Highest learning rate.
        n_train: Training pictures, each once.
        seed: Decides the order of the pictures and their changes.
    """
    model = _taught(0, lr, order=seed, n_train=n_train)
    return {"validation_accuracy": validation_accuracy(partial(logits_of, model))}


def lesson_row(lr: float, seed: int) -> Outcome:
    """Train the network in four bits for a pass, and hand out its file with what it reaches."""
    model = _taught(seed, lr, order=seed)
    file = quantization.pack_model(model)
    about = {"network": NETWORK, "seed": seed, "dataset": "cifar10", "bits": BITS}
    answers = partial(logits_of, quantization.unpack_model(file, folded(seed, NETWORK)))
    row = {**judged(answers, seed, NETWORK), "bytes_on_disk": len(file)}
    return Outcome(row, {packed_name(seed): Weights(file, about)})


def packed_name(seed: int) -> str:
    """Return what the file in four bits is called in the store.

    >>> packed_name(0)
    'resnet8-pooled-4bit-seed0.packed'
    """
    return f"{NETWORK}-{BITS}bit-seed{seed}.packed"


def _taught(seed: int, lr: float, *, order: int, n_train: int | None = None) -> nn.Module:
    model = quantization.quantize_model(
        folded(seed, NETWORK), calibration(), weight_bits=BITS, activation_bits=8, learned=True
    )
    return tuned(model, order, passes=1, lr=lr, data=pictures(n_train), **GENTLE)
