"""The stored network with exits, trained from one seed by `labcode.studies.early_exit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labcode.weights.store import read
from labcode.weights.tensors import unpack

if TYPE_CHECKING:
    from labcode.models import ExitCNN

FILE = "exit_cnn-seed0.safetensors"


def load_exits() -> ExitCNN:
    """Return the trained network with four exits, in evaluation mode, with float32 weights.

    It is `labcode.models.exit_cnn`, trained on mnist5k's training split with all exits' losses.

    Raises:
        WeightsError: The file of weights is missing or damaged.

    >>> import torch
    >>> load_exits()(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    import torch

    from labcode.models import exit_cnn

    packed = read(FILE)
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        network = exit_cnn()
    unpack(network, packed, name=FILE)
    network.eval()
    return network
