"""The stored network with exits: weights in float16 as safetensors, one seed.

Training the table early_exit_budgets again writes the file anew.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import torch

from labcode.data import load
from labcode.early_exit.budgets import shared_threshold
from labcode.early_exit.rules import certainty
from labcode.models import ExitCNN, exit_cnn, exit_macs
from labcode.models.exit_network import ExitNetwork
from labcode.training import seeded
from labcode.weights.baselines.store import BaselineError, unpack

SEED = 0
FILE = f"exit_cnn-seed{SEED}.safetensors"
BUDGET = 0.16  # of the whole work, where it runs: less loses answers on the validation split


def load_exits() -> ExitCNN:
    """Return the trained network with four exits, in evaluation mode, with float32 weights.

    It is `labcode.models.exit_cnn`, trained on mnist5k's training split with all exits' losses.

    Raises:
        BaselineError: The file of weights is missing or damaged.

    >>> load_exits()(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    try:
        packed = (folder() / FILE).read_bytes()
    except OSError as error:
        raise BaselineError(f"{FILE} is missing; install labcode again") from error
    network = seeded(exit_cnn, 0)  # the first weights are drawn and then replaced
    unpack(network, packed, name=FILE)
    network.eval()
    return network


@torch.inference_mode()
def threshold(network: ExitNetwork) -> float:
    """Return how sure an exit must be, so that validation images cost `BUDGET` on average.

    Args:
        network: Trained on mnist5k.
    """
    images = load("mnist5k").validation.images
    logits = network.all_logits(images)  # (exits, N, classes)
    scores = certainty(logits.flatten(0, 1)).view(logits.shape[:2])
    macs = exit_macs(network)
    # Rounded, so that no image stands on the very edge: there, rounding in a sum would decide.
    return round(shared_threshold(scores, macs, BUDGET * macs[-1]), 3)


def folder() -> Path:
    """Return where the file is stored, inside the installed package."""
    return Path(os.fspath(files("labcode.early_exit"))) / "stored"  # type: ignore[call-overload]
