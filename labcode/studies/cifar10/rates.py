"""Short searches of the learning rate: one for each kind of training, on the validation split."""

from __future__ import annotations

from labcode.studies.cifar10.compressed import Choice, compressed
from labcode.studies.cifar10.stored import validation_accuracy
from labcode.studies.definition import Row

N_TRAIN = 5_000
PASSES = 1
NETWORK = 0  # the stored network, by its seed, that the searches begin with


def compressed_row(
    method: str, bits: int, kept: float, lr: float, seed: int, n_train: int = N_TRAIN
) -> Row:
    """Return how a short training after a technique does at a learning rate.

    Args:
        method: One of `labcode.studies.cifar10.compressed.METHODS`.
        bits: Of the weights, where the method has a choice.
        kept: Part that stays, where the method removes some.
        lr: Highest learning rate.
        seed: Decides the order of the pictures; the network is always the first one.
        n_train: Training pictures.
    """
    choice = Choice(NETWORK, bits, kept, PASSES, lr, n_train, order=seed)
    return {"validation_accuracy": validation_accuracy(compressed(method, choice).answers)}
