"""The stored network with exits, trained from one seed by `labcode.studies.early_exit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labcode.weights.store import read
from labcode.weights.tensors import unpack

if TYPE_CHECKING:
    from labcode.models import ExitCNN
    from labcode.models.exit_network import ExitNetwork

SEED = 0
FILE = f"exit_cnn-seed{SEED}.safetensors"
BUDGET = 0.16  # of the whole work, where it runs: less loses answers on the validation split


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


def threshold(network: ExitNetwork) -> float:
    """Return how sure an exit must be, so that validation images cost `BUDGET` on average.

    Args:
        network: Trained on mnist5k.
    """
    import torch

    from labcode.data import load
    from labcode.early_exit import certainty, shared_threshold
    from labcode.models import exit_macs

    images = load("mnist5k").validation.images
    with torch.inference_mode():
        logits = network.all_logits(images)  # (exits, N, classes)
        scores = certainty(logits.flatten(0, 1)).view(logits.shape[:2])
    macs = exit_macs(network)
    # Rounded, so that no image stands on the very edge: there, rounding in a sum would decide.
    return round(shared_threshold(scores, macs, BUDGET * macs[-1]), 3)
