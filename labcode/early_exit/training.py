"""Train all exits at once: weights of the losses, gradients that are scaled, distillation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_number
from labcode.data.dataset import Split
from labcode.distillation.loss import soft_loss
from labcode.models.exit_network import ExitNetwork, Features
from labcode.training import Batch, History, LossFn, fit


@dataclass(frozen=True)
class Method:
    """How the exits' losses reach the network.

    Args:
        weights: Of the exits' losses; only their proportions matter.
        into_early: Factor of an early exit's gradient where it enters the stages.
        equilibrium: Whether gradients are balanced at each branch instead, so that a stage gets
            about as much however many exits lie behind it.
        temperature: At which the last exit's answer teaches the early ones; 0 does not teach.
    """

    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    into_early: float = 1.0
    equilibrium: bool = False
    temperature: float = 0.0


METHODS = {
    "equal weights": Method(),
    "early weights": Method(weights=(8.0, 4.0, 2.0, 1.0)),
    "late weights": Method(weights=(1.0, 2.0, 4.0, 8.0)),
    "a tenth of the gradient": Method(into_early=0.1),
    "gradient equilibrium": Method(equilibrium=True),
    "distillation": Method(temperature=3.0),
}


def scale_gradient(x: Tensor, factor: float) -> Tensor:
    """Return ``x`` itself, whose gradient will be multiplied by a factor.

    >>> x = torch.ones(1, requires_grad=True)
    >>> scale_gradient(3 * x, 0.5).backward()
    >>> x.grad
    tensor([1.5000])
    """
    return x if factor == 1 else factor * x + (1 - factor) * x.detach()


def exit_logits(network: ExitNetwork, x: Tensor, method: Method) -> Tensor:
    """Return the logits of all exits, (exits, N, classes), with gradients as the method says.

    With equilibrium, of n exits that are still to come (this one included) an exit gets 1 / n of
    its gradient into the stages, and what comes from behind gets (n − 1) / n.

    Source: Li et al., "Improved techniques for training adaptive deep networks"
        (arXiv:1908.06294), where it is called gradient equilibrium.
    """
    found: list[Tensor] = []
    features: Features = (x,)
    total = len(network.exits)
    for index, (stage, leave) in enumerate(zip(network.stages, network.exits, strict=True)):
        features = stage(features)
        left = total - index
        branch = 1 / left if method.equilibrium else method.into_early
        found.append(leave(scale_gradient(features[-1], branch if left > 1 else 1.0)))
        if method.equilibrium:
            features = _scaled(features, (left - 1) / left)
    return torch.stack(found)


def _scaled(features: Features, factor: float) -> Features:
    return tuple(scale_gradient(part, factor) for part in features)


def exits_loss(logits: Tensor, labels: Tensor, method: Method) -> Tensor:
    """Return the weighted mean of the exits' losses.

    Args:
        logits: Of all exits, (exits, N, classes).
        labels: Class numbers, (N,).
        method: Its weights, one an exit; with a temperature, half of each early exit's loss is
            how far it is from the last exit's answer, which gets no gradient from it.

    Returns:
        The loss in nats, shape ().

    Raises:
        ValueError: There is not one weight, at least 0, for each exit.
    """
    weights = [check_number("weights", w, minimum=0.0) for w in method.weights]
    if len(weights) != len(logits) or not sum(weights):
        raise ValueError(f"weights must be {len(logits)}, not all zero, got {method.weights}")
    losses = [F.cross_entropy(row, labels) for row in logits]
    if method.temperature:
        taught = [soft_loss(row, logits[-1], method.temperature) for row in logits[:-1]]
        losses = [(a + b) / 2 for a, b in zip(losses, taught, strict=False)] + losses[-1:]
    total = sum((w * loss for w, loss in zip(weights, losses, strict=True)), logits.new_zeros(()))
    return total / sum(weights)


def fit_exits(network: ExitNetwork, train: Split, method: Method, **settings: Any) -> History:
    """Train all exits of a network in place.

    Args:
        network: A network with exits.
        train: The images and labels to fit.
        method: How the exits' losses reach the network; see `METHODS`.
        settings: As for `labcode.training.fit`, but for its loss.

    Returns:
        What happened; its accuracy is the last exit's.
    """

    return fit(network, train, loss_fn=all_exits(network, method), **settings)


def all_exits(network: ExitNetwork, method: Method) -> LossFn:
    """Return the loss of all exits of a network, for `labcode.training.fit`.

    Args:
        network: The network that is trained.
        method: How the exits' losses reach it; see `METHODS`.
    """

    def loss_fn(_: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        rows = exit_logits(network, batch.images, method)  # (exits, N, classes)
        return rows[-1], exits_loss(rows, batch.labels, method)

    return loss_fn


def fit_widths(network: nn.Module, train: Split, **settings: Any) -> History:
    """Train a slimmable network in place, all its widths in every step, with equal weights.

    Args:
        network: A network with ``all_logits``, such as `labcode.models.slimmable_cnn`.
        train: The images and labels to fit.
        settings: As for `labcode.training.fit`, but for its loss.
    """
    all_logits: Any = network.all_logits

    def loss_fn(_: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        rows = all_logits(batch.images)  # (widths, N, classes)
        losses = [F.cross_entropy(row, batch.labels) for row in rows]
        return rows[-1], torch.stack(losses).mean()

    return fit(network, train, loss_fn=loss_fn, **settings)


def accuracies(rows: Tensor, labels: Tensor) -> Sequence[float]:
    """Return the accuracy of each row of logits (rows, N, classes)."""
    hits: list[float] = (rows.argmax(dim=2) == labels).double().mean(dim=1).tolist()
    return hits
