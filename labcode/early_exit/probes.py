"""Linear probes: what a linear layer can read off the stages of a network that stays as it is."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from labcode.data.dataset import Split
from labcode.models.exit_network import ExitNetwork, Features
from labcode.training import eval_mode, fit


@torch.no_grad()
def maps_of(network: ExitNetwork, images: Tensor) -> tuple[Tensor, ...]:
    """Return the map that each exit would read, (N, C, H, W) for each, in evaluation mode."""
    found: list[Tensor] = []
    features: Features = (images,)
    with eval_mode(network):
        for stage in network.stages:
            features = _next(stage, features)
            found.append(features[-1])
    return tuple(found)


def _next(stage: nn.Module, features: Features) -> Features:
    return stage(features)  # type: ignore[no-any-return]


def add_probes(
    network: ExitNetwork, train: Split, *, epochs: int = 30, lr: float = 2e-2, seed: int = 0
) -> ExitNetwork:
    """Return a copy whose early exits were trained on the stages' maps, the stages left alone.

    Args:
        network: A network whose stages and last exit are trained.
        train: The images to fit the probes on.
        epochs: Passes over them.
        lr: Learning rate at the start.
        seed: Decides the order of the images.

    Returns:
        The copy; its stages and its last exit are the network's own values.
    """
    probed = copy.deepcopy(network)
    maps = maps_of(network, train.images)
    for leave, read in zip(probed.exits[:-1], maps[:-1], strict=True):
        split = Split(read, train.labels, f"{train.name}, maps")
        fit(leave, split, epochs=epochs, lr=lr, weight_decay=0.1, seed=seed)
    return probed
