"""The stored network with exits: weights in float16 as safetensors, one seed.

`python experiments/dynamic_computation.py store` trains it again and writes the file.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import torch

from labcode.models import ExitCNN, exit_cnn
from labcode.weights.baselines.store import BaselineError, pack, unpack

SEED = 0
FILE = f"exit_cnn-seed{SEED}.safetensors"


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
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        network = exit_cnn()
    unpack(network, packed, name=FILE)
    network.eval()
    return network


def store_exits(network: ExitCNN, **about: str) -> Path:
    """Write a network's weights, rounded to float16, where `load_exits` reads them."""
    target = folder() / FILE
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(pack(network, {"format": "pt", "network": "exit_cnn"} | about))
    return target


def folder() -> Path:
    """Return where the file is stored, inside the installed package."""
    return Path(os.fspath(files("labcode.early_exit"))) / "stored"  # type: ignore[call-overload]
