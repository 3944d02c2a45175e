"""How steady a network is when its input moves a little."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labcode.basics.shifts import directions, shift
from labcode.training import eval_mode


@torch.no_grad()
def predictions(model: nn.Module, images: Tensor, *, batch_size: int = 250) -> Tensor:
    """Return the most likely class of each image, shape (N,)."""
    with eval_mode(model):
        return torch.cat([model(batch).argmax(dim=1) for batch in torch.split(images, batch_size)])


def share_changed(model: nn.Module, images: Tensor, distance: int) -> float:
    """Return how often a shift changes what the network says, whether it was right or not.

    Args:
        model: Turns images (N, C, H, W) into logits (N, classes).
        images: Shape (N, C, H, W).
        distance: Pixels to shift by, in each of four directions in turn.

    Returns:
        Part of the images, from 0 to 1, averaged over the four directions.

    >>> say_zero = nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.Threshold(1e9, 0.0))
    >>> share_changed(say_zero, torch.rand(5, 1, 2, 2), 1)
    0.0
    """
    before = predictions(model, images)
    after = [predictions(model, shift(images, *way)) for way in directions(distance)]
    return float(torch.stack([(p != before).float().mean() for p in after]).mean())


@torch.no_grad()
def change_of_features(
    features: Callable[[Tensor], Tensor], images: Tensor, distance: int
) -> float:
    """Return how far a shift moves the features, as a part of their own length.

    Args:
        features: Turns images (N, C, H, W) into features (N, ...).
        images: Shape (N, C, H, W).
        distance: Pixels to shift by, in each of four directions in turn.

    Returns:
        Mean over images and directions of ‖f(shifted) − f‖ / ‖f‖: 0 means no change at all.

    >>> change_of_features(lambda x: x.sum(dim=(2, 3)), torch.eye(4)[None, None], 0)
    0.0
    """
    before = features(images).flatten(1)  # (N, values)
    length = before.norm(dim=1).clamp_min(1e-12)
    moved = [features(shift(images, *way)).flatten(1) for way in directions(distance)]
    return float(torch.stack([((m - before).norm(dim=1) / length).mean() for m in moved]).mean())
